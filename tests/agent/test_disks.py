"""Which devices of recorded PCs are disks, by what they are known, and what forbids writing on them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.disks.block_devices import BlockDevice, parse_mounts, parse_swaps, parse_unit_serial
from netboot.agent.disks.listing import disk_of, disks_of, find, is_disk, read_disks, transport_of
from netboot.agent.host import Host
from netboot.jobs.disk_answers import can_be_placed, in_place, told_apart
from netboot.jobs.disk_rules import internal_disks
from netboot.shared.inventory import Board, Disk, DiskId, Firmware, Inventory, System
from netboot.shared.problems import Problem

Recorded = Callable[[str], Host]


def by_serial(disks: tuple[Disk, ...], serial: str) -> Disk:
    return next(disk for disk in disks if disk.id.serial == serial)


def internal(disks: tuple[Disk, ...]) -> set[str]:
    inventory = Inventory(system=System(), board=Board(), firmware=Firmware(mode="bios"), disks=disks)
    return {disk.name for disk in internal_disks(inventory)}


def test_a_sata_disk_is_known_by_its_serial_and_wwn(recorded: Recorded) -> None:
    assert by_serial(read_disks(recorded("bios-desktop")), "S3Z1NB0K") == Disk(
        name="sda",
        id=DiskId(serial="S3Z1NB0K", wwn="0x5002538f42b1c0de", size=320 << 20, path="pci-0000:00:01.0-ata-1.0"),
        model="Samsung SSD 860 EVO 250GB",
        firmware="RVT04B6Q",
        rotational=True,
        transport="sata",
        ata=True,
    )


def test_an_nvme_disk_is_known_by_its_serial_and_wwid(recorded: Recorded) -> None:
    disk = by_serial(read_disks(recorded("bios-desktop")), "S466NX0K723211")
    assert (disk.name, disk.transport, disk.model, disk.firmware) == ("nvme0n1", "nvme", "QEMU NVMe Ctrl", "7.2.22")
    assert disk.id.wwn.startswith("nvme.1b36-")


def test_only_what_is_built_in_is_internal(recorded: Recorded) -> None:
    disks = read_disks(recorded("bios-desktop"))
    assert {disk.name: disk.transport for disk in disks} == {
        "mmcblk0": "mmc-removable",
        "nvme0n1": "nvme",
        "sda": "sata",
        "sdb": "usb",
    }
    assert internal(disks) == {"nvme0n1", "sda"}


def test_mounted_and_swapped_on_disks_are_in_use_and_read_only_ones_never_internal(recorded: Recorded) -> None:
    disks = read_disks(recorded("uefi-raid"))
    assert {disk.name for disk in disks if disk.in_use} == {"vdb"}
    assert {disk.name for disk in disks if disk.read_only} == {"vdd"}
    assert "vdd" not in internal(disks)


def test_a_swap_partition_alone_makes_a_disk_in_use(recorded: Recorded, tmp_path: Path) -> None:
    host = recorded("uefi-raid")
    (tmp_path / "uefi-raid/proc/self/mountinfo").write_text("")
    assert {disk.name for disk in read_disks(host) if disk.in_use} == {"vdb"}
    (tmp_path / "uefi-raid/proc/swaps").write_text("")
    assert {disk.name for disk in read_disks(host) if disk.in_use} == set()


def test_a_disk_below_lvm_is_in_use(recorded: Recorded, tmp_path: Path) -> None:
    host = recorded("bios-desktop")
    (tmp_path / "bios-desktop/sys/block/sda/sda2/holders/dm-0").mkdir()
    assert {disk.name for disk in read_disks(host) if disk.in_use} == {"sda"}


def test_namespaces_of_one_nvme_drive_are_told_apart_and_its_hidden_paths_left_out(recorded: Recorded) -> None:
    disks = [disk for disk in read_disks(recorded("uefi-raid")) if disk.id.serial == "NV0002"]
    assert [disk.name for disk in disks] == ["nvme0n1", "nvme0n2"]
    assert all(find(disk.id, disks) == disk for disk in disks)


def test_a_scsi_disk_shows_the_serial_of_its_label_not_its_wwn(recorded: Recorded) -> None:
    assert by_serial(read_disks(recorded("uefi-raid")), "SC0001").id.wwn == "0x5000c5001234abcd"


@pytest.mark.parametrize("name", ["bios-desktop", "uefi-raid", "uefi-laptop"])
def test_without_udev_every_internal_disk_keeps_its_identity(recorded: Recorded, name: str, tmp_path: Path) -> None:
    host = recorded(name)
    known = {disk.name: disk for disk in read_disks(host)}
    left = read_disks(Host(tmp_path / name, lambda _: ""))
    assert internal(left) == internal(tuple(known.values()))
    for disk in left:
        if disk.transport == "usb":
            continue
        assert disk.id.serial == known[disk.name].id.serial
        assert disk.id.wwn == known[disk.name].id.wwn
        assert disk.transport == known[disk.name].transport


def test_a_disk_on_a_sas_card_is_internal(recorded: Recorded) -> None:
    disks = read_disks(recorded("uefi-laptop"))
    assert by_serial(disks, "SAS0001").transport == "sas"
    assert internal(disks) == {"sda", "sdb"}


def test_a_disk_that_is_gone_or_has_a_twin_is_not_found(recorded: Recorded) -> None:
    disks = read_disks(recorded("bios-desktop"))
    sata = by_serial(disks, "S3Z1NB0K")
    assert find(sata.id, disks) == sata
    assert find(DiskId(serial="S3Z1NB0K", size=1), disks) == Problem("disk-gone", {"disk": "S3Z1NB0K"})
    assert find(sata.id, (*disks, sata)) == Problem("disk-without-name", {"disk": "S3Z1NB0K"})


def device(name: str, path: str = "", **values: object) -> BlockDevice:
    return BlockDevice(name=name, path=path, size=1 << 30, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["loop0", "ram1", "zram0", "dm-0", "md127", "md0p1", "sr0", "fd0", "mmcblk0boot0", "mmcblk1rpmb", "nbd3"]
)
def test_virtual_devices_optical_drives_and_emmc_areas_are_no_disks(name: str) -> None:
    assert not is_disk(device(name))


@pytest.mark.parametrize("name", ["sda", "sdaa", "nvme10n1", "vda", "mmcblk0", "hda", "xvda"])
def test_whole_disks_are_disks(name: str) -> None:
    assert is_disk(device(name))


@pytest.mark.parametrize(
    ("path", "transport"),
    [
        ("sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host4/target4:0:0/4:0:0:0/block/sda", "usb"),
        ("sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda", "sata"),
        ("sys/devices/platform/host6/session1/target6:0:0/6:0:0:1/block/sda", "iscsi"),
        ("sys/devices/pci0000:00/0000:03:00.0/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda", "sas"),
        ("sys/devices/pci0000:00/0000:03:00.0/host7/rport-7:0-1/target7:0:1/7:0:1:0/block/sda", "fc"),
        ("sys/devices/pci0000:00/0000:05:00.0/fw0/fw1/fw1.0/host3/target3:0:0/3:0:0:0/block/sda", "ieee1394"),
        ("sys/devices/pci0000:00/0000:00:03.0/virtio1/host1/target1:0:0/1:0:0:0/block/sda", "virtio"),
        ("sys/devices/pci0000:00/0000:03:00.0/host0/target0:2:0/0:2:0:0/block/sda", "scsi"),
        ("", ""),
    ],
)
def test_the_transport_is_read_from_the_way_to_the_disk(path: str, transport: str) -> None:
    assert transport_of(device("sda", path)) == transport


SAS_PORT = "/devices/pci0000:00/0000:00:02.2/0000:05:00.0/host6/port-6:0/end_device-6:0/target6:0:0/6:0:0:0/block/sda"
USB_BOX = "/devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host4/target4:0:0/4:0:0:0/block/sda"


@pytest.mark.parametrize(
    ("path", "values", "ata"),
    [
        (SAS_PORT, {"vendor": "ATA", "known": {"ID_BUS": "ata", "ID_ATA_SATA": "1"}}, True),
        (SAS_PORT, {"vendor": "ATA     "}, True),
        (SAS_PORT, {"known": {"ID_BUS": "ata"}}, True),
        (SAS_PORT, {"vendor": "SEAGATE", "known": {"ID_BUS": "scsi"}}, False),
        (USB_BOX, {"vendor": "ATA"}, False),
    ],
)
def test_a_sata_disk_on_a_sas_port_is_known_to_speak_ata(path: str, values: dict[str, object], ata: bool) -> None:
    assert disk_of(device("sda", path, **values)).ata == ata


@pytest.mark.parametrize(
    ("kind", "boot_areas", "host", "belonging"),
    [
        ("MMC", True, "removable", "internal"),
        ("MMC", True, "fixed", "internal"),
        ("MMC", False, "fixed", "internal"),
        ("MMC", False, "removable", "doubt"),
        ("MMC", False, "", "doubt"),
        ("", False, "", "doubt"),
        ("", True, "fixed", "doubt"),
        ("SD", False, "removable", "carried"),
        ("SDcombo", False, "", "carried"),
        ("SD", False, "fixed", "doubt"),
        ("SD", True, "removable", "doubt"),
    ],
)
def test_whether_an_mmc_disk_is_soldered_is_told_by_its_kind_its_boot_areas_and_its_host(
    recorded: Recorded, tmp_path: Path, kind: str, boot_areas: bool, host: str, belonging: str
) -> None:
    """The SD card's recorded tree, changed by hand: QEMU 7.2 has no eMMC."""
    pc = recorded("bios-nameless")
    tree = tmp_path / "bios-nameless/sys"
    card = tree / "devices/pci0000:00/0000:00:06.0/mmc_host/mmc0/mmc0:4567"
    assert (card / "removable").read_text() == "removable\n", "what Linux says of an SD slot"
    (card / "type").write_text(f"{kind}\n")
    (card / "removable").write_text(f"{host}\n")
    if boot_areas:
        (tree / "block/mmcblk0boot0").mkdir()
    assert by_serial(read_disks(pc), "0xdeadbeef").belonging == belonging


