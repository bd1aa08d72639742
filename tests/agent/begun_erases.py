"""What a stage tells as begun, kept as the server would keep it; and a power cut: the agent's program is gone."""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from netboot.agent.progress import NobodyBegins
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import DiskId


class Kept(NobodyBegins):
    """A `Begins` that keeps all; `on_begun` may hold the stage up, or end it."""

    def __init__(self) -> None:
        self.all: list[Begun] = []
        self.done = 0
        self.on_begun: Callable[[Begun], Awaitable[None]] | None = None

    async def begun(self, begun: Begun) -> None:
        """On the record."""
        self.all.append(begun)
        if self.on_begun is not None:
            await self.on_begun(begun)

    def reached(self, disk: DiskId, done: int) -> None:
        """The newest."""
        self.done = done

    @property
    def newest(self) -> Begun:
        """What the next order is given."""
        return replace(self.all[-1], done=self.done, at=1_795_000_000.0)


async def forever(_: Begun) -> None:
    """The power goes: nothing comes back."""
    await asyncio.Event().wait()
