"""Sense data, as real disks and bridges sent it and as it may come broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.answers.hex_dump import dumped_bytes
from netboot.agent.answers.sense import AtaRegisters, Sense, ata_registers, parse_sense
from tests.agent.recorded_answers import answer

# A Micron M600, frozen (superuser.com, question 1213715).
FROZEN = "70 00 05 00 00 00 00 0a 04 51 60 00 21 04 00 00"
# A Seagate SAS disk asked for what only ATA disks know (louwrentius/showtools #7): its descriptor tells which field of
# the command is wrong, which is no progress.
FIELD = "72 05 20 00 00 00 00 1c 02 06 00 00 cf 00 00 00 03 02 00 01 80 0e 00 00 00 00 00 00 00 00 00 00"
# A Crucial MX500 that refused SANITIZE STATUS (a public note, 2026-05).
ABORTED = "f0 00 0b 04 51 40 00 0a 80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
# A USB stick that took SECURITY ERASE PREPARE (sourceforge.net/p/hdparm/bugs/64).
TAKEN = "f0 00 01 00 50 40 00 0a 00 00 00 00 00 1d 00 00 00 00"
# Disks that answered CHECK POWER MODE, and an adapter's empty answer beside it (ubuntuforums.org, Hardware,
# AaronBuntu, 2009-11-17, from the kernel's log); a USB disk that answered SMART (the same forum, mal's PC).
AWAKE = "72 01 00 1d 00 00 00 0e 09 0c 00 00 00 ff 00 00 00 00 00 00 40 50"
EMPTY = "72 01 00 1d 00 00 00 0e 09 0c 00 00 00 00 00 00 00 00 00 00 00 00"
SMART = "72 01 00 1d 00 00 00 0e 09 0c 00 00 00 00 00 00 00 4f 00 c2 e0 50"


@pytest.mark.parametrize(
    ("data", "sense", "registers"),
    [
        (FROZEN, Sense(5, 0x21, 4), None),
        (FIELD, Sense(5, 0x20, 0), None),
        (FIELD[:23], Sense(5, 0x20, 0), None),
        (f"{FROZEN[:21]}06 00 00 00 00 21 04", Sense(5, 0x21, 4), None),
        (ABORTED, Sense(0xB, 0, 0), AtaRegisters(0x51, 4, 0x40, 0, 0, whole=False)),
        (TAKEN, Sense(1, 0, 0x1D), AtaRegisters(0x50, 0, 0x40, 0, 0, whole=False)),
        (AWAKE, Sense(1, 0, 0x1D), AtaRegisters(0x50, 0, 0x40, 0xFF, 0, whole=False)),
        (EMPTY, Sense(1, 0, 0x1D), None),
        (SMART, Sense(1, 0, 0x1D), AtaRegisters(0x50, 0, 0xE0, 0, 0xC24F00, whole=False)),
    ],
)
def test_the_sense_data_of_real_disks_is_read(data: str, sense: Sense, registers: AtaRegisters | None) -> None:
    assert parse_sense(bytes.fromhex(data)) == sense
    assert ata_registers(bytes.fromhex(data)) == registers


def test_each_byte_of_a_whole_answer_has_its_place() -> None:
    """SAT-4, ATA Status Return: with EXTEND the upper bytes come before the lower ones."""
    data = bytes.fromhex("72 01 00 1d 00 00 00 0e 09 0c 01 11 22 33 44 55 66 77 88 99 aa 51")
    assert ata_registers(data) == AtaRegisters(0x51, 0x11, 0xAA, 0x2233, 0x886644_997755, whole=True)
    assert AtaRegisters(0x51, 0, 0, 0, 0, whole=True).failed
    assert AtaRegisters(0x70, 0, 0, 0, 0, whole=True).failed
    assert not AtaRegisters(0x50, 4, 0, 0, 0, whole=True).failed


def test_without_extend_the_upper_bytes_are_no_registers() -> None:
    data = bytes.fromhex("72 01 00 1d 00 00 00 0e 09 0c 00 11 22 33 44 55 66 77 88 99 aa 51")
    assert ata_registers(data) == AtaRegisters(0x51, 0x11, 0xAA, 0x33, 0x997755, whole=False)


def test_registers_in_fixed_format_have_their_lower_halves_only() -> None:
    data = bytes.fromhex("f0 00 01 11 51 aa 33 0a e0 55 77 99 00 1d 00 00 00 00")
    assert ata_registers(data) == AtaRegisters(0x51, 0x11, 0xAA, 0x33, 0x997755, whole=False)


@pytest.mark.parametrize(
    "data",
    [
        "70 00 01 00 50 40 00 0a 00 00 00 00 00 1d 00 00 00 00",  # INFORMATION is not valid
        "f0 00 03 00 50 40 00 0a 00 00 00 00 11 00 00 00 00 00",  # a medium error: it holds a block's number
        "f0 00 01 00 00 40 00 0a 00 00 00 00 00 1d 00 00 00 00",  # no STATUS
        "f1 00 01 00 50 40 00 0a 00 00 00 00 00 1d 00 00 00 00",  # about a command of before
        "73 01 00 1d 00 00 00 0e 09 0c 01 00 40 00 00 c2 00 41 00 00 40 50",
        "72 01 00 1d 00 00 00 0d 09 0c 01 00 40 00 00 c2 00 41 00 00 40 50",  # a descriptor beyond its end
        "72 01 00 1d 00 00 00 0e 09 0b 01 00 40 00 00 c2 00 41 00 00 40 50",
        "72 01 00 1d 00 00 00 0e 0a 0c 01 00 40 00 00 c2 00 41 00 00 40 50",
    ],
)
def test_what_is_no_answer_to_this_ata_command_tells_no_registers(data: str) -> None:
    assert parse_sense(bytes.fromhex(data)) is not None
    assert ata_registers(bytes.fromhex(data)) is None


@pytest.mark.parametrize(
    ("data", "progress"),
    [
        ("70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 41 c2", 0x41C2),
        ("70 00 00 00 00 00 00 0a 00 00 00 00 04 1b 00 80 00 00", 0),
        ("70 00 02 00 00 00 00 0b 00 00 00 00 04 1b 00 80 41 c2 ff", 0x41C2),
        ("70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 00 41 c2", None),  # SKSV is 0
        ("70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 00 02", None),  # a pointer to a field
        ("70 00 02 00 00 00 00 09 00 00 00 00 04 1b 00 80 41 c2", None),  # it ends before
        ("72 02 04 1b 00 00 00 08 02 06 00 00 80 41 c2 00", 0x41C2),
        ("72 02 04 1b 00 00 00 08 02 06 00 00 00 41 c2 00", None),
        ("72 03 31 03 00 00 00 08 02 06 00 00 80 41 c2 00", None),
        ("72 00 04 1b 00 00 00 10 00 06 00 00 00 00 00 00 0a 06 00 04 1b 00 41 c2", 0x41C2),
        ("72 02 04 1b 00 00 00 08 0a 06 02 04 1b 00 41 c2", 0x41C2),
        ("72 00 00 00 00 00 00 08 0a 06 02 04 1b 00 41 c2", None),  # of something else
    ],
)
def test_progress_is_read_where_it_is_told(data: str, progress: int | None) -> None:
    sense = parse_sense(bytes.fromhex(data))
    assert sense is not None
    assert sense.progress == progress


@pytest.mark.parametrize("data", ["", "70", "70 00 05 00 00 00 00", "70 00 05 00 00 00 00 05" + " 00" * 12, "00" * 32])
def test_what_is_no_sense_data_is_none(data: str) -> None:
    assert parse_sense(bytes.fromhex(data)) is None
    assert ata_registers(bytes.fromhex(data)) is None


@given(st.builds(bytes.__add__, st.sampled_from([b"\x70", b"\xf0", b"\x72", b"\x73"]), st.binary(max_size=80)))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    sense = parse_sense(data)
    registers = ata_registers(data)
    if sense is not None:
        assert sense.progress is None or 0 <= sense.progress <= 0xFFFF
    if registers is not None:
        assert sense is not None
        assert registers.status
        assert registers.lba < 1 << (48 if registers.whole else 24)


def test_a_dump_is_read_to_its_last_byte_and_one_with_a_hole_is_not() -> None:
    nvme = answer("handed-nvme-dump-crypto-stuck")
    assert dumped_bytes(nvme) == bytes.fromhex("8f02 0200 04000000") + b"\xff" * 12 + bytes(512 - 20)
    assert dumped_bytes(answer("handed-sg-requests-running")).hex(" ") == (
        "70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 41 c2"
    )
    lines = nvme.splitlines(keepends=True)
    assert dumped_bytes("".join(lines[:5] + lines[6:])) == b""
    assert dumped_bytes("".join(lines + lines[2:3])) == b""
    assert dumped_bytes("no dump") == b""
    most = "".join(f"{at:04x}: {' 00' * 16}\n" for at in range(0, 4096, 16))
    assert dumped_bytes(most) == bytes(4096)
    assert dumped_bytes(f"{most}1000:  00\n") == b""
    assert dumped_bytes(" 00     70 00  zz") == b""


@given(st.binary(min_size=1, max_size=64))
def test_text_beside_the_bytes_of_a_dump_is_not_read_for_bytes(data: bytes) -> None:
    """As nvme-cli prints it: the bytes again as characters, those it cannot print as dots."""
    text = ""
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        shown = "".join(chr(byte) if 0x21 <= byte <= 0x7E else "." for byte in row)
        text += f'{at:04x}: {row.hex(" ")} "{shown}"\n'
    assert dumped_bytes(text) == data
