"""What proves that an erase reached a disk: marks of this job written across it before, and what was there before.

A mark is one page of bytes that no disk can guess, keyed by the job and by its place; it is read back from the device
before it counts. Beside each mark a page of what the disk holds is remembered. What a lying drive keeps is so found
both ways. Both are judged sector by sector: of a page of which one sector is as it was, not all was erased.
What may as well be left by an erase is not remembered: sectors of one byte or of a few in turn, and pages all of whose
sectors are the same.
Pure: the caller reads and writes. Not for: where marks stand (`shared/mark_places.py`), what it comes to
(`shared/firmware_verdict.py`).
"""

import hashlib
from typing import Final

from netboot.shared.mark_places import PAGE, mark_places, places_beside

SECTOR: Final = 512
"""Bytes that are judged at once: the smallest sector of any disk."""
HEAD: Final = 8
"""Bytes of one machine word, "Q"."""
_TURN: Final = 8
"""Bytes after which a sector that repeats itself tells nothing: ST1000LM035 leaves `33 CC 55 AA` behind."""
_AT: Final = range(0, PAGE, SECTOR)

Known = tuple[bytes | None, ...]
"""What the sectors of a page are remembered by, None for one that tells nothing."""


class Marks:
    """The marks of one job on a disk of `size` bytes; `seed` is random. `places` are bytes from its start, in order;
    `beside` those whose content is remembered."""

    def __init__(self, seed: bytes, size: int) -> None:
        self._seed = seed
        self.places = mark_places(size)
        self.beside = places_beside(size)

    def mark(self, place: int) -> bytes:
        """What is written at this place."""
        return hashlib.shake_256(self._seed + place.to_bytes(8)).digest(PAGE)


def remembered(content: memoryview) -> Known | None:
    """What a page is remembered by; None for one that tells nothing."""
    sectors = [bytes(content[at : at + SECTOR]) for at in _AT]
    if len(set(sectors)) == 1:
        return None
    known = tuple(None if tells_nothing(sector) else digest(sector) for sector in sectors)
    return known if any(known) else None


def is_left(content: memoryview, mark: bytes) -> bool:
    """Whether any sector of the page is still the mark's."""
    return any(content[at : at + SECTOR] == mark[at : at + SECTOR] for at in _AT)


def is_unchanged(content: memoryview, known: Known) -> bool:
    """Whether any sector of the page is still what it was."""
    return any(
        before is not None and before == digest(bytes(content[at : at + SECTOR]))
        for at, before in zip(_AT, known, strict=True)
    )


def digest(sector: bytes) -> bytes:
    """What a sector is remembered by: its first word, by which it is sought, and the digest of all of it."""
    return sector[:HEAD] + hashlib.sha256(sector).digest()


def tells_nothing(sector: bytes) -> bool:
    """Whether a sector is a few bytes in turn, as any erase may leave them."""
    return sector[_TURN:] == sector[:-_TURN]
