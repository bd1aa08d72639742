"""Each inventory is kept once, and what is kept is what was hashed."""

import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.jobs.job import StageRecord
from netboot.records.record import Record, open_record
from netboot.shared.disk_abilities import Abilities, AtaSecurity
from netboot.shared.stages.check import CheckResult
from tests.records.conftest import MAC, follow, hello, pc, ssd, start
from tests.records.places import Place, by_hand
from tests.records.test_jobs import CHECKED

MADE_BEFORE = Path(__file__).parent / "record_0008.sql"


def rows(place: Place, wanted: str) -> list[tuple[object, ...]]:
    """What a query finds in the file."""
    return list(by_hand(place, wanted))


def count(place: Place) -> object:
    """How many inventories are kept."""
    return rows(place, "SELECT count(*) FROM inventories")[0][0]


def test_a_pc_that_comes_again_unchanged_adds_no_inventory(record: Record, place: Place) -> None:
    for boot in ("boot-1", "boot-2", "boot-3"):
        visit = record.visits.greet(hello(pc(), boot), MAC)
        job = start(record, visit)
        record.jobs.stage_finished(job.id, CHECKED, 1.0, 1)
    assert count(place) == 1
    record.visits.greet(hello(replace(pc(), memory=8 << 30), "boot-4"), MAC)
    assert count(place) == 2
    shown = record.machines.detail(visit.machine_id).visits
    assert [each.inventory for each in shown] == [replace(pc(), memory=8 << 30), pc(), pc(), pc()]
    assert record.journal.verify().broken is None


def test_what_a_visit_told_before_is_let_go_unless_another_or_a_check_found_the_same(
    record: Record, place: Place
) -> None:
    token = record.visits.greet(hello(pc(), "boot-1"), MAC).token
    for memory in range(1, 20):
        visit = record.visits.greet(hello(replace(pc(), memory=memory), "boot-1", token=token), MAC)
    assert count(place) == 1
    job = start(record, visit)
    late = pc(1, disks=(ssd(1), ssd(2)))
    record.jobs.stage_finished(
        job.id, StageRecord(stage="check", state="done", result=CheckResult(inventory=late)), 1.0, 1
    )
    assert count(place) == 1
    record.visits.greet(hello(pc(), "boot-1", token=token), MAC)
    assert count(place) == 1, "what the check found is not left out again by what the agent read at its start"
    more = replace(late, memory=8 << 30)
    again = record.visits.greet(hello(more, "boot-1", token=token), MAC)
    assert again.job is not None
    assert (again.job.inventory, count(place)) == (late, 2)
    record.visits.greet(hello(more, "boot-2"), MAC)
    assert count(place) == 2
    assert record.journal.verify().broken is None


def test_a_disk_that_is_frozen_at_one_boot_and_not_at_another_makes_two_inventories_of_one_pc(
    record: Record, place: Place
) -> None:
    """A choice goes on holding, for it was made for that disk, whatever state it is in."""
    states = [Abilities(ata_security=AtaSecurity(supported=True, frozen=frozen)) for frozen in (True, False)]
    pcs = [pc(disks=(replace(ssd(), can=can),)) for can in states]
    first = record.visits.greet(hello(pcs[0], "boot-0"), MAC)
    record.visits.end(first.id)
    record.choices.choose(first.machine_id, "debian", "Anne")
    for boot in range(1, 9):
        visit = record.visits.greet(hello(pcs[boot % 2], f"boot-{boot}"), MAC)
        assert visit.machine_id == first.machine_id
        if boot == 1:
            assert follow(record, visit.id) == ("debian", "Anne")
        record.visits.end(visit.id)
    assert count(place) == 2
    shown = record.machines.detail(first.machine_id).visits
    assert [each.inventory.disks[0].can for each in shown[:2]] == [states[0], states[1]]
    assert record.journal.verify().broken is None


