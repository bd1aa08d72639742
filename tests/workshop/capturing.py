"""A PC with a prepared disk, which is captured over the real line and the real boot HTTP server into a real store."""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from msgspec.structs import replace
from nacl.signing import SigningKey

from netboot.agent.capture.stage import run_capture
from netboot.agent.capture.upload import CaptureServer, capture_server
from netboot.agent.net.server_place import ServerPlace
from netboot.jobs.actor import operator
from netboot.jobs.profile import Profile
from netboot.masters.capturing import CaptureDesk
from netboot.records.record import Record
from netboot.shared.inventory import Disk, DiskId, Inventory
from netboot.shared.process import run
from netboot.shared.protocol import RunStage
from netboot.shared.stages.capture import Capture, CaptureOptions, CaptureResult
from netboot.store import Store
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import LiveBoard
from tests.workshop.conftest import TICKET_KEY, WIPE, hello, pc, row_of
from tests.workshop.player import Agent, agent_on, find_master

KEY: Final = SigningKey(b"\x0c" * 32)
CAPTURE: Final = Profile(
    id="capture",
    name={"fr": "Capturer ce PC", "en": "Capture this PC"},
    stages=("check", "capture", "finish"),
    options={"capture": {"name": "prepared", "title": "Prepared by hand", "licence": "MIT", "version": "1"}},
)


def store_in(folder: Path) -> Store:
    return Store(folder / "store", accepts=bytes(KEY.verify_key))


def capturing_workshop(record: Record, store: Store | None, key: SigningKey = KEY) -> Workshop:
    """A server that was just started on this record and this store."""
    return Workshop(
        record,
        LiveBoard(time.time),
        [CAPTURE, WIPE],
        find_master,
        wait=600,
        ticket_key=TICKET_KEY,
        capture_desk=None if store is None else CaptureDesk(store, key),
    )


@contextmanager
def block_device(image: Path) -> Iterator[Path]:
    """The image as a PC's disk, which could be written to."""
    device = run(["losetup", "--find", "--show", image]).stdout.strip()
    try:
        yield Path(device)
    finally:
        run(["losetup", "--detach", device])


def disk_at(device: Path, size: int, number: int = 1) -> Disk:
    """The device as an agent lists it."""
    return Disk(name=device.name, id=DiskId(serial=f"PREPARED{number}", size=size), model="Image", transport="ata")


class Captured:
    """One PC on the line, whose job has the capture ordered."""

    def __init__(self, server: TestServer, agent: Agent, token: str, order: RunStage, inventory: Inventory) -> None:
        assert isinstance(order.stage, Capture)
        self.agent = agent
        self.token = token
        self.order = order
        self.stage = order.stage
        self.inventory = inventory
        self.place = ServerPlace(str(server.make_url("")).rstrip("/"))

    @property
    def url(self) -> str:
        return f"{self.place.url}/captures/{self.stage.job}"

    def moves_to(self, server: TestServer) -> None:
        """The server is elsewhere now, or was started anew."""
        self.place.url = str(server.make_url("")).rstrip("/")

    @asynccontextmanager
    async def upload(self, *, patience: float = 20.0) -> AsyncIterator[CaptureServer]:
        async with capture_server(self.place, self.stage.job, lambda: self.token, 3, patience=patience) as server:
            yield server

    async def capture(
        self,
        disks: Callable[[], Sequence[Disk]],
        *,
        told: Callable[[int, int], None] = lambda done, total: None,
        patience: float = 20.0,
    ) -> CaptureResult:
        """What the agent does."""

        def progress(done: int, total: int, part: str = "") -> None:
            told(done, total)

        async with self.upload(patience=patience) as server:
            return await run_capture(self.stage, server=server, progress=progress, read_disks=disks)

    async def ask(
        self, method: str, what: str, body: bytes = b"", *, token: str | None = None, scheme: str = "Bearer"
    ) -> tuple[int, bytes]:
        """One request as anybody on the LAN may make it: the answer's status and body."""
        headers = {"Authorization": f"{scheme} {self.token if token is None else token}"}
        async with (
            ClientSession() as session,
            session.request(method, f"{self.url}/{what}", data=body, headers=headers) as response,
        ):
            return response.status, await response.read()


@asynccontextmanager
async def ordered(
    server: TestServer,
    workshop: Workshop,
    disks: Sequence[Disk],
    *,
    number: int = 1,
    boot: str = "",
    capture: CaptureOptions | None = None,
) -> AsyncIterator[Captured]:
    """A PC for which an operator chose the capture, and whose check is done."""
    inventory = replace(pc(number), disks=tuple(disks))
    async with agent_on(server, hello(inventory, boot or f"boot-{number}")) as (agent, welcome):
        machine = row_of(workshop, number).machine
        assert await workshop.commands.choose(operator("anne"), machine, CAPTURE.id, capture=capture)
        run_stage = await agent.begin_after("check", inventory)
        yield Captured(server, agent, welcome.token, run_stage, inventory)
