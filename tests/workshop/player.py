"""An agent played over the real protocol on a real line, and the server that it speaks to. Not for: real hardware."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeVar

from aiohttp import ClientSession, ClientWebSocketResponse, DummyCookieJar, WSMessage, WSMsgType
from aiohttp.test_utils import TestServer

from netboot.agent.erase.pattern import Pattern
from netboot.boothttp.files import BootHttp, boot_application
from netboot.bootmenu.boot_menu import BootMenu
from netboot.bootmenu.password import SETTING, MenuPassword
from netboot.jobs.job import MasterNeeds
from netboot.settings.config import Settings
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.inventory import DiskId, Inventory
from netboot.shared.problems import Problem
from netboot.shared.protocol import (
    FromAgent,
    FromServer,
    Hello,
    Leave,
    Plan,
    QuestionAnswered,
    QuestionAsked,
    QuestionClosed,
    Received,
    RunStage,
    StageFinished,
    StageProgress,
    StageStarted,
    Stay,
    Welcome,
    decode_from_server,
    encode,
)
from netboot.shared.stage_question import How, StageQuestion
from netboot.shared.stages import Result, Stage, StageName, stage_name
from netboot.shared.stages.check import Check, CheckResult
from netboot.shared.stages.customise import Customise
from netboot.shared.stages.deploy import Deploy, DeployResult
from netboot.shared.stages.erase import Erase, EraseResult, Erasure
from netboot.store import BlobFolder, BlobStore
from netboot.workshop.greeting import Workshop
from tests.customised import customised

M = TypeVar("M", Welcome, Plan, RunStage, Received, QuestionAnswered, Leave, Stay)

MASTER = MasterNeeds(manifest="ab" * 32, name="debian-minimal", disk=8 * 10**9)
BEGAN, ENDED = 1.0, 61.0
"""When a stage of a played agent begins and ends, in seconds since its PC's start."""
WITHIN = 30.0
"""Seconds a message may take: on a busy machine the record's disk alone takes ten."""
CLOSES: Final = (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR)


def find_master(name: str) -> MasterNeeds | None:
    """A store with one master."""
    return MASTER if name == MASTER.name else None


class Agent:
    """One line to the server; made by `listening`. Numbers its reports as the real one does."""

    def __init__(self, socket: ClientWebSocketResponse, *, number: int = 0) -> None:
        self._socket = socket
        self._heard: asyncio.Queue[WSMessage] = asyncio.Queue()
        self.number = number

    async def listen(self) -> None:
        """Take in what comes, also while the test does something else: a ping is answered only by who reads."""
        while (message := await self._socket.receive()).type not in CLOSES:
            self._heard.put_nowait(message)
        self._heard.put_nowait(message)

    async def say(self, message: FromAgent) -> None:
        """Send one message."""
        await self._socket.send_str(encode(message))

    async def say_raw(self, text: str) -> None:
        """Send any text."""
        await self._socket.send_str(text)

    async def hear(self, kind: type[M]) -> M:
        """The next message, which must be of this kind."""
        message = await self._next()
        assert isinstance(message, kind), f"{message} came where {kind.__name__} was expected"
        return message

    async def order(self) -> FromServer:
        """The next message that is no receipt."""
        while isinstance(message := await self._next(), Received):
            pass
        return message

    async def receipt(self) -> int:
        """The number up to which the server has the reports."""
        return (await self.hear(Received)).number

    async def closed(self) -> bool:
        """Whether the server closes the line next, without a word."""
        async with asyncio.timeout(WITHIN):
            return (await self._heard.get()).type in CLOSES

    async def close(self) -> None:
        """Close the line as an agent does that goes home."""
        await self._socket.close()

    async def break_off(self) -> None:
        """The line breaks, without a word."""
        response = self._socket._response
        assert response.connection is not None
        assert response.connection.transport is not None
        response.connection.transport.abort()

    async def start(self, run: RunStage) -> None:
        """Report that the ordered stage began."""
        self.number += 1
        await self.say(StageStarted(number=self.number, job=run.job, stage=stage_name(run.stage), at=BEGAN))

    async def tick(self, run: RunStage, done: int, total: int, rate: float = 1e8) -> None:
        """Report progress."""
        await self.say(StageProgress(job=run.job, stage=stage_name(run.stage), done=done, total=total, rate=rate))

    async def finish(
        self,
        run: RunStage,
        result: Result | None,
        *,
        outcome: Literal["done", "failed"] = "done",
        problem: Problem | None = None,
    ) -> StageFinished:
        """Report that the ordered stage ended; returns the report, so that it can be said again."""
        self.number += 1
        report = StageFinished(
            number=self.number,
            job=run.job,
            stage=stage_name(run.stage),
            at=ENDED,
            outcome=outcome,
            problem=problem,
            result=result,
        )
        await self.say(report)
        return report

    async def ask(self, run: RunStage, question: StageQuestion, *, left: float | None = None) -> None:
        """The stage asks a person."""
        left = question.seconds if left is None else left
        await self.say(QuestionAsked(job=run.job, stage=stage_name(run.stage), question=question, left=left))

    async def close_question(
        self, run: RunStage, question: StageQuestion, how: How, choice: str = ""
    ) -> QuestionClosed:
        """Report which answer counted; returns the report, so that it can be said again."""
        self.number += 1
        report = QuestionClosed(
            number=self.number, job=run.job, stage=stage_name(run.stage), question=question, how=how, choice=choice
        )
        await self.say(report)
        return report

    async def obey(self, inventory: Inventory, *, until: StageName = "finish") -> FromServer:
        """Do every ordered stage with true evidence, up to and with `until`; returns what the server says then."""
        while isinstance(run := await self.order(), RunStage):
            await self.start(run)
            await self.finish(run, evidence(run.stage, inventory))
            if stage_name(run.stage) == until:
                return await self.order()
        return run

    async def begin_after(self, done: StageName, inventory: Inventory) -> RunStage:
        """Hear the plan, do its stages up to and with `done`, and begin the one that follows."""
        await self.hear(Plan)
        run = await self.obey(inventory, until=done)
        assert isinstance(run, RunStage)
        await self.start(run)
        return run

    async def _next(self) -> FromServer:
        async with asyncio.timeout(WITHIN):
            message = await self._heard.get()
        assert message.type is WSMsgType.TEXT, f"{message.type.name} came where a message was expected"
        return decode_from_server(message.data)


