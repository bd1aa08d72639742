"""What an earlier try of a deploy left on the disk: by this agent, which remembers, or before the PC's power went.

Of a boot before nothing is remembered. Chunks are written in order, so a sample of the first ones tells whether a try
of this very master lies there; then all of them are read, and those that match need not come again. Nothing of it is
believed beyond that: a deploy ends with what is read back. Not for: whether the disk has to be erased anew
(`netboot/jobs/cut_deploys.py`), writing (`agent/deploy/stage.py`).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from netboot.agent.disks.direct_io import DirectDisk, aligned_buffer
from netboot.shared.inventory import DiskId
from netboot.shared.manifest import Chunk

EDGE: Final = 1024 * 1024
"""Bytes at either end of a disk that a deploy makes zeros of before it writes, and fills last."""
SAMPLE: Final = 16
"""Chunks that are read first: so many of another disk would cost nobody a second."""


@dataclass(slots=True)
class Journal:
    """What an earlier try of the same deploy wrote, in this agent's memory. Believed only as far as it is read back."""

    manifest: str = ""
    target: DiskId | None = None
    written: set[Chunk] = field(default_factory=set)

    def open(self, manifest: str, target: DiskId) -> None:
        """Start over unless the journal is of this very deploy."""
        if self.manifest != manifest or self.target != target:
            self.manifest, self.target, self.written = manifest, target, set()


def lies_there(device: DirectDisk, groups: Iterable[Sequence[Chunk]]) -> bool:
    """Whether most of a sample of these chunks, which stand in the order of their writing, are on the disk.

    Zeros prove nothing: an erased disk has them too. It blocks; raises DiskError.
    """
    telling = (group[0] for group in groups if group[0].sha256 != _zeros(group[0].length))
    sample = [chunk for chunk, _ in zip(telling, range(SAMPLE), strict=False)]
    return 2 * sum(holds(device, chunk) for chunk in sample) > len(sample)


def is_as_left(device: DirectDisk, chunks: Sequence[Chunk]) -> bool:
    """Whether both ends of the disk are as a deploy of these chunks leaves them that did not come to its end.

    There is nothing but zeros, or what the master has there: whoever used the disk since has put something there. A
    chunk that was half written when the power went is taken for such a thing, and so is what an erase left that is not
    zeros, where the power went before the deploy wrote any. It blocks; raises DiskError.
    """
    length = min(EDGE, device.size)
    for start, end in ((0, length), (device.size - length, device.size)):
        at = start
        for chunk in sorted(chunks, key=lambda chunk: chunk.offset):
            if chunk.end <= start or chunk.offset >= end:
                continue
            if not _is_zero(device, at, chunk.offset):
                return False
            if not (_is_zero(device, max(start, chunk.offset), min(end, chunk.end)) or holds(device, chunk)):
                return False
            at = max(at, chunk.end)
        if not _is_zero(device, at, end):
            return False
    return True


def may_have_started(device: DirectDisk, chunks: Sequence[Chunk]) -> bool:
    """Whether the disk's first sector, which a deploy writes last, is there: a PC may have started from it since.

    It blocks; raises DiskError.
    """
    return holds(device, min(chunks, key=lambda chunk: chunk.offset))


def holds(device: DirectDisk, chunk: Chunk) -> bool:
    """Whether the chunk stands at its place. It blocks; raises DiskError."""
    with aligned_buffer(chunk.length) as content:
        device.read(content, chunk.offset)
        return hashlib.sha256(content).hexdigest() == chunk.sha256


def _is_zero(device: DirectDisk, start: int, end: int) -> bool:
    if start >= end:
        return True
    with aligned_buffer(end - start) as content:
        device.read(content, start)
        return hashlib.sha256(content).hexdigest() == _zeros(end - start)


@cache
def _zeros(length: int) -> str:
    return hashlib.sha256(bytes(length)).hexdigest()
