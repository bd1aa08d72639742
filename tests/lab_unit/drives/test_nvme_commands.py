"""An NVMe lab drive over its socket: queues, reads and writes, identify, logs, features, self-test."""

import struct
import time
from pathlib import Path

import pytest

from netboot.lab.drives.behaviour import Bad, BadSectors, Behaviour
from tests.lab_unit.drives.conftest import NvmeMaker
from tests.lab_unit.drives.nvme_host import ENTRIES, nvme_pc


def test_a_pc_reads_what_is_in_the_image_and_writes_it(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme()) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.read(3, 1).data == old[3 * 512 : 4 * 512]
        assert host.read(0, 1024).data == old[: 512 << 10]  # as much as one command carries, through a list of pages
        assert host.write(100, b"w" * 12288) == 0
        assert host.read(99, 26).data == old[99 * 512 : 100 * 512] + b"w" * 12288 + old[124 * 512 : 125 * 512]
        assert (tmp_path / "disk.img").read_bytes()[100 * 512 : 124 * 512] == b"w" * 12288
        assert host.run(1, 0).status == 0  # flush
        assert host.run(1, 8, words=(10, 0, 5)).status == 0  # write zeroes
        assert host.read(10, 7).data == bytes(6 * 512) + old[16 * 512 : 17 * 512]
        assert host.pc.wait_interrupt(1) >= 6


@pytest.mark.parametrize(
    ("opcode", "nsid", "words", "status"),
    [
        (2, 1, (2047, 0, 1), 0x80),  # past the end
        (2, 1, (0, 1, 0), 0x80),
        (2, 2, (0, 0, 0), 0x0B),  # no such namespace
        (2, 0xFFFFFFFF, (0, 0, 0), 0x0B),
        (2, 1, (0, 0, 1024), 0x02),  # more than MDTS
        (0x55, 1, (), 0x01),
    ],
)
def test_what_cannot_be_done_is_refused(
    nvme: NvmeMaker, opcode: int, nsid: int, words: tuple[int, ...], status: int
) -> None:
    with nvme_pc(nvme()) as host:
        done = host.run(1, opcode, 512, nsid, words)
        assert (done.status, done.retry) == (status, False)
        errors = host.log(1, 64).data
        assert struct.unpack_from("<QHHH", errors) == (1, 1, done.id, 1 << 15 | status << 1)
        assert struct.unpack_from("<I", errors, 24)[0] == nsid


