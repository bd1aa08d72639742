"""The image of a kit's stick: its table as sfdisk reads it, its file systems as mtools do, twice the same."""

import json
import os
import stat
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from netboot.kit.identity import kit_of
from netboot.kit.image import READ_ME, Stick, write_image
from netboot.kit.partitions import FIRST, MIB, SECTOR, first_sectors, layout_for
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

WORKSHOP = SigningKey(bytes(range(32)))
BOOT_SECTOR = bytes(range(1, 256)) * 2 + b"\x55\xaa"
CORE = b"core" * 30_000


def stick(name: str = "atelier-nord") -> Stick:
    """A stick with a few files; its loaders are bytes that no PC starts, which no test here asks for."""
    boot = {"EFI/BOOT/BOOTX64.EFI": b"shim", "netboot/vmlinuz": b"kernel" * 100_000}
    return Stick(kit_of(name, WORKSHOP), boot, {READ_ME: b"read me\r\n"}, BOOT_SECTOR, CORE)


def test_any_program_reads_its_table_and_finds_the_data_first_and_the_loaders_active(tmp_path: Path) -> None:
    image = tmp_path / "kit.img"
    layout = write_image(image, stick())
    assert image.stat().st_size == layout.size
    table = json.loads(run(["sfdisk", "--json", image]).stdout)["partitiontable"]
    assert (table["label"], int(table["id"], 16)) == ("dos", kit_of("atelier-nord", WORKSHOP).disk)
    data, boot = table["partitions"]
    assert (data["start"], data["type"], data.get("bootable")) == (FIRST // SECTOR, "c", None)
    assert (boot["type"], boot["bootable"]) == ("ef", True)
    assert data["start"] + data["size"] == boot["start"]
    assert (boot["start"] + boot["size"]) * SECTOR == layout.size


def test_the_loader_for_bios_follows_the_boot_sector_and_spares_the_table(tmp_path: Path) -> None:
    image = tmp_path / "kit.img"
    write_image(image, stick())
    with image.open("rb") as file:
        start = file.read(FIRST)
    assert start[SECTOR:][: len(CORE)] == CORE
    assert start[:0x66] == BOOT_SECTOR[:0x66]
    assert start[0x66:0x68] == b"\x90\x90"
    assert start[0x68:440] == BOOT_SECTOR[0x68:440]
    assert start[510:512] == b"\x55\xaa"


def test_both_file_systems_are_whole_fat32_and_hold_their_files(tmp_path: Path) -> None:
    image = tmp_path / "kit.img"
    layout = write_image(image, stick())
    kit = kit_of("atelier-nord", WORKSHOP)
    for partition, number, name, content in (
        (layout.data, kit.data_uuid, READ_ME, "read me\n"),
        (layout.boot, kit.boot_uuid, "EFI/BOOT/BOOTX64.EFI", "shim"),
    ):
        alone = tmp_path / "partition.img"
        with image.open("rb") as file:
            file.seek(partition.start)
            alone.write_bytes(file.read(partition.size))
        run(["fsck.fat", "-n", alone])
        for tag, value in (("UUID", number), ("VERSION", "FAT32")):
            assert run(["blkid", "--probe", "--output", "value", "--match-tag", tag, alone]).stdout.strip() == value
        assert run(["mtype", "-t", "-i", alone, f"::{name}"]).stdout == content


def test_the_same_kit_gives_the_same_bytes_and_another_gives_others(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_image(tmp_path / name, stick())
    write_image(tmp_path / "other", stick("atelier-sud"))
    one, two, other = ((tmp_path / name).read_bytes() for name in ("one", "two", "other"))
    assert one == two
    assert one != other


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    image = tmp_path / "kit.img"
    image.write_bytes(b"somebody's")
    with pytest.raises(NetbootError, match="there already"):
        write_image(image, stick())
    assert image.read_bytes() == b"somebody's"
    assert [path.name for path in tmp_path.iterdir()] == ["kit.img"]


def test_a_device_is_never_written_to_and_neither_is_a_folder(tmp_path: Path) -> None:
    device = tmp_path / "sdx"
    os.mkfifo(device)
    for place in (device, tmp_path, Path("/dev/null")):
        with pytest.raises(NetbootError, match="is no file") as refused:
            write_image(place, stick())
        assert "delete" not in refused.value.hint
    assert stat.S_ISFIFO(device.stat().st_mode)


def test_the_image_which_holds_the_kit_s_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_image(tmp_path / "kit.img", stick())
    assert stat.S_IMODE((tmp_path / "kit.img").stat().st_mode) == 0o600


def test_loaders_that_do_not_fit_before_the_first_partition_are_refused(tmp_path: Path) -> None:
    layout = layout_for(64 * MIB)
    with pytest.raises(NetbootError, match="do not fit"):
        first_sectors(layout, boot_sector=BOOT_SECTOR, core=bytes(FIRST), disk_id=1)
    with pytest.raises(NetbootError, match="do not fit"):
        first_sectors(layout, boot_sector=BOOT_SECTOR[:440], core=CORE, disk_id=1)


def test_a_kit_is_made_of_its_name_and_the_workshop_s_key_alone() -> None:
    kit = kit_of("atelier-nord", WORKSHOP)
    assert kit == kit_of("atelier-nord", WORKSHOP)
    for other in (kit_of("atelier-sud", WORKSHOP), kit_of("atelier-nord", SigningKey(bytes(32)))):
        assert bytes(other.key) != bytes(kit.key)
        assert {other.data, other.boot, other.disk}.isdisjoint({kit.data, kit.boot, kit.disk})
    assert bytes(kit.key) != bytes(WORKSHOP)


@pytest.mark.parametrize("name", ["", "-a", "Nord", "a b", "a" * 33, "../x", "é"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(NetbootError, match="no name for a kit"):
        kit_of(name, WORKSHOP)
