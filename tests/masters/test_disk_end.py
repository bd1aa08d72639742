"""Masters whose last file system nothing makes smaller, on a disk that ends behind their last partition."""

import zlib
from pathlib import Path

import pytest
from msgspec import UNSET

from netboot.agent.customise.grow import grow
from netboot.agent.disks.partitions import partition_device, show_partitions
from netboot.auth.server_keys import public_key
from netboot.masters.importing import import_master
from netboot.masters.shrinking import as_it_is
from netboot.masters.smaller_version import make_smaller_version
from netboot.masters.worth_shrinking import may_gain
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.store import Store
from netboot.store.upkeep import verify
from netboot.survey.disk_file import open_disk
from netboot.survey.gpt import read_gpt
from tests.file_trees import Facts, facts, plant
from tests.masters.images import KEY, LINUX, MIB, put, sized, taken
from tests.masters.test_shrinking import disk_of, laid, mounted

pytestmark = pytest.mark.root

LARGE = 2048 * MIB
PART = 400 * MIB
CHECKS = {"btrfs": ("btrfs", "check", "--readonly"), "xfs": ("xfs_repair", "-n")}
ABOUT = {"name": "prepared", "version": "1", "licence": "MIT", "title": "Prepared"}


def prepared(folder: Path, kind: str, sector: int = 512, *, table: str = "gpt") -> tuple[Path, Facts]:
    """A large disk with a small last partition on it, as somebody leaves it who wants it for small disks; and its
    files."""
    image = sized(folder / "prepared.raw", LARGE)
    with disk_of(image, sector=sector) as device:
        of = LINUX if table == "gpt" else "83"
        lines = f"label: {table}\nstart={MIB // sector}, size={PART // sector}, type={of}\n"
        run(["sfdisk", "--quiet", device], stdin=lines)
        show_partitions(device, (1,))
        root = partition_device(device, 1)
        run([f"mkfs.{kind}", "-q", root])
        with mounted(root, folder / "there") as there:
            plant(there, kind)
            inside = facts(there)
    return image, inside


def same_files(disk: Path, kind: str, before: Facts, folder: Path, *, sector: int = 512) -> None:
    with disk_of(disk, sector=sector) as device:
        show_partitions(device, (1,))
        run([*CHECKS[kind], partition_device(device, 1)])
        with mounted(partition_device(device, 1), folder / "there", "-o", "ro") as there:
            assert facts(there) == before


@pytest.mark.parametrize(("kind", "sector"), [("btrfs", 512), ("btrfs", 4096), ("xfs", 512)])
def test_a_disk_that_is_mostly_no_partition_ends_behind_its_last_one_and_grows_again(
    tmp_path: Path, kind: str, sector: int
) -> None:
    image, before = prepared(tmp_path, kind, sector)
    store, said = Store(tmp_path / "store"), list[str]()
    manifest = taken(image, store, said)
    assert PART < manifest.disk < PART + 3 * MIB
    assert manifest.shrunk_from is UNSET, "its file system has its own size: nothing need grow it"
    assert "made smaller: it fits disks of 0.4 GB; the image has 2.1 GB" in said
    assert not verify(store, public_key(KEY))
    small = laid(manifest, store, tmp_path / "small.raw", manifest.disk)
    with open_disk(small) as disk:
        gpt = read_gpt(disk.read, disk.size, manifest.sector)
    assert gpt is not None
    assert (gpt.disk, gpt.repaired, gpt.table_id) == (manifest.disk, (), manifest.table_id)
    with disk_of(small, sector=sector) as device:
        assert "No errors detected" in run(["sfdisk", "--verify", device]).stdout
    same_files(small, kind, before, tmp_path, sector=sector)
    small.unlink()
    target = laid(manifest, store, tmp_path / "large.raw", LARGE)
    with disk_of(target, sector=sector) as device:
        assert grow(device, manifest).size > LARGE - 8 * MIB
    same_files(target, kind, before, tmp_path, sector=sector)


def test_of_a_master_in_the_store_a_version_is_made_that_ends_sooner(tmp_path: Path) -> None:
    image, before = prepared(tmp_path, "btrfs")
    store = Store(tmp_path / "store")
    kept = import_master(image, store, KEY, None, as_it_is, **ABOUT, progress=print)
    assert kept.disk == LARGE
    assert may_gain(kept)
    small = make_smaller_version(store, kept.digest, KEY, version="2", progress=print)
    assert PART < small.disk < PART + 3 * MIB
    assert (small.shrunk_from, small.partitions) == (UNSET, kept.partitions)
    assert not may_gain(small)
    same_files(laid(small, store, tmp_path / "small.raw", small.disk), "btrfs", before, tmp_path)
    with pytest.raises(NetbootError, match="cannot be made smaller"):
        make_smaller_version(store, small.digest, KEY, version="3", progress=print)


def test_a_table_that_had_to_be_repaired_ends_sooner_too(tmp_path: Path) -> None:
    image, before = prepared(tmp_path, "btrfs")
    put(image, 512, bytes(512))
    store = Store(tmp_path / "store")
    manifest = taken(image, store)
    assert manifest.understood is not UNSET
    assert manifest.understood.repaired == ("primary-gpt",)
    assert PART < manifest.disk < PART + 3 * MIB
    small = laid(manifest, store, tmp_path / "small.raw", manifest.disk)
    with disk_of(small) as device:
        assert "No errors detected" in run(["sfdisk", "--verify", device]).stdout
    same_files(small, "btrfs", before, tmp_path)


def test_a_table_that_would_not_be_read_with_the_new_end_keeps_its_own(tmp_path: Path) -> None:
    image, _ = prepared(tmp_path, "btrfs")
    with image.open("r+b") as file:
        for at in (512, LARGE - 512):
            file.seek(at)
            header = bytearray(file.read(92))
            header[16:20] = bytes(4)
            header[40:48] = header[48:56]  # its first usable sector is said to be its last one
            header[16:20] = zlib.crc32(header).to_bytes(4, "little")
            file.seek(at)
            file.write(header)
    assert taken(image, Store(tmp_path / "store")).disk == LARGE


def test_with_a_dos_table_it_ends_there_anyway(tmp_path: Path) -> None:
    image, before = prepared(tmp_path, "btrfs", table="dos")
    store = Store(tmp_path / "store")
    manifest = import_master(image, store, KEY, None, as_it_is, **ABOUT, progress=print)
    assert manifest.disk == MIB + PART
    assert not may_gain(manifest)
    same_files(laid(manifest, store, tmp_path / "small.raw", manifest.disk), "btrfs", before, tmp_path)
