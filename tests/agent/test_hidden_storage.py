"""Controllers that keep disks to themselves. RST, VMD and dead disks cannot be had in QEMU: those rules are tested on
values, the RAID card and the detached namespace on a recording."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from netboot.agent.disks.block_devices import BlockDevice, read_block_devices
from netboot.agent.disks.hidden_storage import AtaPort, Storage, find_hidden, read_storage
from netboot.agent.disks.listing import DISK_LIMIT, disks_of
from netboot.agent.disks.nvme_namespaces import Namespaces
from netboot.agent.hardware.pci import PciDevice, read_pci
from netboot.agent.host import Host
from netboot.agent.inventory import read_inventory
from netboot.shared.inventory import HiddenStorage

Recorded = Callable[[str], Host]


def pci(kind: int, vendor: int, device: int, driver: str, slot: str = "17") -> PciDevice:
    address = f"0000:00:{slot}.0"
    return PciDevice(address, f"sys/devices/pci0000:00/{address}", kind, vendor, device, driver, "")


def disk(name: str, below: PciDevice, rest: str, size: int = 1 << 30, nsid: int = 0) -> BlockDevice:
    return BlockDevice(name=name, path=f"{below.path}/{rest}/{name}", size=size, nsid=nsid)


def storage(
    *devices: PciDevice,
    disks: tuple[BlockDevice, ...] = (),
    remapped: int | None = 0,
    volumes: tuple[str, ...] = (),
    ports: tuple[AtaPort, ...] = (),
    namespaces: Namespaces | None = None,
) -> Storage:
    return Storage(
        pci=devices,
        devices=disks,
        remapped={device.path: remapped for device in devices},
        raid_volumes=volumes,
        ata_ports=ports,
        namespaces={device.path: namespaces for device in devices} if namespaces else {},
    )


def kinds(found: tuple[HiddenStorage, ...]) -> list[str]:
    return [hidden.kind for hidden in found]


def test_an_ordinary_desktop_hides_nothing(recorded: Recorded) -> None:
    assert read_inventory("", recorded("bios-desktop")).hidden == ()


def test_a_raid_card_and_a_detached_namespace_are_told(recorded: Recorded) -> None:
    assert read_inventory("", recorded("uefi-raid")).hidden == (
        HiddenStorage(
            kind="namespaces",
            controller="nvme0 Red Hat, Inc. QEMU NVM Express Controller [1b36:0010]",
            setting="3",
        ),
        HiddenStorage(
            kind="raid",
            controller="Broadcom / LSI MegaRAID SAS 1078 [1000:0060]",
            setting="RAID Controller Mode: HBA (JBOD, IT)",
        ),
    )


def test_a_controller_whose_driver_is_missing_is_told(recorded: Recorded, tmp_path: Path) -> None:
    host = recorded("bios-desktop")
    (tmp_path / "bios-desktop/sys/bus/pci/devices/0000:00:02.0/driver").unlink()
    found = find_hidden(read_storage(host, read_pci(host, {}), read_block_devices(host, {})))
    assert kinds(found) == ["unknown"]
    assert (found[0].controller, found[0].vouchable) == ("1b36:0010", "0000:00:02.0 1b36:0010")


def test_nvme_drives_that_rst_took_away_are_told_with_the_setting() -> None:
    rst = pci(0x010400, 0x8086, 0x282A, "ahci")
    assert find_hidden(storage(rst, remapped=1)) == (
        HiddenStorage(kind="rst", controller="8086:282a", setting="SATA Mode: AHCI"),
    )


def test_rst_without_remapped_drives_hides_nothing() -> None:
    assert find_hidden(storage(pci(0x010400, 0x8086, 0x282A, "ahci"))) == ()
    assert find_hidden(storage(pci(0x010601, 0x1022, 0x7901, "ahci"), remapped=None)) == (), "only Intel's can"


@pytest.mark.parametrize("told", [None, "", "what?"])
def test_a_count_of_remapped_drives_that_cannot_be_read_is_not_none(
    recorded: Recorded, tmp_path: Path, told: str | None
) -> None:
    host = recorded("bios-desktop")
    count = tmp_path / "bios-desktop/sys/bus/pci/devices/0000:00:1f.2/remapped_nvme"
    count.unlink() if told is None else count.write_text(told)
    assert kinds(read_inventory("", host).hidden) == ["rst"]


def test_rst_without_a_driver_is_told() -> None:
    assert kinds(find_hidden(storage(pci(0x010400, 0x8086, 0x282A, "")))) == ["rst"]


def test_vmd_is_told_unless_its_disks_are_listed() -> None:
    vmd = pci(0x010400, 0x8086, 0x9A0B, "vmd", slot="0e")
    ssd = disk("nvme0n1", vmd, "pci10000:e0/10000:e0:06.0/10000:e1:00.0/nvme/nvme0")
    assert find_hidden(storage(vmd, disks=(ssd,))) == ()
    assert kinds(find_hidden(storage(vmd))) == ["vmd"]
    assert kinds(find_hidden(storage(pci(0x010400, 0x8086, 0xA77F, "", slot="0e")))) == ["vmd"]


def test_a_sas_card_is_told_only_when_it_has_volumes() -> None:
    card = pci(0x010700, 0x1000, 0x0072, "mpt3sas")
    volume = f"{card.path}/host0/target0:1:0/0:1:0:0/raid_devices/0:1:0:0"
    assert find_hidden(storage(card, disks=(disk("sda", card, "host0/x/block"),))) == ()
    assert kinds(find_hidden(storage(card, volumes=(volume,)))) == ["raid"]


def test_a_fake_raid_whose_driver_shows_each_disk_hides_nothing() -> None:
    assert find_hidden(storage(pci(0x010400, 0x1095, 0x3112, "sata_sil"))) == ()


def test_amd_raid_without_a_driver_is_told() -> None:
    assert kinds(find_hidden(storage(pci(0x010400, 0x1022, 0xB000, "")))) == ["raid"]


def test_the_redirected_drive_of_intel_amt_is_no_hidden_storage() -> None:
    assert find_hidden(storage(pci(0x010185, 0x8086, 0x1C3C, ""))) == ()


@pytest.mark.parametrize(
    ("vendor", "device"),
    [
        (0x104C, 0x803B),
        (0x104C, 0x8033),
        (0x104C, 0xAC8F),
        (0x1217, 0x7130),
        (0x1217, 0x8130),
        (0x1217, 0x8231),
        (0x1217, 0x8330),
        (0x1180, 0x0592),
        (0x197B, 0x2383),
        (0x1524, 0x0530),
    ],
)
def test_a_reader_of_memory_cards_without_a_driver_hides_nothing(vendor: int, device: int) -> None:
    assert find_hidden(storage(pci(0x018000, vendor, device, ""))) == ()
    assert kinds(find_hidden(storage(pci(0x010400, vendor, device, "")))) == ["raid"], "its number alone says nothing"


@pytest.mark.parametrize(("vendor", "device"), [(0x1344, 0x5150), (0x1217, 0x8621), (0x104C, 0x1234)])
def test_another_controller_without_a_driver_may_be_vouched_for_by_its_place_and_number(
    vendor: int, device: int
) -> None:
    """Micron's PCIe SSD of this class; an SD host, behind which eMMC may be soldered; a number that nobody knows."""
    (hidden,) = find_hidden(storage(pci(0x018000, vendor, device, "")))
    assert hidden.kind == "unknown"
    assert hidden.vouchable == f"0000:00:17.0 {vendor:04x}:{device:04x}"
    assert hidden.may_be_vouched_for


