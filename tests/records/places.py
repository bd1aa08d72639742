"""Where a test's record is, on SQLite or on PostgreSQL, and changing it by hand as somebody beside netboot would.

The PostgreSQL is Debian's, started for this run in a folder of its own: no service, and no port but a Unix socket that
only root reaches.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text

Place = Path | str
"""An SQLite file, or a database's URL."""

WITHIN = 60.0
_MADE = ("--username=netboot", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
_SETTINGS = ("-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "fsync=off")


def engine_at(place: Place) -> Engine:
    """Another program's way to the record."""
    url = make_url(place) if isinstance(place, str) else URL.create("sqlite", database=os.fspath(place))
    return create_engine(url, poolclass=NullPool)


def by_hand(place: Place, *statements: str, values: Mapping[str, object] | None = None) -> Sequence[tuple[Any, ...]]:
    """Carry these out beside netboot, in one transaction; gives the rows that the last one finds."""
    rows: list[tuple[Any, ...]] = []
    with engine_at(place).begin() as other:
        for statement in statements:
            result = other.execute(text(statement if values else statement.replace(":", r"\:")), values or {})
            rows = [tuple(row) for row in result] if result.returns_rows else []
    return rows


def unprotected(place: Place) -> tuple[str, ...]:
    """What takes away the triggers that keep the journal."""
    if isinstance(place, str):
        names = by_hand(place, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        return tuple(f"DROP TRIGGER {name} ON events" for (name,) in names)
    names = by_hand(place, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
    return tuple(f"DROP TRIGGER {name}" for (name,) in names)


class Cluster:
    """A PostgreSQL that runs; each test gets a database of its own, copied from one with the tables made."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._made = 0

    def url(self, database: str) -> str:
        """A database of it."""
        query = {"host": os.fspath(self._socket)}
        return URL.create("postgresql+psycopg", "netboot", database=database, query=query).render_as_string()

    def create(self, template: str = "template0") -> str:
        """The URL of a new database."""
        self._made += 1
        name = f"record_{self._made}"
        self._say(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Away with it, whoever still has a connection."""
        self._say(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _say(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def running_postgresql() -> Iterator[Cluster]:
    """Debian's PostgreSQL on a Unix socket, until the end of this block; it dies with this process."""
    programs = newest_programs()
    user = pwd.getpwnam("postgres")  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="netboot-postgresql-"))
    os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        data, log = folder / "data", folder / "log"
        who = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
        as_user = ("setpriv", *who, "--pdeathsig", "KILL")
        made = subprocess.run(
            (*as_user, programs / "initdb", "--pgdata", data, *_MADE),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        with log.open("wb") as output:
            process = subprocess.Popen(
                (*as_user, programs / "postgres", "-D", data, "-k", folder, *_SETTINGS),
                cwd=folder,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a Ctrl+C is for the tests, which then end it
            )
        try:
            until = time.monotonic() + WITHIN
            while b"ready to accept connections" not in log.read_bytes():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.05)
            yield Cluster(folder)
        finally:
            process.terminate()
            try:
                process.wait(5)  # until all have gone: it waits for connections that a killed test left
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder)


def newest_programs() -> Path:
    """Where Debian keeps the server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    assert found, "PostgreSQL is not installed: apt-get install postgresql"
    return found[-1].parent
