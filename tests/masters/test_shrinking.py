"""Masters of large disks that fit small ones: their last file system made smaller, and grown again on each PC."""

import json
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from netboot.agent.customise.grow import grow
from netboot.agent.disks.partitions import partition_device, show_partitions
from netboot.auth.server_keys import public_key
from netboot.masters.account import account
from netboot.masters.importing import import_master
from netboot.masters.shrinking import as_it_is, made_smaller
from netboot.masters.smaller_version import make_smaller_version
from netboot.masters.worth_shrinking import may_gain, mostly_free, smaller_version_of
from netboot.shared.errors import NetbootError
from netboot.shared.growth import SUPERBLOCK, read_ext
from netboot.shared.inventory import gigabytes
from netboot.shared.manifest import Manifest, Origin
from netboot.shared.process import run
from netboot.store import Store
from netboot.store.upkeep import verify
from netboot.store.versions import Versions
from netboot.survey.disk_file import open_disk
from netboot.survey.loop import writable_loop_device
from netboot.survey.whole_disk import survey
from tests.file_trees import Facts, facts, plant, unmount
from tests.masters.images import ESP, KEY, LINUX, MIB, is_empty, sized, system_tree, taken

GB = 10**9
SIZE = 8 * GB // MIB * MIB
PATTERN = b"\xa5" * MIB

GPT = f"""label: gpt
label-id: 11111111-2222-3333-4444-555555555555
first-lba: 34
start=2048, size=81920, type={ESP}, name="EFI system"
start=83968, size={(SIZE - 42 * MIB) // 512}, type={LINUX}, name="Système", uuid=AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE
"""
LARGE_SECTORS = f"label: gpt\nstart=256, size={SIZE // 4096 - 512}, type={LINUX}\n"
PRIMARY = f"label: dos\nlabel-id: 0x12345678\nstart=2048, size={(SIZE - MIB) // 512}, type=83, bootable\n"
LOGICAL = f"""label: dos
label-id: 0x12345678
1: start=2048, size=16384, type=82
2: start=18432, size={SIZE // 512 - 18432}, type=5
5: start=20480, size={SIZE // 512 - 20480}, type=83
"""
TABLES = {"gpt": GPT, "primary": PRIMARY, "logical": LOGICAL, "4Kn": LARGE_SECTORS}
LAST = {"gpt": 2, "primary": 1, "logical": 5, "4Kn": 1}


@contextmanager
def disk_of(image: Path, *, sector: int = 512) -> Iterator[Path]:
    with writable_loop_device(image, sector=sector) as device:
        try:
            yield device
        finally:
            run(["partx", "--delete", device], expect=None)


