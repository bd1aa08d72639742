"""Growing real file systems: as far as they stay whole, and whole when it goes wrong."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.customise import grow as growing
from netboot.agent.customise.grow import GROWERS
from netboot.agent.disks.partitions import partition_device
from netboot.shared.errors import NetbootError
from netboot.shared.growth import HEAD, SUPERBLOCK, read_ext, size_in
from netboot.shared.manifest import Partition
from tests import f2fs_trees
from tests.agent.boot_http import manifest_of, root_partition
from tests.agent.test_customise import loop_disk
from tests.file_trees import facts, plant, unmount

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
    monkeypatch.setattr("netboot.agent.customise.grow_ext.time.time", lambda: float(clock))
    with loop(path, 200 * MIB) as device:
        GROWERS["ext4"](device, "ext4")
        monkeypatch.setenv("E2FSCK_TIME", "4000000000")
        tool("e2fsck", "-f", "-n", device)
        assert read_ext(head(device)[SUPERBLOCK]).size == 200 * MIB


MAKERS = {
    "ext4": ("mke2fs", "-q", "-t", "ext4"),
    "xfs": ("mkfs.xfs", "-q"),
    "btrfs": ("mkfs.btrfs", "-q"),
    "ntfs": ("mkntfs", "-Q", "-F", "-q"),
}
CHECKS = {
    "ext4": ("e2fsck", "-f", "-n"),
    "xfs": ("xfs_repair", "-n"),
    "btrfs": ("btrfs", "check"),
    "ntfs": ("ntfsfix", "-n"),
}


@contextmanager
def mounted(device: Path, kind: str, folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    tool("mount", "-t", "ntfs-3g" if kind == "ntfs" else kind, *options, device, folder)
    try:
        yield folder
    finally:
        unmount(folder)


@pytest.mark.root
@pytest.mark.parametrize("kind", MAKERS)
def test_nothing_in_a_file_system_changes_when_it_grows(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "disk.img"
    os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC), 320 * MIB)
    tool(*MAKERS[kind], path)
    with loop(path, 320 * MIB) as device, mounted(device, kind, tmp_path / "there") as root:
        plant(root, kind)
    with loop(path, 30 * GIB) as device:
        with mounted(device, kind, tmp_path / "there", "-o", "ro") as root:
            before = facts(root)
        growing.GROWERS[kind](device, kind)
        with device.open("rb") as file:
            assert 30 * GIB - size_in(kind, file.read(HEAD)) <= 8192
        tool(*CHECKS[kind], device)
        with mounted(device, kind, tmp_path / "there", "-o", "ro") as root:
            assert facts(root) == before
            assert os.statvfs(root).f_blocks * os.statvfs(root).f_frsize > 28 * GIB
    assert len(before) > 60


def ntfs(path: Path, size: int, *options: str) -> Path:
    path.unlink(missing_ok=True)
    os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC), size)
    tool("mkntfs", "-Q", "-F", "-q", *options, path)
    return path


@pytest.mark.root
@pytest.mark.parametrize("options", [("-c", "512"), ("-c", "65536"), ("-s", "512", "-c", "4096")])
def test_an_ntfs_of_any_cluster_size_grows_and_windows_is_told_to_check_it_once(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with loop(ntfs(tmp_path / "ntfs.img", 100 * MIB, *options), 3 * GIB) as device:
        assert "Flags: 0x0000" in " ".join(tool("ntfsinfo", "-m", device).split())
        growing.GROWERS["ntfs"](device, "ntfs")
        assert 3 * GIB - size_in("ntfs", head(device)) <= 2 * 65536
        assert "DIRTY" in tool("ntfsinfo", "-fm", device)
        # Once more, as after a customising that failed: there is nothing left to do, dirty or not.
        growing.GROWERS["ntfs"](device, "ntfs")


@pytest.mark.root
def test_an_ntfs_that_windows_has_to_check_first_is_not_touched(tmp_path: Path) -> None:
    path = ntfs(tmp_path / "ntfs.img", 100 * MIB)
    with loop(path, 200 * MIB) as device:
        growing.GROWERS["ntfs"](device, "ntfs")
    before = path.read_bytes()
    with loop(path, 400 * MIB) as device, pytest.raises(NetbootError, match="ntfsresize ended with status 1"):
        growing.GROWERS["ntfs"](device, "ntfs")
    assert path.read_bytes()[: len(before)] == before


@pytest.mark.root
def test_a_hibernated_ntfs_is_not_touched_although_ntfsresize_would(tmp_path: Path) -> None:
    path = ntfs(tmp_path / "ntfs.img", 100 * MIB)
    with loop(path, 100 * MIB) as device, mounted(device, "ntfs", tmp_path / "there") as root:
        (root / "hiberfil.sys").write_bytes(b"hibr" + bytes(4 * MIB))
    before = path.read_bytes()
    with loop(path, 400 * MIB) as device:
        tool("ntfsresize", "--info", device)
        with pytest.raises(NetbootError, match="did not shut this NTFS down"):
            growing.GROWERS["ntfs"](device, "ntfs")
    assert path.read_bytes()[: len(before)] == before


def f2fs(folder: Path) -> Path:
    """One with files in it, put there without a mount."""
    path, content = folder / "f2fs.img", folder / "content"
    content.mkdir()
    os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC), 300 * MIB)
    f2fs_trees.fill(path, content)
    return path


@pytest.mark.root
@pytest.mark.parametrize("size", [6 * GIB, 238 * GIB])
def test_an_f2fs_grows_with_all_that_is_in_it(tmp_path: Path, size: int) -> None:
    path = f2fs(tmp_path)
    assert size_in("f2fs", head(path)) == 300 * MIB
    before = f2fs_trees.facts(path)
    with loop(path, size) as device:
        growing.GROWERS["f2fs"](device, "f2fs")
        assert size - size_in("f2fs", head(device)) < 2 * MIB
        growing.GROWERS["f2fs"](device, "f2fs")
        assert "[Fail]" not in tool("fsck.f2fs", "--dry-run", device)
        assert f2fs_trees.facts(device) == before
    assert len(before) > 14


@pytest.mark.root
def test_an_f2fs_that_is_damaged_is_not_touched(tmp_path: Path) -> None:
    path = f2fs(tmp_path)
    before = bytearray(path.read_bytes())
    before[5 * MIB : 12 * MIB] = bytes(7 * MIB)
    path.write_bytes(before)
    with loop(path, GIB) as device, pytest.raises(NetbootError, match=r"fsck\.f2fs"):
        growing.GROWERS["f2fs"](device, "f2fs")
    assert path.read_bytes()[: len(before)] == before


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


@pytest.mark.root
@pytest.mark.parametrize("logical", [False, True])
@pytest.mark.parametrize("size", [2 * TIB + 20 * MIB, 2 * TIB, 3_000_592_982_016])
def test_on_a_disk_that_a_dos_table_cannot_count_the_root_grows_to_the_last_sector_that_it_can(
    tmp_path: Path, size: int, logical: bool
) -> None:
    with loop_disk(tmp_path / "disk.img", size) as disk:
        device, number = Path("/dev", disk.name), 5 if logical else 1
        # One that cannot grow itself, so that nothing is written to the whole of it.
        root = replace(root_partition(2 * MIB, 40 * MIB), number=number)
        around = Partition(number=2, start=MIB, length=41 * MIB, type="05", role="extended")
        partitions = (around, root) if logical else (root,)
        table = "label: dos\n"
        for one in partitions:
            kind = 5 if one.role == "extended" else 83
            table += f"{one.number} : start={one.start // 512}, size={one.length // 512}, type={kind}\n"
        subprocess.run(["sfdisk", "--quiet", device], check=True, input=table, text=True)
        tool("partx", "--update", "--nr", str(number), device)
        tool("mke2fs", "-q", "-t", "ext4", "-O", "bigalloc", partition_device(device, number))
        manifest = replace(manifest_of(bytes(2 * MIB), partitions, used=[(0, MIB)], length=MIB), table="dos")
        assert growing.grow(device, manifest).size == root.length
        rows = json.loads(tool("sfdisk", "--json", device))["partitiontable"]["partitions"]
    assert [row["start"] + row["size"] for row in rows] == [2**32 - 1] * len(partitions)
