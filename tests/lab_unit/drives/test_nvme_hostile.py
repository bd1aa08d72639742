"""Whatever a PC puts into registers and queues, an NVMe lab drive goes on, and answers after a reset."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.guest_memory import GuestMemory
from netboot.lab.drives.nvme.command import Admin, Io
from netboot.lab.drives.nvme.controller import NvmeController
from netboot.lab.drives.nvme.drive import NvmeDrive
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.drives.vfio_messages import DmaMap

SIZE = 1 << 18
_SQ, _CQ, _IO_SQ, _IO_CQ, _DATA = 0x1000, 0x2000, 0x3000, 0x4000, 0x8000


class Memory:
    """A bus with 256 KiB of memory, where nobody listens to interrupts."""

    def __init__(self) -> None:
        self.memory = GuestMemory()
        self.interrupts = 0
        file = os.memfd_create("guest")
        os.ftruncate(file, SIZE)
        self.memory.map(DmaMap(0, 0, SIZE, True, True), file)
        os.close(file)

    def interrupt(self, vector: int) -> None:
        self.interrupts += 1


@contextmanager
def _controller(folder: Path, **behaviour: object) -> Iterator[tuple[NvmeController, Memory]]:
    image = folder / "hostile.img"
    for left in folder.glob("hostile.img*"):
        left.unlink()
    image.write_bytes(b"old!" * (SIZE // 4))
    spec = NvmeSpec("", (Namespace(str(image)),), "HOSTILE", behaviour=Behaviour(**behaviour))  # type: ignore[arg-type]
    controller, bus = NvmeController(NvmeDrive(spec)), Memory()
    controller.power_on(bus, 0)
    yield controller, bus
    controller.power_off(1000)
    for medium in controller.drive.media:
        medium.close()
    bus.memory.clear()


def _write(controller: NvmeController, offset: int, value: int, size: int = 4) -> None:
    controller.write(0, offset, value.to_bytes(size, "little"), 0)


def _enable(controller: NvmeController, bus: Memory) -> None:
    _write(controller, 0x14, 0)
    bus.memory.write(_SQ, bytes(0x4000))
    _write(controller, 0x24, 15 << 16 | 15)
    _write(controller, 0x28, _SQ, 8)
    _write(controller, 0x30, _CQ, 8)
    _write(controller, 0x14, 1)
    assert controller.read(0, 0x1C, 4, 0) == b"\x01\0\0\0"


def _put(controller: NvmeController, bus: Memory, queue: int, slot: int, entry: bytes) -> None:
    bus.memory.write((_IO_SQ if queue else _SQ) + 64 * slot, entry)
    _write(controller, 0x1000 + 8 * queue, slot + 1)


def _still_answers(controller: NvmeController, bus: Memory) -> None:
    _enable(controller, bus)
    _put(controller, bus, 0, 0, struct.pack("<IIQQQQ6I", 6 | 7 << 16, 0, 0, 0, _DATA, 0, 1, 0, 0, 0, 0, 0))
    controller.work(2000)
    number, field = struct.unpack("<HH", bus.memory.read(_CQ + 12, 4))
    assert (number, field) == (7, 1)
    assert bus.memory.read(_DATA + 4, 7) == b"HOSTILE"


address = st.sampled_from([0, _DATA, _DATA + 4, SIZE - 4096, SIZE - 8, SIZE, 1 << 63]) | st.integers(0, (1 << 64) - 1)
word = st.sampled_from([0, 1, 2, 7, 0xFFFF, 0xFFFFFFFF, 1 << 9, 2 << 9]) | st.integers(0, (1 << 32) - 1)
command = st.builds(
    lambda opcode, flags, nsid, prp1, prp2, words: struct.pack(
        "<BBHIQQQQ6I", opcode, flags, 3, nsid, 0, 0, prp1, prp2, *words
    ),
    st.sampled_from([*Admin, *Io]) | st.integers(0, 255),
    st.sampled_from([0, 0, 0, 0, 0x40, 1]),
    st.sampled_from([0, 1, 2, 0xFFFFFFFF]),
    address,
    address,
    st.lists(word, min_size=6, max_size=6),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 1]), command), min_size=1, max_size=12), st.booleans())
def test_any_commands(tmp_path: Path, commands: list[tuple[int, bytes]], slow: bool) -> None:
    with _controller(tmp_path, command_seconds=3.0 if slow else 0, erase_seconds=20) as (controller, bus):
        _enable(controller, bus)
        for slot, (opcode, where) in enumerate(((5, _IO_CQ), (1, _IO_SQ))):
            words = (15 << 16 | 1, 1 << 16 | 1, 0, 0, 0, 0)
            _put(controller, bus, 0, slot, struct.pack("<IIQQQQ6I", opcode, 0, 0, 0, where, 0, *words))
            controller.work(0)
        at = [2, 0]
        for number, (queue, entry) in enumerate(commands):
            _put(controller, bus, queue, at[queue], entry)
            at[queue] += 1
            wait = controller.work(number)
            assert wait is None or wait >= 0
        for now in range(20, 200, 20):
            controller.work(now)
        assert bus.interrupts
        _still_answers(controller, bus)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0x0C, 0x10, 0x14, 0x20, 0x24, 0x28, 0x2C, 0x30, 0x1000, 0x1004, 0x1008, 0x3FFC])
            | st.integers(0, 0x3FF8),
            st.sampled_from([0, 1, 0x00460001, 0x4001, 0xFFFFFFFF]) | st.integers(0, (1 << 32) - 1),
            st.sampled_from([1, 2, 4, 8]),
        ),
        max_size=30,
    )
)
def test_any_registers(tmp_path: Path, writes: list[tuple[int, int, int]]) -> None:
    with _controller(tmp_path) as (controller, bus):
        for offset, value, size in writes:
            _write(controller, offset, value & (1 << 8 * size) - 1, size)
            assert len(controller.read(0, offset, size, 0)) == size
            controller.work(0)
        _still_answers(controller, bus)


@pytest.mark.parametrize("queue", [0, 1])
def test_a_queue_in_memory_that_is_not_there_stops_the_controller_until_a_reset(tmp_path: Path, queue: int) -> None:
    with _controller(tmp_path) as (controller, bus):
        _enable(controller, bus)
        _write(controller, 0x14, 0)
        _write(controller, 0x28 if queue == 0 else 0x30, 1 << 40, 8)
        _write(controller, 0x14, 1)
        _write(controller, 0x1000, 1)
        controller.work(0)
        assert controller.read(0, 0x1C, 1, 0)[0] & 2
        _still_answers(controller, bus)
