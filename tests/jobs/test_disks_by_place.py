"""Disks that nothing tells apart: asked about, named, erased and proven by the place where they are."""

import pytest
from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.disk_answers import (
    can_be_placed,
    questions,
    settled,
)
from netboot.jobs.disk_rules import forbids_writing
from netboot.jobs.evidence import judge
from netboot.jobs.target import choose_target
from netboot.shared.inventory import Disk
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import Erase, EraseResult
from netboot.shared.stages.finish import Finish
from tests.jobs.conftest import GB, MASTER, SSD, done, erasure, inventory, job
from tests.jobs.doubtful_disks import TWINS, A, B, said
from tests.orders import overwriting


def test_a_place_is_asked_about_until_it_is_said_of_each() -> None:
    of = inventory(A, B)
    one = said("by-place", of)[:1]
    (asked,) = questions(of, one)
    assert (asked.disks, asked.answer) == ((A, B), None)


def test_a_sas_disk_with_one_way_to_it_can_be_named_by_its_place() -> None:
    path = replace(A, transport="sas", id=replace(A.id, serial="S", wwn="0x5000c500aaaa0001"))
    assert can_be_placed(path, inventory(path))
    assert not can_be_placed(path, inventory(path, replace(path, name="sdz")))


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
