"""Reading and writing past the page cache, on regular files; loop devices are in test_erase.py."""

import errno
import os
from pathlib import Path

import pytest

from netboot.agent.disks.direct_io import DirectDisk, DiskError, aligned_buffer

MIB = 1024 * 1024


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(range(256)) * (MIB // 256) + os.urandom(4096))
    return path


def test_what_is_written_is_read_again_and_nothing_else_changes(image: Path) -> None:
    before = image.read_bytes()
    with DirectDisk.for_writing(image) as disk, aligned_buffer(8192) as buffer:
        buffer[:] = b"\xa5" * 8192
        disk.write(buffer, 512)
        disk.sync()
        buffer[:] = bytes(8192)
        disk.read(buffer, 512)
        assert buffer == b"\xa5" * 8192
    assert image.read_bytes() == before[:512] + b"\xa5" * 8192 + before[512 + 8192 :]


def test_size_and_sector_are_known(image: Path) -> None:
    with DirectDisk.for_reading(image) as disk:
        assert (disk.size, disk.sector) == (MIB + 4096, 512)


def test_a_read_beyond_the_end_names_the_byte_where_the_disk_ended(image: Path) -> None:
    with (
        DirectDisk.for_reading(image) as disk,
        aligned_buffer(8192) as buffer,
        pytest.raises(DiskError) as caught,
    ):
        disk.read(buffer, MIB)
    assert caught.value.offset == MIB + 4096


def test_a_write_beyond_the_end_never_makes_the_disk_longer(image: Path) -> None:
    with (
        DirectDisk.for_writing(image) as disk,
        aligned_buffer(8192) as buffer,
        pytest.raises(DiskError) as caught,
    ):
        disk.write(buffer, MIB)
    assert caught.value.number == errno.ENOSPC
    assert image.stat().st_size == MIB + 4096


def test_a_write_on_a_disk_opened_for_reading_is_refused_with_its_offset(image: Path) -> None:
    with (
        DirectDisk.for_reading(image) as disk,
        aligned_buffer(512) as buffer,
        pytest.raises(DiskError) as caught,
    ):
        disk.write(buffer, 1024)
    assert (caught.value.offset, caught.value.number) == (1024, errno.EBADF)


def test_a_disk_that_is_not_there_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="No such file"):
        DirectDisk.for_reading(tmp_path / "gone")


def test_short_writes_and_short_reads_are_continued(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, read = os.pwritev, os.preadv
    monkeypatch.setattr(os, "pwritev", lambda fd, parts, offset: written(fd, [parts[0][:1024]], offset))
    monkeypatch.setattr(os, "preadv", lambda fd, parts, offset: read(fd, [parts[0][:512]], offset))
    with DirectDisk.for_writing(image) as disk, aligned_buffer(8192) as buffer:
        buffer[:] = os.urandom(8192)
        wanted = bytes(buffer)
        disk.write(buffer, 4096)
        buffer[:] = bytes(8192)
        disk.read(buffer, 4096)
        assert buffer == wanted


def test_a_disk_that_was_abandoned_can_still_be_closed_and_stays_open(image: Path) -> None:
    disk = DirectDisk.for_reading(image)
    fds = [fd for fd in Path("/proc/self/fd").iterdir() if fd.resolve() == image]
    disk.abandon()
    disk.close()
    assert fds
    for fd in fds:
        os.close(int(fd.name))
