"""What a Revert by the PSID comes to: by marks where the disk was open, by all that it reads as where it was shut."""

from typing import Any

import pytest
from msgspec.structs import replace

from netboot.shared.erase_methods.nvme_format import NvmeFormatted
from netboot.shared.erase_methods.opal_revert import OpalReverted
from netboot.shared.firmware_verdict import Proof, Shows, fault_in
from netboot.shared.read_back import BLOCK

REVERT, FORMAT = Proof(goes_on=False, even=False, opens=True), Proof(goes_on=False)
OPEN = OpalReverted(accepted="yes", state_after="done", marked=40, compared=3, to_read=BLOCK, read=BLOCK)
SHUT = OpalReverted(accepted="yes", state_after="done", shut=True, to_read=BLOCK, read=BLOCK, value=0)


def test_an_open_disk_is_told_by_its_marks() -> None:
    assert fault_in(OPEN, REVERT) is None
    assert fault_in(replace(OPEN, marks_left=1), REVERT) == Shows("not-erased", "erase-marks-left")
    assert fault_in(replace(OPEN, marked=0), REVERT) == Shows("undetermined", "erase-unmarked")


def test_a_disk_that_was_shut_is_erased_only_if_it_reads_as_one_value() -> None:
    assert fault_in(SHUT, REVERT) is None
    assert fault_in(replace(SHUT, value=None), REVERT) == Shows("undetermined", "erase-shut-before")


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("erase-not-read-back", {"read": BLOCK - 512, "unread": 512}),
        ("erase-not-read-back", {"read": 0, "to_read": 0}),
        ("erase-not-told", {"accepted": "not-told"}),
        ("erase-not-told", {"state_after": "not-told"}),
        ("erase-unmarked", {"shut": False}),
    ],
)
def test_whatever_else_is_missing_keeps_it_from_being_called_erased(code: str, changes: dict[str, Any]) -> None:
    assert fault_in(replace(SHUT, **changes), REVERT) == Shows("undetermined", code)  # type: ignore[arg-type]


def test_no_other_method_is_told_without_marks() -> None:
    said = NvmeFormatted(accepted="yes", state_after="done", shut=True, to_read=BLOCK, read=BLOCK, value=0)
    assert fault_in(said, FORMAT) == Shows("undetermined", "erase-unmarked")
