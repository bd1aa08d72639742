"""Disk images whose partition table lost a copy, stands elsewhere or was left behind when the disk grew: made whole."""

import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.shared.manifest import Manifest
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.disk_file import open_disk
from netboot.survey.gpt import read_gpt
from tests.masters.conftest import Lay
from tests.masters.images import (
    LINUX,
    MIB,
    cut,
    ext4,
    gpt_disk,
    loop_with_4k_sectors,
    put,
    sized,
    taken,
)

ROOT = (MIB, 24 * MIB)


def deployed(manifest: Manifest, store: Store, lay: Lay, folder: Path) -> Path:
    """A disk with this master, checked: the table whole by itself, the file system clean."""
    target = folder / "deployed.raw"
    lay(manifest.chunks, store, target, manifest.disk)
    assert "No errors detected" in run(["sfdisk", "--verify", target]).stdout
    assert "No problems found" in run(["sgdisk", "--verify", target]).stdout
    run(["e2fsck", "-f", "-n", cut(target, *ROOT, folder / "root.again")])
    return target


# ── partition tables that have lost a copy ──────────────────────────────────────────────────────────────────────────


@pytest.mark.root
def test_a_disk_whose_first_table_is_dead_is_repaired_from_its_copy(tmp_path: Path, disk: Path, lay: Lay) -> None:
    before = run(["sfdisk", "--dump", disk]).stdout
    put(disk, 512, bytes(4096))
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert manifest.understood
    assert manifest.understood.repaired == ("primary-gpt",)
    assert [(p.number, p.role, p.start, p.length) for p in manifest.partitions] == [(1, "root", *ROOT)]
    target = deployed(manifest, store, lay, tmp_path)
    assert run(["sfdisk", "--dump", target]).stdout.replace(str(target), str(disk)) == before


@pytest.mark.root
def test_a_disk_whose_first_mebibyte_is_gone_is_repaired_from_its_copy(tmp_path: Path, disk: Path, lay: Lay) -> None:
    put(disk, 0, bytes(MIB))
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert manifest.understood
    assert manifest.understood.repaired == ("protective-mbr", "primary-gpt")
    deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
@pytest.mark.parametrize("lost", ["first", "copy", "end"])
def test_a_disk_of_4k_sectors_is_repaired_as_such(tmp_path: Path, lay: Lay, lost: str) -> None:
    root, image = ext4(tmp_path), sized(tmp_path / "disk.raw", 64 * MIB)
    with loop_with_4k_sectors(image) as device:
        run(["sfdisk", "--quiet", device], stdin=f"label: gpt\nstart=256, size=6144, type={LINUX}\n")
        before = run(["sfdisk", "--dump", device]).stdout
    put(image, MIB, root.read_bytes())
    if lost == "first":
        put(image, 4096, bytes(8192))
    elif lost == "copy":
        put(image, 64 * MIB - 5 * 4096, bytes(5 * 4096))
    else:
        os.truncate(image, sum(ROOT))
    store = Store(tmp_path / "store")
    manifest = taken(image, store)
    assert manifest.sector == 4096
    assert manifest.understood
    assert manifest.understood.repaired == ({"first": "primary-gpt", "copy": "backup-gpt", "end": "disk-end"}[lost],)
    lay(manifest.chunks, store, target := tmp_path / "target.raw", manifest.disk)
    with loop_with_4k_sectors(target) as device:
        assert "No errors detected" in run(["sfdisk", "--verify", device]).stdout
        assert before.splitlines()[-1].split(" : ")[1] in run(["sfdisk", "--dump", device]).stdout


@pytest.mark.root
@pytest.mark.parametrize("left", [0, 512, 4096, 20 * 512, MIB])
def test_a_disk_that_was_cut_behind_its_last_partition_gets_a_new_end(
    tmp_path: Path, disk: Path, lay: Lay, left: int
) -> None:
    os.truncate(disk, sum(ROOT) + left)
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert manifest.understood
    assert manifest.understood.repaired == ("disk-end",)
    assert sum(ROOT) + 33 * 512 <= manifest.disk <= max(sum(ROOT) + left, sum(ROOT) + 33 * 512) + 4096
    deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
def test_a_copy_that_is_damaged_is_written_anew(tmp_path: Path, disk: Path, lay: Lay) -> None:
    put(disk, 64 * MIB - 33 * 512, b"\xee" * 33 * 512)
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert manifest.understood
    assert (manifest.disk, manifest.understood.repaired) == (64 * MIB, ("backup-gpt",))
    deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