def test_nobody_may_vouch_for_what_hides_disks_or_does_not_answer() -> None:
    dead = pci(0x010802, 0x144D, 0xA808, "nvme")
    sata = pci(0x010601, 0x8086, 0xA102, "ahci")
    empty = disk("sda", sata, "ata1/host0/target0:0:0/0:0:0:0/block", size=0)
    for hides in (
        storage(dead),
        storage(sata, disks=(empty,)),
        storage(ports=(AtaPort("ata2", linked=True, answered=False),)),
        storage(pci(0x010400, 0x1022, 0xB000, "")),
        storage(pci(0x010400, 0x8086, 0x282A, "")),
        storage(pci(0x010400, 0x8086, 0xA77F, "")),
    ):
        (hidden,) = find_hidden(hides)
        assert not hidden.may_be_vouched_for


def test_an_nvme_controller_without_any_disk_is_told() -> None:
    dead = pci(0x010802, 0x144D, 0xA808, "nvme")
    assert kinds(find_hidden(storage(dead))) == ["unknown"]
    silent = Namespaces(controller="nvme0", attached=None, allocated=None)
    assert kinds(find_hidden(storage(dead, namespaces=silent))) == ["unknown"]
    empty = Namespaces(controller="nvme0", attached=frozenset(), allocated=frozenset({1}))
    assert kinds(find_hidden(storage(dead, namespaces=empty))) == ["namespaces"]


