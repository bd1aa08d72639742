"""A built master on disks with sectors of 512 and of 4096 bytes: for each its own table and ESP, one root for both."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from netboot.agent.customise.grow import grow
from netboot.agent.customise.stage import run_customise
from netboot.agent.deploy.fetch import server_source
from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.masters.account import account
from netboot.masters.both_sectors import for_large_sectors, outside
from netboot.masters.bundle.format import plain_lengths
from netboot.masters.disk_image import (
    Geometry,
    Identifiers,
    write_bios_loader,
    write_esp,
    write_partition_table,
    write_root,
)
from netboot.masters.intake import About, take_in
from netboot.serve.masters import Masters
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.manifest import Manifest, OtherSectors
from netboot.shared.process import run
from netboot.shared.stages.customise import Customise
from netboot.store import Store, StoreError
from netboot.store.store import chunk_name
from netboot.store.stored import stored
from netboot.store.upkeep import collect_garbage, verify
from netboot.survey.disk_file import open_disk
from netboot.survey.loop import writable_loop_device
from tests.agent.boot_http import PUBLIC, BootHttp
from tests.masters.conftest import Lay
from tests.masters.images import KEY, MIB, system_tree

pytestmark = pytest.mark.root

SMALL = Geometry(size=320 * MIB, esp_length=260 * MIB)
LARGER = SMALL.size + 64 * MIB
IDS = Identifiers("ab" * 32)
EPOCH = 1_700_000_000
FILES: Mapping[str, bytes] = {
    "EFI/debian/shimx64.efi": b"shim" * 5000,
    "EFI/debian/grub.cfg": b"configfile\n",
    "EFI/BOOT/BOOTX64.EFI": b"shim" * 5000,
}


def laid_out(folder: Path) -> Path:
    """An image as a build makes it, with a small system."""
    image = folder / "disk.raw"
    write_partition_table(image, SMALL, IDS)
    write_bios_loader(image, SMALL, b"\xeb" * 512, b"\xcc" * 3000)
    write_esp(image, SMALL, IDS, FILES, EPOCH)
    write_root(image, SMALL, IDS, system_tree(folder), EPOCH)
    return image


def built(image: Path, store: Store, geometry: Geometry = SMALL, files: Mapping[str, bytes] = FILES) -> Manifest:
    about = About(name="small", version="1", title="Small", licence="MIT", created="2026-01-02T03:04:05Z")

    def others(master: Manifest) -> OtherSectors:
        return for_large_sectors(image, geometry, IDS, files, EPOCH, master, store, print)

    with open_disk(image) as disk:
        return take_in(disk, about, store, KEY, print, others=others)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Manifest]]:
    folder = tmp_path_factory.mktemp("both")
    store = Store(folder / "store")
    yield store, built(laid_out(folder), store)
    shutil.rmtree(folder)


@contextmanager
def deployed(kept: tuple[Store, Manifest], lay: Lay, folder: Path, sector: int) -> Iterator[tuple[Path, Manifest]]:
    """The master on an erased, larger disk with these sectors, and the manifest of it there."""
    store, manifest = kept
    fitted = manifest.on_sectors(sector)
    assert fitted is not None
    lay(fitted.chunks, store, folder / "target.img", LARGER)
    with writable_loop_device(folder / "target.img", sector=sector) as device:
        try:
            yield device, fitted
        finally:
            run(["partx", "--delete", device], expect=None)


@pytest.mark.parametrize("sector", [512, 4096])
def test_a_disk_of_either_sector_size_gets_a_whole_table_whole_file_systems_and_a_root_that_grows(
    kept: tuple[Store, Manifest], lay: Lay, tmp_path: Path, sector: int
) -> None:
    with deployed(kept, lay, tmp_path, sector) as (device, fitted):
        grow(device, fitted)
        table = json.loads(run(["sfdisk", "--json", device]).stdout)["partitiontable"]
        assert (table["sectorsize"], table["id"].lower()) == (sector, fitted.table_id)
        assert "No problems found" in run(["sgdisk", "--verify", device]).stdout
        first, _, root = table["partitions"]
        assert first["start"] * sector == MIB
        assert (root["start"] + root["size"]) * sector > LARGER - 2 * MIB
        esp_at, root_at = (Path(f"{device}p{number}") for number in (2, 3))
        assert run(["blkid", "--probe", "--match-tag=UUID", "--output=value", esp_at]).stdout.strip() == (
            IDS.boot_ids().esp_uuid
        )
        run(["fsck.vfat", "-n", esp_at])
        run(["e2fsck", "-f", "-n", root_at])
        for number, (name, content) in enumerate(FILES.items()):
            run(["mcopy", "-i", esp_at, f"::/{name}", tmp_path / f"file{number}"])
            assert (tmp_path / f"file{number}").read_bytes() == content
        assert b"FAT32" in esp_at.open("rb").read(90)
        # Linux mounts no FAT with smaller sectors than the disk's; not all firmware reads one with larger ones.
        assert int.from_bytes(esp_at.open("rb").read(13)[11:], "little") == sector
        run(["debugfs", "-R", f"dump /etc/letter {tmp_path / 'letter'}", root_at])
        assert (tmp_path / "letter").stat().st_size == 3 * MIB


@contextmanager
def loop_disk(image: Path, sector: int) -> Iterator[Disk]:
    """A disk that nobody holds, as a PC's is."""
    size = image.stat().st_size
    device = Path(run(["losetup", "--find", "--show", f"--sector-size={sector}", image]).stdout.strip())
    try:
        yield Disk(name=device.name, id=DiskId(serial="LOOP", size=size), model="Loop", logical_sector=sector)
    finally:
        run(["partx", "--delete", device], expect=None)
        run(["losetup", "--detach", device])


