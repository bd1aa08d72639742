"""A choice and its job are one thing: on disk together, or not at all."""

import pytest

from netboot.jobs.job import MasterNeeds
from netboot.records.people import FORGOTTEN
from netboot.records.record import Record
from netboot.records.refusals import NotAsSeen, NotOnRecord, UnknownProfile
from netboot.records.values import Start
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, hello, pc, ssd, start
from tests.records.places import Place, by_hand

MASTER = MasterNeeds(manifest="ab" * 32, name="Debian minimal", disk=4 * 2**30)


STARTS = {"debian": Start(profile=ERASE_AND_DEPLOY, master=MASTER, hostname="pc-1")}
"""The workshop has one profile."""


class Broken(dict[str, Start]):
    """Fails in the middle of the transaction."""

    def get(self, key: str, default: object = None) -> Start:
        raise OSError(f"the disk with {key} is gone")


def kinds(record: Record) -> list[str]:
    """What was appended, in order."""
    return [event.kind for event in record.journal.read(limit=1000)]


def test_a_choice_becomes_its_job(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.choices.choose(visit.machine_id, "debian", "Anne", target=ssd().id)
    job = record.jobs.begin(visit.id, starts=STARTS)
    assert job is not None
    assert job == record.jobs.of_visit(visit.id)
    assert (job.profile, job.master, job.hostname, job.target) == (ERASE_AND_DEPLOY, MASTER, "pc-1", ssd().id)
    (row,) = record.machines.overview()
    assert row.job is not None
    assert (row.choice, row.job.chosen_by) == (None, "Anne")
    assert kinds(record)[-2:] == ["choice-used", "job-started"]


def test_the_menus_pick_becomes_its_job_once_a_visit(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1", profile="debian"), MAC)
    job = record.jobs.begin(visit.id, menu="debian", starts=STARTS)
    assert job is not None
    (row,) = record.machines.overview()
    assert row.job is not None
    assert row.job.chosen_by == "", "nobody who signs in"
    record.jobs.end(job.id, None)
    assert record.jobs.begin(visit.id, menu="debian", starts=STARTS) is None


def test_nothing_begins_where_nobody_chose(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    assert record.jobs.begin(visit.id, starts=STARTS) is None
    with pytest.raises(NotOnRecord):
        record.jobs.begin("nothing", starts=STARTS)


def test_a_choice_whose_job_could_not_start_is_not_lost(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    chosen = record.choices.choose(visit.machine_id, "debian", "Anne")

    before = kinds(record)
    with pytest.raises(OSError, match="is gone"):
        record.jobs.begin(visit.id, starts=Broken())
    assert kinds(record) == before
    assert record.machines.overview()[0].choice == chosen
    assert record.jobs.begin(visit.id, starts=STARTS) is not None


@pytest.mark.parametrize("menu", ["", "gone"])
def test_a_choice_of_a_profile_that_is_gone_is_withdrawn_and_said_so(record: Record, menu: str) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1", profile=menu), MAC)
    record.choices.choose(visit.machine_id, "gone", "Anne")
    with pytest.raises(UnknownProfile) as refused:
        record.jobs.begin(visit.id, menu=menu, starts=STARTS)
    assert (refused.value.profile, bool(refused.value.hint)) == ("gone", True)
    assert record.machines.overview()[0].choice is None
    assert kinds(record)[-1] == "choice-withdrawn"
    assert record.jobs.begin(visit.id, menu=menu, starts=STARTS) is None


def test_a_choice_of_which_nobody_knows_what_it_was_made_for_is_asked_again(record: Record, place: Place) -> None:
    """As they wait on a record that an older netboot wrote."""
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.choices.choose(visit.machine_id, "debian", "Anne")
    by_hand(place, "UPDATE choices SET seen = NULL")
    with pytest.raises(NotAsSeen) as refused:
        record.jobs.begin(visit.id, starts=STARTS)
    assert refused.value.problem.code == "disks-changed"
    assert record.jobs.begin(visit.id, starts=STARTS) is None


def test_no_job_begins_beside_another(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1", profile="debian"), MAC)
    start(record, visit)
    before = kinds(record)
    with pytest.raises(NotOnRecord):
        record.jobs.begin(visit.id, menu="debian", starts=STARTS)
    assert kinds(record) == before


def test_an_operator_whose_name_is_that_of_a_source_can_be_forgotten_and_no_job_changes(record: Record) -> None:
    record.people.set_operator("menu", "h")
    visit = record.visits.greet(hello(pc(), "boot-1", profile="debian"), MAC)
    assert record.jobs.begin(visit.id, menu="debian", starts=STARTS) is not None
    other = record.visits.greet(hello(pc(2), "boot-2"), "02:00:00:00:00:02")
    record.choices.choose(other.machine_id, "debian", "menu")
    assert record.jobs.begin(other.id, starts=STARTS) is not None

    def chosen_by() -> list[str]:
        return [row.job.chosen_by if row.job else "?" for row in record.machines.overview()]

    assert chosen_by() == ["", "menu"]
    record.people.forget("menu")
    nobody, forgotten = chosen_by()
    assert (nobody, forgotten) == ("", FORGOTTEN)
    assert record.journal.verify().broken is None
