"""Queues and data of an NVMe controller in the PC's memory.

Follows NVM Express Base 2.0 §3.3.1 (queues are circular, a phase bit tells new completions) and §4.1.1 (PRP entries
and lists), with memory pages of 4096 bytes, the only size that this controller knows.
"""

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from netboot.lab.drives.guest_memory import GuestMemory
from netboot.lab.drives.nvme.command import COMMAND_BYTES, COMPLETION_BYTES, CommandError, Status, completion

PAGE = 4096


@dataclass(slots=True)
class SubmissionQueue:
    """Commands that the PC has put down; `tail` is where it will put the next, `head` where we read."""

    number: int
    address: int
    size: int
    completions: int
    head: int = 0
    tail: int = 0

    def take(self, memory: GuestMemory) -> bytes | None:
        """The next entry, None when the queue is empty. Raises DmaError."""
        if self.head == self.tail:
            return None
        entry = memory.read(self.address + self.head * COMMAND_BYTES, COMMAND_BYTES)
        self.head = (self.head + 1) % self.size
        return entry


@dataclass(slots=True)
class CompletionQueue:
    """Where completions go; those that find no place wait for the PC to take others."""

    address: int
    size: int
    vector: int | None
    head: int = 0
    tail: int = 0
    phase: bool = True
    waiting: deque[tuple[int, int, int, int, Status]] = field(default_factory=deque)

    def post(self, memory: GuestMemory, entry: tuple[int, int, int, int, Status] | None = None) -> bool:
        """Write an entry (result, head and number of its queue, command, status), and those that wait before it.

        Whether any was written. Raises DmaError.
        """
        if entry is not None:
            self.waiting.append(entry)
        written = False
        while self.waiting and (self.tail + 1) % self.size != self.head:
            result, head, queue, command, status = self.waiting.popleft()
            data = completion(
                result=result, head=head, queue=queue, command=command, status=status, phase=self.phase
            )  # fmt: skip
            memory.write(self.address + self.tail * COMPLETION_BYTES, data)
            self.tail = (self.tail + 1) % self.size
            if not self.tail:
                self.phase = not self.phase
            written = True
        return written


def read_data(memory: GuestMemory, prp1: int, prp2: int, size: int) -> bytes:
    """A command's data, from the PC. Raises CommandError, DmaError."""
    return b"".join(memory.read(address, length) for address, length in _pieces(memory, prp1, prp2, size))


def write_data(memory: GuestMemory, prp1: int, prp2: int, data: bytes) -> None:
    """A command's data, to the PC. Raises CommandError, DmaError."""
    done = 0
    for address, length in _pieces(memory, prp1, prp2, len(data)):
        memory.write(address, data[done : done + length])
        done += length


def _pieces(memory: GuestMemory, prp1: int, prp2: int, size: int) -> Iterator[tuple[int, int]]:
    """Where the data lies: addresses and lengths, pages that follow one another as one."""
    at, length = 0, 0
    for address, part in _pages(memory, prp1, prp2, size):
        if length and at + length == address:
            length += part
            continue
        if length:
            yield at, length
        at, length = address, part
    if length:
        yield at, length


def _pages(memory: GuestMemory, prp1: int, prp2: int, size: int) -> Iterator[tuple[int, int]]:
    if prp1 % 4:
        raise CommandError(Status.INVALID_PRP_OFFSET)
    first = min(size, PAGE - prp1 % PAGE)
    yield prp1, first
    size -= first
    if 0 < size <= PAGE:
        yield _page(prp2), size
        return
    if prp2 % 8:
        raise CommandError(Status.INVALID_PRP_OFFSET)
    while size > 0:
        room = (PAGE - prp2 % PAGE) // 8
        wanted = -(-size // PAGE)
        # A list that does not end here names the next list in its last entry.
        here = wanted if wanted <= room else room - 1
        entries = struct.unpack(f"<{here}Q", memory.read(prp2, here * 8))
        for entry in entries:
            yield _page(entry), min(PAGE, size)
            size -= PAGE
        if size > 0:
            prp2 = _page(int.from_bytes(memory.read(prp2 + here * 8, 8), "little"))


def _page(address: int) -> int:
    if address % PAGE:
        raise CommandError(Status.INVALID_PRP_OFFSET)
    return address
