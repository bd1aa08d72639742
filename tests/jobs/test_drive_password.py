"""The password that netboot gives a disk while it erases itself: of the disk's serial number, and found again by it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.agent.disks.block_devices import BlockDevice
from netboot.agent.disks.listing import disk_of
from netboot.jobs.drive_password import password_of
from netboot.shared.disk_abilities import Abilities, AtaSecurity
from netboot.shared.inventory import Disk, DiskId
from netboot.webui.ability_texts import ability_lines

DISK = Disk(name="sda", id=DiskId(serial="S4EVNX0R", wwn="0x5002538e", size=256 * 10**9), transport="sata", ata=True)
KNOWN = "netboot-1a0a47fa660a790c"


def test_it_never_changes() -> None:
    """A drive that an earlier netboot has left locked is opened by a later one: this text is for ever."""
    assert password_of(DISK) == KNOWN


@pytest.mark.parametrize(("by_udev", "by_kernel"), [("WD-WMAYUP_1234", "WD-WMAYUP&1234"), ("OCZ_A7_X", "OCZ/A7 X")])
def test_it_is_the_same_whoever_told_the_serial_number(by_udev: str, by_kernel: str) -> None:
    """udev writes signs that it does not like as "_" (udev_replace_chars); where it did not answer in time, the number
    is the kernel's, as the disk says it."""
    words = {"ID_BUS": "ata", "ID_ATA_SATA": "1", "ID_SERIAL_SHORT": by_udev}
    path = "/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"
    told = disk_of(BlockDevice(name="sda", path=path, size=10**9, known=words))
    untold = disk_of(BlockDevice(name="sda", path=path, size=10**9, serial=by_kernel))
    assert told.transport == untold.transport == "sata"
    assert told.id.serial != untold.id.serial
    assert password_of(told) == password_of(untold) != ""


def test_only_the_serial_number_counts() -> None:
    for other in (
        replace(DISK, name="sdq", firmware="2", transport="ata"),
        replace(DISK, id=replace(DISK.id, wwn="", size=1, path="pci-1")),
        replace(DISK, id=replace(DISK.id, serial=" S4EVNX0R  ")),
    ):
        assert password_of(other) == KNOWN
    assert password_of(replace(DISK, id=replace(DISK.id, serial="S4EVNX0Q"))) != KNOWN


@given(st.text(max_size=64), st.sampled_from(["sata", "ata", "usb", "sas", "nvme", "virtio", ""]))
def test_it_can_be_typed_and_no_disk_behind_a_bridge_has_one(serial: str, transport: str) -> None:
    password = password_of(replace(DISK, id=replace(DISK.id, serial=serial), transport=transport))
    if transport not in ("sata", "ata") or not re.search("[0-9A-Za-z]", serial):
        assert password == ""
    else:
        assert re.fullmatch(r"netboot-[0-9a-f]{16}", password)


def test_the_page_shows_it_to_an_operator_for_a_disk_on_which_a_password_is_set() -> None:
    def lines(enabled: bool = False, locked: bool = False, may_act: bool = True) -> str:
        can = Abilities(ata_security=AtaSecurity(supported=True, enabled=enabled, locked=locked))
        disk = replace(DISK, can=can)
        return "\n".join(ability_lines(disk, "en", lambda seconds, _: f"{seconds} s", may_act=may_act))

    assert KNOWN in lines(enabled=True)
    assert KNOWN in lines(enabled=True, locked=True)
    assert KNOWN not in lines()
    untold = lines(enabled=True, locked=True, may_act=False)
    assert KNOWN not in untold
    assert "netboot set this password" in untold
    assert "sign in" in untold
