"""PCs on one port of the bench, one after the other, each with the real agent around stages that are only played.

plays_pcs.py SERVER PORT JOURNAL: run in that port's namespace until it is ended; appends what it hears to the journal.
Each PC comes a few times: by a batch where its menu has one armed, else it waits for a choice.
"""

import asyncio
import contextlib
import os
import random
import re
import secrets
import sys
import time
from pathlib import Path
from typing import IO, Literal

import aiohttp
import msgspec
from msgspec.structs import replace

from netboot.agent.net.link import Link
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.progress import StageTold
from netboot.agent.questions import Ask
from netboot.agent.reports import Report, Reports
from netboot.agent.visit import RunOne, Visit
from netboot.lab.network import INTERFACE
from netboot.lan.interfaces import read_links
from netboot.shared.fields import Token
from netboot.shared.inventory import Board, Count, Disk, DiskId, Firmware, Inventory, Nic, System
from netboot.shared.problems import Problem
from netboot.shared.protocol import (
    VERSION,
    EraseBegun,
    FormatTold,
    FromServer,
    Hello,
    Plan,
    RunStage,
    StageFinished,
    StageProgress,
)
from netboot.shared.stage_question import How, StageQuestion
from netboot.shared.stages import Result, Stage, StageName, stage_name
from netboot.shared.stages.erase import EraseResult
from netboot.shared.stages.finish import EndAction
from tests.abuse.promises import Note
from tests.workshop.player import evidence

SWITCHED_OFF_AFTER = 300.0
"""Seconds after which somebody switches a PC off that does not leave."""
STAGE = (0.02, 0.4)
"""Seconds that a played stage takes."""
VISITS = (1, 3)
RESTART = (0.3, 1.0)
"""Seconds from one visit's end to the next one's menu."""


class Journal:
    """Notes, each in the file when `note` returns."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def note(self, note: Note) -> None:
        os.write(self._file.fileno(), msgspec.json.encode(note) + b"\n")


class NotedReports(Reports):
    """Notes which reports the server has acknowledged."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def received(self, number: Count) -> None:
        for report in self.unreceived():
            if report.number <= number and not isinstance(report, EraseBegun | FormatTold):
                self._journal.note(Note(kind="received", job=report.job, stage=report.stage, what=_what(report)))
        super().received(number)


