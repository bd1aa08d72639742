"""A batch gives out its places, each once, at hellos."""

import threading
from datetime import timedelta

import pytest
from msgspec.structs import replace

from netboot.records.choices import CHOICE_LASTS
from netboot.records.record import Record
from netboot.records.refusals import BatchArmed, NoPlace, UnknownProfile
from netboot.records.values import Visit
from netboot.shared.inventory import Board, System
from tests.records.batch_steps import STARTS, boots, joins, kinds, offered
from tests.records.conftest import MAC, Clock, pc


def test_the_next_pcs_get_the_profile_and_one_more_does_not(record: Record) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    assert offered(record, pc(1))
    assert [joins(record, batch.id, pc(number)) for number in (1, 2, 3)] == ["debian", "debian", "batch-full"]
    newest = record.batches.newest()
    assert newest is not None
    assert (newest.ending, newest.left) == ("full", 0)
    assert [(place.number, place.label) for place in newest.taken] == [
        (1, "LENOVO ThinkCentre M720q PC0X7Q01"),
        (2, "LENOVO ThinkCentre M720q PC0X7Q02"),
    ]
    assert not offered(record, pc(4))
    assert [kind for kind in kinds(record) if "batch" in kind] == [
        "batch-armed", "batch-place", "batch-place", "batch-closed",
    ]  # fmt: skip
    assert record.journal.verify().broken is None


def test_who_armed_the_batch_is_who_chose(record: Record) -> None:
    batch = record.batches.arm("debian", 1, "Anne")
    joins(record, batch.id, pc())
    (row,) = record.machines.overview()
    assert row.job is not None
    assert row.job.chosen_by == "Anne"
    record.people.forget("Anne")
    newest = record.batches.newest()
    assert newest is not None
    assert newest.who == "—"


def test_a_pc_that_comes_back_gets_its_own_disk_and_never_a_second_erase(record: Record) -> None:
    batch = record.batches.arm("debian", 5, "Anne")
    assert joins(record, batch.id, pc()) == "debian"
    assert not offered(record, pc())
    assert joins(record, batch.id, pc()) == "batch-again"
    assert offered(record, pc(2))
    newest = record.batches.newest()
    assert newest is not None
    assert newest.left == 4


def test_the_same_boot_does_not_ask_twice(record: Record) -> None:
    batch = record.batches.arm("debian", 5, "Anne")
    visit = boots(record, pc())
    job = record.jobs.begin(visit.id, batch=batch.id, starts=STARTS)
    assert job is not None
    record.jobs.end(job.id, None)
    assert record.jobs.begin(visit.id, batch=batch.id, starts=STARTS) is None
    newest = record.batches.newest()
    assert newest is not None
    assert newest.left == 4


def test_a_pc_that_was_erased_today_on_its_own_is_left_alone_and_one_that_was_looked_at_is_not(record: Record) -> None:
    batch = record.batches.arm("debian", 5, "Anne")
    assert joins(record, "", pc(1), menu="debian") == "debian"
    assert joins(record, "", pc(2), menu="look") == "look"
    assert [offered(record, pc(number)) for number in (1, 2)] == [False, True]
    assert [joins(record, batch.id, pc(number)) for number in (1, 2)] == ["batch-again", "debian"]


def test_a_pc_of_yesterday_may_take_part_today(record: Record, clock: Clock) -> None:
    joins(record, record.batches.arm("debian", 1, "Anne").id, pc())
    clock.pass_by(CHOICE_LASTS + timedelta(minutes=1))
    batch = record.batches.arm("debian", 1, "Anne")
    assert not offered(record, pc())  # its job never ended: it may still be at work
    visit = boots(record, pc())
    assert visit.job is None
    assert record.jobs.begin(visit.id, batch=batch.id, starts=STARTS) is not None


@pytest.mark.parametrize("uuid", ["", "03000200-0400-0500-0006-000700080009"])
def test_a_pc_without_names_is_known_by_the_adapter_it_came_by(record: Record, uuid: str) -> None:
    nameless = replace(
        pc(), system=System(uuid=uuid), board=Board(), nics=(replace(pc().nics[0], mac=MAC, driver="r8152"),)
    )
    batch = record.batches.arm("debian", 5, "Anne")
    assert offered(record, nameless)
    assert joins(record, batch.id, nameless) == "debian"
    assert not offered(record, nameless)
    assert joins(record, batch.id, nameless) == "batch-again"


