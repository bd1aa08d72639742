"""Two machines that a person says are one PC: known by the keys of both, nothing rewritten, and separated again."""

import json

import pytest

from netboot.records.record import Record
from netboot.records.refusals import CannotMerge, NoPlace, NotOnRecord, WrongToken
from netboot.records.values import Start, Visit
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, follow, hello, pc, ssd, start

NEW_MAC = "a0:36:9f:00:00:01"


def repaired() -> Inventory:
    """PC 1 with another adapter and another disk at once, which nothing tells from its twin."""
    return pc(1, disks=(ssd(77),), macs=(NEW_MAC,))


def both(record: Record) -> tuple[Visit, Visit]:
    """PC 1 before and after its repair, as two machines that are off."""
    before = record.visits.greet(hello(pc(1), "boot-1"), MAC)
    after = record.visits.greet(hello(repaired(), "boot-2"), NEW_MAC)
    assert [before.machine_number, after.machine_number] == [1, 2]
    for visit in (before, after):
        record.visits.end(visit.id)
    return before, after


def test_a_merged_pc_is_found_by_the_signs_of_both_and_keeps_both_histories(record: Record) -> None:
    before, after = both(record)
    assert [row.id for row in record.machines.look_alikes(before.machine_id)] == [after.machine_id]
    record.machines.merge(after.machine_id, before.machine_id, "Anne")
    for boot, inventory in (("boot-3", pc(1)), ("boot-4", repaired()), ("boot-5", pc(1, macs=(NEW_MAC,)))):
        assert record.visits.greet(hello(inventory, boot), MAC).machine_id == before.machine_id
    staying, gone = (record.machines.detail(machine) for machine in (before.machine_id, after.machine_id))
    assert [visit.boot for visit in staying.visits] == ["boot-5", "boot-4", "boot-3", "boot-1"]
    assert [visit.boot for visit in gone.visits] == ["boot-2"]
    assert gone.merged_into is not None
    assert (gone.merged_into.id, [row.id for row in staying.merged]) == (before.machine_id, [after.machine_id])
    assert record.machines.look_alikes(before.machine_id) == ()
    for machine in (before.machine_id, after.machine_id):
        said = [event for event in record.journal.read(limit=1000, machine=machine) if event.kind == "machine-merged"]
        assert [json.loads(event.body) | {"by": ""} for event in said] == [{"number": 2, "into": 1, "by": ""}]
        assert "Anne" not in said[0].body
    assert record.journal.verify().broken is None


def test_a_merge_is_undone_and_each_is_found_by_its_own_signs_again(record: Record) -> None:
    before, after = both(record)
    record.machines.merge(after.machine_id, before.machine_id, "Anne")
    # Worked on while it is merged, what it is known by stays its own.
    visit = record.visits.greet(hello(repaired(), "boot-3"), NEW_MAC)
    job = start(record, visit)
    record.jobs.stage_started(job.id, "check", 1)
    record.jobs.end(job.id, Problem("no-disk"))
    record.visits.end(visit.id)
    assert record.machines.separate(after.machine_id, "Anne")
    assert not record.machines.separate(after.machine_id, "Anne")
    assert record.visits.greet(hello(pc(1), "boot-4"), MAC).machine_id == before.machine_id
    assert record.visits.greet(hello(repaired(), "boot-5"), NEW_MAC).machine_id == after.machine_id
    assert record.journal.read(limit=1000, machine=before.machine_id)[-2].kind == "machine-separated"


def test_nothing_that_waited_outlives_a_merge_or_its_end(record: Record) -> None:
    before, after = both(record)
    for visit in (before, after):
        record.choices.choose(visit.machine_id, "debian", "Anne")
    record.machines.merge(after.machine_id, before.machine_id, "Paul")
    assert record.choices.pending() == ()
    with pytest.raises(NotOnRecord, match="merged into another"):
        record.choices.choose(after.machine_id, "debian", "Anne")
    record.choices.choose(before.machine_id, "debian", "Anne")
    assert record.choices.waiting(mac=NEW_MAC, uuid="") == record.choices.waiting(mac=MAC, uuid=pc().system.uuid)
    assert record.choices.waiting(mac=NEW_MAC, uuid="") is not None
    record.machines.separate(after.machine_id, "Paul")
    assert record.choices.pending() == ()


