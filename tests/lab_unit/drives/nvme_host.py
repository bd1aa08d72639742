"""A small NVMe driver on a vfio-user client: queues in its memory, doorbells, admin and I/O commands.

Written from NVM Express Base 2.0; it asks as Linux' nvme driver and nvme-cli do.
"""

import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab_unit.drives.client import VfioClient

ENTRIES = 8
_ADMIN_SQ, _ADMIN_CQ, _IO_SQ, _IO_CQ = 0x10000, 0x11000, 0x12000, 0x13000
_LIST, _DATA = 0x20000, 0x100000
SANITIZE_IN_PROGRESS, SANITIZE_FAILED = 0x1D, 0x1C


@dataclass(frozen=True)
class Completion:
    """How a command ended: `status` is type * 256 + code."""

    status: int
    result: int
    id: int
    retry: bool
    data: bytes = b""


@dataclass
class _Queue:
    number: int
    submission: int
    completion: int
    tail: int = 0
    head: int = 0
    phase: int = 1


@dataclass
class NvmeHost:
    """A PC with one NVMe drive, on."""

    pc: VfioClient
    _queues: dict[int, _Queue] = field(default_factory=dict)
    _id: int = 0

    def enable(self) -> None:
        """Bring the controller up, with one pair of I/O queues on vector 1."""
        self.pc.write32(0, 0x14, 0)
        self.pc.write32(0, 0x24, (ENTRIES - 1) << 16 | (ENTRIES - 1))
        self.pc.write_region(0, 0x28, _ADMIN_SQ.to_bytes(8, "little"))
        self.pc.write32(0, 0x30, _ADMIN_CQ)
        self.pc.write32(0, 0x34, 0)
        self.pc.poke(_ADMIN_CQ, bytes(0x3000))
        self.pc.write32(0, 0x14, 4 << 20 | 6 << 16 | 1)
        assert self.pc.read32(0, 0x1C) == 1, "the controller is not ready"
        self._queues = {0: _Queue(0, _ADMIN_SQ, _ADMIN_CQ)}
        self.admin(5, prp1=_IO_CQ, words=((ENTRIES - 1) << 16 | 1, 1 << 16 | 3))
        self.admin(1, prp1=_IO_SQ, words=((ENTRIES - 1) << 16 | 1, 1 << 16 | 1))
        self._queues[1] = _Queue(1, _IO_SQ, _IO_CQ)

    def submit(
        self, queue: int, opcode: int, *, nsid: int = 0, prp1: int = 0, prp2: int = 0, words: tuple[int, ...] = ()
    ) -> int:
        """Put a command down and ring; its identifier."""
        there = self._queues[queue]
        self._id = self._id + 1 & 0xFFFF
        entry = struct.pack("<IIQQQQ", opcode | self._id << 16, nsid, 0, 0, prp1, prp2)
        self.pc.poke(there.submission + 64 * there.tail, entry + struct.pack("<6I", *words, *([0] * (6 - len(words)))))
        there.tail = (there.tail + 1) % ENTRIES
        self.pc.write32(0, 0x1000 + 8 * queue, there.tail)
        return self._id

    def reap(self, queue: int, within: float = 20) -> Completion:
        """The next completion, when it has come."""
        there = self._queues[queue]
        until = time.monotonic() + within
        while True:
            result, _, _, number, command, field_ = struct.unpack(
                "<IIHHHH", self.pc.peek(there.completion + 16 * there.head, 16)
            )
            if field_ & 1 == there.phase:
                break
            assert time.monotonic() < until, "no completion came"
            time.sleep(0.002)
        assert number == queue
        there.head = (there.head + 1) % ENTRIES
        there.phase ^= not there.head
        self.pc.write32(0, 0x1004 + 8 * queue, there.head)
        return Completion(field_ >> 1 & 0x7FF, result, command, not field_ >> 15)

    def nothing_comes(self, queue: int, seconds: float) -> bool:
        """Whether no completion comes for so long."""
        there = self._queues[queue]
        time.sleep(seconds)
        return self.pc.peek(there.completion + 16 * there.head + 14, 1)[0] & 1 != there.phase

    def run(
        self, queue: int, opcode: int, data: bytes | int = 0, nsid: int = 1, words: tuple[int, ...] = ()
    ) -> Completion:
        """A command with data to the drive (bytes) or from it (so many)."""
        size = data if isinstance(data, int) else len(data)
        if not isinstance(data, int):
            self.pc.poke(_DATA, data)
        pages = [_DATA + 4096 * number for number in range(1, -(-size // 4096))]
        self.pc.poke(_LIST, struct.pack(f"<{len(pages)}Q", *pages))
        prp2 = 0 if not pages else pages[0] if len(pages) == 1 else _LIST
        number = self.submit(queue, opcode, nsid=nsid, prp1=_DATA, prp2=prp2, words=words)
        done = self.reap(queue)
        assert done.id == number
        read = self.pc.peek(_DATA, size) if isinstance(data, int) and not done.status else b""
        return Completion(done.status, done.result, done.id, done.retry, read)

    def admin(self, opcode: int, *, nsid: int = 0, prp1: int = 0, words: tuple[int, ...] = ()) -> Completion:
        """An admin command without data."""
        number = self.submit(0, opcode, nsid=nsid, prp1=prp1, words=words)
        done = self.reap(0)
        assert done.id == number
        return done

    def identify(self, cns: int, nsid: int = 0) -> Completion:
        return self.run(0, 6, 4096, nsid, (cns,))

    def log(self, page: int, size: int = 512, *, keep: bool = False, offset: int = 0) -> Completion:
        dwords = size // 4 - 1
        return self.run(0, 2, size, 0xFFFFFFFF, (dwords << 16 | keep << 15 | page, 0, offset))

    def sanitize_log(self) -> tuple[int, int]:
        """SPROG and SSTAT."""
        return struct.unpack_from("<HH", self.log(0x81).data)

    def sanitize(self, action: int, *, flags: int = 0, pattern: int = 0) -> int:
        return self.admin(0x84, words=(action | flags, pattern)).status

    def format(self, *, secure: int = 0, number: int = 0, nsid: int = 1) -> int:
        return self.admin(0x80, nsid=nsid, words=(number | secure << 9,)).status

    def read(self, lba: int, count: int, nsid: int = 1, sector: int = 512) -> Completion:
        return self.run(1, 2, count * sector, nsid, (lba, 0, count - 1))

    def write(self, lba: int, data: bytes, nsid: int = 1, sector: int = 512) -> int:
        return self.run(1, 1, data, nsid, (lba, 0, len(data) // sector - 1)).status

    def wait(self, what: Callable[[], bool], within: float = 20) -> None:
        """Ask until it is so."""
        until = time.monotonic() + within
        while not what():
            assert time.monotonic() < until, "it did not come to that"
            time.sleep(0.01)


@contextmanager
def nvme_pc(path: Path) -> Iterator[NvmeHost]:
    """A PC that is switched on, its drive enabled; at exit its power is cut."""
    with VfioClient(path, vectors=2) as pc:
        host = NvmeHost(pc)
        host.enable()
        yield host


def old_image(path: Path, size: int = 1 << 20) -> bytes:
    """Make an image of data that is no zeros and nowhere the same; what it holds."""
    data = os.urandom(size)
    path.write_bytes(data)
    return data
