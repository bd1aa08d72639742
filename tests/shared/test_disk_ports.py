"""Whose commands a disk may be given, by what it hangs on."""

import pytest

from netboot.shared.disk_ports import on_own_port, speaks_ata, speaks_scsi
from netboot.shared.inventory import Disk, DiskId


def a_disk(transport: str, *, ata: bool, serial: str = "S1") -> Disk:
    return Disk(name="sda", id=DiskId(serial=serial, size=1 << 30), transport=transport, ata=ata)


@pytest.mark.parametrize(
    ("transport", "ata", "speaks"),
    [
        ("sata", True, "own ata"),
        ("ata", True, "own ata"),
        ("sata", False, "own ata"),  # an agent that could not look closer than at the port
        ("sas", True, "ata"),
        ("sas", False, "scsi"),
        ("scsi", False, "scsi"),
        ("virtio", False, "scsi"),
        ("scsi", True, "ata"),
        ("usb", True, "ata"),
        ("usb", False, ""),
        ("nvme", False, ""),
        ("", False, ""),
    ],
)
def test_what_a_disk_hangs_on_says_whose_commands_it_may_be_given(transport: str, ata: bool, speaks: str) -> None:
    disk = a_disk(transport, ata=ata)
    assert speaks_ata(disk) == ("ata" in speaks.split())
    assert on_own_port(disk) == ("own" in speaks.split())
    assert speaks_scsi(disk) == (speaks == "scsi")


def test_a_disk_that_does_not_say_who_it_is_is_not_ordered() -> None:
    assert not on_own_port(a_disk("sata", ata=True, serial=""))
