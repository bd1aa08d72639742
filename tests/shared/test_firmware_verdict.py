"""What the evidence of an erase by the drive itself comes to: erased only when nothing of it is missing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.shared.erase_methods.firmware import FirmwareErased, SeenState
from netboot.shared.erase_methods.nvme_format import NvmeFormatted
from netboot.shared.erase_methods.nvme_sanitize_block import NvmeSanitizedByBlocks
from netboot.shared.firmware_verdict import Proof, Shows, fault_in, values_of
from netboot.shared.read_back import BLOCK, numbers, to_read

SANITIZE, FORMAT = Proof(goes_on=True, action=2), Proof(goes_on=False)
ATA = Proof(goes_on=True)
"""Its disks keep no log that names an order."""
RAN = (SeenState(at=0.1, state="running", permille=10), SeenState(at=2.0, state="done"))
GOOD = NvmeSanitizedByBlocks(
    tool="nvme version 2.13", command="nvme sanitize /dev/nvme0n1 --sanact=start-block-erase", accepted="yes",
    states=RAN, state_before="done", state_after="done", ordered=2, logged_before=2, logged=2,
    to_mark=40, marked=40, compared=30, to_read=BLOCK, read=BLOCK, value=0, even=BLOCK,
)  # fmt: skip
FORMATTED = NvmeFormatted(accepted="yes", state_after="done", marked=40, to_read=BLOCK, read=BLOCK)
WRONG: dict[str, tuple[str, str, dict[str, Any]]] = {
    "refused": ("not-erased", "erase-refused-by-drive", {"accepted": "no"}),
    "nobody knows whether it was accepted": ("undetermined", "erase-not-told", {"accepted": "not-told"}),
    "failed": ("not-erased", "erase-failed-in-drive", {"state_after": "failed"}),
    "still at work": ("undetermined", "erase-stands-still", {"state_after": "running"}),
    "never sanitised is no success": ("undetermined", "erase-not-told", {"state_after": "never"}),
    "at rest is no success": ("undetermined", "erase-not-told", {"state_after": "idle"}),
    "silent": ("undetermined", "erase-not-told", {"state_after": "not-told"}),
    "a success of before": ("undetermined", "erase-unseen", {"states": RAN[1:]}),
    "the log of another order": ("undetermined", "erase-unseen", {"logged": 4}),
    "another order": ("undetermined", "erase-unseen", {"ordered": 4, "logged": 4}),
    "no log": ("undetermined", "erase-unseen", {"logged": None}),
    "nothing ordered": ("undetermined", "erase-unseen", {"ordered": None, "logged": None}),
    "no marks": ("undetermined", "erase-unmarked", {"to_mark": 1, "marked": 1}),
    "marks on a part of it": ("undetermined", "erase-unmarked", {"marked": 35}),
    "a part that is not like the rest": ("undetermined", "erase-uneven", {"even": BLOCK - 512}),
    "no part of it twice the same but one": ("undetermined", "erase-uneven", {"even": 1}),
    "something of before is found elsewhere": ("not-erased", "erase-marks-left", {"elsewhere": 1}),
    "a mark is left": ("not-erased", "erase-marks-left", {"marks_left": 1}),
    "something of before is left": ("not-erased", "erase-marks-left", {"unchanged": 1}),
    "a mark that cannot be read": ("undetermined", "erase-not-read-back", {"marks_unread": 1}),
    "a part that cannot be read": ("undetermined", "erase-not-read-back", {"read": BLOCK - 512, "unread": 512}),
    "a part that is said to be unread": ("undetermined", "erase-not-read-back", {"unread": 512}),
    "not read": ("undetermined", "erase-not-read-back", {"read": 0}),
    "nothing to read": ("undetermined", "erase-not-read-back", {"to_read": 0, "read": 0}),
}  # fmt: skip


def test_an_erase_of_which_all_was_seen_and_read_is_one() -> None:
    assert fault_in(GOOD, SANITIZE) is None
    assert fault_in(replace(GOOD, marked=36), SANITIZE) is None, "a few places may be bad"
    assert fault_in(replace(GOOD, value=None, even=0), SANITIZE) is None, "a change of key leaves all sorts of bytes"
    by_key = Proof(goes_on=True, action=2, even=False)
    assert fault_in(replace(GOOD, value=None, even=512), by_key) is None, "and zeros where nothing was written"
    assert fault_in(FORMATTED, FORMAT) is None
    assert fault_in(replace(GOOD, to_mark=2, marked=2), SANITIZE) is None, "a disk of two pages has no more"


AT_REST = Proof(goes_on=True, action=2, rests=True)
FILLED = Proof(goes_on=True, action=2, filled=True)


def test_a_drive_without_a_word_for_success_is_at_rest_after_it_was_seen_at_work() -> None:
    rested = replace(GOOD, states=(RAN[0], SeenState(at=2.0, state="idle")), state_before="idle", state_after="idle")
    assert fault_in(rested, AT_REST) is None
    assert fault_in(replace(rested, states=()), AT_REST) == Shows("undetermined", "erase-unseen")
    assert fault_in(replace(rested, state_after="never"), AT_REST) == Shows("undetermined", "erase-not-told")
    assert fault_in(replace(rested, state_after="failed"), AT_REST) == Shows("not-erased", "erase-failed-in-drive")
    assert fault_in(replace(rested, accepted="not-told"), AT_REST) == Shows("undetermined", "erase-not-told")
    assert fault_in(rested, Proof(goes_on=True)) == Shows("undetermined", "erase-not-told")


def test_a_drive_that_was_told_what_to_write_holds_just_that() -> None:
    other = Shows("undetermined", "erase-other-pattern")
    assert fault_in(replace(GOOD, pattern=0xB5, value=0xB5), FILLED) is None
    for value in (0, 0xB4, None):
        assert fault_in(replace(GOOD, pattern=0xB5, value=value), FILLED) == other
        assert fault_in(replace(GOOD, pattern=0xB5, value=value), SANITIZE) == other, "also where it need not be told"
    assert fault_in(replace(GOOD, value=0xB5), FILLED) == other, "and where it must be told"
    assert fault_in(replace(GOOD, value=None), FILLED) == other


@pytest.mark.parametrize("what", WRONG)
def test_whatever_is_missing_keeps_a_disk_from_being_called_erased(what: str) -> None:
    verdict, code, changes = WRONG[what]
    assert fault_in(replace(GOOD, **changes), SANITIZE) == Shows(verdict, code)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"state_before": "never", "logged_before": 0},
        {"state_before": "failed"},
        {"state_before": "idle"},
        {"logged_before": 4},
        {"untouched_before": False, "untouched": True},
    ],
)
def test_one_too_quick_to_be_seen_at_work_is_known_by_what_it_changed(changes: dict[str, Any]) -> None:
    """The drive's log before and after: its state, the order that it names, or that nothing was written since."""
    assert fault_in(replace(GOOD, states=RAN[1:], **changes), SANITIZE) is None
    for part in ({"untouched_before": True}, {"untouched": False}, {"untouched_before": None}, {"untouched": None}):
        alone = {"untouched_before": False, "untouched": True} | part
        assert fault_in(replace(GOOD, states=RAN[1:], **alone), SANITIZE) is not None


