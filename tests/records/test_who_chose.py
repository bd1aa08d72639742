"""Migration 0010: a job that a boot menu chose bears no name."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from netboot.records.record import open_record
from tests.records.test_inventories import MADE_BEFORE


@pytest.mark.parametrize(("is_a_name", "then"), [(False, ""), (True, "menu")])
def test_the_word_that_stood_for_the_menu_goes_where_it_is_no_operators_name(
    tmp_path: Path, is_a_name: bool, then: str
) -> None:
    place = tmp_path / "record.sqlite"
    with closing(sqlite3.connect(place)) as before, before:
        before.executescript(MADE_BEFORE.read_text())
        assert before.execute("UPDATE jobs SET chosen_by = 'menu'").rowcount > 0
        if is_a_name:
            before.execute(
                "INSERT INTO operators (name, password_hash, added) VALUES ('menu', 'h', '2026-01-01 00:00:00')"
            )
    place.chmod(0o600)
    with open_record(place) as record:
        jobs = [job for row in record.machines.overview() for job in record.machines.detail(row.id).visits[0].jobs]
        assert {job.chosen_by for job in jobs} <= {then}
    with closing(sqlite3.connect(place)) as after:
        assert {name for (name,) in after.execute("SELECT chosen_by FROM jobs")} == {then}