def test_a_namespace_that_is_attached_but_no_disk_is_told() -> None:
    drive = pci(0x010802, 0x144D, 0xA808, "nvme")
    disks = (disk("nvme0n1", drive, "nvme/nvme0", nsid=1),)
    both = Namespaces(controller="nvme0", attached=frozenset({1, 2}), allocated=None, manages=False)
    assert find_hidden(storage(drive, disks=disks, namespaces=both))[0].setting == "2"
    one = Namespaces(controller="nvme0", attached=frozenset({1}), allocated=frozenset({1}))
    assert find_hidden(storage(drive, disks=disks, namespaces=one)) == ()


def test_a_sata_port_with_a_link_and_no_answer_is_told() -> None:
    ports = (AtaPort("ata1", linked=True, answered=True), AtaPort("ata2", linked=True, answered=False))
    assert find_hidden(storage(ports=(*ports, AtaPort("ata3", linked=False, answered=False)))) == (
        HiddenStorage(kind="unknown", controller="SATA ata2", setting="SATA Port (ata2): Disabled"),
    )


def test_the_recorded_ports_are_read(recorded: Recorded) -> None:
    ports = read_storage(recorded("bios-desktop"), (), ()).ata_ports
    assert {port.name for port in ports if port.linked} == {"ata1", "ata2"}
    assert all(port.answered == port.linked for port in ports)


def test_a_disk_without_capacity_is_told_but_not_an_empty_card_reader() -> None:
    sata = pci(0x010601, 0x8086, 0xA102, "ahci")
    dead = disk("sda", sata, "ata1/host0/target0:0:0/0:0:0:0/block", size=0)
    reader = disk("sdb", sata, "usb1/1-4/1-4:1.0/host4/target4:0:0/4:0:0:0/block", size=0)
    assert kinds(find_hidden(storage(sata, disks=(dead, reader)))) == ["unknown"]
    # Soldered eMMC; and one on a bus that is not known here.
    emmc = replace(disk("mmcblk0", sata, "mmc_host/mmc0/mmc0:0001/block", size=0), kind="MMC", boot_areas=True)
    strange = disk("rsxx0", sata, "block", size=0)
    assert kinds(find_hidden(storage(sata, disks=(emmc, strange)))) == ["unknown", "unknown"]


def test_disks_beyond_the_number_that_is_listed_are_told() -> None:
    card = pci(0x010700, 0x1000, 0x0072, "mpt3sas")
    disks = tuple(disk(f"sd{number}", card, f"host0/target0:0:{number}") for number in range(DISK_LIMIT + 2))
    assert len(disks_of(disks)) == DISK_LIMIT
    assert kinds(find_hidden(storage(card, disks=disks))) == ["unknown"]
    assert find_hidden(storage(card, disks=disks[:DISK_LIMIT])) == ()
