"""Notices PCs that ignore proxy offers and need merged ones, and those that merged offers do not help either.

Some firmware drops a proxy's offer because it carries no address (danderson/netboot #43). From here it looks like this:
the PC takes the building's address (a broadcast REQUEST) but never asks for its file (port 4011, TFTP, HTTP from the
leased address), or it sends DISCOVER after DISCOVER. A single DISCOVER is no sign: a PC that is switched off while it
waits for offers sends one too.

A PC that asks for its file after a merged offer keeps getting merged offers. One that does not is sent proxy offers
again, for BACK_FOR seconds.
Pure and bounded; `now` is in seconds on any steady clock.
Not for: a PC that takes its file and comes back for it (loop_guard.py).
"""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

MAX_ENTRIES = 4096

DISCOVERS = 4
"""So many DISCOVERs from one power-on, spread over DISCOVERS_SECONDS, are a refusal: the PC is there, and its firmware
hears no offer that it takes."""

DISCOVERS_SECONDS = 10.0

LONGEST_GAP = 34.0
"""Seconds between two DISCOVERs of one power-on: firmware waits 4, 8, 16, then 32 s (PXE 2.1 §2.2.4.1)."""

WITHIN = 600.0
"""Seconds after a refusal in which the next DISCOVER is offered something else: a PC may take minutes to start."""

MERGED_TRIES = 3
"""So often a moved PC may leave merged offers alone, a power-on or DISCOVERS of them each time, before it goes back."""

BACK_FOR = 24 * 3600.0
"""Seconds for which a PC that merged offers did not help stays with the proxy's, unless it takes its file before."""


@dataclass(slots=True)
class _Tries:
    """One power-on of a PC, as its DISCOVERs tell it. `took_address`: it asked the building for one since."""

    first: float
    last: float
    xid: int
    secs: int
    discovers: int = 1
    took_address: bool = False


@dataclass(slots=True)
class _Moved:
    """How merged offers went: how often this PC ignored them (`untaken`), and whether it ever took one (`helped`)."""

    tries: _Tries
    untaken: int = 0
    helped: bool = False


class UntakenOffers:
    """PCs that were offered a file and have not asked for it yet; each table has at most MAX_ENTRIES PCs."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._moved: OrderedDict[str, _Moved] = OrderedDict()
        self._back: OrderedDict[str, float] = OrderedDict()
        self._leased: OrderedDict[IPv4Address, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tries) + len(self._moved) + len(self._back) + len(self._leased)

    def note_offer(self, mac: str, *, xid: int, secs: int, now: float) -> bool:
        """A proxy offer is about to be sent to this PC. True when it is to get merged offers from now on instead."""
        tries = self._tries.pop(mac, None)
        if tries is not None and now - tries.last <= WITHIN:
            refused = tries.took_address
            if not refused and _one_power_on(tries, xid, secs, now):
                tries.discovers += 1
                tries.xid, tries.secs, tries.last = xid, secs, now
                refused = tries.discovers >= DISCOVERS and now - tries.first >= DISCOVERS_SECONDS
            elif not refused:
                tries = None
            if refused and not self.merged_failed(mac, now):
                _put(self._moved, mac, _Moved(_Tries(first=now, last=now, xid=xid, secs=secs)))
                return True
        else:
            tries = None
        _put(self._tries, mac, tries or _Tries(first=now, last=now, xid=xid, secs=secs))
        return False

    def needs_merged(self, mac: str) -> bool:
        """Whether this PC gets merged offers, since it ignored a proxy's."""
        return mac in self._moved

    def merged_failed(self, mac: str, now: float) -> bool:
        """Whether this PC gets proxy offers again, since it ignored merged ones too."""
        return self._back.get(mac, now) > now

    def note_merged_offer(self, mac: str, *, xid: int, secs: int, now: float) -> bool:
        """A merged offer is about to be made to this PC. True when it goes back to proxy offers instead."""
        moved = self._moved.get(mac)
        if moved is None or moved.helped:
            return False
        if _one_power_on(moved.tries, xid, secs, now) and moved.tries.discovers < DISCOVERS:
            moved.tries.discovers += 1
            moved.tries.xid, moved.tries.secs, moved.tries.last = xid, secs, now
            return False
        moved.tries = _Tries(first=now, last=now, xid=xid, secs=secs)
        moved.untaken += 1
        if moved.untaken < MERGED_TRIES:
            return False
        del self._moved[mac]
        _put(self._back, mac, now + BACK_FOR)
        return True

    def note_address_request(self, mac: str, address: IPv4Address, *, xid: int) -> None:
        """This PC asks a DHCP server for this address: in the dialogue `xid`, which its DISCOVER began."""
        _put(self._leased, address, mac)
        tries = self._tries.get(mac)
        if tries is not None and tries.xid == xid:
            tries.took_address = True

    def note_file_request(self, mac: str) -> None:
        """This PC asked for its boot file."""
        self._tries.pop(mac, None)
        self._back.pop(mac, None)
        if (moved := self._moved.get(mac)) is not None:
            moved.helped = True

    def mac_at(self, address: IPv4Address) -> str:
        """The MAC of the PC that asked for this address last, "" when none did."""
        return self._leased.get(address, "")


def _one_power_on(tries: _Tries, xid: int, secs: int, now: float) -> bool:
    """Does this DISCOVER come from the same power-on as the last? By its id, else by the seconds that it counts."""
    gap = now - tries.last
    if xid == tries.xid:
        return secs >= tries.secs and gap <= LONGEST_GAP
    return secs > tries.secs and abs(secs - tries.secs - gap) <= 2


def _put(table: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    table[key] = value
    table.move_to_end(key)
    if len(table) > MAX_ENTRIES:
        table.popitem(last=False)
