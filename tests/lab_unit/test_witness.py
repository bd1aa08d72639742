"""Which entry the firmware started the PC by, read from what the witness wrote to the console."""

import pytest

from netboot.lab.witness import boot_entry_label


def told(number: str, label: bytes) -> str:
    return f"[    9.1] sh[412]: lab: boot entry [{number}] [{label.hex()}]\n"


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def test_the_label_ends_at_its_zero_and_the_device_path_after_it_is_no_part_of_it() -> None:
    assert boot_entry_label(told("0007", utf16("debian\0") + bytes.fromhex("04012a000100"))) == "debian"


def test_a_pc_that_was_not_started_by_uefi_has_no_entry() -> None:
    assert boot_entry_label(told("", b"")) is None
    assert boot_entry_label("debian login: ") is None


@pytest.mark.parametrize("label", [utf16("debian"), utf16("debian\0")[:-1], b""])
def test_a_label_without_its_end_is_not_taken_for_one(label: bytes) -> None:
    assert boot_entry_label(told("0007", label)) == ""


def test_a_line_that_is_cut_off_says_nothing() -> None:
    assert boot_entry_label(told("0007", utf16("debian\0"))[:-3]) is None
