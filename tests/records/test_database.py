"""The database itself: made from nothing, never from a newer version, and whole after a kill."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import make_url

from netboot.records import on_postgresql
from netboot.records.database import open_database, told_of_trouble
from netboot.records.record import open_record
from netboot.records.refusals import RecordAway
from netboot.records.tables import Base
from netboot.shared.errors import NetbootError
from tests.records.conftest import MAC, hello, pc
from tests.records.places import Cluster, Place, by_hand, engine_at


def test_the_migrations_make_the_tables_that_the_code_has(tmp_path: Path, cluster: Cluster | None) -> None:
    engine = open_database(tmp_path / "new" / "record.db" if cluster is None else cluster.create())
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_a_commit_is_on_the_disk_before_it_returns(file: Path) -> None:
    engine = open_database(file)
    with engine.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    assert found == ["wal", 2, 1, 30_000, 1]
    engine.dispose()


def test_a_record_opened_again_is_the_same(place: Place) -> None:
    with open_record(place) as record:
        visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    with open_record(place if isinstance(place, str) else f"sqlite:///{place}") as record:
        assert record.machines.overview()[0].visit.id == visit.id


def test_a_newer_netboots_record_is_refused_and_not_touched(place: Place) -> None:
    open_record(place).close()
    by_hand(place, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NetbootError, match="newer netboot") as refused:
        open_record(place)
    assert "9999" in refused.value.message
    assert by_hand(place, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_what_is_no_record_is_refused_with_a_hint(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Not a database, but long enough to be taken for one. " * 40)
    nobody_there = f"postgresql://netboot:secret@/netboot?host={tmp_path}"
    for wrong in (note, note / "record.db", "mysql://host/netboot", nobody_there, "://"):
        with pytest.raises(NetbootError) as refused:
            open_record(wrong)
        assert refused.value.hint
        assert "secret" not in refused.value.message
    assert note.read_text().startswith("Not a database")


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    with open_record(tmp_path / "record.db") as record:
        record.people.set_setting("session", "secret")
        files = list(tmp_path.iterdir())
        assert len(files) == 3
        for path in files:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_settings_operators_and_masters_are_remembered(place: Place) -> None:
    with open_record(place) as record:
        assert record.people.setting("session") is None
        record.people.set_setting("session", "one")
        record.people.set_setting("session", "two")
        record.people.set_operator("Anne", "first")
        record.people.set_operator("Anne", "second")
        for _ in range(2):
            record.masters.remember("ab" * 32, name="debian-minimal", version="13.1", licence="free")
    with open_record(place) as record:
        assert record.people.setting("session") == "two"
        assert [(each.name, each.password_hash) for each in record.people.operators()] == [("Anne", "second")]
        assert [(master.name, master.version) for master in record.masters.all()] == [("debian-minimal", "13.1")]


CHILD = """
import sys
from netboot.records.record import open_record

with open_record(sys.argv[1]) as record:
    number = 0
    while True:
        number += 1
        record.people.set_operator(f"operator {number}", "hash")
        print(number, flush=True)
"""


def test_everything_acknowledged_is_there_after_a_kill(place: Place) -> None:
    for _ in range(2):
        child = subprocess.Popen([sys.executable, "-c", CHILD, os.fspath(place)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= 15:
                break
        child.send_signal(signal.SIGKILL)
        acknowledged = max([int(line), *(int(rest) for rest in child.stdout if rest.endswith("\n"))])
        child.wait()
        with open_record(place) as record:
            there = {operator.name for operator in record.people.operators()}
            assert {f"operator {number}" for number in range(1, acknowledged + 1)} <= there
            assert record.journal.verify().broken is None
            assert len(record.journal.read(limit=10_000)) == record.journal.verify().events


@pytest.mark.postgresql
def test_a_database_that_another_process_holds_for_too_long_is_called_away(
    cluster: Cluster | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cluster is not None
    place = cluster.create()
    open_record(place).close()
    monkeypatch.setattr(on_postgresql, "_SETTINGS", "-c lock_timeout=100ms")
    with open_record(place) as record, engine_at(place).connect() as other:
        other.exec_driver_sql(f"SELECT pg_advisory_lock({on_postgresql._LOCK})")
        with pytest.raises(RecordAway, match="lock timeout"):
            record.visits.greet(hello(pc(), "boot-1"), MAC)


@pytest.mark.postgresql
def test_a_database_server_that_is_not_there_is_called_away() -> None:
    with pytest.raises(RecordAway, match="Connection refused"), told_of_trouble():
        on_postgresql.connect(make_url("postgresql://anybody@127.0.0.1:1/record")).connect()
