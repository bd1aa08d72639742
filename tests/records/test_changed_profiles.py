"""A choice or a batch whose profile was edited meanwhile is withdrawn, so that only what people agreed to begins."""

import pytest
from msgspec.structs import replace

from netboot.jobs.profile import Profile
from netboot.records.record import Record
from netboot.records.values import Visit
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, follow, hello, pc

LOOK = replace(ERASE_AND_DEPLOY, id="look", stages=("check", "finish"), master="")
NOW_ERASES = replace(LOOK, stages=("check", "erase", "finish"))


def chosen(record: Record, profile: Profile, number: int = 1) -> Visit:
    """This PC was here, and somebody chose for its next visit."""
    visit = record.visits.greet(hello(pc(number), f"boot-{number}"), MAC)
    record.visits.end(visit.id)
    record.choices.choose(visit.machine_id, profile.id, "Anne")
    return visit


def waiting(record: Record) -> list[str]:
    return [pending.choice.profile for pending in record.choices.pending()]


def test_what_waits_for_a_profile_that_was_edited_is_withdrawn_and_said_so(record: Record) -> None:
    record.choices.withdraw_changed([LOOK, ERASE_AND_DEPLOY])
    chosen(record, LOOK)
    chosen(record, ERASE_AND_DEPLOY, 2)
    assert record.choices.withdraw_changed([NOW_ERASES, ERASE_AND_DEPLOY]) == ("look",)
    assert waiting(record) == ["debian"]
    event = record.journal.read(limit=1000)[-1]
    assert (event.kind, '"why":"profile-changed"' in event.body) == ("choice-withdrawn", True)
    again = record.visits.greet(hello(pc(), "boot-again"), MAC)
    assert follow(record, again.id) is None
    assert record.journal.verify().broken is None


def test_what_waits_for_a_profile_as_it_was_waits_on(record: Record) -> None:
    record.choices.withdraw_changed([LOOK])
    chosen(record, LOOK)
    batch = record.batches.arm("look", 2, "Anne")
    assert record.choices.withdraw_changed([LOOK, ERASE_AND_DEPLOY]) == ()
    assert (waiting(record), record.batches.newest()) == (["look"], batch)


def test_a_batch_whose_profile_was_edited_is_over(record: Record) -> None:
    record.choices.withdraw_changed([LOOK])
    record.batches.arm("look", 2, "Anne")
    assert record.choices.withdraw_changed([NOW_ERASES]) == ("look",)
    newest = record.batches.newest()
    assert newest is not None
    assert (newest.ending, newest.left) == ("changed", 0)
    assert record.batches.offered(mac=MAC, uuid="") is None


def test_a_file_that_was_away_for_a_start_comes_back_as_what_it_was_or_as_another(record: Record) -> None:
    record.choices.withdraw_changed([LOOK])
    chosen(record, LOOK)
    assert record.choices.withdraw_changed([]) == ()
    assert record.choices.withdraw_changed([LOOK]) == ()
    assert waiting(record) == ["look"]
    record.choices.withdraw_changed([])
    assert record.choices.withdraw_changed([NOW_ERASES]) == ("look",)


@pytest.mark.parametrize(("profile", "left"), [(LOOK, ["look"]), (ERASE_AND_DEPLOY, [])])
def test_a_choice_of_before_digests_were_kept_ends_if_its_profile_writes(
    record: Record, profile: Profile, left: list[str]
) -> None:
    chosen(record, profile)
    record.choices.withdraw_changed([LOOK, ERASE_AND_DEPLOY])
    assert waiting(record) == left