def test_an_area_of_an_emmc_that_holds_data_of_its_own_is_a_disk_to_be_asked_about() -> None:
    (area,) = disks_of((device("mmcblk0gp0"), device("mmcblk0boot0")))
    assert area.belonging == "doubt"


def unit(pc: Path, name: str, **attributes: str) -> None:
    """Let a unit of the recorded SCSI disk say more, by hand: QEMU 7.2 has no UFS."""
    device = pc / "sys/block" / name
    (device / "device/unit_descriptor").mkdir(exist_ok=True)
    for attribute, said in attributes.items():
        place = device if attribute in ("ro", "size") else device / "device/unit_descriptor"
        (place / attribute).write_text(f"{said}\n")


BOOT_UNIT = {"boot_lun_id": "0x01", "lun_write_protect": "0x01", "ro": "1", "size": "8192"}


def test_a_write_protected_boot_unit_of_a_soldered_ufs_is_no_disk_of_its_own(
    recorded: Recorded, tmp_path: Path
) -> None:
    pc, files = recorded("bios-nameless"), tmp_path / "bios-nameless"
    unit(files, "sda", boot_lun_id="0x00", lun_write_protect="0x00")
    unit(files, "sdc", **BOOT_UNIT)
    names = {disk.name for disk in read_disks(pc)}
    assert "sda" in names
    assert "sdc" not in names


