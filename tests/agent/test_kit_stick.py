"""The stick that a PC was started from is in use, wherever it is plugged in: a recorded PC whose own disk is it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from netboot.agent.disks.block_devices import parse_kit
from netboot.agent.disks.claim import RefusedError, claim
from netboot.agent.disks.listing import read_disks
from netboot.agent.host import Host
from netboot.jobs.disk_rules import forbids_writing
from netboot.shared.inventory import Board, Firmware, Inventory, System

Recorded = Callable[[str], Host]
KIT = "5f3a9c01"
TABLE = "3f206ee6-cd45-4a2e-953c-00aec408120e"
"""The partition table of the recorded PC's SATA disk; here the kit's signature stands in its place."""


@pytest.fixture
def started(recorded: Recorded, tmp_path: Path) -> Callable[[str], Host]:
    """The recorded PC, with this signature on its SATA disk, started by a kit's command line."""

    def start(signature: str) -> Host:
        host = recorded("bios-desktop")
        database = host.output(("udevadm", "info", "--export-db"))
        assert TABLE in database
        root = tmp_path / "bios-desktop"
        (root / "proc").mkdir(exist_ok=True)
        (root / "proc/cmdline").write_text(f"BOOT_IMAGE=/netboot/vmlinuz netboot.kit={KIT} netboot.lang=fr quiet\n")
        return Host(root, lambda _: database.replace(TABLE, signature))

    return start


def test_the_disk_with_the_kit_s_signature_is_in_use_and_no_other(started: Callable[[str], Host]) -> None:
    for written in (KIT, KIT.upper()):
        disks = read_disks(started(written))
        assert [disk.name for disk in disks if disk.in_use] == ["sda"]
        assert [disk.name for disk in disks if disk.internal] == ["nvme0n1", "sda"]


def test_it_is_never_written_though_it_seems_part_of_the_pc(started: Callable[[str], Host]) -> None:
    disks = read_disks(started(KIT))
    pc = Inventory(system=System(), board=Board(), firmware=Firmware(mode="bios"), disks=disks)
    problem = forbids_writing(pc)
    assert problem is not None
    assert problem.code == "disk-in-use"
    sda = next(disk for disk in disks if disk.name == "sda")
    with pytest.raises(RefusedError) as refused:
        claim(sda.id, lambda: read_disks(started(KIT)))
    assert refused.value.problem.code == "disk-in-use"


def test_while_udev_says_nothing_any_disk_may_be_the_stick(started: Callable[[str], Host], tmp_path: Path) -> None:
    started("5f3a9c02")
    silent = Host(tmp_path / "bios-desktop", lambda _: "")
    disks = read_disks(silent)
    assert disks
    assert all(disk.in_use for disk in disks)


def test_another_table_s_number_is_no_kit(started: Callable[[str], Host]) -> None:
    assert not any(disk.in_use for disk in read_disks(started("5f3a9c02")))


@pytest.mark.parametrize(
    ("words", "kit"),
    [
        (f"a netboot.kit={KIT} b", KIT),
        (f"netboot.kit={KIT}", KIT),
        (f"netboot.kit={KIT}\n", KIT),
        ("netboot.kit=", ""),
        ("netboot.kit=5f3a9c0", ""),
        ("netboot.kit=5f3a9c011", ""),
        (f"xnetboot.kit={KIT}", ""),
        ("quiet", ""),
    ],
)
def test_the_command_line_names_it_by_eight_digits_or_not_at_all(words: str, kit: str) -> None:
    assert parse_kit(words) == kit
