"""Notices a PC that is offered a boot file again and again, and never asks for it.

Some firmware drops a proxy's offer, since it carries no address (danderson/netboot #43). Seen from here it sends
DISCOVER after DISCOVER and nothing else: no request on port 4011, no TFTP, no HTTP from the address it was leased.
Pure and bounded. Not for: a PC that takes its file and comes back for it (loop_guard.py).
"""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

MAX_ENTRIES = 4096

DIALOGUES = 2
"""So many dialogues (new transaction ids) without a request for the file are a refusal: the PC whose firmware tries
once and gives up boots when it is started the second time."""

DISCOVERS = 4
"""… or so many DISCOVERs, where firmware keeps one transaction id, that are spread over DISCOVERS_SECONDS."""

DISCOVERS_SECONDS = 10.0

WITHIN = 600.0
"""Seconds after the last DISCOVER in which the next one counts as one more try: a PC may take minutes to start."""


@dataclass(slots=True)
class _Tries:
    first: float
    last: float
    xid: int
    dialogues: int = 1
    discovers: int = 1


class UntakenOffers:
    """Who was offered a file of late and did not ask for it; at most MAX_ENTRIES MACs."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._refusers: OrderedDict[str, None] = OrderedDict()
        self._leased: OrderedDict[IPv4Address, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tries) + len(self._refusers) + len(self._leased)

    def offered(self, mac: str, *, xid: int, now: float) -> bool:
        """A DISCOVER of this PC is about to be offered its file: has it refused that often enough?"""
        tries = self._tries.pop(mac, None)
        if tries is None or now - tries.last > WITHIN:
            tries = _Tries(first=now, last=now, xid=xid)
        else:
            tries.discovers += 1
            tries.dialogues += xid != tries.xid
            tries.xid, tries.last = xid, now
        if tries.dialogues >= DIALOGUES or (tries.discovers >= DISCOVERS and now - tries.first >= DISCOVERS_SECONDS):
            _put(self._refusers, mac, None)
            return True
        _put(self._tries, mac, tries)
        return False

    def refuses(self, mac: str) -> bool:
        """Did this PC refuse its offers before?"""
        return mac in self._refusers

    def leased(self, mac: str, address: IPv4Address) -> None:
        """This PC asked the building's DHCP server for this address."""
        _put(self._leased, address, mac)

    def taken(self, mac: str) -> None:
        """This PC asked for its boot file."""
        self._tries.pop(mac, None)

    def fetched_by(self, address: IPv4Address) -> None:
        """Whoever has this address asked for a boot file."""
        mac = self._leased.get(address)
        if mac is not None:
            self.taken(mac)


def _put(table: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    table[key] = value
    table.move_to_end(key)
    if len(table) > MAX_ENTRIES:
        table.popitem(last=False)
