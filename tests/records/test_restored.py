"""A record that is older than the last one that was written: put back from a backup, or without its write-ahead log."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.records import on_sqlite
from netboot.records.chain_head import KEPT, ChainHeads, Link, compare
from netboot.records.record import Record, open_record
from netboot.records.refusals import RecordAway, RecordDamaged
from tests.records.conftest import MAC, hello, pc
from tests.records.places import Place

WHO = "anne"


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere"


def waits_for_one(record: Record) -> str:
    """A machine with a choice that waits, and a batch that is armed."""
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.choices.choose(visit.machine_id, "erase-only", WHO)
    record.batches.arm("erase-only", 5, WHO)
    return visit.machine_id


def forget_log(place: Path) -> None:
    for suffix in ("-wal", "-shm"):
        Path(f"{place}{suffix}").unlink(missing_ok=True)


def kinds(record: Record) -> list[str]:
    return [event.kind for event in record.journal.read(limit=1000)]


def test_a_backup_that_is_put_back_revives_no_choice_and_no_batch_and_says_so(
    file: Path, heads: Path, tmp_path: Path
) -> None:
    with open_record(file, heads=heads) as record:
        machine = waits_for_one(record)
    shutil.copy(file, tmp_path / "backup.db")
    with open_record(file, heads=heads) as record:
        assert not record.restored
        assert record.choices.cancel(machine, WHO)
        batch = record.batches.newest()
        assert batch is not None
        record.batches.disarm(batch.id, WHO)
    shutil.copy(tmp_path / "backup.db", file)
    forget_log(file)
    with open_record(file, heads=heads) as record:
        assert record.restored
        assert record.choices.pending() == ()
        found = record.batches.newest()
        assert found is not None
        assert found.ending == "restored"
        assert kinds(record)[-1] == "record-restored"
        assert record.journal.verify().broken is None
    with open_record(file, heads=heads) as record:
        assert not record.restored


def test_a_write_ahead_log_that_is_lost_is_noticed(file: Path, heads: Path, tmp_path: Path) -> None:
    with open_record(file, heads=heads) as record:
        machine = waits_for_one(record)
    with open_record(file, heads=heads) as record:
        assert record.choices.cancel(machine, WHO)
        assert Path(f"{file}-wal").stat().st_size
        # The database without the log of what came after it was closed the last time.
        shutil.copy(file, tmp_path / "without.db")
    shutil.copy(tmp_path / "without.db", file)
    forget_log(file)
    with open_record(file, heads=heads) as record:
        assert record.restored
        assert record.choices.pending() == ()


def test_a_record_on_a_new_machine_is_not_known_and_nothing_that_waited_is_done(
    place: Place, heads: Path, tmp_path: Path
) -> None:
    with open_record(place, heads=heads) as record:
        waits_for_one(record)
    with open_record(place, heads=tmp_path / "another machine") as record:
        assert record.restored
        assert record.choices.pending() == ()


def test_a_record_that_goes_on_stays_as_it_is_after_a_kill_or_a_command_beside_it(place: Place, heads: Path) -> None:
    server = open_record(place, heads=heads)
    machine = waits_for_one(server)
    with open_record(place, heads=heads) as command:
        assert not command.restored
        command.people.set_operator(WHO, "hash")
    server.people.set_setting("session", "one")
    # Never closed: as a killed server leaves it.
    with open_record(place, heads=heads) as record:
        assert not record.restored
        assert [pending.choice.machine_id for pending in record.choices.pending()] == [machine]
    server.close()


def test_a_damaged_page_is_found_at_the_start(file: Path) -> None:
    with open_record(file) as record:
        for number in range(1, 60):
            record.people.set_operator(f"operator {number}", "h" * 400)
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other.execute("PRAGMA journal_mode=DELETE")
    content = bytearray(file.read_bytes())
    for page in range(4096 * 8, len(content), 4096):
        content[page : page + 64] = b"\xa5" * 64
    file.write_bytes(content)
    with pytest.raises(RecordDamaged, match="damaged") as refused:
        open_record(file)
    assert "backup" in refused.value.hint


def test_a_page_that_is_damaged_while_it_runs_is_called_so(file: Path) -> None:
    with open_record(file) as record:
        for number in range(1, 60):
            record.people.set_operator(f"operator {number}", "h" * 400)
        with sqlite3.connect(file) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = file.stat().st_size
        with file.open("r+b") as pages:
            for page in range(4096 * 2, size, 4096):
                pages.seek(page)
                pages.write(b"\xa5" * 64)
        record._open.close()  # its cache forgets what it has read
        with pytest.raises(RecordDamaged):
            record.people.operators()


def test_a_file_that_is_gone_is_called_so_and_no_empty_one_takes_its_place(file: Path) -> None:
    away = file.with_name("away")
    with open_record(file) as record:
        record.people.set_operator("Marie", "h")
        with sqlite3.connect(file) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        record._open.close()  # as when each line to it is new
        file.rename(away)
        for ask in (record.people.operators, lambda: record.people.set_operator("Jeanne", "h")):
            with pytest.raises(RecordAway, match=r"cannot be reached: .*unable to open database file"):
                ask()
        assert not file.exists()
        away.rename(file)
        assert len(record.people.operators()) == 1


@pytest.mark.parametrize("instead", ["nothing", "an empty file", "a backup"])
def test_a_line_that_is_open_does_not_write_into_a_file_that_is_gone(file: Path, instead: str) -> None:
    with open_record(file) as record:
        record.people.set_operator("Marie", "h")
        folder = file.parent / "away"
        folder.mkdir()
        backup = folder / "backup.db"
        with closing(sqlite3.connect(file)) as other:
            other.execute("VACUUM INTO ?", (str(backup),))
        lies = list(file.parent.glob(f"{file.name}*"))
        for path in lies:
            path.rename(folder / path.name)
        if instead == "an empty file":
            file.touch()
        elif instead == "a backup":
            shutil.copy(backup, file)
        before = file.read_bytes() if file.exists() else None
        for ask in (record.people.operators, lambda: record.people.set_operator("Jeanne", "h")):
            with pytest.raises(RecordAway, match=r"cannot be reached: .*unable to open database file"):
                ask()
        assert (file.read_bytes() if file.exists() else None) == before
        for path in lies:
            (folder / path.name).rename(path)
        assert [operator.name for operator in record.people.operators()] == ["Marie"]
        record.people.set_operator("Jeanne", "h")
    with open_record(file) as record:
        assert len(record.people.operators()) == 2


def test_a_file_that_another_process_holds_is_called_away(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_sqlite, "BUSY", 0.1)
    with open_record(file) as record, closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordAway, match="database is locked"):
            record.people.set_operator("Marie", "h")


links = st.builds(Link, st.sampled_from(["aa", "bb"]), st.integers(0, 5), st.sampled_from(["x", "y"]))


@given(links, links)
def test_only_the_same_event_in_the_same_chain_is_the_same(known: Link, own: Link) -> None:
    assert compare(known, own, known.hash) == ("same" if known.server == own.server else "older")
    assert compare(known, own, None) == "older"
    assert compare(known, own, f"{known.hash}?") == "older"
    assert compare(None, own, None) == ("unknown" if own.sequence else "same")


def test_what_cannot_be_read_is_not_known_and_a_folder_does_not_grow(tmp_path: Path) -> None:
    heads = ChainHeads(tmp_path)
    for number in range(KEPT + 20):
        heads.write(Link(f"{number:04x}", number, "hash"))
    assert len(list(tmp_path.iterdir())) == KEPT
    newest = f"{KEPT + 19:04x}"
    assert heads.read(newest) == Link(newest, KEPT + 19, "hash")
    (tmp_path / f"{newest}.json").write_bytes(b'{"server": "x"')
    assert heads.read(newest) is None
    assert heads.read("../../etc/passwd") is None
    full = ChainHeads(tmp_path / f"{newest}.json" / "no folder")
    full.write(Link("aa", 1, "hash"))
    assert full.read("aa") is None
