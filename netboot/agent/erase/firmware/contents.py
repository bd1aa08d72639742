"""What a disk holds that was read back after its erase: whether it is the same throughout, and whether any of it is of
before, wherever it stands.

A drive that keeps a part, or gives old sectors back under other addresses, leaves the places of its marks clean. So all
that is read is looked at: how much of it is one and the same sector again and again, and no sector may be one of a mark
or of what was remembered beside them. Noise, and patterns that count their sectors, are no sector again and again.
Pure, but for what threads share: safe to use from several at once, each with a `Viewer` of its own.
Not for: reading (`read_back.py`), what it comes to (`shared/firmware_verdict.py`).
"""

import sys
import threading
from collections.abc import Iterable, Mapping, Set
from typing import Final

from netboot.agent.erase.firmware.markers import HEAD, SECTOR, digest

_KINDS: Final = 64
"""Different sectors that are counted; a disk that holds more of them is not the same throughout."""

Sought = Mapping[int, Set[bytes]]
"""Sectors that must not be there: the digests of those that begin with this word."""


def sought(digests: Iterable[bytes]) -> Sought:
    """The sectors of these digests, to be sought in what is read."""
    found: dict[int, set[bytes]] = {}
    for one in digests:
        found.setdefault(int.from_bytes(one[:HEAD], sys.byteorder), set()).add(one)
    return found


class Contents:
    """What was seen of one disk. `elsewhere`: sectors that were sought, and found."""

    def __init__(self, sought: Sought) -> None:
        self.sought = sought
        self.elsewhere = 0
        self._lock = threading.Lock()
        self._bytes: dict[bytes, int] = {}
        self._other = False

    @property
    def value(self) -> int | None:
        """The byte that all that was read is; None where they differ, or while nothing was read."""
        if self._other or len(self._bytes) != 1:
            return None
        (sector,) = self._bytes
        values = set(sector)
        return values.pop() if len(values) == 1 else None

    @property
    def even(self) -> int:
        """How many bytes of what was read are one and the same sector again and again, the commonest such."""
        return max(self._bytes.values(), default=0)

    def saw_again(self, sector: bytes, length: int, found: int) -> None:
        """So many bytes more that are this sector again and again; so many of these were sought."""
        with self._lock:
            self.elsewhere += found
            if sector not in self._bytes and len(self._bytes) >= _KINDS:
                self._other = True
            else:
                self._bytes[sector] = self._bytes.get(sector, 0) + length

    def saw_various(self, found: int) -> None:
        """Various sectors, of which so many were sought."""
        with self._lock:
            self.elsewhere += found
            self._other = True


class Viewer:
    """Looks at pieces of at most `most` bytes, whole sectors; one a thread."""

    def __init__(self, contents: Contents, most: int) -> None:
        self._contents = contents
        self._sector = bytes(SECTOR)
        # A bytearray compares with any buffer by one memcmp; two memoryviews compare item by item.
        self._again = bytearray(most)

    def look(self, content: memoryview) -> None:
        """One more piece that was read."""
        first = bytes(content[:SECTOR])
        if first != self._sector:
            self._sector = first
            self._again[:] = first * (len(self._again) // SECTOR)
        again = self._again if len(content) == len(self._again) else self._again[: len(content)]
        if again == content:
            old = digest(first) in self._contents.sought.get(int.from_bytes(first[:HEAD], sys.byteorder), ())
            self._contents.saw_again(first, len(content), len(content) // SECTOR if old else 0)
        else:
            self._contents.saw_various(self._found(content))

    def _found(self, content: memoryview) -> int:
        """How many of its sectors are sought."""
        known = self._contents.sought
        heads = content.cast("Q")[:: SECTOR // HEAD].tolist()
        if known.keys().isdisjoint(heads):
            return 0
        return sum(
            digest(bytes(content[number * SECTOR : (number + 1) * SECTOR])) in known.get(head, ())
            for number, head in enumerate(heads)
        )
