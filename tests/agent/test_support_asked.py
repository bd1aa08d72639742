"""Of which disks openSeaChest is asked how they can be erased: of those that nothing stands in front of."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.erase.counted import read_support
from netboot.shared.inventory import Disk, DiskId

SAS = Disk(name="sdz", id=DiskId(serial="SAS1", size=1 << 30), transport="sas")


@pytest.mark.parametrize(
    ("disk", "asked"),
    [
        (SAS, True),
        (replace(SAS, transport="virtio"), True),  # a SCSI disk of a virtual PC
        (replace(SAS, transport="sata", ata=True), True),
        (replace(SAS, name="nvme0n1", transport="nvme"), True),
        (replace(SAS, transport="virtio", ata=True), False),
        (replace(SAS, name="vdz", transport="virtio"), False),
        (replace(SAS, transport="usb"), False),
        (replace(SAS, name="mmcblk0", transport="mmc"), False),
    ],
)
def test_only_disks_on_ports_of_their_own_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: Disk, asked: bool
) -> None:
    words = tmp_path / "words"
    program = tmp_path / "openSeaChest_Erase"
    program.write_text(f'#!/bin/sh\necho "$@" >{words}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert read_support(disk) is None, "no list came"
    said = words.read_text().split() if words.exists() else []
    assert said == (["--device", f"/dev/{disk.name}", "--showEraseSupport"] if asked else [])
