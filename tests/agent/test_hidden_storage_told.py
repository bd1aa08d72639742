"""What is told of each controller that keeps disks to itself, whole: its name, and what a person is to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from netboot.agent.disks.block_devices import BlockDevice
from netboot.agent.disks.hidden_storage import find_hidden, read_storage
from netboot.agent.disks.listing import DISK_LIMIT
from netboot.agent.disks.nvme_namespaces import Namespaces
from netboot.agent.host import Host
from netboot.shared.inventory import HiddenStorage
from tests.agent.test_hidden_storage import Recorded, disk, kinds, pci, storage

HBA = "RAID Controller Mode: HBA (JBOD, IT)"
NVME_OFF = "NVMe (M.2): Disabled"


@pytest.mark.parametrize(
    ("kind", "vendor", "device", "driver", "wanted", "setting"),
    [
        (0x010400, 0x8086, 0x9A0B, "vmd", "vmd", "VMD Controller: Disabled"),
        (0x010400, 0x8086, 0x1234, "vmd", "vmd", "VMD Controller: Disabled"),
        (0x010400, 0x8086, 0x282A, "", "rst", "SATA Mode: AHCI"),
        (0x010400, 0x1022, 0xB000, "", "raid", "SATA / NVMe RAID Mode: AHCI"),
        (0x010700, 0x1000, 0x005D, "megaraid_sas", "raid", HBA),
        (0x010400, 0x1234, 0x0001, "of_its_own", "raid", HBA),
        (0x010802, 0x144D, 0xA808, "nvme", "unknown", NVME_OFF),
        (0x010802, 0x144D, 0xA808, "of_its_own", "unknown", NVME_OFF),
        (0x018002, 0x106B, 0x2001, "nvme", "unknown", NVME_OFF),  # Apple's first has the class of no NVMe drive
    ],
)
def test_a_controller_that_keeps_its_disks_is_told_with_the_setting(
    kind: int, vendor: int, device: int, driver: str, wanted: str, setting: str
) -> None:
    (told,) = find_hidden(storage(pci(kind, vendor, device, driver)))
    assert (told.kind, told.controller, told.setting) == (wanted, f"{vendor:04x}:{device:04x}", setting)
    assert told.vouchable == ""


@pytest.mark.parametrize(
    ("kind", "vendor", "device"), [(0x010601, 0x8086, 0xA102), (0x010185, 0x1095, 0x0680), (0x010700, 0x1000, 0x0097)]
)
def test_one_without_a_driver_that_is_no_raid_is_told_as_one_that_may_be_vouched_for(
    kind: int, vendor: int, device: int
) -> None:
    number = f"{vendor:04x}:{device:04x}"
    assert find_hidden(storage(pci(kind, vendor, device, ""))) == (
        HiddenStorage(
            kind="unknown",
            controller=number,
            setting="Storage Controller: AHCI / Disabled",
            vouchable=f"0000:00:17.0 {number}",
        ),
    )


def test_volumes_of_a_sas_card_are_told_with_the_setting() -> None:
    card = pci(0x010700, 0x1000, 0x0072, "mpt3sas")
    (told,) = find_hidden(storage(card, volumes=(f"{card.path}/host0/raid_devices/0:1:0:0",)))
    assert (told.controller, told.setting) == ("1000:0072", HBA)


def test_vmd_is_intels_and_shows_its_disks_by_its_driver_only() -> None:
    assert find_hidden(storage(pci(0x010601, 0x1022, 0x9A0B, "ahci"))) == ()
    vmd = pci(0x010400, 0x8086, 0x9A0B, "")
    assert kinds(find_hidden(storage(vmd, disks=(disk("nvme0n1", vmd, "pci10000:e0/nvme/nvme0"),)))) == ["vmd"]


def test_only_ahci_moves_drives_behind_itself() -> None:
    assert find_hidden(storage(pci(0x01018A, 0x8086, 0x7010, "ata_piix"), remapped=None)) == ()


def test_a_disk_without_capacity_is_told_by_its_own_name() -> None:
    sata = pci(0x010601, 0x8086, 0xA102, "ahci")
    dead = replace(disk("sda", sata, "ata1/host0/target0:0:0/0:0:0:0/block", size=0), model="Dead SSD", serial="D1")
    assert find_hidden(storage(sata, disks=(dead,))) == (
        HiddenStorage(kind="unknown", controller="Dead SSD D1 0.0 GB", setting="SATA / NVMe Port: Disabled"),
    )
    assert find_hidden(storage(sata, disks=(replace(dead, name="loop0"),))) == (), "not a disk at all"


@pytest.mark.parametrize("more", [1, 2])
def test_how_many_disks_are_beyond_those_listed_is_told(more: int) -> None:
    card = pci(0x010700, 0x1000, 0x0072, "mpt3sas")
    disks = tuple(disk(f"sd{number}", card, f"host0/target0:0:{number}") for number in range(DISK_LIMIT + more))
    loops = tuple(BlockDevice(name=f"loop{number}", path=f"virtual/block/loop{number}", size=1) for number in range(8))
    assert find_hidden(storage(card, disks=(*loops, *disks))) == (
        HiddenStorage(
            kind="unknown",
            controller=f"{DISK_LIMIT} + {more} disks",
            setting=f"SATA / SAS Ports: {DISK_LIMIT} enabled",
        ),
    )


def test_the_disks_of_one_drive_are_not_taken_for_anothers_namespaces() -> None:
    one, two = pci(0x010802, 0x144D, 0xA808, "nvme", "1a"), pci(0x010802, 0x144D, 0xA808, "nvme", "1b")
    disks = (disk("nvme0n1", one, "nvme/nvme0", nsid=1), disk("nvme1n2", two, "nvme/nvme1", nsid=2))
    both = Namespaces("nvme0", attached=frozenset({1, 2}), allocated=None, manages=False)
    other = Namespaces("nvme1", attached=frozenset({2}), allocated=frozenset({2}))
    seen = replace(storage(one, two, disks=disks), namespaces={one.path: both, two.path: other})
    assert find_hidden(seen) == (HiddenStorage(kind="namespaces", controller="nvme0 144d:a808", setting="2"),)


def test_of_many_namespaces_the_first_eight_are_named() -> None:
    drive = pci(0x010802, 0x144D, 0xA808, "nvme")
    many = Namespaces("nvme0", attached=frozenset(range(1, 12)), allocated=None, manages=False)
    disks = (disk("nvme0n1", drive, "nvme/nvme0", nsid=1),)
    (told,) = find_hidden(storage(drive, disks=disks, namespaces=many))
    assert told.setting == "2, 3, 4, 5, 6, 7, 8, 9"


def test_a_drive_that_lists_no_namespace_of_its_own_is_not_dead_while_it_shows_a_disk() -> None:
    drive, silent = pci(0x010802, 0x144D, 0xA808, "nvme"), Namespaces("nvme0", attached=None, allocated=None)
    shown = (disk("nvme0n1", drive, "nvme/nvme0", nsid=1),)
    assert kinds(find_hidden(storage(drive, disks=shown, namespaces=silent))) == ["namespaces-unclear"]
    elsewhere = (disk("sda", pci(0x010601, 0x8086, 0xA102, "ahci", "1c"), "ata1"),)
    (told,) = find_hidden(storage(drive, disks=elsewhere, namespaces=silent))
    assert (told.kind, told.setting) == ("unknown", NVME_OFF)


def test_however_long_a_name_is_it_fits_the_inventory() -> None:
    dead = replace(disk("sda", pci(0x010601, 0x8086, 0xA102, "ahci"), "ata1", size=0), model="N" * 300, serial="S" * 99)
    assert [told.controller for told in find_hidden(storage(disks=(dead,)))] == [f"{'N' * 80} {'S' * 99} 0.0 GB"]
    long = replace(pci(0x010601, 0x8086, 0xA102, ""), name="N" * 300, address="0" * 300)
    (told,) = find_hidden(storage(long))
    assert (told.controller, told.vouchable) == ("N" * 256, "0" * 256)
    drive = replace(pci(0x010802, 0x144D, 0xA808, "nvme"), name="N" * 300)
    (told,) = find_hidden(storage(drive, namespaces=Namespaces("nvme0", attached=frozenset(), allocated=None)))
    assert (told.kind, told.controller) == ("namespaces-unclear", "nvme0 " + "N" * 250)


@pytest.mark.parametrize(("said", "count"), [("0", 0), ("2", 2), ("9" * 9, 999_999_999), ("9" * 10, None), ("", None)])
def test_a_count_of_remapped_drives_is_a_number_that_can_be(
    recorded: Recorded, tmp_path: Path, said: str, count: int | None
) -> None:
    host, path = recorded("bios-desktop"), "sys/devices/pci0000:00/0000:00:1f.2"
    (tmp_path / "bios-desktop" / path / "remapped_nvme").write_text(said)
    device = replace(pci(0x010601, 0x8086, 0x2922, "ahci"), path=path)
    assert read_storage(host, (device,), ()).remapped == {path: count}


def test_the_kernels_volumes_are_known_by_where_their_card_is(tmp_path: Path) -> None:
    volume = "sys/devices/pci0000:00/0000:00:02.0/host0/target0:1:0/0:1:0:0/raid_devices/0:1:0:0"
    (tmp_path / volume).mkdir(parents=True)
    (tmp_path / "sys/class/raid_devices").mkdir(parents=True)
    (tmp_path / "sys/class/raid_devices/0:1:0:0").symlink_to(tmp_path / volume)
    assert read_storage(Host(tmp_path, lambda _: ""), (), ()).raid_volumes == (volume,)