def test_a_dock_that_goes_from_pc_to_pc_does_not_keep_the_second_out(record: Record) -> None:
    dock = replace(pc().nics[0], mac="00:e0:4c:68:00:01", driver="r8152")
    first, second = (replace(pc(number), nics=(dock,)) for number in (1, 2))
    batch = record.batches.arm("debian", 5, "Anne")
    assert joins(record, batch.id, first) == "debian"
    assert (offered(record, first), offered(record, second)) == (False, True)
    assert joins(record, batch.id, second) == "debian"


def test_an_adapter_that_another_pc_came_by_days_ago_keeps_no_pc_without_names_out(
    record: Record, clock: Clock
) -> None:
    dock = replace(pc().nics[0], mac="00:e0:4c:68:00:01", driver="r8152")
    record.visits.end(boots(record, pc(1), dock.mac).id)
    for _ in range(3):
        clock.pass_by(CHOICE_LASTS)
        boots(record, pc(2))
    assert joins(record, "", pc(1), menu="debian") == "debian"
    nameless = replace(pc(3), system=System(), board=Board(), nics=(dock,))
    batch = record.batches.arm("debian", 5, "Anne")
    assert offered(record, nameless)
    assert joins(record, batch.id, nameless) == "debian"


def test_a_persons_own_choice_comes_first_and_takes_no_place(record: Record) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    visit = boots(record, pc(1))
    record.choices.choose(visit.machine_id, "look", "Omar")
    assert joins(record, batch.id, pc(1)) == "look"
    assert joins(record, batch.id, pc(2), menu="look") == "look"
    newest = record.batches.newest()
    assert newest is not None
    assert newest.left == 2


def test_a_batch_that_was_disarmed_takes_nobody(record: Record) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    assert record.batches.disarm(batch.id, "Omar")
    assert not record.batches.disarm(batch.id, "Omar")
    assert not offered(record, pc())
    assert joins(record, batch.id, pc()) == "batch-over"
    newest = record.batches.newest()
    assert newest is not None
    assert (newest.ending, newest.left) == ("disarmed", 0)


def test_a_batch_lasts_one_bench_day(record: Record, clock: Clock) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    clock.now += CHOICE_LASTS
    assert not offered(record, pc())
    assert record.batches.newest() is None
    assert joins(record, batch.id, pc()) == "batch-over"
    assert kinds(record).count("batch-closed") == 1


def test_a_batch_is_replaced_only_by_somebody_who_saw_it(record: Record) -> None:
    first = record.batches.arm("debian", 2, "Anne")
    with pytest.raises(BatchArmed):
        record.batches.arm("look", 2, "Omar")
    second = record.batches.arm("look", 2, "Omar", instead=first.id)
    with pytest.raises(BatchArmed):
        record.batches.arm("debian", 2, "Anne", instead=first.id)
    assert record.batches.newest() == second
    assert joins(record, first.id, pc()) == "batch-over"


def test_a_batch_that_never_was_takes_nobody(record: Record) -> None:
    assert joins(record, "made-up", pc()) == "batch-over"


def test_a_batch_whose_profile_is_gone_gives_no_place_away(record: Record) -> None:
    batch = record.batches.arm("gone", 1, "Anne")
    with pytest.raises(UnknownProfile):
        joins(record, batch.id, pc())
    assert record.batches.newest() == batch


def test_of_many_hellos_at_once_as_many_get_a_place_as_there_are(record: Record) -> None:
    batch = record.batches.arm("debian", 3, "Anne")
    visits = [boots(record, pc(number)) for number in range(1, 9)]
    together = threading.Barrier(len(visits))
    found: list[str] = []

    def begin(visit: Visit) -> None:
        together.wait()
        try:
            job = record.jobs.begin(visit.id, batch=batch.id, starts=STARTS)
            found.append(job.profile.id if job else "nothing")
        except NoPlace as refused:
            found.append(refused.problem.code)

    threads = [threading.Thread(target=begin, args=(visit,)) for visit in visits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["batch-full"] * 5 + ["debian"] * 3
    newest = record.batches.newest()
    assert newest is not None
    assert [place.number for place in newest.taken] == [1, 2, 3]
    assert record.journal.verify().broken is None


def test_what_is_armed_after_the_clock_was_put_back_is_what_is_shown_and_offered(record: Record, clock: Clock) -> None:
    clock.now += timedelta(hours=2)
    before = record.batches.arm("debian", 2, "Anne")
    clock.now -= timedelta(hours=1)
    armed = record.batches.arm("look", 2, "Anne", instead=before.id)
    assert record.batches.newest() == armed
    assert record.batches.offered(mac=MAC, uuid="") == armed
