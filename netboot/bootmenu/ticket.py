"""Tickets: the proof that a choice which writes to a disk was made in this server's boot menu (pure).

The agent's hello says which profile was picked, and anybody on the LAN can send a hello. So the menu's start script,
given once the digits were right, puts `netboot.ticket=` on the kernel's command line: the time it expires, and an
HMAC-SHA256 (RFC 2104) over what was picked, for which PC, and that time. Without a valid ticket the server does not
follow a profile that writes to a disk.
Not for: who may have one (`boot_menu.py`, `password.py`). It is no secret: like all of the menu it crosses plain HTTP.
"""

import base64
import hashlib
import hmac
import json
import re
import uuid as uuids
from dataclasses import dataclass, replace
from typing import Final, Literal

from netboot.jobs.identity import real_uuid

LASTS: Final = 3600
"""Seconds from the choice to the hello: a slow network, switches with spanning tree, a server that is started again."""

TicketVerdict = Literal["good", "expired", "wrong"]

_TICKET: Final = re.compile(r"([0-9]{1,12})-([0-9A-Za-z_-]{43})")


@dataclass(frozen=True, slots=True)
class Picked:
    """What was picked, and for which PC: `mac` in lower case with colons; `uuid` "" when the loader did not tell.

    `digest` is the profile's (`Profile.digest`): one that was edited since is not what was picked. `batch` is the armed
    batch that the menu took for the PC; then `profile` and `digest` are "".
    """

    profile: str
    mac: str
    uuid: str = ""
    batch: str = ""
    digest: str = ""


def issue(key: bytes, picked: Picked, *, now: float) -> str:
    """The ticket's text: digits, letters, `-` and `_`, so that it stands in a kernel's command line as it is."""
    until = int(now) + LASTS
    return f"{until}-{_proof(key, picked, until)}"


def check(key: bytes, ticket: str, picked: Picked, *, now: float, uuid_needed: bool = False) -> TicketVerdict:
    """Whether this ticket is valid for this pick; "wrong" also when there is none.

    A loader that told no UUID had its ticket made for the address alone; `uuid_needed` refuses such a ticket.
    """
    match = _TICKET.fullmatch(ticket)
    if match is None:
        return "wrong"
    until = int(match[1])
    known = {_uuid(picked.uuid)} if uuid_needed else {_uuid(picked.uuid), ""}
    if uuid_needed and known == {""}:
        return "wrong"
    proofs = [_proof(key, replace(picked, uuid=uuid), until) for uuid in known]
    if not any(hmac.compare_digest(match[2], proof) for proof in proofs):
        return "wrong"
    # One that ends later than any that could be made now is from a clock that was put back since.
    return "good" if now <= until <= now + LASTS else "expired"


def _proof(key: bytes, picked: Picked, until: int) -> str:
    what = [picked.profile, picked.digest, picked.batch]
    said = json.dumps(["netboot-ticket-2", *what, picked.mac, _uuid(picked.uuid), until])
    return base64.urlsafe_b64encode(hmac.digest(key, said.encode(), hashlib.sha256)).decode().rstrip("=")


def _uuid(text: str) -> str:
    """One spelling of both byte orders: before SMBIOS 2.6, GRUB and Linux read a UUID differently."""
    real = real_uuid(text)
    return min(real, str(uuids.UUID(bytes_le=uuids.UUID(real).bytes))) if real else ""