@pytest.mark.parametrize("sector", [512, 4096])
async def test_the_customise_stage_grows_the_master_as_it_lies_on_the_disks_sectors(
    kept: tuple[Store, Manifest], lay: Lay, tmp_path: Path, sector: int
) -> None:
    """The manifest that it fetches is for both."""
    fitted = kept[1].on_sectors(sector)
    assert fitted is not None
    lay(fitted.chunks, kept[0], tmp_path / "target.img", LARGER)
    with loop_disk(tmp_path / "target.img", sector) as disk:
        device = Path("/dev") / disk.name
        async with BootHttp(kept[1], b"") as boot_http, server_source(ServerPlace(boot_http.url), 1) as source:
            result = await run_customise(
                Customise(manifest=boot_http.digest, target=disk.id, hostname="pc-1", as_is=True),
                source=source,
                public_key=PUBLIC,
                progress=lambda done, total, part="": None,
                read_disks=lambda: [disk],
            )
        table = json.loads(run(["sfdisk", "--json", device]).stdout)["partitiontable"]
        root = table["partitions"][-1]
        assert (root["start"] + root["size"]) * sector > LARGER - 2 * MIB
        assert result.grown > SMALL.size - SMALL.root_start


async def test_a_disk_with_sectors_that_the_master_is_not_for_is_not_touched(
    kept: tuple[Store, Manifest], tmp_path: Path
) -> None:
    (tmp_path / "target.img").write_bytes(bytes(8 * MIB))
    only_small = msgspec.structs.replace(kept[1], other=UNSET)
    with loop_disk(tmp_path / "target.img", 4096) as disk:
        async with BootHttp(only_small, b"") as boot_http, server_source(ServerPlace(boot_http.url), 1) as source:
            with pytest.raises(StageFailed) as stopped:
                await run_customise(
                    Customise(manifest=boot_http.digest, target=disk.id, hostname="pc-1", as_is=True),
                    source=source,
                    public_key=PUBLIC,
                    progress=lambda done, total, part="": None,
                    read_disks=lambda: [disk],
                )
    assert stopped.value.problem.code == "disk-sectors"
    assert not any((tmp_path / "target.img").read_bytes())


def test_both_kinds_share_all_of_the_root_and_what_differs_is_kept_checked_and_told(
    kept: tuple[Store, Manifest],
) -> None:
    store, manifest = kept
    assert manifest.other is not UNSET
    small, large = manifest, manifest.on_sectors(4096)
    assert large is not None
    root = {chunk for chunk in small.chunks if chunk.offset >= SMALL.root_start and chunk.end <= SMALL.size - MIB}
    assert root < set(large.chunks)
    assert len(manifest.other.chunks) == len(large.chunks) - len(root)
    assert manifest.on_sectors(520) is None
    # The files on the ESP, its two FATs, the table twice, GRUB's partition.
    assert sum(chunk.length for chunk in manifest.other.chunks) < 4 * MIB
    assert "sectors of 512 or 4096 bytes" in " ".join(account(manifest))
    assert "of disks with sectors of 512 bytes alone" in " ".join(account(manifest))
    needs = Masters(store)("small")
    assert needs is not None
    assert (needs.covers(512), needs.covers(4096), needs.covers(520)) == (small.used, large.used, None)
    assert set(plain_lengths(manifest)) == {chunk.sha256 for chunk in (*small.chunks, *large.chunks)}
    assert stored(store, manifest).missing == 0
    collect_garbage(store)
    assert stored(store, manifest).missing == 0
    only = next(c.sha256 for c in manifest.other.chunks if c.sha256 not in {chunk.sha256 for chunk in small.chunks})
    frame = store.get_frame(only)
    store.blobs.remove(chunk_name(only))
    try:
        assert [damage.part for damage in verify(store, bytes(KEY.verify_key))] == [only]
        assert stored(store, manifest).missing == 1
        with pytest.raises(StoreError, match="lacks 1 chunks"):
            store.require_whole(manifest.digest)
        with pytest.raises(StoreError, match="is missing"):
            store.publish(manifest, KEY)
    finally:
        store.put_frame(only, frame)
    store.require_whole(manifest.digest)


def test_the_boot_code_is_for_sectors_of_512_bytes_alone(kept: tuple[Store, Manifest]) -> None:
    store, manifest = kept
    large = manifest.on_sectors(4096)
    assert large is not None
    assert manifest.understood
    assert manifest.understood.bios
    assert any(store.get_chunk(manifest.chunks[0].sha256)[:440])
    assert not any(store.get_chunk(large.chunks[0].sha256)[:440])


def test_one_that_does_not_come_out_the_same_is_no_master(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    image = laid_out(tmp_path)
    with pytest.raises(NetbootError, match="is not the same master"):
        built(image, store, files={"EFI/other/shimx64.efi": b"shim"})
    assert store.current("small") is None


@pytest.mark.parametrize(
    ("ranges", "left"),
    [
        (((0, 10), (20, 30)), ((0, 10),)),
        (((0, 25), (25, 90)), ((0, 20), (80, 90))),
        (((0, 100),), ((0, 20), (80, 100))),
        (((30, 40),), ()),
    ],
)
def test_only_what_lies_around_the_root_is_taken_again(
    ranges: tuple[tuple[int, int], ...], left: tuple[tuple[int, int], ...]
) -> None:
    assert outside(ranges, 20, 80) == left


def test_an_esp_that_is_too_small_for_fat32_in_large_sectors_is_known_beforehand() -> None:
    assert SMALL.for_large_sectors
    assert not replace(SMALL, esp_length=259 * MIB).for_large_sectors