@contextmanager
def mounted(device: Path, folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    run(["mount", *options, device, folder])
    try:
        yield folder
    finally:
        unmount(folder)


def fill(root: Path, tmp_path: Path) -> None:
    """An installed system, and files that lie behind where 5 GB end."""
    shutil.copytree(system_tree(tmp_path), root, dirs_exist_ok=True, symlinks=True)
    plant(root, "ext4")
    with (root / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, 6 * GB)
    chance = random.Random(7)
    for number in range(12):
        (root / f"late {number}").write_bytes(chance.randbytes(4 * MIB))
    (root / "filler").unlink()


def source(tmp_path: Path, table: str, *options: str, sector: int = 512) -> tuple[Path, Facts]:
    """A disk of 8 GB with a system on its last partition, and what is in that."""
    image = sized(tmp_path / "source.raw", SIZE)
    with disk_of(image, sector=sector) as device:
        run(["sfdisk", "--quiet", device], stdin=TABLES[table])
        show_partitions(device, range(1, LAST[table] + 1) if table != "logical" else (1, 2, 5))
        if table == "gpt":
            run(["mkfs.vfat", "-F", "32", partition_device(device, 1)])
        root = partition_device(device, LAST[table])
        run(["mke2fs", "-q", "-t", "ext4", *options, root])
        # Nothing writes to it in the background, even where a new mount namespace still has it for a moment.
        with mounted(root, tmp_path / "there", "-o", "noinit_itable") as there:
            fill(there, tmp_path)
            inside = looked_at(there)
    return image, inside


def looked_at(root: Path) -> Facts:
    """Everything but the folders' own times: resize2fs sets those whose inodes it gives other numbers."""
    times = {path: (*fact[:3], 0, *fact[4:]) for path, fact in facts(root).items() if (root / path).is_dir() and path}
    return {**facts(root), **times}


def laid(manifest: Manifest, store: Store, target: Path, size: int) -> Path:
    """The master on a disk of this size, as the erase left it: no zeros, as far as the master reaches."""
    sized(target, size)
    with target.open("r+b") as disk:
        for at in range(0, manifest.disk, MIB):
            disk.seek(at)
            disk.write(PATTERN[: manifest.disk - at])
        for chunk in manifest.chunks:
            disk.seek(chunk.offset)
            disk.write(store.get_chunk(chunk.sha256))
    return target


@pytest.mark.root
@pytest.mark.parametrize(("table", "sizes"), [("gpt", (0, 5, 40)), ("primary", (5,)), ("logical", (0, 40))])
def test_a_master_of_8_gb_fits_disks_of_its_own_small_size_of_5_and_of_40_gb(
    tmp_path: Path, table: str, sizes: tuple[int, ...]
) -> None:
    image, before = source(tmp_path, table)
    untouched = image.stat()
    store, said = Store(tmp_path / "store"), list[str]()
    manifest = taken(image, store, said)
    assert (image.stat().st_mtime_ns, image.stat().st_blocks) == (untouched.st_mtime_ns, untouched.st_blocks)
    assert manifest.shrunk_from == (SIZE if table == "gpt" else pytest.approx(SIZE, abs=MIB))
    assert manifest.disk < GB
    assert f"made smaller: it fits disks of {gigabytes(manifest.disk)}" in "\n".join(said)
    assert "from 8.0 GB, and grows again when it is customised" in " ".join(account(manifest))
    old = json.loads(run(["sfdisk", "--json", image]).stdout)["partitiontable"]
    for size in (number * GB or manifest.disk for number in sizes):
        target = laid(manifest, store, tmp_path / "disk.raw", size)
        with disk_of(target) as device:
            grown = grow(device, manifest)
            assert "No errors detected" in run(["sfdisk", "--verify", device]).stdout
            root = partition_device(device, LAST[table])
            run(["e2fsck", "-f", "-n", root])
            with root.open("rb") as file:
                assert read_ext(file.read(4096)[SUPERBLOCK]).size == grown.size
            assert grown.spare == 0
            with mounted(root, tmp_path / "there", "-o", "ro") as there:
                assert looked_at(there) == before
        assert grown.size > size - partition_start(old, table) - 3 * MIB
        now = json.loads(run(["sfdisk", "--json", target]).stdout)["partitiontable"]
        assert [but_size(one) for one in now["partitions"]] == [but_size(one) for one in old["partitions"]]
        assert now["id"] == old["id"]
        target.unlink()


def partition_start(table: dict[str, list[dict[str, int]]], kind: str) -> int:
    return table["partitions"][-1]["start"] * 512


def but_size(partition: dict[str, object]) -> dict[str, object]:
    """All that sfdisk tells of a partition but its length and the file that it is in."""
    kept = {key: value for key, value in partition.items() if key not in ("size", "node")}
    return {**kept, "number": str(partition["node"])[-1]}


@pytest.mark.root
def test_a_disk_of_4kn_is_made_smaller_too(tmp_path: Path) -> None:
    image, before = source(tmp_path, "4Kn", sector=4096)
    store = Store(tmp_path / "store")
    manifest = taken(image, store)
    assert (manifest.sector, manifest.shrunk_from) == (4096, SIZE)
    target = laid(manifest, store, tmp_path / "disk.raw", 5 * GB // 4096 * 4096)
    with disk_of(target, sector=4096) as device:
        grow(device, manifest)
        assert "No errors detected" in run(["sfdisk", "--verify", device]).stdout
        run(["e2fsck", "-f", "-n", partition_device(device, 1)])
        with mounted(partition_device(device, 1), tmp_path / "there", "-o", "ro") as there:
            assert looked_at(there) == before


@pytest.mark.root
def test_an_ntfs_is_made_smaller_and_grows_with_all_that_is_in_it(tmp_path: Path) -> None:
    image = sized(tmp_path / "source.raw", SIZE)
    with disk_of(image) as device:
        run(["sfdisk", "--quiet", device], stdin=PRIMARY.replace("type=83", "type=7"))
        show_partitions(device, (1,))
        volume = partition_device(device, 1)
        run(["mkntfs", "-Q", "-q", "-L", "Windows", volume])
        with mounted(volume, tmp_path / "there", "-t", "ntfs-3g") as there:
            (there / "filler").write_bytes(b"x" * 400 * MIB)
            plant(there, "ntfs")
            (there / "late").write_bytes(random.Random(8).randbytes(40 * MIB))
            (there / "filler").unlink()
            before = facts(there)
    with open_disk(image) as disk:
        tail = survey(disk, print).ranges[-2][1]
    store, said = Store(tmp_path / "store"), list[str]()
    manifest = taken(image, store, said)
    assert manifest.shrunk_from == SIZE
    assert manifest.disk < tail, "a part of it lay where the master has no disk any more"
    for size in (manifest.disk, 5 * GB, 40 * GB):
        target = laid(manifest, store, tmp_path / "disk.raw", size)
        with disk_of(target) as device:
            show_partitions(device, (1,))
            volume = partition_device(device, 1)
            run(["ntfsresize", "--info", volume])
            grown = grow(device, manifest)
            run(["ntfsfix", "--no-action", volume])
            assert grown.size > size - 3 * MIB
            with mounted(volume, tmp_path / "there", "-t", "ntfs-3g", "-o", "ro") as there:
                assert facts(there) == before
        target.unlink()


@pytest.mark.root
def test_a_master_keeps_its_size_where_that_is_asked_or_nothing_is_won(tmp_path: Path) -> None:
    image, _ = source(tmp_path, "primary")
    about = {"name": "kept", "version": "1", "licence": "MIT", "title": "Kept"}
    kept = import_master(image, Store(tmp_path / "kept"), KEY, None, as_it_is, **about, progress=print)
    assert (kept.disk, kept.shrunk_from) == (SIZE, UNSET)
    assert kept.used_ranges[-1][1] > 6 * GB, "a part of it lies where smaller disks have none"
    with disk_of(image) as device:
        show_partitions(device, (1,))
        root = partition_device(device, 1)
        with mounted(root, tmp_path / "there", "-o", "noinit_itable") as there, (there / "full").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 6 * GB)
    with open_disk(image) as disk:
        full = survey(disk, print)
    assert mostly_free(full.layout.partitions, full.ranges, full.layout.size) is None


@pytest.mark.root
def test_a_version_that_fits_smaller_disks_is_made_of_a_master_that_is_in_the_store(tmp_path: Path) -> None:
    image, before = source(tmp_path, "gpt")
    store = Store(tmp_path / "store")
    about = {"name": "kept", "version": "1", "licence": "MIT", "title": "Kept"}
    kept = import_master(image, store, KEY, None, as_it_is, **about, progress=print)
    lyon = Origin(workshop="Lyon", key="0" * 64, manifest="1" * 64)
    kept = msgspec.structs.replace(kept, version="1-lyon", origin=(lyon,))
    store.publish(kept, KEY)
    said = list[str]()
    assert may_gain(kept)
    small = make_smaller_version(
        store, kept.digest, KEY, version=smaller_version_of(kept.version), progress=said.append
    )
    assert not may_gain(small)
    assert small.origin is UNSET, "its content is not what Lyon signed"
    assert (small.version, small.shrunk_from, small.title) == ("1-lyon-small", SIZE, "Kept")
    assert small.disk < GB
    assert store.versions("kept") == Versions(small.digest, kept.digest)
    assert not verify(store, public_key(KEY))
    assert not list((store.folder / "drafts").iterdir())
    target = laid(small, store, tmp_path / "disk.raw", 5 * GB)
    with disk_of(target) as device:
        grow(device, small)
        run(["e2fsck", "-f", "-n", partition_device(device, 2)])
        with mounted(partition_device(device, 2), tmp_path / "there", "-o", "ro") as there:
            assert looked_at(there) == before
    with pytest.raises(NetbootError, match=r"kept 1-lyon-small cannot be made smaller"):
        make_smaller_version(store, small.digest, KEY, version="2", progress=said.append)
    with pytest.raises(NetbootError, match=r"has a version 1-lyon-small already"):
        make_smaller_version(store, small.digest, KEY, version="1-lyon-small", progress=said.append)
    with pytest.raises(NetbootError, match=r"1-lyon is not the current version"):
        make_smaller_version(store, kept.digest, KEY, version="3", progress=said.append)
    assert store.versions("kept") == Versions(small.digest, kept.digest)


@pytest.mark.root
def test_an_xfs_keeps_its_size_and_it_is_said_why(tmp_path: Path) -> None:
    image, said = sized(tmp_path / "source.raw", SIZE), list[str]()
    with disk_of(image) as device:
        run(["sfdisk", "--quiet", device], stdin=PRIMARY)
        show_partitions(device, (1,))
        run(["mkfs.xfs", "-q", partition_device(device, 1)])
    manifest = taken(image, Store(tmp_path / "store"), said)
    assert (manifest.disk, manifest.shrunk_from) == (SIZE, UNSET)
    why = (
        "a file system of the kind xfs is not made smaller here. For smaller disks install that system on a smaller "
        "partition; then capture or import it again"
    )
    assert f"it keeps its size: {why}" in said
    assert f"Smaller disks: NO: {why}." in account(manifest)


@pytest.mark.root
def test_one_that_would_grow_less_far_once_it_is_small_keeps_its_size(tmp_path: Path) -> None:
    image, _ = source(tmp_path, "primary", "-b", "1024", "-E", f"resize={100 * GB // 1024}")
    said = list[str]()
    manifest = taken(image, Store(tmp_path / "store"), said)
    assert (manifest.disk, manifest.shrunk_from) == (SIZE, UNSET)
    assert "GB only, once it is small" in "\n".join(said)


@pytest.mark.root
def test_a_store_without_room_for_a_copy_takes_it_in_its_own_size(tmp_path: Path) -> None:
    image, _ = source(tmp_path, "primary")
    with open_disk(image) as disk:
        found = survey(disk, print)
        store, said = Store(tmp_path / "store"), list[str]()
        huge = replace(found, ranges=(*found.ranges, (SIZE, 10**15)))
        with made_smaller(disk, huge, store, said.append) as (fitted, small):
            assert (fitted, small) == (disk, huge)
            assert is_empty(store), "nor does a copy take room while the disk itself is packed"
    assert "it keeps its size: " in said[0]
    assert is_empty(store)


@pytest.mark.root
def test_a_tool_that_fails_leaves_the_master_in_its_own_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image, _ = source(tmp_path, "primary")
    tools = tmp_path / "tools"
    tools.mkdir()
    failing = tools / "resize2fs"
    failing.write_text("#!/bin/sh\necho 'resize2fs: Input/output error' >&2\nexit 1\n", encoding="ascii")
    failing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    store, said = Store(tmp_path / "store"), list[str]()
    manifest = taken(image, store, said)
    assert (manifest.disk, manifest.shrunk_from) == (SIZE, UNSET)
    assert "it keeps its size: resize2fs ended with status 1" in "\n".join(said)
    assert not list((store.folder / "drafts").iterdir())
