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
    can_be_placed,
    counts,
    questions,
    settled,
    told_apart,
)
from netboot.jobs.disk_rules import forbids_writing, internal_disks
from netboot.jobs.evidence import judge
from netboot.jobs.target import choose_target
from netboot.shared.inventory import Disk, DiskId, HiddenStorage, Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages.deploy import Deploy
from netboot.shared.stages.erase import Erase, EraseResult
from netboot.shared.stages.finish import Finish
from tests.jobs.conftest import GB, HDD, MASTER, SSD, STICK, done, erasure, inventory, job
from tests.orders import overwriting

EMMC = Disk(
    name="mmcblk0", id=DiskId(serial="0x1a2b3c4d", size=32 * GB), model="DF4032", transport="mmc", removable=True
)
READER = HiddenStorage(kind="unknown", controller="1234:5678", setting="…", vouchable="0000:06:01.2 1234:5678")
VOUCHED = Answer(kind="vouched", controller=READER.vouchable)
A = Disk(name="vda", id=DiskId(size=16 * GB, path="pci-0000:00:01.0", sequence=1), transport="virtio")
B = Disk(name="vdb", id=DiskId(size=16 * GB, path="pci-0000:00:02.0", sequence=2), transport="virtio")
TWINS = tuple(replace(disk, id=replace(disk.id, serial="AA00000000000489")) for disk in (A, B))


def said(kind: AnswerKind, of: Inventory, *earlier: Answer) -> tuple[Answer, ...]:
    """Everything that was said so far, and this word to each question that it answers."""
    given = earlier
    for question in questions(of, earlier):
        if kind in question.words:
            given += answers_to(question, kind, of)
    return given


def test_a_pc_with_an_ssd_and_an_emmc_that_shows_no_boot_areas_is_not_erased_without_it() -> None:
    running = done(job(SSD, EMMC, stages=("check", "erase", "finish")), "check")
    following = next_stage(running)
    assert following == Blocked("erase", Problem("disk-in-doubt", {"disk": "DF4032 0x1a2b3c4d 32.0 GB"}))


def test_a_disk_that_a_person_calls_the_pcs_own_is_erased_with_it_and_told_to_the_agent() -> None:
    running = job(SSD, EMMC, stages=("check", "erase", "finish"))
    running = done(replace(running, answers=said("belongs", running.inventory)), "check")
    assert next_stage(running) == Run(overwriting(SSD.id, EMMC.id, answered=(EMMC.id,)))
    half = done(running, "erase", EraseResult(erasures=(erasure(SSD),)))
    assert judge(overwriting(SSD.id, EMMC.id), "done", None, half.stages[1].result).problem is not None


def test_a_disk_that_a_person_calls_foreign_is_left_alone() -> None:
    running = job(SSD, EMMC, stages=("check", "erase", "finish"))
    running = done(replace(running, answers=said("left", running.inventory)), "check")
    assert next_stage(running) == Run(overwriting(SSD.id))


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


def test_a_place_is_asked_about_until_it_is_said_of_each() -> None:
    of = inventory(A, B)
    one = said("by-place", of)[:1]
    (asked,) = questions(of, one)
    assert (asked.disks, asked.answer) == ((A, B), None)


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


def test_a_sas_disk_with_one_way_to_it_can_be_named_by_its_place() -> None:
    path = replace(A, transport="sas", id=replace(A.id, serial="S", wwn="0x5000c500aaaa0001"))
    assert can_be_placed(path, inventory(path))
    assert not can_be_placed(path, inventory(path, replace(path, name="sdz")))


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


