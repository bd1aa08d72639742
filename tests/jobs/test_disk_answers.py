"""What a person is asked of a PC's disks, and that nothing is written or passed over until there is an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.imaging import Blocked, Ended, Run, next_stage
from netboot.jobs.disk_answers import (
    Answer,
    AnswerKind,
    answers_to,
    counts,
    questions,
    settled,
    told_apart,
)
from netboot.jobs.disk_rules import forbids_writing, internal_disks
from netboot.jobs.evidence import judge
from netboot.shared.inventory import Disk, DiskId, HiddenStorage
from netboot.shared.problems import Problem
from netboot.shared.stages.deploy import Deploy
from netboot.shared.stages.erase import Erase, EraseResult
from tests.jobs.conftest import GB, HDD, SSD, STICK, done, erasure, inventory, job
from tests.jobs.doubtful_disks import EMMC, READER, TWINS, VOUCHED, A, B, said
from tests.orders import overwriting


def test_a_pc_with_an_ssd_and_an_emmc_that_shows_no_boot_areas_is_not_erased_without_it() -> None:
    running = done(job(SSD, EMMC, stages=("check", "erase", "finish")), "check")
    following = next_stage(running)
    assert following == Blocked("erase", Problem("disk-in-doubt", {"disk": "DF4032 0x1a2b3c4d 32.0 GB"}))


def test_a_disk_that_a_person_calls_the_pcs_own_is_erased_with_it_and_told_to_the_agent() -> None:
    running = job(SSD, EMMC, stages=("check", "erase", "finish"))
    running = done(replace(running, answers=said("belongs", running.inventory)), "check")
    assert next_stage(running) == Run(overwriting(SSD, EMMC.id, answered=(EMMC.id,)))
    half = done(running, "erase", EraseResult(erasures=(erasure(SSD),)))
    assert judge(overwriting(SSD.id, EMMC.id), "done", None, half.stages[1].result).problem is not None


def test_a_disk_that_a_person_calls_foreign_is_left_alone() -> None:
    running = job(SSD, EMMC, stages=("check", "erase", "finish"))
    running = done(replace(running, answers=said("left", running.inventory)), "check")
    assert next_stage(running) == Run(overwriting(SSD))


def test_of_two_words_about_one_disk_the_last_counts() -> None:
    of = inventory(SSD, EMMC)
    given = said("left", of, *said("belongs", of))
    assert [disk.name for disk in internal_disks(of, given)] == ["sda"]
    assert [counts(answer, given, of) for answer in given] == [False, True]


def test_a_word_about_one_disk_says_nothing_about_another() -> None:
    given = said("left", inventory(SSD, EMMC))
    other = replace(EMMC, id=DiskId(serial="0xffffffff", size=32 * GB))
    assert forbids_writing(inventory(SSD, other), given) is not None


def test_of_three_words_about_one_disk_the_last_counts() -> None:
    of = inventory(SSD, EMMC)
    given = said("left", of, *said("belongs", of, *said("left", of)))
    assert [answer.kind for answer in given] == ["left", "belongs", "left"]
    assert [counts(answer, (*given[:2], replace(given[2], label="again")), of) for answer in given] == [False] * 3
    assert counts(given[1], given[:2], of)


def test_a_word_about_a_controller_counts_until_another_is_said_or_it_is_gone() -> None:
    of, other = inventory(SSD, hidden=(READER,)), Answer(kind="vouched", controller="0000:07:00.0 1234:5678")
    back = replace(VOUCHED, kind="not-vouched")
    assert counts(VOUCHED, (VOUCHED, other), of)
    assert not counts(VOUCHED, (VOUCHED, back), of)
    assert counts(back, (VOUCHED, VOUCHED, back), of)
    assert not counts(VOUCHED, (VOUCHED,), inventory(SSD))
    assert not counts(other, (VOUCHED, other), of)


def test_where_a_disk_is_and_whether_it_belongs_are_two_words() -> None:
    card = replace(A, transport="ata", removable=True)
    of = inventory(SSD, card)
    given = said("by-place", of, *said("belongs", of))
    assert [answer.kind for answer in given] == ["belongs", "by-place"]
    for order in (given, given[::-1]):
        assert [counts(answer, order, of) for answer in order] == [True, True]


def test_a_word_about_a_disk_says_nothing_once_another_says_that_it_is_it() -> None:
    belongs = said("belongs", inventory(SSD, EMMC))
    twin = replace(EMMC, name="mmcblk1")
    assert [disk.said for disk in settled(inventory(SSD, EMMC, twin), belongs)] == ["", "", ""]


def test_a_question_shows_what_was_said_and_asks_for_the_other_word() -> None:
    of = inventory(SSD, EMMC)
    (asked,) = questions(of, ())
    assert (asked.answer, asked.words) == (None, ("belongs", "left"))
    (asked,) = questions(of, said("belongs", of))
    assert (asked.answer, asked.words) == ("belongs", ("left",))
    (asked,) = questions(of, said("left", of))
    assert (asked.answer, asked.words) == ("left", ("belongs",))
    placed = inventory(A)
    (asked,) = questions(placed, ())
    assert (asked.answer, asked.words) == (None, ("by-place",))
    (asked,) = questions(placed, said("by-place", placed))
    assert (asked.answer, asked.words) == ("by-place", ())


def test_a_form_answers_the_question_that_was_seen_and_no_other() -> None:
    of = inventory(SSD, EMMC, A, hidden=(READER,))
    asked = questions(of, ())
    keys = [question.key for question in asked]
    assert [question.about for question in asked] == ["controller", "belonging", "place"]
    assert len(set(keys)) == 3
    assert all(len(key) == 32 for key in keys)
    again = questions(of, said("belongs", of))
    assert [question.key for question in again] == keys, "whatever was said of it"
    other = inventory(SSD, replace(EMMC, id=replace(EMMC.id, serial="0xffffffff")), B, hidden=(READER,))
    assert [key in keys for key in (question.key for question in questions(other, ()))] == [True, False, False]


def test_an_answer_says_by_what_people_call_the_disk() -> None:
    of = inventory(SSD, EMMC, A)
    assert [answer.label for answer in said("belongs", of)] == ["DF4032 0x1a2b3c4d 32.0 GB"]
    assert [answer.label for answer in said("by-place", inventory(*TWINS))] == [
        "AA00000000000489 pci-0000:00:01.0 16.0 GB",
        "AA00000000000489 pci-0000:00:02.0 16.0 GB",
    ]


def test_nobody_but_a_person_ends_a_question() -> None:
    asked = questions(inventory(SSD, EMMC), ())
    for word in ("belongs", "left"):
        forged = inventory(SSD, replace(EMMC, said=word))
        assert [question.answer for question in questions(forged, ())] == [None]
        assert settled(forged, ()) == (SSD, EMMC)
    assert [question.disks for question in asked] == [(EMMC,)]


def test_a_word_changes_no_disk_that_its_signs_decide() -> None:
    belongs = tuple(Answer(kind="belongs", disk=disk.id) for disk in (SSD, STICK))
    assert settled(inventory(SSD, STICK), belongs) == (SSD, STICK)


def test_two_empty_readers_that_are_alike_are_asked_nothing_about() -> None:
    empty = [replace(disk, id=replace(disk.id, size=0)) for disk in (A, B)]
    assert questions(inventory(SSD, *empty), ()) == ()
    smallest = [replace(disk, id=replace(disk.id, size=1)) for disk in (A, replace(EMMC, model=""))]
    assert [question.about for question in questions(inventory(*smallest), ())] == ["belonging", "place"]


def test_a_card_and_a_stick_are_left_alone_without_a_question() -> None:
    card = replace(EMMC, transport="mmc-removable")
    assert questions(inventory(SSD, card, STICK), ()) == ()
    assert forbids_writing(inventory(SSD, card, STICK)) is None


def test_an_empty_reader_is_asked_nothing_about() -> None:
    empty = replace(HDD, id=DiskId(size=0), removable=True)
    assert questions(inventory(SSD, empty), ()) == ()
    assert forbids_writing(inventory(SSD, empty)) is None


def test_a_usb_disk_on_a_port_that_cannot_be_unplugged_is_asked_about() -> None:
    soldered = replace(STICK, removable=False, built_in=True)
    assert forbids_writing(inventory(SSD, soldered)) == Problem("disk-in-doubt", {"disk": "Stick U1 32.0 GB"})


def test_what_an_agent_says_in_a_persons_place_counts_for_nothing() -> None:
    for word in ("belongs", "left"):
        forged = inventory(SSD, replace(EMMC, said=word))
        assert internal_disks(forged) == (SSD,)
        assert forbids_writing(forged) is not None


def test_an_unknown_controller_is_undetermined_until_somebody_vouches_and_again_when_they_take_it_back() -> None:
    of = inventory(SSD, hidden=(READER,))
    assert forbids_writing(of) == Problem("controller-unknown", {"controller": "1234:5678", "setting": "…"})
    given = said("vouched", of)
    assert given == (replace(VOUCHED, label="1234:5678"),)
    assert forbids_writing(of, given) is None
    assert forbids_writing(of, said("not-vouched", of, *given)) is not None


def test_a_vouch_is_for_that_controller_at_that_place() -> None:
    moved = replace(READER, vouchable="0000:07:00.0 1234:5678")
    assert forbids_writing(inventory(SSD, hidden=(moved,)), (VOUCHED,)) is not None
    assert forbids_writing(inventory(SSD, hidden=(READER, moved)), (VOUCHED,)) is not None


@pytest.mark.parametrize("kind", ["rst", "vmd", "raid", "namespaces", "namespaces-unclear"])
def test_nobody_can_vouch_for_what_is_known_to_hide_disks(kind: str) -> None:
    hides = replace(READER, kind=kind)
    of = inventory(SSD, hidden=(READER, hides))
    assert all(question.hidden == READER for question in questions(of, ()))
    problem = forbids_writing(of, (VOUCHED,))
    assert problem is not None
    wanted = {"namespaces": "hidden-namespaces", "namespaces-unclear": "namespaces-unclear"}
    assert problem.code == wanted.get(kind, "hidden-storage"), "said first, since no answer ends it"


def test_a_disk_that_is_there_and_does_not_answer_can_not_be_vouched_away() -> None:
    dead = HiddenStorage(kind="unknown", controller="SATA ata2", setting="SATA Port (ata2): Disabled")
    of = inventory(SSD, hidden=(dead,))
    assert questions(of, ()) == ()
    assert forbids_writing(of, (Answer(kind="vouched", controller=""),)) is not None


def test_a_word_that_is_no_answer_to_a_question_is_refused() -> None:
    of = inventory(SSD, EMMC, hidden=(READER,))
    for question in questions(of, ()):
        for kind in ("vouched", "belongs", "by-place"):
            if kind not in question.words:
                with pytest.raises(ValueError, match="no answer"):
                    answers_to(question, kind, of)


IDS = st.builds(
    DiskId,
    serial=st.sampled_from(["", "A", "B"]),
    wwn=st.sampled_from(["", "0x1"]),
    size=st.sampled_from([0, 16 * GB]),
    path=st.sampled_from(["", "p1", "p2"]),
    sequence=st.integers(0, 3),
)
DISKS = st.builds(
    Disk,
    name=st.sampled_from(["a", "b", "c"]),
    id=IDS,
    transport=st.sampled_from(["sata", "usb", "mmc", "mmc-removable", "sas", "virtio", ""]),
    removable=st.booleans(),
    built_in=st.booleans(),
    read_only=st.booleans(),
    in_use=st.booleans(),
)
HIDDEN = st.builds(
    HiddenStorage,
    kind=st.sampled_from(["rst", "raid", "unknown"]),
    vouchable=st.sampled_from(["", "x", "y"]),
)


@given(
    disks=st.lists(DISKS, max_size=4),
    hidden=st.lists(HIDDEN, max_size=2),
    words=st.lists(st.sampled_from(["vouched", "not-vouched", "belongs", "left", "by-place"]), max_size=6),
)
def test_whatever_the_disks_and_the_answers_what_is_erased_is_all_that_is_not_carried_or_left(
    disks: list[Disk], hidden: list[HiddenStorage], words: list[AnswerKind]
) -> None:
    of = inventory(*disks, hidden=tuple(hidden))
    given: tuple[Answer, ...] = ()
    for word in words:
        given = said(word, of, *given)
    running = done(replace(job(*disks, stages=("check", "erase", "finish")), inventory=of, answers=given), "check")
    following = next_stage(running)
    if not isinstance(following, Run):
        assert not isinstance(following, Ended)
        return
    assert isinstance(following.stage, Erase)
    assert all(shown.may_be_vouched_for for shown in hidden)
    ordered = [one.disk for one in following.stage.disks]
    for disk in settled(of, given):
        mine = [wanted for wanted in ordered if wanted.same_as(disk.id)]
        if disk.belonging == "internal" and disk.id.size:
            assert len(mine) == 1
            assert told_apart(disk, of)
            assert not disk.in_use
            assert not disk.read_only
            if disk.removable or disk.transport in ("usb", "mmc-removable"):
                assert disk.said == "belongs"
                assert any(wanted.same_as(disk.id) for wanted in following.stage.answered)
        else:
            assert not mine
            assert disk.belonging != "doubt" or not disk.id.size


def test_a_deploy_to_an_answered_disk_says_so_to_the_agent() -> None:
    running = job(EMMC, stages=("check", "erase", "deploy", "finish"))
    running = done(replace(running, answers=said("belongs", running.inventory)), "check")
    running = done(running, "erase", EraseResult(erasures=(erasure(EMMC),)))
    following = next_stage(running)
    assert isinstance(following, Run)
    assert isinstance(following.stage, Deploy)
    assert following.stage.answered == (EMMC.id,)
