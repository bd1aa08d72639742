"""scapy as an independent reader and writer of DHCP, in a process of its own (it is GPL-2.0-only).

One JSON object a line on stdin, one on stdout. `{"build": {"bootp": {…}, "options": [[name, value], …]}}` answers
`{"payload": hex}`; `{"read": hex}` answers `{"bootp": {…}, "options": {name: text}}`.
"""

import json
import sys
from typing import Any

from scapy.layers.dhcp import BOOTP, DHCP


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _from_json(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def build(wanted: dict[str, Any]) -> dict[str, Any]:
    bootp = BOOTP(**{name: _from_json(value) for name, value in wanted["bootp"].items()})
    options = [(name, *(_from_json(value) for value in values)) for name, *values in wanted["options"]]
    return {"payload": bytes(bootp / DHCP(options=[*options, "end"])).hex()}


def read(payload: str) -> dict[str, Any]:
    bootp = BOOTP(bytes.fromhex(payload))
    names = ("op", "htype", "hlen", "hops", "xid", "secs", "ciaddr", "yiaddr", "siaddr", "giaddr")
    fields = {name: bootp.getfieldval(name) for name in names}
    fields["flags"] = int(bootp.flags)
    fields |= {name: bootp.getfieldval(name).rstrip(b"\0").hex() for name in ("chaddr", "sname", "file")}
    options = {}
    for option in bootp[DHCP].options:
        if not isinstance(option, str):
            options[str(option[0])] = [_plain(value) for value in option[1:]]
    return {"bootp": fields, "options": options}


for line in sys.stdin:
    question = json.loads(line)
    answer = build(question["build"]) if "build" in question else read(question["read"])
    print(json.dumps(answer), flush=True)
