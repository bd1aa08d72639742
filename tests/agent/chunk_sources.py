"""Other sources of chunks than the server: the tests' own devices, to see that a deploy asks for no server."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import zstandard

from netboot.agent.deploy.awaited import Awaited
from netboot.agent.deploy.source import ChunkSource, DamagedError, Given, NotThereError
from netboot.shared.manifest import Chunk
from tests.agent.boot_http import BootHttp

OpenSource = Callable[[BootHttp], AbstractAsyncContextManager[ChunkSource]]


class MemorySource:
    """The manifest and the chunks of a `BootHttp` that serves nothing, out of this process's memory."""

    def __init__(self, held: BootHttp, name: str = "memory") -> None:
        self._held = held
        self._name = name
        self._chunks = 0
        self._fetched = 0
        self.awaited = Awaited()

    def given(self) -> tuple[Given, ...]:
        """As ChunkSource says."""
        return (Given(self._name, self._chunks, self._fetched, 0),)

    async def manifest(self, digest: str) -> bytes:
        """As ChunkSource says."""
        if digest != self._held.digest:
            raise NotThereError(digest)
        self._fetched += len(self._held.signed)
        return self._held.signed

    async def chunk(self, chunk: Chunk, into: memoryview) -> None:
        """As ChunkSource says."""
        self._held.asked.append(chunk.sha256)
        frame = self._held.frames.get(chunk.sha256)
        if frame is None:
            raise NotThereError(chunk.sha256)
        self._fetched += len(frame)
        plain = zstandard.ZstdDecompressor().decompress(frame)
        if hashlib.sha256(plain).hexdigest() != chunk.sha256:
            raise DamagedError(chunk.sha256)
        into[:] = plain
        self._chunks += 1


class FirstOf:
    """A source that asks a near one for each chunk, and a far one for what that does not have."""

    def __init__(self, near: ChunkSource, far: ChunkSource) -> None:
        self._near = near
        self._far = far

    @property
    def awaited(self) -> Awaited:
        """As ChunkSource says: the one that is asked last."""
        return self._far.awaited

    def given(self) -> tuple[Given, ...]:
        """As ChunkSource says."""
        return (*self._near.given(), *self._far.given())

    async def manifest(self, digest: str) -> bytes:
        """As ChunkSource says."""
        return await self._far.manifest(digest)

    async def chunk(self, chunk: Chunk, into: memoryview) -> None:
        """As ChunkSource says."""
        try:
            await self._near.chunk(chunk, into)
        except (NotThereError, DamagedError):
            await self._far.chunk(chunk, into)


@asynccontextmanager
async def from_memory(held: BootHttp) -> AsyncIterator[ChunkSource]:
    """A MemorySource, as the server's is opened."""
    yield MemorySource(held)
