"""The transport of lab drives over a real socket: a function of a few registers, and a client like QEMU's."""

import errno
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.lab.drives import vfio_messages as messages
from netboot.lab.drives.guest_memory import DmaError, GuestMemory
from netboot.lab.drives.pci import Bus, ConfigSpace
from netboot.lab.drives.vfio_user import DriveServer, control_path
from tests.lab_unit.drives.client import CONFIG, MEMORY, RefusedError, VfioClient


class Copier:
    """A function that copies 16 bytes of memory when told to: FROM, TO and GO are its registers."""

    def __init__(self) -> None:
        self.bars = {0: 0x1000}
        self.vectors = 4
        self.config = ConfigSpace(vendor=0x4E56, device=7, class_code=0x088000, bars=self.bars, vectors=self.vectors)
        self.story: list[str] = []
        self._registers = bytearray(16)
        self._bus: Bus | None = None
        self._go = False

    def power_on(self, bus: Bus, now: float) -> None:
        self.story.append("on")
        self._bus = bus

    def power_off(self, now: float) -> None:
        self.story.append("off")
        self._bus = None

    def reset(self, now: float) -> None:
        self.story.append("reset")

    def read(self, bar: int, offset: int, size: int, now: float) -> bytes:
        return bytes(self._registers[offset : offset + size]).ljust(size, b"\0")

    def write(self, bar: int, offset: int, data: bytes, now: float) -> None:
        self._registers[offset : offset + len(data)] = data
        self._go = offset == 8

    def work(self, now: float) -> float | None:
        if self._go and self._bus:
            self._go = False
            source, target = struct.unpack_from("<II", self._registers)
            try:
                self._bus.memory.write(target, self._bus.memory.read(source, 16))
            except DmaError:
                self.story.append("no memory")
            self._bus.interrupt(self._registers[8])
        return 60


@pytest.fixture(name="copier")
def _copier() -> Copier:
    return Copier()