CHANGES = {
    "its bytes": "UPDATE inventories SET content = replace(content, 'S4EWNX0N0001', 'S4EWNX0N0009')",
    "which one it is": "UPDATE stages SET inventory_digest = "
    "(SELECT digest FROM inventories WHERE content LIKE '%S4EWNX0N0002%') WHERE inventory_digest IS NOT NULL",
    "that it was": "UPDATE stages SET inventory_digest = NULL, result = NULL",
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_check_of_the_journal_finds_that_what_a_check_found_was_changed(place: Place, what: str) -> None:
    with open_record(place) as record:
        job = start(record, record.visits.greet(hello(pc(), "boot-1"), MAC))
        record.jobs.stage_finished(job.id, CHECKED, 1.0, 1)
        record.visits.greet(hello(pc(2), "boot-2"), MAC)
        assert record.journal.verify().broken is None
        (event,) = [each for each in record.journal.read() if each.kind == "stage-ended"]
    by_hand(place, CHANGES[what])
    with open_record(place) as record:
        check = record.journal.verify()
        assert check.broken == (event.server, event.sequence)
        assert "inventory" in check.why


def test_the_check_of_the_journal_finds_a_changed_inventory_of_which_no_event_tells(place: Place) -> None:
    with open_record(place) as record:
        record.visits.greet(hello(pc(), "boot-1"), MAC)
    by_hand(place, CHANGES["its bytes"])
    with open_record(place) as record:
        check = record.journal.verify()
        assert check.broken is not None
        assert (check.broken[1], "inventory" in check.why) == (0, True)


def test_a_record_of_before_opens_with_all_that_was_in_it(tmp_path: Path) -> None:
    place = tmp_path / "record.db"
    place.touch(mode=0o600)
    with sqlite3.connect(place) as other:
        other.executescript(MADE_BEFORE.read_text())
    told = rows(place, "SELECT boot, inventory FROM visits ORDER BY boot")
    assert len(told) == 4
    named = {str(table): str(columns) for table, columns in rows(place, TABLES)}
    kept = {table: rows(place, f"SELECT {columns} FROM {table}") for table, columns in named.items()}
    with open_record(place) as record:
        (one,) = [row for row in record.machines.overview() if row.number == 1]
        visits = record.machines.detail(one.id).visits
        assert [(each.boot, each.inventory) for each in visits] == [
            ("boot-3", pc(disks=(ssd(1), ssd(7)))),
            ("boot-2", pc()),
            ("boot-1", pc()),
        ]
        assert {disk.can for each in visits for disk in each.inventory.disks} == {Abilities()}
        job = record.jobs.ended_job(visits[2].id, visits[2].jobs[0].id)
        assert job is not None
        assert (job.inventory, job.stages[0]) == (pc(), CHECKED)
        assert [(row.verdict, row.in_chain) for row in record.machines.erasures(one.id)] == [("erased", True)]
        assert record.journal.verify().broken is None
    assert count(place) == 3
    with_visits = "SELECT boot, content FROM visits JOIN inventories ON digest = inventory_digest ORDER BY boot"
    assert rows(place, with_visits) == told
    columns = "id, machine_id, boot, mac, token_hash, token_used, opened, closed, last_report, adapter, standing"
    assert {table: rows(place, f"SELECT {named[table]} FROM {table}") for table in kept} == kept
    with sqlite3.connect(":memory:") as other:
        other.executescript(MADE_BEFORE.read_text())
        assert rows(place, f"SELECT {columns} FROM visits") == other.execute(f"SELECT {columns} FROM visits").fetchall()


TABLES = (
    "SELECT m.name, group_concat('\"' || c.name || '\"') FROM sqlite_master m JOIN pragma_table_info(m.name) c "
    "WHERE m.type = 'table' AND m.name NOT IN ('alembic_version', 'visits', 'stages', 'settings', 'chains') "
    "GROUP BY m.name"
)
"""Each table with the columns that it had before."""
