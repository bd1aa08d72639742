"""A server that is killed at any moment of captures: its store is whole each time, and offers nothing half-made.

The agent's capture is the real one, over a real line; SIGKILL falls at random moments, during starts as well. The disk
has no file system, so that all of it is taken, and holds something else for each capture.
"""

import asyncio
import os
import random
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, DummyCookieJar
from aiohttp.test_utils import unused_port
from msgspec.structs import replace

from netboot.agent.capture.stage import run_capture
from netboot.agent.capture.upload import capture_server
from netboot.agent.net.server_place import ServerPlace
from netboot.bootmenu.ticket import Picked, issue
from netboot.shared.inventory import Disk
from netboot.shared.protocol import Hello, Leave, Plan, RunStage, Welcome
from netboot.shared.stages.capture import Capture, CaptureResult
from netboot.shared.stages.check import Check, CheckResult
from netboot.store.upkeep import verify
from tests.masters.images import LINUX, MIB, gpt_disk, sized
from tests.workshop.capturing import CAPTURE, KEY, block_device, disk_at, store_in
from tests.workshop.conftest import TICKET_KEY, hello, pc
from tests.workshop.player import Agent, listening

pytestmark = pytest.mark.root

SIZE = 96 * MIB
HELD = 64 * MIB
ROOT = Path(__file__).parents[2]
DAILY, ALL = 4, 50


class Pc:
    """A PC that is captured again and again, whatever becomes of the server."""

    def __init__(self, url: str, disk: Disk, image: Path) -> None:
        self._place = ServerPlace(url)
        self._disk = disk
        self._image = image
        self._inventory = replace(pc(), disks=(disk,))
        self._token = ""
        self._capture: asyncio.Task[CaptureResult] | None = None
        self.captured: list[CaptureResult] = []

    async def be_captured(self) -> None:
        """For ever: each time as another boot, with something else on the disk."""
        while True:
            with self._image.open("r+b") as file:
                file.seek(2 * MIB)
                file.write(random.randbytes(HELD - 2 * MIB))
            self._token, self._capture = "", None
            picked = Picked(CAPTURE.id, "98:fa:9b:00:00:01", self._inventory.system.uuid, digest=CAPTURE.digest)
            ticket = issue(TICKET_KEY, picked, now=time.time())
            said = hello(self._inventory, f"boot-{len(self.captured)}")
            self.captured.append(await self._once(replace(said, profile=CAPTURE.id, ticket=ticket)))

    async def _once(self, said: Hello) -> CaptureResult:
        while True:
            try:
                async with self._line(said) as agent:
                    if await self._obeyed(agent):
                        assert self._capture is not None
                        return await self._capture
            except (ClientError, OSError, TimeoutError, AssertionError):
                await asyncio.sleep(0.1)  # the server is gone

    @asynccontextmanager
    async def _line(self, said: Hello) -> AsyncIterator[Agent]:
        async with (
            ClientSession(cookie_jar=DummyCookieJar()) as session,
            session.ws_connect(f"{self._place.url}/agent/link") as socket,
            listening(socket) as agent,
        ):
            await agent.say(replace(said, token=self._token))
            welcome = await agent.hear(Welcome)
            self._token, agent.number = welcome.token, welcome.number
            yield agent

    async def _obeyed(self, agent: Agent) -> bool:
        """Whether the job came to its end on this line."""
        while isinstance(order := await agent.order(), Plan | RunStage):
            if isinstance(order, Plan):
                continue
            await agent.start(order)
            match order.stage:
                case Check():
                    await agent.finish(order, CheckResult(inventory=self._inventory))
                case Capture() as stage:
                    self._capture = self._capture or asyncio.create_task(self._run(stage))
                    broken = asyncio.create_task(_broken(agent))
                    await asyncio.wait({self._capture, broken}, return_when="FIRST_COMPLETED")
                    if not self._capture.done():
                        raise TimeoutError
                    broken.cancel()
                    await agent.finish(order, self._capture.result())
                case _:
                    await agent.finish(order, None)
        return isinstance(order, Leave)

    async def _run(self, stage: Capture) -> CaptureResult:
        def progress(done: int, total: int, part: str = "") -> None: ...

        async with capture_server(self._place, stage.job, lambda: self._token, 3, patience=120) as server:
            return await run_capture(stage, server=server, progress=progress, read_disks=lambda: [self._disk])


async def _broken(agent: Agent) -> None:
    """Wait until the line is; receipts come before."""
    while True:
        with suppress(TimeoutError):
            if await agent.closed():
                return


async def more_chunks(folder: Path, wanted: int) -> None:
    """Wait until so many chunks are in the store, or a while."""
    until = time.monotonic() + 8
    while len(store_in(folder).blobs.list("chunks")) < wanted and time.monotonic() < until:  # noqa: ASYNC110 — the store of another process
        await asyncio.sleep(0.01)


@asynccontextmanager
async def server_of(folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server that is killed at the end."""
    words = (sys.executable, "-m", "tests.workshop.capture_server", folder, str(port))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize(
    "kills",
    [pytest.param(DAILY), pytest.param(ALL, marks=[pytest.mark.matrix, pytest.mark.timeout(1800)])],
)
async def test_a_server_that_is_killed_at_any_moment_of_captures_offers_what_is_whole_and_nothing_else(
    tmp_path: Path, empty_record: Path, kills: int
) -> None:
    seed = random.randrange(2**32)
    random.seed(seed)
    print(f"seed {seed}")
    folder, port, public = tmp_path / "data", unused_port(), bytes(KEY.verify_key)
    folder.mkdir()
    shutil.copy(empty_record, folder / "record.sqlite")
    image = gpt_disk(tmp_path, [(LINUX, sized(tmp_path / "part", HELD - MIB))], size=SIZE)
    in_the_middle = 0
    with block_device(image) as device:
        subject = Pc(f"http://127.0.0.1:{port}", disk_at(device, SIZE), image)
        being = asyncio.create_task(subject.be_captured())
        try:
            for _ in range(kills):
                async with server_of(folder, port) as server:
                    assert server.stdout is not None
                    chunks = len(store_in(folder).blobs.list("chunks"))
                    if random.random() < 0.9:
                        assert await server.stdout.readline() == b"ready\n"
                        await more_chunks(folder, chunks + random.randint(0, 60))
                    await asyncio.sleep(random.uniform(0, 0.5))
                    assert not being.done(), being.exception()
                store = store_in(folder)
                in_the_middle += len(store.blobs.list("chunks")) > chunks
                assert verify(store, public) == ()
                assert set(store.names()) <= {"prepared"}
                assert len(store.blobs.list("manifests")) <= len(subject.captured) + 1
            whole = len(subject.captured)
            async with server_of(folder, port):
                async with asyncio.timeout(60):
                    while len(subject.captured) < whole + 2:
                        assert not being.done(), being.exception()
                        await asyncio.sleep(0.1)
        finally:
            being.cancel()
    print(f"{kills} kills, {in_the_middle} while chunks came, {len(subject.captured)} captures")
    assert in_the_middle
    assert verify(store_in(folder), public) == ()
