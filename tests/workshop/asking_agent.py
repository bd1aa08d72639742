"""A real agent whose stage asks something, with its line, its screen and its keyboard."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp.test_utils import TestServer

from netboot.agent.net.link import Link
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.progress import StageTold
from netboot.agent.questions import Ask
from netboot.agent.reports import Reports
from netboot.agent.screen.consoles import Consoles
from netboot.agent.screen.display import Screen
from netboot.agent.screen.keyboard import Keyboard
from netboot.agent.visit import Visit
from netboot.shared.fields import Token
from netboot.shared.language import Language
from netboot.shared.protocol import Hello
from netboot.shared.stages import Result, Stage
from netboot.shared.stages.check import Check, CheckResult
from netboot.shared.stages.finish import EndAction
from tests.workshop.asked import CHOICES, TEXT
from tests.workshop.conftest import LOOK, hello, pc


@dataclass
class AskingPc:
    """A real agent; `answers` is what its stage was told."""

    answers: list[str | None]
    visit: asyncio.Task[EndAction]
    link: Link
    place: ServerPlace

    def move_to(self, server: TestServer) -> None:
        """Its line breaks, without a word, and the server is here from now on."""
        self.place.url = _url(server)
        socket = self.link._socket
        assert socket is not None
        assert socket._response.connection is not None
        assert socket._response.connection.transport is not None
        socket._response.connection.transport.abort()


@asynccontextmanager
async def asking_pc(
    server: TestServer,
    root: Path,
    *,
    number: int = 1,
    language: Language = "en",
    seconds: float = 600,
    ask: Callable[[Ask], Awaitable[str | None]] | None = None,
) -> AsyncIterator[AskingPc]:
    """A PC whose agent's check asks `QUESTION`, with the real line, screen and keyboard; its displays are under `root`.

    The check is done once somebody has answered, or nobody did.
    """
    token: Token = ""
    answers: list[str | None] = []

    def keep(given: Token) -> None:
        nonlocal token
        token = given

    def say_hello() -> Hello:
        return hello(pc(number), f"boot-{number}", token=token, profile=LOOK.id)

    async def asks(stage: Stage, _: StageTold, put: Ask, __: bytes) -> Result | None:
        if not isinstance(stage, Check):
            return None
        answers.append(await (ask(put) if ask else put(TEXT, CHOICES, seconds)))
        return CheckResult(inventory=pc(number))

    reports, place = Reports(), ServerPlace(_url(server))
    link = Link(place, say_hello, reports, keep, lambda: None)
    with Consoles(root) as consoles:
        visit = Visit(link, reports, asks, Screen(consoles, language), listen=Keyboard(root).listen)

        async def stay() -> EndAction:
            async with asyncio.TaskGroup() as tasks:
                line = tasks.create_task(link.run())
                action = await visit.run(tasks)
                line.cancel()
            return action

        task = asyncio.create_task(stay())
        try:
            yield AskingPc(answers, task, link, place)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _url(server: TestServer) -> str:
    return str(server.make_url("")).rstrip("/")