@pytest.mark.parametrize(
    "sign",
    [{"boot_lun_id": "0x00"}, {"boot_lun_id": ""}, {"lun_write_protect": "0x00"}, {"ro": "0"}, {"size": "99999999"}],
)
def test_one_sign_that_speaks_against_it_makes_a_unit_a_disk(
    recorded: Recorded, tmp_path: Path, sign: dict[str, str]
) -> None:
    pc = recorded("bios-nameless")
    unit(tmp_path / "bios-nameless", "sdc", **{**BOOT_UNIT, **sign})
    assert "sdc" in {disk.name for disk in read_disks(pc)}


def test_a_boot_unit_without_a_unit_for_data_beside_it_is_a_disk(recorded: Recorded, tmp_path: Path) -> None:
    pc, files = recorded("bios-nameless"), tmp_path / "bios-nameless"
    unit(files, "sdc", **BOOT_UNIT)
    for other in ("sda", "sdb"):
        unit(files, other, ro="1")
    assert "sdc" in {disk.name for disk in read_disks(pc)}


def test_a_usb_disk_is_carried_unless_every_port_on_its_way_is_fixed(recorded: Recorded, tmp_path: Path) -> None:
    """Ports that say "fixed", by hand: QEMU's say "unknown"."""
    pc = recorded("bios-nameless")
    usb = tmp_path / "bios-nameless/sys/devices/pci0000:00/0000:00:07.0/usb2"
    assert (usb / "2-1/removable").read_text() == "unknown\n"
    assert by_serial(read_disks(pc), "4C530001").belonging == "carried"
    (usb / "2-1/removable").write_text("fixed\n")
    assert by_serial(read_disks(pc), "4C530001").belonging == "doubt"
    (usb / "2-1/2-1:1.0/host13/target13:0:0/13:0:0:0/block/sdf/removable").write_text("1\n")
    assert by_serial(read_disks(pc), "4C530001").belonging == "carried", "a card in a reader that is built in"
    in_a_dock = "/devices/pci0000:00/0000:00:07.0/usb2/2-1/2-1.4/2-1.4:1.0/host13/target13:0:0/13:0:0:0/block/sdf"
    hub = usb / "2-1/2-1.4"
    hub.mkdir()
    (hub / "removable").write_text("fixed\n")
    (usb / "2-1/removable").write_text("removable\n")
    link = tmp_path / "bios-nameless/sys/block/sdf"
    link.unlink()
    (tmp_path / f"bios-nameless/sys{in_a_dock}").mkdir(parents=True)
    link.symlink_to(f"..{in_a_dock}")
    assert [disk.belonging for disk in read_disks(pc) if disk.name == "sdf"] == ["carried"]


