"""An installed system's swap files: on real file systems, with memory where the kernel writes it, past the file system;
cleared in place, and looked for on the bare device."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netboot.agent.customise.file_extents import extents_of
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.agent.customise.swap_files import clear_swap_files, count_swap_files
from netboot.shared.errors import NetbootError
from netboot.shared.mount_points import swap_paths
from tests.agent.installed import SWAP_UUID, swap_file

MIB = 1024 * 1024
SIZE = 24 * MIB
MEMORY = b"the prepared PC's memory: a password; "
FSTAB = "UUID=1 / ext4 defaults 0 1\n#/old none swap sw 0 0\n/swap.img\tnone\tswap\tsw\t0\t0\n"


def tool(*words: str | Path) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@contextmanager
def mounted(device: Path, folder: Path, *options: str) -> Iterator[Path]:
    tool("mount", *options, device, folder)
    try:
        yield folder
    finally:
        tool("umount", folder)


@pytest.fixture
def device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A loop device with a file system of the kind that the test names."""
    image = tmp_path / "disk.img"
    with image.open("wb") as file:
        file.truncate(360 * MIB)
    loop = Path(tool("losetup", "--find", "--show", image).strip())
    try:
        tool(f"mkfs.{request.param}", "-q", loop)
        yield loop
    finally:
        tool("losetup", "--detach", loop)


def places(path: Path) -> list[tuple[int, int]]:
    """Where its extents lie, (in the file, as the file system says), in bytes, with their lengths left out."""
    rows = re.findall(r"^\s*\d+:\s+(\d+)\.\.\s*\d+:\s+(\d+)\.\.", tool("filefrag", "-v", "-b1024", path), re.MULTILINE)
    return [(int(start) * 1024, int(there) * 1024) for start, there in rows]


def swap_out(device: Path, kind: str, there: int, offset: int) -> None:
    """Write memory to this place as the kernel does: to the disk, unknown to the file system."""
    if kind == "btrfs":
        told = tool("btrfs-map-logical", "-l", str(there), device)
        found = re.search(r"physical (\d+)", told)
        assert found is not None, told
        there = int(found[1])
    with device.open("r+b") as disk:
        disk.seek(there + offset)
        disk.write((MEMORY * 30)[:1024])
        os.fsync(disk.fileno())


def raw(device: Path) -> bytes:
    """All that is on it, from the disk."""
    tool("blockdev", "--flushbufs", device)
    return device.read_bytes()


@pytest.mark.root
@pytest.mark.parametrize(
    ("device", "preallocated"),
    [
        ("ext2", False), ("ext4", False), ("xfs", False), ("btrfs", False),
        ("ext4", True), ("xfs", True), ("btrfs", True),
    ],
    indirect=["device"],
)  # fmt: skip
def test_what_was_in_memory_is_gone_from_the_disk_and_the_swap_file_is_the_same(
    device: Path, preallocated: bool, tmp_path: Path
) -> None:
    kind = tool("blkid", "-p", "-o", "value", "-s", "TYPE", device).strip()
    folder = tmp_path / "root"
    folder.mkdir()
    with mounted(device, folder):
        (folder / "etc").mkdir()
        (folder / "etc/fstab").write_text(FSTAB)
        swap_file(folder / "swap.img", preallocated=preallocated, size=SIZE)
        first = places(folder / "swap.img")
    start, there = first[-1]
    swap_out(device, kind, there, 8192 if start == 0 else 0)
    with mounted(device, folder):
        head = (folder / "swap.img").read_bytes()[:4096]
        assert (MEMORY in (folder / "swap.img").read_bytes()) is not preallocated, "as the file system reads it"
    assert MEMORY in raw(device)
    with mounted(device, folder), InstalledTree(folder) as tree:
        assert count_swap_files(tree) == 1
        assert clear_swap_files(tree) == 1
    with mounted(device, folder, "-o", "ro"), InstalledTree(folder) as tree:
        assert count_swap_files(tree) == 0
        assert (folder / "swap.img").read_bytes() == head + bytes(SIZE - 4096)
        assert {there - start for start, there in places(folder / "swap.img")} == {t - s for s, t in first}
    assert MEMORY not in raw(device)
    with mounted(device, folder):
        swap = folder / "swap.img"
        assert SWAP_UUID in tool("blkid", "-p", swap)
        with InstalledTree(folder) as tree:
            assert clear_swap_files(tree) == 0, "once more, it writes nothing"
        assert swap.stat().st_size == SIZE


