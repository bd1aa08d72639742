"""A choice serves one visit: two takers never both get it, and no earlier pick waits for the PC that comes back."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from netboot.inventory import Board, Firmware, Inventory, Nic, System
from netboot.problems import Problem
from netboot.records.choices import CHOICE_LASTS
from netboot.records.record import Record, open_record
from netboot.records.values import AtWork, Choice
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, Clock, hello, pc, ssd


def test_a_choice_is_given_out_once_however_many_ask(place: Path) -> None:
    takers = 4
    start = Barrier(takers)
    with open_record(place) as record, open_record(place) as other_process, ThreadPoolExecutor(takers) as pool:
        visit = record.greet(hello(pc(), "boot-1"), MAC)

        def take(taker: int) -> Choice | None:
            start.wait()
            return (record if taker % 2 else other_process).take_choice(visit.id)

        for _ in range(20):
            chosen = record.choose(visit.machine_id, "debian", "Anne", target=ssd().id)
            taken = [choice for choice in pool.map(take, range(takers)) if choice is not None]
            assert taken == [chosen]
        kinds = [event.kind for event in record.events(limit=1000)]
        assert kinds.count("choice-used") == 20
        assert record.verify_chain().broken is None


def test_a_choice_made_before_the_pc_came_waits_for_its_next_visit_alone(record: Record) -> None:
    first = record.greet(hello(pc(), "boot-1"), MAC)
    record.end_visit(first.id)
    record.choose(first.machine_id, "debian", "Anne")
    second = record.greet(hello(pc(), "boot-2"), MAC)
    taken = record.take_choice(second.id)
    assert taken is not None
    assert (taken.profile, taken.who, taken.source) == ("debian", "Anne", "page")
    third = record.greet(hello(pc(), "boot-3"), MAC)
    assert record.take_choice(third.id) is None


def test_the_menus_pick_counts_once_a_visit_however_often_the_agent_says_hello(record: Record) -> None:
    visit = record.greet(hello(pc(), "boot-1", profile="debian"), MAC)
    taken = record.take_choice(visit.id, menu="debian")
    assert taken is not None
    assert (taken.profile, taken.who, taken.source) == ("debian", "", "menu")
    assert record.take_choice(visit.id, menu="debian") is None


def test_the_menus_pick_withdraws_what_the_page_had_ordered(record: Record) -> None:
    visit = record.greet(hello(pc(), "boot-1", profile="inventory"), MAC)
    record.choose(visit.machine_id, "debian", "Anne")
    taken = record.take_choice(visit.id, menu="inventory")
    assert taken is not None
    assert taken.profile == "inventory"
    back = record.greet(hello(pc(), "boot-2"), MAC)
    assert record.take_choice(back.id) is None


def test_a_newer_choice_takes_the_place_of_the_one_that_waits(record: Record) -> None:
    visit = record.greet(hello(pc(), "boot-1"), MAC)
    record.choose(visit.machine_id, "debian", "Anne")
    newer = record.choose(visit.machine_id, "inventory", "Paul")
    assert record.machines_overview()[0].choice == newer
    assert record.take_choice(visit.id) == newer
    assert record.take_choice(visit.id) is None
    assert record.machines_overview()[0].choice is None


def test_the_boot_menu_sees_what_waits_for_its_pc_by_uuid_else_by_an_adapter_that_one_machine_has(
    record: Record,
) -> None:
    named = record.greet(hello(pc(1), "boot-1"), MAC)
    uuid = pc(1).system.uuid
    nameless = Inventory(
        system=System(),
        board=Board(),
        firmware=Firmware(mode="bios"),
        nics=(Nic(name="eth0", mac="10:7b:44:00:00:01"),),
    )
    other = record.greet(hello(nameless, "boot-2"), "10:7b:44:00:00:01")
    first, second = (record.choose(visit.machine_id, "debian", "Anne") for visit in (named, other))
    swapped = str(UUID(bytes_le=UUID(uuid).bytes))
    assert record.waiting_choice(mac="00:e0:4c:68:00:01", uuid=uuid.upper()) == first
    assert record.waiting_choice(mac="00:e0:4c:68:00:01", uuid=swapped) == first
    assert record.waiting_choice(mac="10:7B:44:00:00:01", uuid="03000200-0400-0500-0006-000700080009") == second
    # Another PC on the same adapter is another PC, and what is no address finds nothing.
    assert record.waiting_choice(mac=MAC, uuid=str(uuid4())) is None
    assert record.waiting_choice(mac="' OR 1=1 --", uuid="' OR 1=1 --") is None
    record.take_choice(named.id)
    assert record.waiting_choice(mac=MAC, uuid=uuid) is None


def test_a_withdrawn_choice_is_gone(record: Record) -> None:
    visit = record.greet(hello(pc(), "boot-1"), MAC)
    record.choose(visit.machine_id, "debian", "Anne")
    assert record.cancel_choice(visit.machine_id, "Anne")
    assert not record.cancel_choice(visit.machine_id, "Anne")
    assert record.take_choice(visit.id) is None


def test_another_choice_may_follow_in_the_same_visit(record: Record) -> None:
    visit = record.greet(hello(pc(), "boot-1", profile="debian"), MAC)
    record.take_choice(visit.id, menu="debian")
    record.choose(visit.machine_id, "inventory", "Anne")
    taken = record.take_choice(visit.id, menu="debian")
    assert taken is not None
    assert taken.profile == "inventory"


def test_nothing_is_chosen_for_a_pc_whose_job_is_not_over(record: Record) -> None:
    visit = record.greet(hello(pc(), "boot-1"), MAC)
    other = record.greet(hello(pc(2), "boot-2"), MAC)
    job = record.start_job(visit.id, ERASE_AND_DEPLOY, master=None, hostname="pc-1", chosen_by="Anne")
    record.end_visit(visit.id)  # its line is gone, its job is not over
    with pytest.raises(AtWork) as refused:
        record.choose(visit.machine_id, "debian", "Paul")
    assert refused.value.hint
    assert record.machines_overview()[0].choice is None
    record.choose(other.machine_id, "debian", "Paul")
    record.end_job(job.id, Problem("no-disk"))
    record.choose(visit.machine_id, "debian", "Paul")


def test_nothing_waits_for_a_pc_that_is_done(record: Record) -> None:
    visit = record.greet(hello(pc(), "boot-1"), MAC)
    record.choose(visit.machine_id, "debian", "Anne")
    job = record.start_job(visit.id, ERASE_AND_DEPLOY, master=None, hostname="pc-1", chosen_by="Anne")
    record.end_job(job.id, None)
    assert record.waiting_choice(mac=MAC, uuid=pc().system.uuid) is None
    assert [event.kind for event in record.events(limit=1000)][-2:] == ["job-ended", "choice-withdrawn"]


def test_a_job_that_failed_leaves_the_next_choice_waiting(record: Record) -> None:
    visit = record.greet(hello(pc(), "boot-1"), MAC)
    record.choose(visit.machine_id, "debian", "Anne")
    job = record.start_job(visit.id, ERASE_AND_DEPLOY, master=None, hostname="pc-1", chosen_by="Anne")
    record.end_job(job.id, Problem("no-disk"))
    assert record.waiting_choice(mac=MAC, uuid=pc().system.uuid) is not None


def test_a_choice_serves_one_bench_day(record: Record, clock: Clock) -> None:
    visit = record.greet(hello(pc(), "boot-1"), MAC)
    chosen = record.choose(visit.machine_id, "debian", "Anne")
    clock.now = chosen.at + CHOICE_LASTS - timedelta(minutes=1)
    assert record.waiting_choice(mac=MAC, uuid=pc().system.uuid) == chosen
    assert record.machine_detail(visit.machine_id).choice == chosen
    clock.now = chosen.at + CHOICE_LASTS
    assert record.waiting_choice(mac=MAC, uuid=pc().system.uuid) is None
    assert record.machine_detail(visit.machine_id).choice is None
    assert record.machines_overview()[0].choice is None
    assert record.pending_choices() == ()
    assert record.take_choice(visit.id) is None
    assert not record.cancel_choice(visit.machine_id, "Anne")
    last = record.events(limit=1000)[-1]
    assert (last.kind, last.machine_id, json.loads(last.body)) == (
        "choice-expired",
        visit.machine_id,
        {"choice": chosen.id},
    )


def test_the_next_days_choice_takes_the_place_of_one_that_expired(record: Record, clock: Clock) -> None:
    visit = record.greet(hello(pc(), "boot-1"), MAC)
    chosen = record.choose(visit.machine_id, "debian", "Anne")
    clock.now = chosen.at + CHOICE_LASTS
    newer = record.choose(visit.machine_id, "inventory", "Paul")
    assert record.take_choice(visit.id) == newer
    kinds = [event.kind for event in record.events(limit=1000)]
    assert kinds[-3:] == ["choice-expired", "choice-made", "choice-used"]