@pytest.mark.parametrize("disks", [(A,), (A, B), TWINS, (SSD, *TWINS)])
def test_disks_that_nothing_tells_apart_are_erased_by_their_place_once_a_person_named_them(
    disks: tuple[Disk, ...],
) -> None:
    running = done(job(*disks, stages=("check", "erase", "finish")), "check")
    following = next_stage(running)
    assert isinstance(following, Blocked)
    assert following.problem.code == "disk-by-place"
    (question,) = questions(running.inventory, ())
    assert question.disks == tuple(disk for disk in disks if disk is not SSD), "each is named, by place and size"
    running = replace(running, answers=said("by-place", running.inventory))
    following = next_stage(running)
    assert isinstance(following, Run)
    assert isinstance(following.stage, Erase)
    ordered = [one.disk for one in following.stage.disks]
    assert [disk.path for disk in ordered] == [disk.id.path for disk in disks]
    assert all(disk.by_place for disk in ordered if disk.sequence)
    proofs = tuple(replace(erasure(disk), disk=wanted) for disk, wanted in zip(disks, ordered, strict=True))
    assert next_stage(done(running, "erase", EraseResult(erasures=proofs))) == Run(Finish(action="poweroff"))


def test_the_proof_of_one_twin_is_none_for_the_other() -> None:
    of = inventory(*TWINS)
    running = job(*TWINS, stages=("check", "erase", "deploy", "finish"))
    running = done(replace(running, answers=said("by-place", of), target=TWINS[1].id), "check")
    first = settled(of, running.answers)[0]
    proofs = EraseResult(erasures=(replace(erasure(first), disk=first.id),) * 2)
    stage = overwriting(*(disk.id for disk in settled(of, running.answers)))
    record = judge(stage, "done", None, proofs)
    assert record.state == "failed"
    following = next_stage(done(running, "erase", record.result))
    assert isinstance(following, Blocked)
    assert following.problem.code == "not-erased"


def test_of_twins_the_one_that_a_person_picked_gets_the_master() -> None:
    of = inventory(*TWINS)
    given = said("by-place", of)
    for twin in TWINS:
        target = choose_target(of, MASTER, twin.id, erased=True, answers=given)
        assert isinstance(target, Disk)
        assert target.name == twin.name
    assert isinstance(choose_target(of, MASTER, None, erased=True, answers=given), Problem)


@pytest.mark.parametrize(
    "change",
    [{"sequence": 7}, {"path": "pci-0000:00:03.0"}, {"size": 17 * GB}, {"serial": "NEW"}],
)
def test_another_disk_at_a_named_place_or_the_same_elsewhere_is_not_the_one_that_was_named(
    change: dict[str, object],
) -> None:
    given = said("by-place", inventory(A))
    now = inventory(replace(A, id=replace(A.id, **change)))
    assert all(not disk.id.by_place for disk in settled(now, given))
    named = given[0].disk
    assert named is not None
    assert not named.same_as(now.disks[0].id)


def test_two_ways_to_one_sas_disk_are_not_two_disks_to_be_named() -> None:
    path = replace(A, transport="sas", id=replace(A.id, serial="S", wwn="0x5000c500aaaa0001"))
    other = replace(B, transport="sas", id=replace(B.id, serial="S", wwn="0x5000c500aaaa0001"))
    of = inventory(path, other)
    assert questions(of, ()) == ()
    problem = forbids_writing(of)
    assert problem is not None
    assert problem.code == "disk-without-name"


def test_a_disk_whose_place_is_not_known_can_not_be_named_by_it() -> None:
    for lost in (replace(A, id=replace(A.id, path="")), replace(A, id=replace(A.id, sequence=0))):
        assert not can_be_placed(lost, inventory(lost))
        assert questions(inventory(lost), ()) == ()


def test_a_disk_in_doubt_that_nothing_tells_apart_is_asked_about_by_place_and_its_answer_says_nothing_later() -> None:
    card = replace(A, transport="ata", removable=True)
    of = inventory(SSD, card)
    belongs = said("belongs", of)
    assert [answer.disk and answer.disk.by_place for answer in belongs] == [True]
    given = said("by-place", of, *belongs)
    assert forbids_writing(of, given) is None
    later = inventory(SSD, replace(card, id=replace(card.id, sequence=9)))
    problem = forbids_writing(later, given)
    assert problem is not None
    assert problem.code == "disk-in-doubt"


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
