"""Which masters jobs hold: from a job's beginning to its end, however that comes."""

import pytest
from msgspec.structs import replace

from netboot.jobs.job import MasterNeeds
from netboot.records.record import Record, open_record
from netboot.shared.parcel import PlacedFolder
from netboot.shared.problems import Problem
from netboot.shared.system_settings import SystemSettings
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, hello, pc, start
from tests.records.places import Place

OLD, NEW = (MasterNeeds(manifest=letter * 64, name="school", disk=1 << 30) for letter in "ab")


def held(record: Record) -> list[tuple[str, int]]:
    return [(one.digest, one.machine_number) for one in record.masters.held()]


def test_a_job_holds_its_master_until_it_ends(record: Record) -> None:
    first = record.visits.greet(hello(pc(1), "boot-1"), MAC)
    second = record.visits.greet(hello(pc(2), "boot-2"), MAC)
    jobs = [start(record, first, master=OLD), start(record, second, master=NEW)]
    assert held(record) == [(OLD.manifest, first.machine_number), (NEW.manifest, second.machine_number)]
    (one, _) = record.masters.held()
    assert one.label == first.label
    record.jobs.stage_started(jobs[0].id, "check", 1)
    assert len(held(record)) == 2
    record.jobs.end(jobs[0].id, Problem("agent-error"))
    assert held(record) == [(NEW.manifest, second.machine_number)]
    record.jobs.end(jobs[1].id, None)
    assert held(record) == []


def test_a_pc_that_starts_anew_holds_what_its_new_job_was_ordered(record: Record) -> None:
    start(record, record.visits.greet(hello(pc(), "boot-1"), MAC), master=OLD)
    again = record.visits.greet(hello(pc(), "boot-2"), MAC)
    assert held(record) == []
    start(record, again, master=NEW)
    assert held(record) == [(NEW.manifest, again.machine_number)]


def test_a_job_holds_its_master_also_when_the_server_was_stopped(place: Place) -> None:
    with open_record(place) as record:
        start(record, record.visits.greet(hello(pc(), "boot-1"), MAC), master=OLD)
    with open_record(place) as record:
        assert [digest for digest, _ in held(record)] == [OLD.manifest]


@pytest.mark.parametrize("choose", [False, True])
def test_a_job_without_a_master_holds_none_nor_does_a_choice_that_waits(record: Record, choose: bool) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    if choose:
        record.choices.choose(visit.machine_id, "debian", "Anne")
    else:
        start(record, visit, master=None)
    assert held(record) == []


def test_a_job_holds_the_folders_of_its_profile(record: Record) -> None:
    folder = PlacedFolder(path="/lib/firmware", beside="firmware", parcel="c" * 64, listed=9, size=9)
    profile = replace(ERASE_AND_DEPLOY, customise=SystemSettings(folders=(folder,)))
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    started = start(record, visit, profile=profile, master=OLD)
    assert [one.folders for one in record.masters.held()] == [{"c" * 64}]
    record.jobs.end(started.id, None)
    assert record.masters.held() == ()