@pytest.fixture(name="path")
def _path(copier: Copier, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "drive"
    server = DriveServer(copier, path, lambda asked, now: {"story": copier.story, "asked": dict(asked)})
    thread = threading.Thread(target=server.run)
    thread.start()
    yield path
    server.stop()
    thread.join(20)
    assert not thread.is_alive()


def _ask(path: Path, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.fspath(control_path(path)))
        control.sendall(line)
        return control.makefile("rb").readline()


def _story(path: Path) -> bytes:
    return _ask(path, b"{}\n").partition(b"]")[0].partition(b"[")[2]


def test_a_pc_is_told_what_the_device_is(path: Path) -> None:
    with VfioClient(path, vectors=4) as pc:
        assert struct.unpack("<IIII", pc.call(4, struct.pack("<IIII", 16, 0, 0, 0))) == (16, 3, 9, 5)
        sizes = [
            struct.unpack_from("<Q", pc.call(5, struct.pack("<IIIIQQ", 32, 0, region, 0, 0, 0)), 16)[0]
            for region in range(9)
        ]
        assert sizes == [0x1000, 0, 0x1000, 0, 0, 0, 0, 256, 0]
        kinds = [struct.unpack("<IIII", pc.call(7, struct.pack("<IIII", 16, 0, kind, 0)))[1::2] for kind in range(5)]
        assert kinds == [(0, 0), (0, 0), (1, 4), (1, 1), (0, 0)]


def test_the_configuration_space_keeps_what_may_be_written_and_nothing_else(path: Path) -> None:
    with VfioClient(path) as pc:
        assert pc.read_region(CONFIG, 0, 4) == struct.pack("<HH", 0x4E56, 7)
        assert pc.read_region(CONFIG, 9, 3) == bytes([0, 0x80, 0x08])
        pc.write32(CONFIG, 0, 0xFFFFFFFF)
        assert pc.read_region(CONFIG, 0, 4) == struct.pack("<HH", 0x4E56, 7)
        pc.write32(CONFIG, 0x10, 0xFFFFFFFF)
        pc.write32(CONFIG, 0x14, 0xFFFFFFFF)
        assert pc.read_region(CONFIG, 0x10, 8) == struct.pack("<Q", (1 << 64) - 0x1000 | 4)
        pc.call(13)
        assert pc.read32(CONFIG, 0x10) == 4
        # The MSI-X capability: four vectors, table and pending bits in BAR 2.
        assert pc.read_region(CONFIG, 0x34, 1) == b"\x40"
        assert struct.unpack("<BBHII", pc.read_region(CONFIG, 0x40, 12)) == (0x11, 0, 3, 2, 0x802)
        assert pc.read_region(2, 0x800, 8) == bytes(8)


def test_a_device_reaches_the_memory_and_interrupts(path: Path, copier: Copier) -> None:
    with VfioClient(path, vectors=4) as pc:
        pc.poke(0x1FF8, b"over the border!")
        pc.write_region(0, 0, struct.pack("<II", 0x1FF8, 0x5000))
        pc.write32(0, 8, 3)
        assert pc.wait_interrupt(3) == 1
        assert pc.peek(0x5000, 16) == b"over the border!"
        pc.write_region(0, 0, struct.pack("<II", MEMORY - 8, 0x5000))
        pc.write32(0, 8, 2)
        pc.wait_interrupt(2)
        assert copier.story == ["on", "no memory"]


def test_memory_that_is_unmapped_is_gone(path: Path, copier: Copier) -> None:
    with VfioClient(path) as pc:
        with pytest.raises(RefusedError, match=str(errno.EEXIST)):
            pc.map_memory(0x1000, 0x1000)
        with pytest.raises(RefusedError, match=str(errno.ENOENT)):
            pc.unmap_memory(0, 0x1000)
        pc.unmap_memory(0, 0, flags=2)
        pc.write_region(0, 0, struct.pack("<III", 0x1000, 0x2000, 0))
        pc.write32(0, 8, 0)
        pc.wait_interrupt()
        assert copier.story == ["on", "no memory"]
        pc.map_memory(0x1000, 0x1000, offset=0x3000)
        pc.map_memory(0x2000, 0x1000, flags=1)  # read-only
        pc.write32(0, 8, 0)
        pc.wait_interrupt()
        assert copier.story == ["on", "no memory", "no memory"]
        pc.unmap_memory(0x2000, 0x1000)
        pc.map_memory(0x2000, 0x1000, offset=0x7000)
        pc.poke(0x3000, b"sixteen bytes...")
        pc.write32(0, 8, 0)
        pc.wait_interrupt()
        assert pc.peek(0x7000, 16) == b"sixteen bytes..."


def test_a_pc_that_goes_has_lost_its_power_and_the_next_finds_the_drive(path: Path) -> None:
    for _ in range(2):
        pc = VfioClient(path)
        pc.power_on()
        pc.call(13)
        pc.cut_power()
    until = time.monotonic() + 20
    while _story(path).count(b"off") < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert _story(path) == b'"on", "reset", "off", "on", "reset", "off"'


def test_who_only_knocks_is_no_pc(path: Path) -> None:
    pc = VfioClient(path)
    pc.cut_power()
    with VfioClient(path):
        assert _story(path) == b'"on"'


def test_what_is_no_message_ends_the_connection_and_leaves_no_open_file(path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for wrong in (
        struct.pack("<HHIII", 1, 1, 15, 0, 0),
        struct.pack("<HHIII", 1, 1, 1 << 31, 0, 0),
        struct.pack("<HHIII", 1, 4, 32, 0, 0) + bytes(16),  # before the version
        struct.pack("<HHIII", 1, 1, 20, 1, 0) + bytes(4),  # a reply
        struct.pack("<HHIII", 1, 1, 20, 0, 0) + struct.pack("<HH", 1, 0),  # version 1
    ):
        pc = VfioClient(path)
        pc.send(wrong, [pc.events[0]] * 3)
        with pytest.raises(ConnectionError):
            pc.answer(1)
        pc.cut_power()
    with VfioClient(path) as pc:
        with pytest.raises(RefusedError, match=str(errno.EINVAL)):
            pc.read_region(0, 0xFFE, 4)
        with pytest.raises(RefusedError, match=str(errno.ENOTSUP)):
            pc.call(99, bytes(16))
        with pytest.raises(RefusedError, match=str(errno.EINVAL)):
            pc.call(8, struct.pack("<IIIII", 20, 36, 2, 3, 2), pc.events * 2)
        # Past its file's end memory would kill the drive at the first touch.
        with pytest.raises(RefusedError, match=str(errno.EINVAL)):
            pc.map_memory(MEMORY, MEMORY, offset=4096)
        assert pc.read32(0, 0) == 0
    assert _story(path)
    until = time.monotonic() + 20  # the drive's thread closes its end of the question in its own time
    while len(list(Path("/proc/self/fd").iterdir())) > before and time.monotonic() < until:
        time.sleep(0.01)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_message_in_pieces_is_one_message(path: Path) -> None:
    with VfioClient(path) as pc:
        pc.call(10, struct.pack("<QII", 0, 0, 4) + b"abcd")
        question = struct.pack("<HHIII", 7, 9, 32, 0, 0) + struct.pack("<QII", 0, 0, 4)
        pc._number = 7
        for byte in question:
            pc.send(bytes([byte]))
            time.sleep(0.001)
        assert pc.answer(9)[16:] == b"abcd"


def test_who_stops_a_server_that_has_ended_writes_to_nobodys_file(tmp_path: Path) -> None:
    server = DriveServer(Copier(), tmp_path / "drive")
    server.stop()
    server.run()
    read, write = os.pipe()
    try:
        server.stop()
        os.set_blocking(read, False)
        with pytest.raises(BlockingIOError):
            os.read(read, 8)
    finally:
        os.close(read)
        os.close(write)


def test_the_control_socket_answers_nonsense_with_an_error(path: Path) -> None:
    assert _ask(path, b'{"say": 1}\n') == b'{"story": [], "asked": {"say": 1}}\n'
    assert _ask(path, b"[]\n") == b'{"error": "no JSON object"}\n'
    assert _ask(path, b"nonsense\n").startswith(b'{"error": ')


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=64))
def test_whatever_comes_is_a_request_or_a_documented_error(head: bytes, body: bytes) -> None:
    with suppress(messages.StreamError, messages.MessageError):
        messages.parse(messages.parse_header(head), body)


