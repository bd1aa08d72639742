"""A choice serves one visit: two takers never both get it, and no earlier pick waits for the PC that comes back."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from netboot.records.choices import CHOICE_LASTS
from netboot.records.record import Record, open_record
from netboot.records.refusals import AtWork
from netboot.shared.inventory import Board, Firmware, Inventory, Nic, System
from netboot.shared.problems import Problem
from tests.records.conftest import MAC, Clock, follow, hello, pc, start
from tests.records.places import Place, by_hand


def test_a_choice_is_given_out_once_however_many_ask(place: Place) -> None:
    takers = 4
    start = Barrier(takers)
    with open_record(place) as record, open_record(place) as other_process, ThreadPoolExecutor(takers) as pool:
        visit = record.visits.greet(hello(pc(), "boot-1"), MAC)

        def take(taker: int) -> tuple[str, str] | None:
            start.wait()
            return follow(record if taker % 2 else other_process, visit.id)

        for _ in range(20):
            record.choices.choose(visit.machine_id, "debian", "Anne")
            taken = [choice for choice in pool.map(take, range(takers)) if choice is not None]
            assert taken == [("debian", "Anne")]
        kinds = [event.kind for event in record.journal.read(limit=1000)]
        assert kinds.count("choice-used") == 20
        assert record.journal.verify().broken is None


def test_a_choice_made_before_the_pc_came_waits_for_its_next_visit_alone(record: Record) -> None:
    first = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.visits.end(first.id)
    record.choices.choose(first.machine_id, "debian", "Anne")
    second = record.visits.greet(hello(pc(), "boot-2"), MAC)
    taken = follow(record, second.id)
    assert taken == ("debian", "Anne")
    third = record.visits.greet(hello(pc(), "boot-3"), MAC)
    assert follow(record, third.id) is None


def test_the_menus_pick_counts_once_a_visit_however_often_the_agent_says_hello(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1", profile="debian"), MAC)
    taken = follow(record, visit.id, menu="debian")
    assert taken == ("debian", "")
    assert follow(record, visit.id, menu="debian") is None


def test_the_menus_pick_withdraws_what_the_page_had_ordered(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1", profile="inventory"), MAC)
    record.choices.choose(visit.machine_id, "debian", "Anne")
    taken = follow(record, visit.id, menu="inventory")
    assert taken == ("inventory", "")
    back = record.visits.greet(hello(pc(), "boot-2"), MAC)
    assert follow(record, back.id) is None


def test_a_newer_choice_takes_the_place_of_the_one_that_waits(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.choices.choose(visit.machine_id, "debian", "Anne")
    newer = record.choices.choose(visit.machine_id, "inventory", "Paul")
    assert record.machines.overview()[0].choice == newer
    assert follow(record, visit.id) == ("inventory", "Paul")
    assert follow(record, visit.id) is None
    assert record.machines.overview()[0].choice is None


def test_the_boot_menu_sees_what_waits_for_its_pc_by_uuid_else_by_an_adapter_that_one_machine_has(
    record: Record,
) -> None:
    named = record.visits.greet(hello(pc(1), "boot-1"), MAC)
    uuid = pc(1).system.uuid
    nameless = Inventory(
        system=System(),
        board=Board(),
        firmware=Firmware(mode="bios"),
        nics=(Nic(name="eth0", mac="10:7b:44:00:00:01"),),
    )
    other = record.visits.greet(hello(nameless, "boot-2"), "10:7b:44:00:00:01")
    first, second = (record.choices.choose(visit.machine_id, "debian", "Anne") for visit in (named, other))
    swapped = str(UUID(bytes_le=UUID(uuid).bytes))
    assert record.choices.waiting(mac="00:e0:4c:68:00:01", uuid=uuid.upper()) == first
    assert record.choices.waiting(mac="00:e0:4c:68:00:01", uuid=swapped) == first
    assert record.choices.waiting(mac="10:7B:44:00:00:01", uuid="03000200-0400-0500-0006-000700080009") == second
    # Another PC on the same adapter is another PC, and what is no address finds nothing.
    assert record.choices.waiting(mac=MAC, uuid=str(uuid4())) is None
    assert record.choices.waiting(mac="' OR 1=1 --", uuid="' OR 1=1 --") is None
    follow(record, named.id)
    assert record.choices.waiting(mac=MAC, uuid=uuid) is None


def test_a_withdrawn_choice_is_gone(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.choices.choose(visit.machine_id, "debian", "Anne")
    assert record.choices.cancel(visit.machine_id, "Anne")
    assert not record.choices.cancel(visit.machine_id, "Anne")
    assert follow(record, visit.id) is None


def test_another_choice_may_follow_in_the_same_visit(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1", profile="debian"), MAC)
    follow(record, visit.id, menu="debian")
    record.choices.choose(visit.machine_id, "inventory", "Anne")
    taken = follow(record, visit.id, menu="debian")
    assert taken == ("inventory", "Anne")


def test_nothing_is_chosen_for_a_pc_whose_job_is_not_over(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    other = record.visits.greet(hello(pc(2), "boot-2"), MAC)
    job = start(record, visit)
    record.visits.end(visit.id)  # its line is gone, its job is not over
    with pytest.raises(AtWork) as refused:
        record.choices.choose(visit.machine_id, "debian", "Paul")
    assert refused.value.hint
    assert record.machines.overview()[0].choice is None
    record.choices.choose(other.machine_id, "debian", "Paul")
    record.jobs.end(job.id, Problem("no-disk"))
    record.choices.choose(visit.machine_id, "debian", "Paul")


def wait_beside(place: Place) -> None:
    """The choice waits beside its own job: a record from before one transaction did both may hold that."""
    by_hand(place, "UPDATE choices SET closed = NULL, visit_id = NULL")


def test_nothing_waits_for_a_pc_that_is_done(record: Record, place: Place) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit)
    wait_beside(place)
    record.jobs.end(job.id, None)
    assert record.choices.waiting(mac=MAC, uuid=pc().system.uuid) is None
    assert [event.kind for event in record.journal.read(limit=1000)][-2:] == ["job-ended", "choice-withdrawn"]


def test_a_job_that_failed_leaves_the_next_choice_waiting(record: Record, place: Place) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit)
    wait_beside(place)
    record.jobs.end(job.id, Problem("no-disk"))
    assert record.choices.waiting(mac=MAC, uuid=pc().system.uuid) is not None


def test_a_choice_serves_one_bench_day(record: Record, clock: Clock) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    chosen = record.choices.choose(visit.machine_id, "debian", "Anne")
    clock.now = chosen.at + CHOICE_LASTS - timedelta(minutes=1)
    assert record.choices.waiting(mac=MAC, uuid=pc().system.uuid) == chosen
    assert record.machines.detail(visit.machine_id).choice == chosen
    clock.now = chosen.at + CHOICE_LASTS
    assert record.choices.waiting(mac=MAC, uuid=pc().system.uuid) is None
    assert record.machines.detail(visit.machine_id).choice is None
    assert record.machines.overview()[0].choice is None
    assert record.choices.pending() == ()
    assert follow(record, visit.id) is None
    assert not record.choices.cancel(visit.machine_id, "Anne")
    last = record.journal.read(limit=1000)[-1]
    assert (last.kind, last.machine_id, json.loads(last.body)) == (
        "choice-expired",
        visit.machine_id,
        {"choice": chosen.id},
    )


def test_the_next_days_choice_takes_the_place_of_one_that_expired(record: Record, clock: Clock) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    chosen = record.choices.choose(visit.machine_id, "debian", "Anne")
    clock.now = chosen.at + CHOICE_LASTS
    record.choices.choose(visit.machine_id, "inventory", "Paul")
    assert follow(record, visit.id) == ("inventory", "Paul")
    kinds = [event.kind for event in record.journal.read(limit=1000)]
    assert kinds[-5:-2] == ["choice-expired", "choice-made", "choice-used"]


def test_a_choice_does_not_wait_a_year_because_the_clock_was_put_back(record: Record, clock: Clock) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    clock.now += timedelta(days=365)
    record.choices.choose(visit.machine_id, "debian", "Anne")
    clock.now -= timedelta(days=365)
    assert record.choices.pending() == ()
    assert follow(record, visit.id) is None
