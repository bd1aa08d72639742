"""What a SCSI disk can do to erase itself, by its list of commands; `recorded/answers/` says where that comes from."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.agent.disks.abilities import Asked, is_scsi
from netboot.agent.disks.scsi_abilities import parse_commands
from netboot.agent.host import Host
from netboot.shared.disk_abilities import ScsiSanitize
from netboot.shared.inventory import Disk, DiskId
from tests.agent.recorded_answers import answer

LISTED = answer("handed-sg-opcodes")
ALL = ScsiSanitize(block=True, crypto=True, overwrite=True)
SAS = Disk(name="sda", id=DiskId(serial="S1", size=1 << 30), transport="sas")


def dump(data: bytes) -> str:
    """As sg_opcodes prints bytes."""
    return "\n".join(f" {at:02x}     {data[at : at + 16].hex(' ')}" for at in range(0, len(data), 16))


def listed(*entries: bytes) -> str:
    body = b"".join(entries)
    return dump(len(body).to_bytes(4) + body)


def entry(code: int, action: int = 0, flags: int = 0, more: bytes = b"") -> bytes:
    return bytes([code, 0, *action.to_bytes(2), 0, flags, 0, 10]) + more


def test_the_kinds_of_sanitize_are_those_that_the_disk_lists() -> None:
    assert parse_commands(LISTED) == ALL
    kinds = ((1, ScsiSanitize(overwrite=True)), (2, ScsiSanitize(block=True)), (3, ScsiSanitize(crypto=True)))
    for action, kind in kinds:
        only = parse_commands(listed(entry(0x28), entry(0x48, action, 1)))
        assert only == kind
        assert only is not None
        assert only.supported
    none = parse_commands(listed(entry(0x28), entry(0x48, 0x1F, 1)))
    assert none == ScsiSanitize()
    assert none is not None
    assert not none.supported


def test_entries_with_time_outs_are_longer() -> None:
    times = bytes([0, 10, *bytes(10)])
    assert parse_commands(listed(entry(0x28, flags=2, more=times), entry(0x48, 2, 3, times), entry(0x48, 3, 1))) == (
        ScsiSanitize(block=True, crypto=True)
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        LISTED[: LISTED.rindex(" c0")],  # broken off
        LISTED + LISTED,
        listed(),
        listed(entry(0x48, 2, 1)[:4]),
        listed(entry(0x28, flags=2), entry(0x48, 2, 1)),  # its time-outs are not there
        dump((9).to_bytes(4) + entry(0x48, 2, 1)),
    ],
)
def test_a_list_that_is_not_whole_tells_nothing(text: str) -> None:
    assert parse_commands(text) is None


def test_a_sanitize_without_its_service_action_is_none_of_the_three() -> None:
    assert parse_commands(listed(entry(0x48, 2))) == ScsiSanitize()
    assert parse_commands(listed(entry(0x48, 0x0102, 1))) == ScsiSanitize(), "nor is one of a greater number"


@given(st.text(max_size=300) | st.binary(max_size=200).map(dump))
def test_any_output_is_read_or_tells_nothing(text: str) -> None:
    told = parse_commands(text)
    assert told is None or told.state is None


@pytest.mark.parametrize(
    ("disk", "speaks"),
    [
        (SAS, True),
        (replace(SAS, transport="scsi"), True),
        (replace(SAS, transport="virtio"), True),
        (replace(SAS, ata=True), False),  # a SATA disk on a SAS adapter, or behind a bridge
        (replace(SAS, transport="usb"), False),
        (replace(SAS, transport="iscsi"), False),
        (replace(SAS, transport="fc"), False),
        (replace(SAS, transport="sata"), False),
        (replace(SAS, name="vda", transport="virtio"), False),
        (replace(SAS, name="nvme0n1", transport="nvme"), False),
    ],
)
def test_only_disks_that_speak_scsi_themselves_are_asked(tmp_path: Path, disk: Disk, speaks: bool) -> None:
    asked: list[Sequence[str]] = []

    def noted(command: Sequence[str]) -> str:
        asked.append(command)
        answers = {"sg_opcodes": LISTED, "sg_requests": answer("handed-sg-requests-running")}
        return answers.get(command[0], "")

    (told,) = Asked(Host(tmp_path, noted, noted), (disk,)).disks()
    assert is_scsi(disk) == speaks
    assert told.can.scsi_sanitize == (replace(ALL, state="running") if speaks else None)
    assert ("sg_opcodes" in {command[0] for command in asked}) == speaks


def test_a_disk_whose_state_is_not_told_has_its_kinds_all_the_same(tmp_path: Path) -> None:
    def silent(command: Sequence[str]) -> str:
        return LISTED if command[0] == "sg_opcodes" else ""

    (told,) = Asked(Host(tmp_path, silent, silent), (SAS,)).disks()
    assert told.can.scsi_sanitize == ALL


def test_a_disk_is_asked_by_its_generic_device_where_it_has_one(tmp_path: Path) -> None:
    """Its block device cannot be opened while the kernel looks for partitions on a disk that sanitizes itself."""
    asked: list[str] = []

    def noted(command: Sequence[str]) -> str:
        asked.append(command[-1])
        return LISTED if command[0] == "sg_opcodes" else ""

    unit = tmp_path / "sys/devices/pci0000:00/host2/target2:0:1/2:0:1:0"
    (unit / "block/sda").mkdir(parents=True)
    (unit / "block/sda/device").symlink_to(unit)
    (tmp_path / "sys/block").mkdir()
    (tmp_path / "sys/block/sda").symlink_to(unit / "block/sda")
    disk = replace(SAS, name="sda")
    Asked(Host(tmp_path, noted, noted), (disk,)).disks()
    assert asked == ["/dev/sda", "/dev/sda"], "there is none"
    (tmp_path / "dev/bsg").mkdir(parents=True)
    (tmp_path / "dev/bsg/2:0:1:0").touch()
    asked.clear()
    Asked(Host(tmp_path, noted, noted), (disk,)).disks()
    assert asked == ["/dev/bsg/2:0:1:0", "/dev/bsg/2:0:1:0"]
