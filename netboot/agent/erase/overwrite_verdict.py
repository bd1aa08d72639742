"""The verdict on an overwritten disk, from its two passes: if old data may be left, it is *not erased*.

Pure. Not for: the passes themselves (`overwrite.py`).
"""

import threading
from typing import Final

from msgspec.structs import replace

from netboot.agent.disks.direct_io import DiskError
from netboot.agent.disks.disk_faults import problem_of
from netboot.agent.disks.disk_threads import StallError
from netboot.agent.disks.ranges import Ranges
from netboot.shared.erase_methods.overwrite import BAD_RANGES, MORE_BAD, BadRange
from netboot.shared.inventory import amount
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import Erasure

_SECTOR: Final = 512
_TOLD_APART: Final = 50_000
"""Parts that read back different, after which a whole read counts as different: they would fill the memory."""


class Passes:
    """What was done so far to a disk of `size` bytes. `end` is why a pass did not come to its end.

    Safe to use from several threads at once.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.written = Ranges()
        self.verified = Ranges()
        self.different = Ranges()
        self.end: Exception | None = None
        self.unflushed: DiskError | None = None
        self._lock = threading.Lock()

    @property
    def unwritten(self) -> list[tuple[int, int]]:
        """What it did not take, or was never given."""
        return self.written.missing(0, self.size)

    def wrote(self, start: int, end: int) -> None:
        """The disk took these bytes."""
        with self._lock:
            self.written.add(start, end)

    def is_written(self, start: int, end: int) -> bool:
        """Whether it took all of these."""
        with self._lock:
            return not self.written.missing(start, end)

    def to_verify_in(self, start: int, end: int) -> list[tuple[int, int]]:
        """What it took of these; nothing where it has given all of that back."""
        with self._lock:
            parts = self.written.within(start, end)
            return parts if any(self.verified.missing(*part) for part in parts) else []

    def read(self, start: int, expected: bytearray, content: memoryview) -> None:
        """The disk gave back `content` at `start`, where `expected` was written."""
        with self._lock:
            if expected == content:
                self.verified.add(start, start + len(content))
            elif len(self.different) > _TOLD_APART:
                self.different.add(start, start + len(content))
            else:
                for at in range(0, len(content), _SECTOR):
                    end = min(at + _SECTOR, len(content))
                    side = self.verified if expected[at:end] == content[at:end] else self.different
                    side.add(start + at, start + end)


def verdict_of(passes: Passes, name: str, erasure: Erasure) -> Erasure:
    """This overwrite with its verdict, its figures, and the problem of the disk, `name` for people."""
    written, verified, different = passes.written.total, passes.verified.total, passes.different.total
    unwritten, unread = passes.size - written, written - verified - different
    left = unwritten + different
    bad = _bad(passes)
    evidence = replace(
        erasure.evidence,
        written=written,
        verified=verified,
        unwritten=unwritten,
        unread=unread,
        different=different,
        bad=bad[:BAD_RANGES],
        more_bad=min(MORE_BAD, len(bad[BAD_RANGES:])),
    )
    problem = _problem(passes, name, left=left, unwritten=unwritten, unread=unread)
    if problem is None:
        return replace(erasure, evidence=evidence, verdict="erased")
    verdict = "not-erased" if left else "undetermined"
    return replace(erasure, evidence=evidence, verdict=verdict, problem=problem)


def _problem(passes: Passes, name: str, *, left: int, unwritten: int, unread: int) -> Problem | None:
    values = {"disk": name, "left": amount(left)}
    match passes.end:
        case StallError(seconds=seconds):
            return Problem("erase-hung" if left else "erase-too-slow", {**values, "seconds": f"{seconds:.0f}"})
        case DiskError(kind="gone") as fault:
            return Problem("erase-disk-gone", {**values, "error": fault.error}) if left else problem_of(fault, name)
        case DiskError() as fault:
            return problem_of(fault, name)
    if unwritten:
        return Problem("erase-refused", values)
    if left:
        return Problem("erase-mismatch", {**values, "different": amount(left)})
    if unread:
        return Problem("erase-unread", {**values, "unread": amount(unread)})
    return None if passes.unflushed is None else problem_of(passes.unflushed, name)


def _bad(passes: Passes) -> tuple[BadRange, ...]:
    """Every part that is bad, in order."""
    seen = Ranges()
    for start, end in [*passes.verified, *passes.different]:
        seen.add(start, end)
    unread = [gap for start, end in passes.written for gap in seen.missing(start, end)]
    bad = [
        *(BadRange(start=start, length=end - start, what="unwritten") for start, end in passes.unwritten),
        *(BadRange(start=start, length=end - start, what="unread") for start, end in unread),
        *(BadRange(start=start, length=end - start, what="different") for start, end in passes.different),
    ]
    return tuple(sorted(bad, key=lambda part: part.start))