class NotedOrders(asyncio.Queue[FromServer]):
    """What the server says, with a note of each order."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(64)
        self._journal = journal
        self.planned = False

    async def put(self, item: FromServer) -> None:
        self.planned |= isinstance(item, Plan)
        if isinstance(item, RunStage):
            self._journal.note(Note(kind="ordered", job=item.job, stage=stage_name(item.stage)))
        await super().put(item)


class NoScreen:
    """A PC whose screen nobody looks at."""

    def waiting(self, seconds: float) -> None: ...
    def welcomed(self, machine: str, left: Problem | None) -> None: ...
    def planned(self, plan: Plan) -> None: ...
    def started(self, stage: StageName) -> None: ...
    def progressed(self, progress: StageProgress) -> None: ...
    def asked(self, question: StageQuestion, seconds: float) -> None: ...
    def typed(self, number: int) -> None: ...
    def code_typed(self, code: str, *, read: bool) -> None: ...
    def question_closed(self, how: How, choice: str) -> None: ...
    def finished(self, stage: StageName, problem: Problem | None, result: Result | None) -> None: ...
    def stopped(self, problem: Problem) -> None: ...
    def leaving(self, action: EndAction, problem: Problem | None) -> None: ...


class PlayedPc:
    """One PC; `docked` is the adapter by which it hangs on its port of the bench."""

    def __init__(self, server: str, journal: Journal, port: int, number: int, docked: str) -> None:
        self._server = f"http://{server}"
        self._journal = journal
        name = f"{port:02x}{number:04x}"
        self.mac = f"98:fa:9b:{name[:2]}:{name[2:4]}:{name[4:]}"
        self._inventory = Inventory(
            system=System(
                manufacturer="LENOVO",
                product="ThinkCentre M720q",
                serial=f"PC0X{name}",
                uuid=f"4c1bb2a8-7e52-11ea-9d7a-086266{name}",
            ),
            board=Board(manufacturer="LENOVO", product="3136", serial=f"L1HF{name}"),
            firmware=Firmware(mode="uefi"),
            disks=(
                Disk(
                    name="nvme0n1",
                    id=DiskId(serial=f"S4EWNX0N{name}", size=512 * 10**6),
                    model="SAMSUNG MZVLB256HBHQ",
                    transport="nvme",
                ),
            ),
            nics=(
                Nic(name="eth0", mac=self.mac, driver="e1000e", boot=True),
                Nic(name="eth1", mac=docked, driver="r8152", removable=True),
            ),
        )

    async def visit(self) -> None:
        """One boot: its menu, then its agent until it is sent home."""
        batch, ticket = await self._menu()
        boot, token, orders = secrets.token_hex(16), "", NotedOrders(self._journal)

        def hello() -> Hello:
            return Hello(
                version=VERSION,
                boot=boot,
                batch=batch,
                ticket=ticket,
                menu_mac=self.mac,
                token=token,
                running=visit.running,
                inventory=self._inventory,
            )

        def keep(given: Token) -> None:
            nonlocal token
            token = given

        reports = NotedReports(self._journal)
        link = Link(ServerPlace(self._server), hello, reports, keep, lambda: None)
        link.inbox = orders
        visit = Visit(link, reports, self._played(), NoScreen())
        try:
            async with asyncio.timeout(SWITCHED_OFF_AFTER), asyncio.TaskGroup() as tasks:
                line = tasks.create_task(link.run())
                await visit.run(tasks)
                line.cancel()
        except TimeoutError:
            if orders.planned:
                self._journal.note(Note(kind="stuck", machine=self.mac))
        else:
            self._journal.note(Note(kind="home", machine=self.mac))

    async def _menu(self) -> tuple[str, str]:
        """The batch that the boot menu has armed, with its ticket; nothing when there is none, or no server."""
        asked = f"mac={self.mac}&uuid={self._inventory.system.uuid}"
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with aiohttp.ClientSession(self._server, timeout=aiohttp.ClientTimeout(total=5)) as loader:
                async with loader.get(f"/menu.grub?{asked}") as answer:
                    armed = re.search(r"load_proven '?([\w-]+)'? '?([0-9a-f]{32})", await answer.text())
                if armed is None:
                    return "", ""
                async with loader.get(f"/start.grub?{asked}&profile={armed[1]}&batch={armed[2]}") as answer:
                    ticket = re.search(r"netboot\.ticket=([\w-]+)", await answer.text())
                if ticket is not None:
                    return armed[2], ticket[1]
        return "", ""

    def _played(self) -> RunOne:
        async def run_one(stage: Stage, told: StageTold, ask: Ask, _: bytes) -> Result | None:
            began = time.monotonic()
            await asyncio.sleep(random.uniform(*STAGE))
            result = evidence(stage, self._inventory)
            if isinstance(result, EraseResult):
                times = {"began": began, "ended": time.monotonic()}
                return EraseResult(erasures=tuple(replace(erasure, **times) for erasure in result.erasures))
            return result

        return run_one


def _what(report: Report) -> Literal["started", "finished"]:
    return "finished" if isinstance(report, StageFinished) else "started"


async def main(server: str, port: int, file: IO[bytes]) -> None:
    (docked,) = (link.address for link in read_links() if link.ifname == INTERFACE)
    journal = Journal(file)
    number = 0
    while True:
        number += 1
        pc = PlayedPc(server, journal, port, number, docked)
        for _ in range(random.randint(*VISITS)):
            await pc.visit()
            await asyncio.sleep(random.uniform(*RESTART))


if __name__ == "__main__":
    with Path(sys.argv[3]).open("ab", buffering=0) as opened:
        asyncio.run(main(sys.argv[1], int(sys.argv[2]), opened))
