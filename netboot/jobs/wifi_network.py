"""A Wi-Fi network that profiles name, and NetworkManager's keyfile that says it (nm-settings-keyfile(5)). Pure.

It holds a password, so it is never printed, and no profile, job or event has it. Not for: reading it
(`settings/wifi_file.py`), which PC gets it (`workshop/private_settings.py`).
"""

import re
import uuid
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from netboot.shared.wifi import WifiName

_NAMESPACE: Final = uuid.UUID("5f0b9c1e-6a53-4d0c-9a3b-1f2f0a7f4d11")
_PASSPHRASE: Final = re.compile(r"[\x20-\x7e]{8,63}")
_RAW_KEY: Final = re.compile(r"[0-9A-Fa-f]{64}")
SSID_LIMIT: Final = 32
"""Bytes of a name in UTF-8 (IEEE 802.11)."""


class WifiNetwork(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`name` is what profiles call it, `ssid` what it calls itself. `hidden`: it does not tell that, so PCs ask for it.

    `security`: "wpa-psk" for WPA2 and WPA3 with a password, "sae" for WPA3 alone, "open" for none.
    """

    name: Annotated[WifiName, Meta(min_length=1)]
    ssid: Annotated[str, Meta(min_length=1, max_length=SSID_LIMIT)]
    password: Annotated[str, Meta(max_length=64)] = ""
    security: Literal["wpa-psk", "sae", "open"] = "wpa-psk"
    hidden: bool = False

    def __repr__(self) -> str:
        return f"WifiNetwork(name={self.name!r})"


def network_error(network: WifiNetwork) -> str:
    """What is wrong with it, for whoever wrote it, without its password; "" when nothing is."""
    try:
        length = len(network.ssid.encode())
    except UnicodeEncodeError:
        return "`ssid` has half a sign (a lone surrogate), which UTF-8 cannot write"
    if length > SSID_LIMIT:
        return f"`ssid` has more than {SSID_LIMIT} bytes in UTF-8"
    if network.security == "open":
        return "an open network has no `password`" if network.password else ""
    if network.security == "wpa-psk" and _RAW_KEY.fullmatch(network.password):
        return ""
    if _PASSPHRASE.fullmatch(network.password) is None:
        return "`password` has 8 to 63 letters, digits or signs of a keyboard without accents"
    return ""


def keyfile(network: WifiNetwork) -> bytes:
    """The file of this network. The UUID is the network's, the same in every PC: nothing follows from it alone, since
    NetworkManager mixes it with a secret that each PC makes anew."""
    # A list of bytes is read as one whatever the name holds; a text that looks like a list would be taken for it.
    ssid = "".join(f"{byte};" for byte in network.ssid.encode())
    sections = {
        "connection": {"id": network.name, "uuid": str(uuid.uuid5(_NAMESPACE, network.name)), "type": "wifi"},
        "wifi": {"mode": "infrastructure", "ssid": ssid},
        "wifi-security": {"key-mgmt": network.security, "psk": _escaped(network.password)},
        "ipv4": {"method": "auto"},
        "ipv6": {"method": "auto"},
    }
    if network.hidden:
        sections["wifi"]["hidden"] = "true"
    if network.security == "open":
        del sections["wifi-security"]
    lines = (
        f"[{section}]\n" + "".join(f"{key}={value}\n" for key, value in of.items()) for section, of in sections.items()
    )
    return "\n".join(lines).encode()


def _escaped(text: str) -> str:
    """As GLib's key files write a value."""
    return text.replace("\\", "\\\\").replace(" ", "\\s")