def test_a_disk_without_a_log_of_orders_is_believed_when_it_was_seen_at_work_or_at_rest_before() -> None:
    """ATA: SANITIZE STATUS EXT says how the last one ended, and of which order it does not."""
    silent = replace(GOOD, ordered=None, logged_before=None, logged=None)
    assert fault_in(silent, ATA) is None
    assert fault_in(replace(silent, states=RAN[1:], state_before="idle"), ATA) is None
    assert fault_in(replace(silent, states=RAN[1:]), ATA) == Shows("undetermined", "erase-unseen")
    assert fault_in(silent, SANITIZE) == Shows("undetermined", "erase-unseen")


@pytest.mark.parametrize(
    ("changes", "is_seen"),
    [
        ({"resumed": "running"}, True),
        ({"resumed": "done"}, False),
        ({"resumed": "done", "untouched": False}, False),
        ({"resumed": "done", "untouched": True}, True),
        ({"resumed": "done", "even": BLOCK}, True),
    ],
)
def test_one_that_was_found_done_is_believed_if_nothing_can_have_been_written_since(
    changes: dict[str, Any], is_seen: bool
) -> None:
    """The drive says that nothing was, or there is one sector throughout."""
    found = fault_in(replace(GOOD, **({"value": None, "even": 0} | changes)), SANITIZE)
    assert found == (None if is_seen else Shows("undetermined", "erase-unseen"))


def test_the_sentences_are_told_how_much_is_left_and_how_much_was_not_read() -> None:
    said = replace(
        GOOD, seconds=61.4, marks_left=3, unchanged=2, elsewhere=4, marked=40, compared=30, to_read=BLOCK,
        read=BLOCK - 4096, even=BLOCK - 8192, said="no word",
    )  # fmt: skip
    assert values_of(said, "SSD S1") == {
        "disk": "SSD S1", "seconds": "61", "left": "9", "marked": "70", "other": "4.1 kB", "unread": "4.1 kB",
        "error": "no word",
    }  # fmt: skip
    assert values_of(replace(said, read=BLOCK), "")["unread"] == "0.0 kB"
    assert values_of(replace(said, read=2 * BLOCK), "")["unread"] == "0.0 kB"
    assert values_of(replace(said, even=2 * BLOCK), "")["other"] == "0.0 kB"


