"""Disks that were taken out of their PC: who is asked about which, and what stands on the record of it."""

import json

import pytest
from msgspec.structs import replace

from netboot.jobs.disk_take_out import Became, TakeOut, ToTakeOut
from netboot.records.record import Record
from netboot.records.refusals import AtWork, NotThatVisit
from netboot.shared.inventory import DiskId
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, hello, pc, ssd, start
from tests.records.erasing import MASTER, stopped

OUT = replace(ERASE_AND_DEPLOY, options={"erase": {"level": "purge", "otherwise": "take-out"}})


def told(taken_by: str = "Karim", became: Became = "not-told") -> TakeOut:
    """What a person fills in; which disk it is the record knows."""
    return TakeOut(disk=DiskId(size=0), label="", taken_by=taken_by, became=became)


def asked(record: Record, machine: str, visit: str) -> list[tuple[str, bool]]:
    """The disks that the page of this visit asks about, and whether each must go."""
    return [(one.disk.serial, one.asked) for one in record.exceptions.to_take_out(machine, visit)]


def only(record: Record, machine: str, visit: str) -> ToTakeOut:
    """The one disk that is asked about."""
    (one,) = record.exceptions.to_take_out(machine, visit)
    return one


def test_a_disk_that_its_profile_wants_out_is_asked_about_until_it_is_destroyed(record: Record) -> None:
    two = pc(disks=(ssd(1), ssd(7)))
    visit = record.visits.greet(hello(two, "boot-1"), MAC)
    stopped(record, visit, two, profile=OUT)
    machine = visit.machine_id
    assert asked(record, machine, visit.id) == [(ssd(1).id.serial, True), (ssd(7).id.serial, True)]
    later = record.visits.greet(hello(pc(disks=(ssd(7),)), "boot-2"), MAC)
    assert later.machine_id == machine
    assert asked(record, machine, later.id) == [(ssd(1).id.serial, True)], "the other is in the PC still"
    key = only(record, machine, later.id).key
    record.exceptions.take_out(machine, later.id, key, told(became="kept"), "Anne")
    again = only(record, machine, later.id)
    assert again.said == TakeOut(disk=ssd(1).id, label=again.label, taken_by="Karim", became="kept")
    record.exceptions.take_out(machine, later.id, key, told(became="destroyed"), "Anne")
    assert asked(record, machine, later.id) == []
    said = record.exceptions.taken_out(machine)
    assert [(row.visit_id, row.take_out.became, row.who, row.in_chain) for row in said] == [
        (visit.id, "kept", "Anne", True),
        (visit.id, "destroyed", "Anne", True),
    ]


def test_its_event_names_the_disk_and_nobody(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    stopped(record, visit, pc(), profile=OUT)
    key = only(record, visit.machine_id, visit.id).key
    record.exceptions.take_out(visit.machine_id, visit.id, key, told(became="destroyed"), "Anne")
    (event,) = [event for event in record.journal.read(limit=100) if event.kind == "disk-taken-out"]
    body = json.loads(event.body)
    assert (body["disk"]["serial"], body["became"]) == (ssd().id.serial, "destroyed")
    assert "Karim" not in event.body
    assert "Anne" not in event.body
    assert record.journal.verify().broken is None
    record.people.set_operator("Karim", "hash")
    record.people.forget("Karim")
    (row,) = record.exceptions.taken_out(visit.machine_id)
    assert (row.take_out.taken_by, row.who, row.in_chain) == ("—", "Anne", True)


def test_a_disk_whose_erase_failed_may_be_taken_out_and_one_that_is_erased_is_not_asked_about(record: Record) -> None:
    two = pc(disks=(ssd(1), ssd(7)))
    visit = record.visits.greet(hello(two, "boot-1"), MAC)
    stopped(record, visit, two, (ssd(1), "erased"), (ssd(7), "not-erased"))
    assert asked(record, visit.machine_id, visit.id) == [(ssd(7).id.serial, False)]
    later = record.visits.greet(hello(pc(disks=(ssd(1),)), "boot-2"), MAC)
    assert asked(record, visit.machine_id, later.id) == [], "nobody wanted it out: it is not asked about for ever"


def test_what_is_asked_no_more_is_not_told_and_a_pc_at_work_is_left_alone(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    stopped(record, visit, pc(), profile=OUT)
    key = only(record, visit.machine_id, visit.id).key
    with pytest.raises(NotThatVisit):
        record.exceptions.take_out(visit.machine_id, visit.id, "0" * 32, told(), "Anne")
    start(record, visit, master=MASTER)
    with pytest.raises(AtWork):
        record.exceptions.take_out(visit.machine_id, visit.id, key, told(), "Anne")
    assert record.exceptions.taken_out(visit.machine_id) == ()
