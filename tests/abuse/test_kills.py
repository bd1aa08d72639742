"""A server that is killed at any moment of a busy day has lost nothing that it acknowledged, and does nothing twice.

The real `netboot serve`, eight real agents whose stages are played, and an operator on the real page; SIGKILL falls at
random moments, during starts as well, and after each the record that is left is compared with what was answered.
"""

import asyncio
import json
import os
import random
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import yaml

from netboot.auth.passwords import hash_password
from netboot.bootfiles.record import NAMES, current, write_record
from netboot.lab.child import Child
from netboot.lab.network import INTERFACE, NETWORK, SERVER, Lan, open_lan
from netboot.records.record import open_record
from netboot.records.values import Event
from tests.abuse.promises import Note, broken

pytestmark = pytest.mark.root

PCS = 8
DAILY, ALL = 12, 200
NAME, PASSWORD = "anne", "un mot de passe long"
ROOT = Path(__file__).parents[2]


class Bench:
    """The server's LAN, its data, and everybody who speaks to it."""

    def __init__(self, lan: Lan, settings: Path, environment: Mapping[str, str]) -> None:
        self.lan = lan
        self._settings = settings
        self._environment = environment
        self.data = lan.folder / "data"
        self._journals = [lan.folder / f"{who}.journal" for who in (*range(PCS), "operator")]

    async def serve(self) -> Child:
        """Start the server on what the last one left."""
        command = (sys.executable, "-m", "netboot", "serve", "--config", self._settings)
        return await self.lan.spawn(self.lan.server, command, name="serve", env=self._environment)

    async def come(self) -> None:
        """The PCs and the operator, for as long as the LAN stands."""
        for number, journal in enumerate(self._journals[:PCS]):
            host = self.lan.run.namespace(f"pc{number}")
            await self.lan.attach(host, NETWORK[100 + number])
            plays = (sys.executable, "-m", "tests.abuse.plays_pcs")
            command = (*plays, str(SERVER), str(number), os.fspath(journal))
            await self.lan.spawn(host, command, name=f"pc{number}", env=self._environment)
        words = (str(SERVER), NAME, PASSWORD, os.fspath(self._journals[PCS]))
        operator = (sys.executable, "-m", "tests.abuse.plays_operator", *words)
        await self.lan.spawn(self.lan.building, operator, name="operator", env=self._environment)

    def noted(self) -> int:
        """Bytes of all journals."""
        return sum(journal.stat().st_size for journal in self._journals if journal.exists())

    def notes(self) -> list[Note]:
        """All journals, each whole and in its order."""
        texts = [journal.read_bytes() for journal in self._journals if journal.exists()]
        return [msgspec.json.decode(line, type=Note) for text in texts for line in text.splitlines()]

    def events(self, after: int) -> tuple[Event, ...]:
        """What a dead server left, whose chain must be whole; read from a copy: the next server mends the rest."""
        copy = self.lan.folder / "copy"
        copy.mkdir(exist_ok=True)
        for name in ("record.sqlite", "record.sqlite-wal"):
            (copy / name).unlink(missing_ok=True)
            if (self.data / name).exists():
                shutil.copy(self.data / name, copy / name)
        (copy / "record.sqlite-shm").unlink(missing_ok=True)
        with open_record(copy / "record.sqlite") as record:
            check = record.journal.verify()
            assert check.broken is None, check
            return record.journal.read(after, 1_000_000)


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    (folder / "one").mkdir(parents=True)
    for name in NAMES:
        (folder / "one" / name).write_bytes(os.urandom(1000))
    write_record(folder / "one", kernel="test", recipe="test", loader_packages=(), agent_packages=())
    current(folder).symlink_to("one")
    async with open_lan() as lan:
        settings = lan.folder / "netboot.yaml"
        said = {
            "interface": INTERFACE,
            "data": str(lan.folder / "data"),
            "bootfiles": str(folder),
            "agent": {"wait": 10},
        }
        settings.write_text(yaml.safe_dump(said))
        (lan.folder / "data").mkdir(mode=0o700)
        heads = lan.folder / "cache" / "netboot-workshop" / "heads"
        with open_record(lan.folder / "data" / "record.sqlite", heads=heads) as record:
            record.people.set_operator(NAME, hash_password(PASSWORD))
        environment = {"XDG_CACHE_HOME": str(lan.folder / "cache"), "PYTHONPATH": str(ROOT)}
        yield Bench(lan, settings, environment)


async def busy_moment(bench: Bench, server: Child, starts: int) -> None:
    """Wait for a random moment: of a start, or of the work after it."""
    if random.random() < 0.12:
        await asyncio.sleep(random.uniform(0, 2))
        return
    while server.output().count("ready on") == starts:
        server.must_run()
        await asyncio.sleep(0.05)
    until, more = time.monotonic() + 4, bench.noted() + random.randint(0, 3000)
    while bench.noted() < more and time.monotonic() < until:
        server.must_run()
        await asyncio.sleep(random.uniform(0, 0.02))


@pytest.mark.parametrize(
    "kills",
    [pytest.param(DAILY), pytest.param(ALL, marks=[pytest.mark.matrix, pytest.mark.timeout(3600)])],
)
async def test_whatever_was_acknowledged_is_kept_and_nothing_is_done_twice(tmp_path: Path, kills: int) -> None:
    seed = random.randrange(2**32)
    random.seed(seed)
    print(f"seed {seed}")
    began = time.monotonic()
    events: list[Event] = []
    async with bench(tmp_path / "bootfiles") as busy:
        await busy.come()
        for kill in range(kills):
            starts = busy.lan.log_path("serve").read_text().count("ready on") if events else 0
            server = await busy.serve()
            await busy_moment(busy, server, starts)
            server.kill()
            await server.wait()
            notes = busy.notes()
            events += busy.events(len(events))
            assert events[-1].sequence == len(events), "the record is shorter than it was"
            assert broken(notes, events) == []
            print(f"{kill + 1} kills, {time.monotonic() - began:.0f} s: {len(events)} events, {len(notes)} notes")
        log = busy.lan.log_path("serve").read_text()
    seconds = time.monotonic() - began
    kinds = {kind: sum(event.kind == kind for event in events) for kind in ("job-ended", "choice-used", "batch-place")}
    verdicts = {json.loads(event.body)["verdict"] for event in events if event.kind == "erasure"}
    received = sum(note.kind == "received" for note in notes)
    print(f"{kills} kills in {seconds:.0f} s: {len(events)} events, {received} reports received, {kinds}, 0 lost")
    assert "the record is older" not in log
    assert not [note for note in notes if note.kind == "stuck"]
    # It was a busy day.
    assert received > 2 * kills
    assert all(kinds.values())
    assert verdicts == {"erased"}