def test_memory_that_is_not_there_ends_a_command_and_not_the_drive(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        for prp1, status in ((1 << 40, 0x04), (0x100002, 0x13)):
            host.submit(1, 2, nsid=1, prp1=prp1, words=(0, 0, 0))
            assert host.reap(1).status == status
        host.submit(1, 2, nsid=1, prp1=0x100000, prp2=0x100008, words=(0, 0, 15))  # the second page is none
        assert host.reap(1).status == 0x13
        assert host.read(0, 1).status == 0


def test_more_completions_than_the_queue_holds_wait_for_their_place(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        numbers = [host.submit(1, 0, nsid=1) for _ in range(ENTRIES - 1)]
        # A whole round of the queue, and one more that finds it full.
        numbers += [host.submit(1, 0, nsid=1) for _ in range(3)]
        assert [host.reap(1).id for _ in numbers] == numbers


def test_identify_says_what_the_drive_is(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(namespaces=2, purge="done", erase_all=True)) as host:
        controller = host.identify(1).data
        assert controller[4:24] == b"LABNVME1".ljust(20)
        assert controller[24:64] == b"NETBOOT LAB NVME".ljust(40)
        assert struct.unpack_from("<H", controller, 256)[0] == 0b10010  # format, self-test
        assert struct.unpack_from("<I", controller, 328)[0] == 0x40000027
        assert controller[524] == 0b110
        assert struct.unpack_from("<I", controller, 516)[0] == 2
        namespace = host.identify(0, 2).data
        assert struct.unpack_from("<QQQ", namespace) == (2048, 2048, 2048)
        assert struct.unpack_from("<2I", namespace, 128) == (9 << 16, 12 << 16)
        assert struct.unpack_from("<4I", host.identify(2).data) == (1, 2, 0, 0)
        assert struct.unpack_from("<2I", host.identify(2, 1).data) == (2, 0)
        assert host.identify(3, 2).data[:4] == bytes([1, 8, 0, 0])
        assert host.identify(3, 2).data[4:12] == namespace[120:128] != host.identify(0, 1).data[120:128]
        assert host.identify(0, 3).status == 0x0B
        assert host.identify(0x42).status == 0x02


def test_features_are_kept_until_a_reset(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        assert host.admin(9, words=(7, 3 << 16 | 3)).result == 15 << 16 | 15
        assert host.admin(10, words=(0x17,)).result == 0
        assert host.admin(9, words=(0x17, 1)).status == 0
        assert host.admin(10, words=(0x17,)).result == 1
        assert host.admin(10, words=(0x117,)).result == 0  # the default
        assert host.admin(9, words=(1 << 31 | 0x17, 1)).status == 0x10D
        assert host.admin(10, words=(0x06,)).status == 0x02  # no write cache
        host.pc.call(13)
        host.enable()
        assert host.admin(10, words=(0x17,)).result == 0


def test_queues_are_created_only_as_they_can_be(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        page = 0x30000
        assert host.admin(5, prp1=page, words=(7 << 16 | 99, 3)).status == 0x101
        assert host.admin(5, prp1=page, words=(7 << 16 | 1, 3)).status == 0x101  # there already
        assert host.admin(5, prp1=page, words=(2, 3)).status == 0x102
        assert host.admin(5, prp1=page, words=(7 << 16 | 2, 2)).status == 0x02  # in pieces
        assert host.admin(5, prp1=page, words=(7 << 16 | 2, 99 << 16 | 3)).status == 0x108
        assert host.admin(1, prp1=page, words=(7 << 16 | 2, 5 << 16 | 1)).status == 0x100
        assert host.admin(4, words=(1,)).status == 0x10C  # its submission queue is there
        assert host.admin(0, words=(1,)).status == 0
        assert host.admin(4, words=(1,)).status == 0
        assert host.admin(0, words=(0,)).status == 0x101


def test_the_smart_log_counts_across_power_cuts(nvme: NvmeMaker) -> None:
    path = nvme(Behaviour(bad=(BadSectors(7, Bad.DEAD),)))

    def number(log: bytes, place: int) -> int:
        return int.from_bytes(log[32 + 16 * place : 48 + 16 * place], "little")

    with nvme_pc(path) as host:
        assert host.read(7, 1).status == 0x281
        assert host.write(6, bytes(1024)) == 0x280
        assert struct.unpack_from("<Q", host.log(1, 64).data, 16)[0] == 7
        host.read(0, 7)
        host.write(8, bytes(512))
        log = host.log(2).data
        assert [number(log, place) for place in (0, 1, 2, 3, 5, 7, 8, 9)] == [1, 1, 2, 1, 1, 0, 2, 2]
        host.pc.write32(0, 0x14, 4 << 20 | 6 << 16 | 1 << 14 | 1)  # an orderly shutdown
        assert host.pc.read32(0, 0x1C) & 0xC == 8
    with nvme_pc(path):
        pass
    with nvme_pc(path) as host:
        log = host.log(2).data
        assert [number(log, place) for place in (5, 7, 8)] == [3, 1, 2]  # power cycles, unsafe shutdowns, media errors
        assert host.log(3).data[:16] == b"\x01" + bytes(7) + b"LAB1".ljust(8)
        assert host.log(0x77).status == 0x109


def test_a_log_page_is_read_in_parts(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        whole = host.log(2).data
        assert host.log(2, 32, offset=32).data == whole[32:64]
        assert host.log(2, 512, offset=256).data == whole[256:] + bytes(256)
        assert host.log(2, 32, offset=1024).status == 0x02


def test_a_self_test_finds_bad_sectors(nvme: NvmeMaker) -> None:
    path = nvme(Behaviour(bad=(BadSectors(700, Bad.UNREADABLE),)), self_test_seconds=0.2)
    with nvme_pc(path) as host:
        assert host.log(6, 564).data[:5] == bytes(4) + b"\x0f"
        assert host.admin(0x14, nsid=0xFFFFFFFF, words=(1,)).status == 0
        host.wait(lambda: host.log(6, 564).data[0] == 0)
        entry = host.log(6, 564).data[4:32]
        assert (entry[0], entry[2]) == (0x17, 3)
        assert struct.unpack_from("<IQ", entry, 12) == (1, 700)


def test_a_self_test_takes_its_time_and_is_ended_by_others(nvme: NvmeMaker) -> None:
    path = nvme(self_test_seconds=600)
    with nvme_pc(path) as host:
        assert host.admin(0x14, nsid=0xFFFFFFFF, words=(1,)).status == 0
        assert host.log(6, 564).data[0] == 1
        assert host.admin(0x14, nsid=0xFFFFFFFF, words=(2,)).status == 0x11D
        assert host.admin(0x14, nsid=1, words=(15,)).status == 0
        assert host.log(6, 564).data[4] == 0x11  # a short one, aborted
        host.admin(0x14, nsid=1, words=(2,))
        assert host.sanitize(2) == 0
        assert host.log(6, 564).data[4] == 0x29
    with nvme_pc(path) as host:
        assert host.log(6, 564).data[4] == 0x29


def test_a_slow_drive_takes_its_time_one_command_after_the_other(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(Behaviour(command_seconds=0.1, bytes_per_second=10 << 20))) as host:
        numbers = [host.submit(1, 2, nsid=1, prp1=0x100000, words=(0, 0, 7)) for _ in range(3)]
        assert host.nothing_comes(1, 0.08)
        assert host.admin(10, words=(7,)).status == 0  # admin commands do not wait for it
        assert [host.reap(1).id for _ in numbers] == numbers


def test_a_slow_drive_that_elides_zeros_is_quick_only_with_them(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(Behaviour(bytes_per_second=40960, elides_zeros=True))) as host:
        old = (tmp_path / "disk.img").read_bytes()
        began = time.monotonic()
        assert host.write(0, bytes(512 << 10)) == 0
        zeros = time.monotonic() - began
        assert host.write(0, b"n" * 8192) == 0
        assert time.monotonic() - began - zeros >= 0.2
        assert zeros < 10, "at its rate it would take 13 s"
    assert (tmp_path / "disk.img").read_bytes() == b"n" * 8192 + old[8192:]


def test_an_unflushed_cache_is_lost_with_the_power(nvme: NvmeMaker, tmp_path: Path) -> None:
    path = nvme(Behaviour(write_cache=True))
    old = (tmp_path / "disk.img").read_bytes()
    with nvme_pc(path) as host:
        assert host.identify(1).data[525] == 1
        host.write(0, b"a" * 512)
        host.run(1, 0)
        host.write(1, b"b" * 512)
    with nvme_pc(path) as host:
        assert host.read(0, 2).data == b"a" * 512 + old[512:1024]
        host.run(1, 1, b"c" * 512, 1, (2, 0, 1 << 30))  # Force Unit Access
        host.write(3, b"d" * 512)
    with nvme_pc(path) as host:
        assert host.read(2, 2).data == b"c" * 512 + old[1536:2048]


def test_deallocated_sectors_read_as_zeros_and_are_still_there(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme()) as host:
        old = (tmp_path / "disk.img").read_bytes()
        ranges = struct.pack("<IIQIIQ", 0, 2, 5, 0, 1, 20)
        assert host.run(1, 9, ranges, 1, (1, 4)).status == 0
        assert host.read(4, 4).data == old[4 * 512 : 5 * 512] + bytes(1024) + old[7 * 512 : 8 * 512]
        assert host.read(20, 1).data == bytes(512)
        assert (tmp_path / "disk.img").read_bytes() == old
        assert host.run(1, 9, struct.pack("<IIQ", 0, 2, 2047), 1, (0, 4)).status == 0x80


def test_a_controller_that_cannot_start_so_says_that_it_failed(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        host.pc.write32(0, 0x14, 0)
        assert host.pc.read32(0, 0x1C) == 0
        host.pc.write32(0, 0x14, 1 << 7 | 1)  # pages of 8192 bytes
        assert host.pc.read32(0, 0x1C) == 2
        host.pc.write32(0, 0x14, 0)
        host.enable()
        assert host.read(0, 1).status == 0
