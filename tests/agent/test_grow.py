"""Growing real file systems: as far as they stay whole, and whole when it goes wrong."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netboot.agent.customise import grow as growing
from netboot.agent.customise.grow import GROWERS
from netboot.shared.errors import NetbootError
from netboot.shared.growth import HEAD, SUPERBLOCK, read_ext, size_in

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40


def tool(*words: str | Path) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def ext(path: Path, size: int, *options: str) -> Path:
    """A file system of `size` bytes with something in it."""
    content = path.with_name("content")
    shutil.rmtree(content, ignore_errors=True)
    content.mkdir()
    for number in range(20):
        (content / f"letter {number}").write_bytes(os.urandom(150_000))
    path.unlink(missing_ok=True)
    os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC), size)
    tool("mke2fs", "-q", "-d", content, *options, path)
    return path


@contextmanager
def loop(path: Path, size: int) -> Iterator[Path]:
    os.truncate(path, size)
    device = Path(tool("losetup", "--find", "--show", path).strip())
    try:
        yield device
    finally:
        tool("losetup", "--detach", device)


def head(device: Path) -> bytes:
    with device.open("rb") as file:
        return file.read(HEAD)


def files(device: Path, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    tool("mount", "-o", "ro", device, folder)
    try:
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    finally:
        tool("umount", folder)
        folder.rmdir()


# The first two are from bug reports: resize2fs 1.47 refuses the one, and breaks the other.
@pytest.mark.root
@pytest.mark.parametrize(
    ("size", "disk", "options"),
    [
        (300 * MIB, 2 * TIB, ("-t", "ext4", "-b", "1024")),
        (64 * MIB, 120 * GIB, ("-t", "ext4", "-b", "4096")),
        (24 * MIB, 2 * TIB, ("-t", "ext4", "-b", "4096")),
        (100 * MIB, 130 * GIB, ("-t", "ext4", "-b", "4096", "-E", "resize=30000")),
        (64 * MIB, 50 * GIB, ("-t", "ext4", "-b", "1024", "-O", "^resize_inode")),
        (64 * MIB, 900 * GIB, ("-t", "ext4", "-b", "2048")),
        (64 * MIB, 20 * GIB, ("-t", "ext4", "-b", "4096", "-O", "^resize_inode")),
        (200 * MIB, 20 * GIB, ("-t", "ext4", "-b", "4096", "-O", "^64bit")),
        (200 * MIB, 20 * GIB, ("-t", "ext4", "-b", "4096", "-O", "^resize_inode,meta_bg")),
        (300 * MIB, 20 * GIB, ("-t", "ext4", "-O", "bigalloc")),
        (64 * MIB, GIB, ("-t", "ext3")),
        (64 * MIB, GIB, ("-t", "ext2", "-b", "1024")),
    ],
)
def test_a_file_system_grows_as_far_as_it_stays_whole(
    tmp_path: Path, size: int, disk: int, options: tuple[str, ...]
) -> None:
    path = ext(tmp_path / "ext.img", size, *options)
    before = read_ext(head(path)[SUPERBLOCK])
    with loop(path, disk) as device:
        old = files(device, tmp_path / "before")
        GROWERS["ext4"](device, "ext4")
        tool("e2fsck", "-f", "-n", device)
        after = read_ext(head(device)[SUPERBLOCK])
        assert files(device, tmp_path / "after") == old
    assert after.size == min(disk, before.largest) // after.block * after.block
    assert before.size <= before.largest


@pytest.mark.root
def test_a_growth_that_breaks_the_file_system_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ext(tmp_path / "ext.img", 64 * MIB, "-t", "ext4", "-b", "4096")
    with loop(path, 120 * GIB) as device:
        old = files(device, tmp_path / "before")
        # Without the limit that is known for this one.
        monkeypatch.setattr("netboot.shared.growth.ExtSize.largest", property(lambda known: 2**62))
        with pytest.raises(NetbootError, match="resize2fs ended with status 1"):
            GROWERS["ext4"](device, "ext4")
        tool("e2fsck", "-f", "-n", device)
        assert files(device, tmp_path / "after") == old


@pytest.mark.root
@pytest.mark.parametrize("clock", [0, 1_104_537_600, 4_000_000_000])
def test_growing_does_not_hang_on_the_pcs_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: int) -> None:
    path = ext(tmp_path / "ext.img", 64 * MIB, "-t", "ext4")
    tool("debugfs", "-w", "-R", "set_super_value mtime 20260901120000", path)
    tool("debugfs", "-w", "-R", "set_super_value lastcheck 20200101000000", path)
    monkeypatch.setattr("netboot.agent.customise.grow.time.time", lambda: float(clock))
    with loop(path, 200 * MIB) as device:
        GROWERS["ext4"](device, "ext4")
        monkeypatch.setenv("E2FSCK_TIME", "4000000000")
        tool("e2fsck", "-f", "-n", device)
        assert read_ext(head(device)[SUPERBLOCK]).size == 200 * MIB


@pytest.mark.root
@pytest.mark.parametrize("kind", ["xfs", "btrfs"])
def test_xfs_and_btrfs_grow_to_the_whole_partition(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "disk.img"
    os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC), 320 * MIB)
    tool(f"mkfs.{kind}", "-q", path)
    assert size_in(kind, head(path)) == 320 * MIB
    with loop(path, 4 * GIB) as device:
        growing.GROWERS[kind](device, kind)
        assert size_in(kind, head(device)) == 4 * GIB
        growing.GROWERS[kind](device, kind)
        tool(*(("xfs_repair", "-n") if kind == "xfs" else ("btrfs", "check")), device)