def test_a_copy_that_is_older_than_the_table_is_written_anew(tmp_path: Path, disk: Path, lay: Lay) -> None:
    old = cut(disk, 64 * MIB - 33 * 512, 33 * 512, tmp_path / "old").read_bytes()
    run(["sfdisk", "--quiet", "--append", disk], stdin=f"start={30 * MIB // 512}, size=2048, type={LINUX}\n")
    put(disk, 64 * MIB - 33 * 512, old)
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert len(manifest.partitions) == 2
    assert manifest.understood
    assert manifest.understood.repaired == ("backup-gpt",)
    deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
def test_a_gpt_without_its_protective_mbr_gets_one(tmp_path: Path, disk: Path, lay: Lay) -> None:
    put(disk, 440, bytes(72))
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert manifest.understood
    assert manifest.understood.repaired == ("protective-mbr",)
    deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
def test_a_whole_table_is_left_as_it_is(tmp_path: Path, disk: Path) -> None:
    with open_disk(disk) as opened:
        found = read_gpt(opened.read, opened.size, 512)
    assert found is not None
    assert (found.disk, found.patches, found.repaired) == (64 * MIB, (), ())
    assert found.backup == 64 * MIB - 33 * 512


@given(st.lists(st.tuples(st.integers(0, 64 * 1024 - 64), st.binary(min_size=1, max_size=64)), max_size=6))
def test_any_damage_to_a_table_gives_a_whole_one_or_none(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, bytes]]
) -> None:
    """Of 64 KiB, both copies in it: whatever is read back is on the disk twice, the same."""
    size = 64 * 1024
    image = _tiny(tmp_path_factory)
    for at, data in damage:
        image[at : at + len(data)] = data

    def read(start: int, end: int) -> bytes:
        return bytes(image[start:end])

    found = read_gpt(read, size, 512)
    if found is None:
        return
    assert found.disk % 512 == 0
    whole = bytearray(image[: found.disk]).ljust(found.disk, b"\0")
    for at, data in found.patches:
        whole[at : at + len(data)] = data
    again = read_gpt(lambda start, end: bytes(whole[start:end]), found.disk, 512)
    assert again is not None
    assert (again.patches, again.repaired, again.partitions) == ((), (), found.partitions)


_made: list[bytes] = []


def _tiny(tmp_path_factory: pytest.TempPathFactory) -> bytearray:
    if not _made:
        image = sized(tmp_path_factory.mktemp("tiny") / "disk.raw", 64 * 1024)
        run(["sfdisk", "--quiet", image], stdin=f"label: gpt\nfirst-lba: 34\nstart=40, size=16, type={LINUX}\n")
        _made.append(image.read_bytes())
    return bytearray(_made[0])


# ── more room than any partition takes ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.root
@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_what_an_image_was_enlarged_by_is_not_in_use(tmp_path: Path, lay: Lay, label: str) -> None:
    root = ext4(tmp_path)
    image = gpt_disk(tmp_path, [(LINUX, root)])
    if label == "dos":
        run(["sfdisk", "--quiet", "--wipe=always", image], stdin="label: dos\nstart=2048, size=49152, type=83\n")
    plain = taken(image, Store(tmp_path / "plain"))
    run(["qemu-img", "resize", "-q", "-f", "raw", image, "3G"])
    store = Store(tmp_path / "store")
    manifest = taken(image, store)
    assert manifest.used == plain.used
    assert manifest.chunks == plain.chunks
    assert manifest.disk == plain.disk <= 64 * MIB
    if label == "gpt":
        deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
def test_a_table_that_stands_far_from_the_start_is_on_the_disk_as_well(tmp_path: Path, lay: Lay) -> None:
    image = sized(tmp_path / "disk.raw", 64 * MIB)
    run(["sgdisk", "--move-main-table=4096", f"--new=1:8192:{8192 + 49151}", "--typecode=1:8300", image])
    put(image, 4 * MIB, ext4(tmp_path).read_bytes())
    store = Store(tmp_path / "store")
    manifest = taken(image, store)
    lay(manifest.chunks, store, target := tmp_path / "target.raw", manifest.disk)
    assert "No problems found" in run(["sgdisk", "--verify", target]).stdout
    assert len(json.loads(run(["sfdisk", "--json", target]).stdout)["partitiontable"]["partitions"]) == 1


@pytest.mark.root
def test_boot_code_before_the_first_partition_is_kept(tmp_path: Path, swap_disk: Path) -> None:
    code = random.Random(9).randbytes(30 * 1024)
    put(swap_disk, 64 * 1024, code)
    store = Store(tmp_path / "store")
    first = taken(swap_disk, store).chunks[0]
    assert store.get_chunk(first.sha256)[64 * 1024 : 64 * 1024 + len(code)] == code