async def eventually(happened: Callable[[], bool], *, within: float = WITHIN) -> None:
    """Wait until it happened. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while not happened():  # noqa: ASYNC110 — what is waited for is the server's own state
            await asyncio.sleep(0.01)


def evidence(stage: Stage, inventory: Inventory) -> Result | None:
    """What a stage that went well proves."""
    match stage:
        case Check():
            return CheckResult(inventory=inventory)
        case Erase(disks=disks):
            return EraseResult(erasures=tuple(erasure(one.disk) for one in disks))
        case Deploy(manifest=manifest, target=target, used=used):
            size = used or 2 * 10**9
            return DeployResult(
                manifest=manifest, target=target, chunks=500, written=size, verified=size, fetched=10**9
            )
        case Customise(hostname=hostname):
            return customised(hostname)
        case _:
            return None


def erasure(disk: DiskId, *, verified: int | None = None) -> Erasure:
    """The evidence of a disk that was overwritten and read back whole, or only in part."""
    status = DiskStatus(
        name="nvme0n1", serial=disk.serial, wwn=disk.wwn, size=disk.size, logical_sector=512, smart="passed"
    )
    read = disk.size if verified is None else verified
    return Erasure(
        disk=disk,
        model="SAMSUNG MZVLB256HBHQ",
        evidence=Overwritten(written=disk.size, verified=read, pattern=Pattern(bytes(32)).description),
        verdict="erased",
        began=BEGAN + 1,
        ended=ENDED - 1,
        pc_clock=315_532_800.0,
        before=status,
        after=status,
    )


@asynccontextmanager
async def serving(
    workshop: Workshop,
    files: Mapping[str, Path] = MappingProxyType({}),
    rendered: Mapping[str, bytes] = MappingProxyType({}),
    masters: BlobStore = BlobFolder(Path("/nonexistent")),  # noqa: B008  nothing is kept there
    *,
    port: int | None = None,
) -> AsyncIterator[TestServer]:
    """The boot HTTP server of this workshop on loopback, with its menus and these boot files, on disk or not."""
    digits = MenuPassword(lambda: workshop.record.people.setting(SETTING))
    menus = BootMenu(
        tuple(workshop.profiles.values()),
        Settings(),
        IPv4Address("192.0.2.2"),
        offer_of=workshop.menu_offer,
        digits_asked=digits.is_set,
        prove=workshop.prove,
    )
    app = boot_application(BootHttp(dict(files), dict(rendered), menus, digits, masters), workshop)
    server = TestServer(app, port=port)
    async with server:
        yield server


@asynccontextmanager
async def listening(socket: ClientWebSocketResponse, *, number: int = 0) -> AsyncIterator[Agent]:
    """An agent on this line, which it takes things in from all the time; the line is closed at the end."""
    agent = Agent(socket, number=number)
    task = asyncio.create_task(agent.listen())
    try:
        yield agent
    finally:
        # As the real one goes: what it said last is heard. It ends the listening too.
        await socket.close()
        task.cancel()


@asynccontextmanager
async def line_to(server: TestServer, *, number: int = 0, answers_pings: bool = True) -> AsyncIterator[Agent]:
    """An open line on which nothing was said; one that answers no ping is as good as half open."""
    async with (
        ClientSession(cookie_jar=DummyCookieJar()) as session,
        session.ws_connect(server.make_url("/agent/link"), autoping=answers_pings) as socket,
        listening(socket, number=number) as agent,
    ):
        yield agent


@asynccontextmanager
async def agent_on(server: TestServer, hello: Hello) -> AsyncIterator[tuple[Agent, Welcome]]:
    """An agent that has said hello and was welcomed."""
    async with line_to(server) as agent:
        await agent.say(hello)
        welcome = await agent.hear(Welcome)
        agent.number = welcome.number
        yield agent, welcome
