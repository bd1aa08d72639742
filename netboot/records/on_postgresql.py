"""The record on PostgreSQL, by psycopg (the extra `postgresql`): a database that is there, in UTF-8, for netboot alone.

Transactions that write go one at a time, as on SQLite: each takes one advisory lock of the database before it reads
anything, and reads what is committed by then. Those that only read see one state of the database throughout.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event

from netboot.shared.errors import NetbootError

READING: Mapping[str, object] = {
    "netboot_reading": True,
    "isolation_level": "REPEATABLE READ",
    "postgresql_readonly": True,
}
"""Execution options of a transaction that changes nothing."""

HINT: str = "check that the server runs, and that the database is there and is netboot's own"

_LOCK: Final = int.from_bytes(b"netboot")
"""The advisory lock's number; it is counted within one database."""

# A wait as long as SQLite's; a commit that returned is on the disk, whatever the server's own settings say.
_SETTINGS: Final = "-c lock_timeout=30s -c synchronous_commit=on"

_DAMAGE: Final = ("XX001", "XX002")
"""data_corrupted, index_corrupted (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

_AWAY: Final = ("08", "57P", "55P03")
"""Connection exceptions, the server's own ends and starts, and a lock that another process held for all of the wait."""


def connect(url: URL) -> Engine:
    """An engine on this database. Raises NetbootError when the driver is missing."""
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"options": _SETTINGS},
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
        )
    except ImportError as error:
        raise NetbootError(
            f"a record in PostgreSQL needs psycopg: {error}",
            hint="install netboot-workshop[postgresql], and Debian's package libpq5",
        ) from error
    event.listen(engine, "begin", _begin)
    return engine


def require_sound(connection: Connection, name: str) -> None:
    """Raise NetbootError unless the database's encoding is UTF-8. PostgreSQL finds damage by itself."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        raise NetbootError(
            f"the database {name} is in {encoding}, and the record needs UTF-8",
            hint="make it with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )


def is_damage(error: BaseException | None) -> bool:
    """Whether the server says that its files are damaged."""
    return getattr(error, "sqlstate", None) in _DAMAGE


def is_away(error: BaseException | None) -> bool:
    """Whether there is no line to the server, it ends or starts just now, or another process held it for too long: what
    it does not answer has no state."""
    state = getattr(error, "sqlstate", "")
    return state is None or state.startswith(_AWAY)


def _begin(connection: Connection) -> None:
    if not connection.get_execution_options().get("netboot_reading"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