@given(st.sampled_from(messages.Command), st.binary(max_size=64) | st.binary(max_size=60).map(lambda b: bytes(4) + b))
def test_each_command_with_any_body_is_a_request_or_a_documented_error(command: int, body: bytes) -> None:
    header = messages.parse_header(struct.pack("<HHIII", 1, command, 16 + len(body), 0, 0))
    with suppress(messages.MessageError):
        messages.parse(header, body)


@given(
    st.lists(st.tuples(st.integers(0, 15), st.integers(1, 6), st.integers(0, 15)), max_size=12),
    st.lists(st.tuples(st.integers(0, 20 * 4096), st.binary(min_size=1, max_size=9000)), max_size=6),
)
def test_mapped_memory_is_the_files_bytes_and_nothing_else(
    pieces: list[tuple[int, int, int]], writes: list[tuple[int, bytes]]
) -> None:
    memory = GuestMemory()
    page = 4096
    file = os.memfd_create("guest")
    os.ftruncate(file, 16 * page)
    where: dict[int, int] = {}  # each page that is mapped, and which page of the file it is
    try:
        for at, count, source in pieces:
            request = messages.DmaMap(source * page, at * page, count * page, True, True)
            fits = source + count <= 16 and not any(at + number in where for number in range(count))
            try:
                memory.map(request, file)
                assert fits
                where.update({at + number: source + number for number in range(count)})
            except messages.MessageError:
                assert not fits
        for address, data in writes:
            there = all(number in where for number in range(address // page, (address + len(data) - 1) // page + 1))
            try:
                memory.write(address, data)
                assert there
            except DmaError:
                assert not there
        for number, source in where.items():
            assert memory.read(number * page, page) == os.pread(file, page, source * page)
    finally:
        memory.clear()
        os.close(file)
    with pytest.raises(DmaError):
        memory.read(0, 1)
