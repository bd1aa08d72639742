"""The record on SQLite: one file in WAL mode with `synchronous=FULL`.

A commit that returned survives a kill and a power cut (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError

from netboot.files.data_folder import make_private, require_private
from netboot.records.refusals import RecordDamaged
from netboot.shared.errors import NetbootError

BUSY: Final = 30.0
"""How long a transaction waits for another process's, in seconds."""

READING: Mapping[str, object] = {"netboot_reading": True}
"""Execution options of a transaction that changes nothing."""

_Identity = tuple[int, int]
"""A file's device and inode."""
_CANNOT_OPEN: Final = "unable to open database file"

HINT: str = "check that the file is netboot's own and that its folder can be written; else restore a backup"


def connect(url: URL) -> Engine:
    """An engine on this file, which is made if it is missing."""
    if url.database and url.database != ":memory:":
        path = Path(url.database).absolute()
        engine = _engine_on(url, path, _make_private(path))
    else:
        engine = create_engine(url)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _engine_on(url: URL, path: Path, own: _Identity) -> Engine:
    """Each line to it is to this very file: one in the place of one that is gone would be an empty record, or an older
    one, which is compared only at the start. A line that is open writes on into a file that is gone, and is given up.
    """

    def check_out(*_: object) -> None:
        if _lies_at(path) != own:
            raise DisconnectionError

    engine = create_engine(url, creator=lambda: _open(path, own))
    event.listen(engine, "checkout", check_out)
    return engine


def _open(path: Path, own: _Identity) -> sqlite3.Connection:
    place = f"file:{quote(os.fspath(path))}?mode=rw"
    connection = sqlite3.connect(place, timeout=BUSY, uri=True, check_same_thread=False)
    if _lies_at(path) != own:
        connection.close()
        raise sqlite3.OperationalError(f"{_CANNOT_OPEN}: another one lies in its place since netboot was started")
    return connection


def _lies_at(path: Path) -> _Identity | None:
    """Which file lies there; None where that cannot be told."""
    try:
        return _identity(path.stat())
    except OSError:
        return None


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def require_sound(connection: Connection, name: str) -> None:
    """Check every page of the file: some seconds for a record of years, before the first PC is served."""
    verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if verdict != "ok":
        raise RecordDamaged(f"the record {name}", str(verdict))


def is_damage(error: BaseException | None) -> bool:
    """Whether the driver says that the file is damaged (SQLITE_CORRUPT, SQLITE_IOERR)."""
    return isinstance(error, sqlite3.Error) and ("malformed" in str(error) or "disk I/O error" in str(error))


def is_away(error: BaseException | None) -> bool:
    """Whether the driver says that the file is not there, or that another process held it for all of `BUSY`
    (SQLITE_CANTOPEN, SQLITE_BUSY)."""
    said = str(error) if isinstance(error, sqlite3.OperationalError) else ""
    return _CANNOT_OPEN in said or "database is locked" in said


def _make_private(path: Path) -> _Identity:
    """Only its owner may read the file: it holds names and password hashes. SQLite gives the WAL the same mode."""
    try:
        make_private(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        require_private(path, "the record")
        return _identity(path.stat())
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
