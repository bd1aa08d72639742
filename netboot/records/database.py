"""Opens the record's database, SQLite or PostgreSQL: runs its migrations, and reports damage.

What each database needs of its own is in `on_sqlite.py` and `on_postgresql.py`, and in the first migration (the
triggers); the queries elsewhere are the same for both.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from netboot.records import on_postgresql, on_sqlite
from netboot.records.refusals import RecordAway, RecordDamaged
from netboot.shared.errors import NetbootError


class _Kind(Protocol):
    """What is asked of each database's module."""

    READING: Mapping[str, object]
    HINT: str

    def connect(self, url: URL) -> Engine: ...
    def require_sound(self, connection: Connection, name: str) -> None: ...


_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_KINDS: Final[dict[str, "_Kind"]] = {"sqlite": on_sqlite, "postgresql": on_postgresql}
_POSSIBLE: Final = "use a path, sqlite:////a/path/record.db or postgresql://user@host/database"


def open_database(place: str | os.PathLike[str]) -> Engine:
    """Open the database at a URL or a path, and bring its tables up to this version. SQLite's is made if it is missing.

    Raises NetbootError: not a database, made by a newer netboot, or in a place that cannot be reached or written.
    """
    url = _url(place)
    kind = _KINDS[url.get_backend_name()]
    name = url.render_as_string(hide_password=True) if "://" in os.fspath(place) else os.fspath(place)
    engine = kind.connect(url)
    try:
        with told_of_trouble(), engine.begin() as connection:
            kind.require_sound(connection, name)
            _migrate(connection, name)
    except SQLAlchemyError as error:
        engine.dispose()
        raise NetbootError(f"the record {name} cannot be opened: {_first_line(error)}", hint=kind.HINT) from error
    except RecordAway as error:
        engine.dispose()
        raise NetbootError(f"the record {name} cannot be opened: {error.why}", hint=kind.HINT) from error
    except NetbootError:
        engine.dispose()
        raise
    return engine


def for_reading(engine: Engine) -> Engine:
    """The same database for transactions that change nothing, each of which sees one state of it from begin to end."""
    return engine.execution_options(**_KINDS[engine.dialect.name].READING)


@contextmanager
def told_of_trouble() -> Iterator[None]:
    """Turns SQLAlchemy's errors about a damaged database into RecordDamaged, about one that is not there RecordAway."""
    try:
        yield
    except PoolTimeoutError as error:
        raise RecordAway("all lines to it are waiting") from error
    except DatabaseError as error:
        lost = isinstance(error, OperationalError)
        if lost and (on_sqlite.is_away(error.orig) or on_postgresql.is_away(error.orig)):
            raise RecordAway(_first_line(error)) from error
        if not (on_sqlite.is_damage(error.orig) or on_postgresql.is_damage(error.orig)):
            raise
        raise RecordDamaged("the record", str(error.orig)) from error


def _url(place: str | os.PathLike[str]) -> URL:
    text = os.fspath(place)
    try:
        url = make_url(text) if "://" in text else URL.create("sqlite", database=text)
    except ArgumentError as error:
        raise NetbootError("this is no database URL", hint=_POSSIBLE) from error
    if url.get_backend_name() not in _KINDS:
        raise NetbootError(f"a record in {url.get_backend_name()} is not possible", hint=_POSSIBLE)
    return url


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