@pytest.mark.root
@pytest.mark.parametrize("device", ["ext4"], indirect=True)
def test_what_a_cut_left_half_cleared_is_cleared_and_a_lock_stays(device: Path, tmp_path: Path) -> None:
    folder = tmp_path / "root"
    folder.mkdir()
    with mounted(device, folder):
        swap_file(folder / "swapfile", preallocated=False, size=SIZE)
        with (folder / "swapfile").open("r+b") as file:
            file.seek(SIZE - len(MEMORY))
            file.write(MEMORY)
        tool("chattr", "+i", folder / "swapfile")
        with InstalledTree(folder) as tree:
            assert (clear_swap_files(tree), count_swap_files(tree)) == (1, 0)
        assert "i" in tool("lsattr", folder / "swapfile").split()[0]
        assert MEMORY not in (folder / "swapfile").read_bytes()
        tool("chattr", "-i", folder / "swapfile")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/fstab").write_text(FSTAB)
    return root


def used_swap(path: Path) -> bytes:
    """A small one with memory in it; its first page."""
    swap_file(path, preallocated=False, size=MIB)
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(MEMORY)
    return path.read_bytes()[:4096]


def test_a_hibernated_pc_is_not_woken_up_on_another(root: Path) -> None:
    """As swsusp writes it: its own sign in the place of mkswap's."""
    head = used_swap(root / "swap.img")
    with (root / "swap.img").open("r+b") as file:
        file.seek(4086)
        file.write(b"S1SUSPEND\0")
        file.seek(8192)
        file.write(bytes(len(MEMORY)))
    with InstalledTree(root) as tree:
        assert (count_swap_files(tree), clear_swap_files(tree), count_swap_files(tree)) == (1, 1, 0)
    assert (root / "swap.img").read_bytes() == head + bytes(MIB - 4096)


def test_links_are_followed_inside_the_system_and_not_out_of_it(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    used_swap(outside)
    kept = outside.read_bytes()
    used_swap(root / "srv/swap")
    (root / "swap.img").symlink_to("/srv/swap")
    (root / "swapfile").symlink_to("../../../../srv/../srv/swap")
    (root / "var").symlink_to(tmp_path)
    (root / "swap").symlink_to("swap")
    (tmp_path / "swap").symlink_to(outside)
    (root / "etc/fstab").write_text(
        f"{FSTAB}{outside} none swap sw 0 0\n/{'a' * 5000} none swap sw\n/etc none swap sw\n"
    )
    with InstalledTree(root) as tree:
        assert (count_swap_files(tree), clear_swap_files(tree), count_swap_files(tree)) == (1, 1, 0)
    assert outside.read_bytes() == kept
    assert MEMORY not in (root / "srv/swap").read_bytes()


def test_what_is_no_swap_file_is_left_alone_whatever_fstab_says(root: Path) -> None:
    (root / "swap.img").write_bytes(b"a letter" * 4096)
    (root / "swapfile").mkdir()
    os.mkfifo(root / "pipe")
    (root / "etc/fstab").write_text(f"{FSTAB}/pipe none swap sw 0 0\n/none none swap sw 0 0\n")
    with InstalledTree(root) as tree:
        assert (count_swap_files(tree), clear_swap_files(tree)) == (0, 0)
    assert (root / "swap.img").read_bytes() == b"a letter" * 4096


def test_more_swap_files_than_linux_takes_are_not_looked_at_for_ever(root: Path) -> None:
    used_swap(root / "swap.img")
    for number in range(33):
        (root / f"s{number}").write_bytes((root / "swap.img").read_bytes())
    (root / "etc/fstab").write_text("".join(f"/s{number} none swap sw 0 0\n" for number in range(33)))
    with InstalledTree(root) as tree, pytest.raises(NetbootError, match="too many swap files"):
        clear_swap_files(tree)


def test_holes_are_no_extents_and_stay_holes(root: Path) -> None:
    head = used_swap(root / "swap.img")
    os.truncate(root / "swap.img", 1 << 43)
    with InstalledTree(root) as tree, tree.opened("swap.img") as fd:
        assert max(extent.end for extent in extents_of(fd)) <= MIB
        assert clear_swap_files(tree) == 1
    with (root / "swap.img").open("rb") as file:
        assert file.read(MIB) == head + bytes(MIB - 4096)
    assert (root / "swap.img").stat().st_blocks * 512 <= MIB


def test_a_file_in_more_pieces_than_are_asked_for_at_once_is_cleared_to_its_end(root: Path) -> None:
    used_swap(root / "swap.img")
    with (root / "swap.img").open("r+b") as file:
        for number in range(1, 700):
            file.seek(MIB + number * 8192)
            file.write(MEMORY)
    with InstalledTree(root) as tree, tree.opened("swap.img") as fd:
        assert len(list(extents_of(fd))) > 512
        assert (clear_swap_files(tree), count_swap_files(tree)) == (1, 0)
    assert MEMORY not in (root / "swap.img").read_bytes()


def test_fstab_names_files_with_spaces_and_devices_by_path_alone() -> None:
    text = (
        "/my\\040swap none swap sw 0 0\n//swapfile swap swap\nUUID=1 none swap\n/x none\n/ none swap\n#/y none swap\n\n"
    )
    assert swap_paths(f"{text}/dev/sda2 none swap sw 0 0\n/home /home ext4") == ("my swap", "swapfile", "dev/sda2")