def test_what_was_chosen_for_the_one_is_asked_again_when_the_other_answers(record: Record) -> None:
    """Merged by mistake, two PCs are still told apart before anything is erased."""
    before, after = both(record)
    record.machines.merge(after.machine_id, before.machine_id, "Anne")
    visit = record.visits.greet(hello(pc(1), "boot-3"), MAC)
    record.choices.choose(before.machine_id, "debian", "Anne")
    record.visits.end(visit.id)
    other = record.visits.greet(hello(repaired(), "boot-4"), NEW_MAC)
    assert other.machine_id == before.machine_id
    with pytest.raises(Exception, match="not those that were seen"):
        follow(record, other.id)
    assert record.choices.pending() == ()


def test_two_that_were_merged_by_mistake_are_two_when_both_are_on_the_line(record: Record) -> None:
    before, after = both(record)
    record.machines.merge(after.machine_id, before.machine_id, "Anne")
    one = record.visits.greet(hello(pc(1), "boot-3"), MAC)
    other = record.visits.greet(hello(repaired(), "boot-4"), NEW_MAC, on_line=frozenset({one.id}))
    assert one.machine_id == before.machine_id
    assert other.machine_id not in (before.machine_id, after.machine_id)


def test_a_pc_on_the_line_is_not_merged_away_and_nothing_is_merged_twice(record: Record) -> None:
    before, after = both(record)
    third = record.visits.greet(hello(pc(3), "boot-3"), MAC)
    on = record.visits.greet(hello(repaired(), "boot-4"), NEW_MAC)
    with pytest.raises(CannotMerge) as refused:
        record.machines.merge(after.machine_id, before.machine_id, "Anne", on_line=frozenset({on.id}))
    assert refused.value.why == "on-line"
    record.machines.merge(before.machine_id, after.machine_id, "Anne", on_line=frozenset({on.id}))
    for machine, into in (
        (before, after), (after, before), (before, third), (after, third), (third, before), (third, third)
    ):  # fmt: skip
        with pytest.raises(CannotMerge):
            record.machines.merge(machine.machine_id, into.machine_id, "Anne")
    with pytest.raises(NotOnRecord):
        record.machines.merge("nobody", after.machine_id, "Anne")


def test_a_visit_is_over_with_a_merge_and_the_next_boot_is_the_other_machines(record: Record) -> None:
    before, after = both(record)
    record.machines.merge(after.machine_id, before.machine_id, "Anne")
    with pytest.raises(WrongToken):
        record.visits.greet(hello(repaired(), "boot-2", token=after.token), NEW_MAC)
    again = record.visits.greet(hello(repaired(), "boot-3"), NEW_MAC)
    assert again.machine_id == before.machine_id
    record.choices.choose(before.machine_id, "debian", "Anne")
    assert follow(record, again.id) == ("debian", "Anne")


def test_a_batch_takes_no_pc_again_that_had_its_turn_under_its_other_number(record: Record) -> None:
    _, after = both(record)
    visit = record.visits.greet(hello(repaired(), "boot-3"), NEW_MAC)
    start(record, visit)
    record.visits.end(visit.id)
    first = record.visits.greet(hello(pc(1), "boot-4"), MAC)
    record.machines.merge(after.machine_id, first.machine_id, "Anne")
    batch = record.batches.arm("debian", 5, "Anne")
    assert record.batches.offered(mac=MAC, uuid=pc(1).system.uuid) is None
    with pytest.raises(NoPlace) as refused:
        record.jobs.begin(first.id, batch=batch.id, starts={ERASE_AND_DEPLOY.id: Start(ERASE_AND_DEPLOY, None, "pc-1")})
    assert refused.value.problem.code == "batch-again"