def test_what_is_left_comes_before_whatever_the_drive_says_of_itself() -> None:
    for said in ("refused", "failed", "still at work", "silent"):
        changes = WRONG[said][2] | {"marks_left": 3}
        assert fault_in(replace(GOOD, **changes), SANITIZE) == Shows("not-erased", "erase-marks-left")


WORDS = st.sampled_from(["never", "idle", "running", "done", "failed", "not-told"])
DWORDS = st.sampled_from([None, 0, 2, 3, 4, 2**32 - 2])
TOLD = st.sampled_from([None, True, False])
FEW = st.integers(0, 3)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "accepted": st.sampled_from(["yes", "no", "not-told"]),
    "states": st.lists(st.builds(SeenState, at=st.just(0.0), state=WORDS), max_size=3).map(tuple),
    "state_before": WORDS, "state_after": WORDS, "ordered": DWORDS, "logged_before": DWORDS, "logged": DWORDS,
    "untouched_before": TOLD, "untouched": TOLD, "to_mark": FEW, "marked": FEW, "even": FEW, "elsewhere": FEW,
    "marks_left": FEW, "marks_unread": FEW,
    "compared": FEW, "unchanged": FEW, "to_read": FEW, "read": FEW, "unread": FEW,
    "value": st.sampled_from([None, 0, 0xB5]), "pattern": st.sampled_from([None, 0xB5]),
}  # fmt: skip
ANY = st.fixed_dictionaries({}, optional=FIELDS).map(lambda changes: replace(GOOD, **changes))
"""A good one, of which some figures are others."""


@given(ANY, st.sampled_from([SANITIZE, FORMAT, ATA, AT_REST, FILLED]))
def test_nothing_else_is_ever_called_erased(said: FirmwareErased, proof: Proof) -> None:
    if fault_in(said, proof) is not None:
        return
    assert said.accepted == "yes"
    seen = any(one.state == "running" for one in said.states)
    assert said.state_after == "done" or (proof.rests and seen and said.state_after == "idle")
    assert said.pattern is None or said.value == said.pattern
    assert said.pattern is not None or not proof.filled
    assert not said.marks_left + said.marks_unread + said.unchanged + said.unread + said.elsewhere
    assert said.marked >= max(2, said.to_mark * 0.9)
    assert said.even in (0, said.read) or said.even > said.read
    assert said.read == said.to_read > 0
    if proof.goes_on:
        if proof.action is not None:
            assert said.ordered == said.logged == 2
        assert seen or not proof.rests
        emptied = (said.untouched_before, said.untouched) == (False, True)
        other = said.logged_before is not None and said.logged_before != said.logged
        assert seen or emptied or other or said.state_before in ("never", "idle", "failed")


@given(st.integers(1, 3000 * BLOCK), st.integers(1, 100))
def test_a_sample_is_spread_over_the_disk_and_its_size_is_told(size: int, percent: int) -> None:
    steps, last = numbers(size, percent)
    blocks = [*steps, *([] if last is None else [last])]
    count = -(-size // BLOCK)
    assert blocks[0] == 0
    assert blocks[-1] == count - 1
    assert blocks == sorted(set(blocks))
    assert len(blocks) * 100 >= count * percent
    assert to_read(size, percent) == sum(min(BLOCK, size - block * BLOCK) for block in blocks)
    assert to_read(size, 100) == size


@pytest.mark.parametrize(
    ("size", "percent", "steps", "last"),
    [
        (0, 100, range(0), None),
        (1, 1, range(0, 1, 100), None),
        (2 * BLOCK, 50, range(0, 2, 2), 1),
        (250 * BLOCK, 1, range(0, 250, 100), 249),
        (250 * BLOCK, 10, range(0, 250, 10), 249),
        (251 * BLOCK - 1, 10, range(0, 251, 10), None),
        (30 * BLOCK, 34, range(0, 30, 2), 29),
        (3 * BLOCK, 100, range(3), None),
    ],
)
def test_a_sample_is_every_so_manieth_block(size: int, percent: int, steps: range, last: int | None) -> None:
    assert numbers(size, percent) == (steps, last)
    count = len(steps) + (last is not None)
    assert to_read(size, percent) == count * BLOCK - (-size % BLOCK)


def test_of_many_states_the_first_and_the_last_are_kept() -> None:
    states = tuple(SeenState(at=float(at), state="running", permille=at) for at in range(60))
    said = replace(GOOD, states=states)
    assert said.listed == 60
    assert said.shortened(100) == said
    assert said.shortened(3).states == (*states[:2], states[-1])
    assert said.shortened(0).states == states[-1:]
