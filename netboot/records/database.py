"""Opening the record's database: its settings, its migrations, its two kinds of transaction.

SQLite in WAL mode with `synchronous=FULL`: a commit that returned survives a kill and a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous). Queries elsewhere use nothing that only SQLite has; what
PostgreSQL still needs is here and in the first migration (the triggers).
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, SQLAlchemyError

from netboot.files.data_folder import make_private, require_private
from netboot.shared.errors import NetbootError

BUSY: Final = 30.0
"""How long a transaction waits for another process's, in seconds."""

READING: Final = {"netboot_reading": True}
"""Execution options of a transaction that changes nothing."""

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def open_database(place: str | os.PathLike[str]) -> Engine:
    """Open the database at a URL or a path, make it if it is missing, and bring its tables up to this version.

    Raises NetbootError: not a database, made by a newer netboot, or in a place that cannot be written.
    """
    url = _url(place)
    if url.database and url.database != ":memory:":
        _make_private(Path(url.database))
    engine = create_engine(url, connect_args={"timeout": BUSY})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    try:
        with told_of_damage(), engine.begin() as connection:
            _require_whole(connection, os.fspath(place))
            _migrate(connection, os.fspath(place))
    except SQLAlchemyError as error:
        engine.dispose()
        raise NetbootError(
            f"the record {os.fspath(place)} cannot be opened: {_first_line(error)}",
            hint="check that the file is netboot's own and that its folder can be written; else restore a backup",
        ) from error
    except NetbootError:
        engine.dispose()
        raise
    return engine


class RecordDamaged(NetbootError):  # noqa: N818 — said as it is
    """A part of the database cannot be read, or contradicts another."""


@contextmanager
def told_of_damage() -> Iterator[None]:
    """Raise RecordDamaged in place of what SQLAlchemy says of a database that is damaged (SQLITE_CORRUPT, _NOTADB)."""
    try:
        yield
    except DatabaseError as error:
        if "malformed" not in str(error.orig) and "disk I/O error" not in str(error.orig):
            raise
        raise _damaged("the record", str(error.orig)) from error


def _damaged(what: str, why: str) -> RecordDamaged:
    return RecordDamaged(
        f"{what} is damaged: {why}",
        hint="stop netboot, keep a copy of its data folder, then put the newest backup back; "
        "see docs/operator.en.md, “Backup”",
    )


def _require_whole(connection: Connection, place: str) -> None:
    """Every page is read: some seconds for a record of years, before the first PC is served."""
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise _damaged(f"the record {place}", str(found))


def _url(place: str | os.PathLike[str]) -> URL:
    text = os.fspath(place)
    try:
        url = make_url(text) if "://" in text else URL.create("sqlite", database=text)
    except ArgumentError as error:
        raise NetbootError(f"{text} is no database URL", hint="use a path, or sqlite:////a/path/record.db") from error
    if url.get_backend_name() != "sqlite":
        raise NetbootError(
            f"a record in {url.get_backend_name()} is not possible yet",
            hint="use a path, or sqlite:////a/path/record.db",
        )
    return url


def _make_private(path: Path) -> None:
    """Only its owner may read the file: it holds names and password hashes. SQLite gives the WAL the same mode."""
    try:
        make_private(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        require_private(path, "the record")
    except OSError as error:
        raise NetbootError(
            f"the record {path} cannot be written: {error.strerror}",
            hint="choose another place, or give this user the right",
        ) from error


def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
    # Python's sqlite3 would begin transactions by itself, and late: `_begin` does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is forgotten leaves no trace in the file
    cursor.execute("PRAGMA recursive_triggers=ON")  # else REPLACE deletes a row without asking its trigger
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that will write takes the lock at once: one that read first could no longer wait for it.
    reading = connection.get_execution_options().get("netboot_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _migrate(connection: Connection, place: str) -> None:
    config = Config()
    config.set_main_option("script_location", os.fspath(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    current = set(MigrationContext.configure(connection).get_current_heads())
    if not current <= known:
        raise NetbootError(
            f"the record {place} was written by a newer netboot (its tables are at {', '.join(sorted(current))})",
            hint="install that version or a newer one; the record was not changed",
        )
    command.upgrade(config, "head")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