def test_a_disk_whose_media_can_be_taken_out_is_in_doubt_whatever_it_hangs_on(recorded: Recorded) -> None:
    assert by_serial(read_disks(recorded("bios-nameless")), "RMB01").belonging == "doubt"
    ata = "sys/devices/pci0000:00/0000:00:1f.2/ata3/host2/target2:0:0/2:0:0:0/block/sda"
    assert disk_of(device("sda", ata, removable=True)).belonging == "doubt"
    assert disk_of(device("sda", ata)).belonging == "internal"


def test_a_disk_on_a_plug_in_port_or_behind_a_network_is_in_doubt() -> None:
    assert disk_of(device("nvme0n1", fabric="pcie", pluggable=True)).belonging == "doubt"
    assert disk_of(device("nvme0n1", fabric="tcp")).belonging == "doubt"
    assert disk_of(device("mmcblk0", kind="MMC", boot_areas=True, pluggable=True)).belonging == "doubt"


def test_disks_that_say_nothing_or_the_same_are_told_apart_by_their_place(recorded: Recorded) -> None:
    disks = read_disks(recorded("bios-nameless"))
    inventory = Inventory(system=System(), board=Board(), firmware=Firmware(mode="bios"), disks=disks)
    alike = [disk for disk in disks if disk.belonging == "internal" and not told_apart(disk, inventory)]
    assert sorted(disk.name for disk in alike) == ["sda", "sdc", "sdd", "sde", "vda", "vdb", "vdc"]
    assert all(can_be_placed(disk, inventory) for disk in alike)
    for disk in alike:
        assert find(in_place(disk.id), disks) == disk
        gone = replace(disk.id, sequence=99, by_place=True)
        assert isinstance(find(gone, disks), Problem), "another disk at the same place"


def test_a_disk_on_a_thunderbolt_port_or_behind_a_network_is_removable() -> None:
    assert disk_of(device("nvme0n1", fabric="pcie", pluggable=True)).removable
    assert disk_of(device("nvme0n1", fabric="tcp")).removable
    assert not disk_of(device("nvme0n1", fabric="pcie")).removable


def test_a_pci_port_that_says_removable_makes_its_disk_pluggable(recorded: Recorded, tmp_path: Path) -> None:
    host = recorded("uefi-raid")
    (tmp_path / "uefi-raid/sys/devices/pci0000:00/0000:00:06.0/removable").write_text("removable\n")
    assert {disk.name for disk in read_disks(host) if disk.removable} == {"nvme0n1", "nvme0n2"}


def test_mounts_are_read_by_number_and_by_name() -> None:
    text = (
        "36 35 98:0 / /mnt1 rw,noatime master:1 - ext3 /dev/sda1 rw\n41 35 0:37 / /mnt2 rw - btrfs /dev/sdb rw\nx\n\n"
    )
    assert parse_mounts(text) == {"98:0": "/mnt1", "sda1": "/mnt1", "0:37": "/mnt2", "sdb": "/mnt2"}


def test_swap_files_are_no_devices() -> None:
    text = "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n/swapfile file 1 0 -3\n\n"
    assert parse_swaps(text) == {"sda2": "swap"}


def test_another_page_than_the_serial_number_is_none() -> None:
    assert parse_unit_serial(b"\x00\x80\x00\x04AB 1") == "AB 1"
    assert parse_unit_serial(b"\x00\x83\x00\x04ABCD") == ""
    assert parse_unit_serial(b"") == ""
