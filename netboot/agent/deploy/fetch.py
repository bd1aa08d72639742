"""The server as a source of manifests and chunks, over plain HTTP: GET /manifests/DIGEST, GET /chunks/SHA256.

A server that does not answer is asked again, at growing intervals, until `patience` is over: so a deploy survives a
killed server or a pulled cable. Everything is limited in size and time. A chunk whose bytes do not match its name is
never given out but asked for again a few times, since a bad byte may come from bad memory. Not for: writing
(`agent/deploy/stage.py`).
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import zstandard

from netboot.agent.deploy.awaited import Awaited
from netboot.agent.deploy.source import DamagedError, Given, NotThereError, SilentError
from netboot.agent.net.server_place import ServerPlace
from netboot.shared.frames import longest_frame
from netboot.shared.manifest import LENGTH_LIMIT, Chunk

log = logging.getLogger(__name__)

PATIENCE: Final = 600.0
"""Seconds a server may be silent before a deploy is given up."""
TRIES: Final = 3
"""How often a chunk that does not match its name is fetched."""

_TIMEOUT: Final = aiohttp.ClientTimeout(total=300, sock_connect=10, sock_read=30)
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0


class _TooLongError(Exception):
    """More bytes than asked for: dropped unread."""


class ServerSource:
    """The server's boot HTTP server, wherever it is at each try, through a session that leaves bodies as they are.

    A server that is silent for less than `patience` seconds is waited for.
    """

    def __init__(self, session: aiohttp.ClientSession, server: ServerPlace, *, patience: float = PATIENCE) -> None:
        self._session = session
        self._server = server
        self._patience = patience
        self.awaited: Final = Awaited()
        self._chunks = 0
        self._fetched = 0
        self._refetched = 0

    def given(self) -> tuple[Given, ...]:
        """As ChunkSource says."""
        return (Given("server", self._chunks, self._fetched, self._refetched),)

    async def manifest(self, digest: str) -> bytes:
        """The signed manifest's bytes, unchecked. Raises NotThereError, DamagedError, SilentError."""
        try:
            return bytes(await self._get("manifests", digest, LENGTH_LIMIT))
        except _TooLongError as error:
            raise DamagedError(digest) from error

    async def chunk(self, chunk: Chunk, into: memoryview) -> None:
        """Fill `into` (the chunk's length) with its plain bytes. Raises NotThereError, DamagedError, SilentError."""
        for attempt in range(TRIES):
            self._refetched += attempt > 0
            try:
                frame = await self._get("chunks", chunk.sha256, longest_frame(chunk.length))
            except _TooLongError:
                continue
            if await asyncio.to_thread(_unpack, frame, chunk, into):
                self._chunks += 1
                return
            log.warning("chunk %s does not match its name", chunk.sha256)
        raise DamagedError(chunk.sha256)

    async def _get(self, folder: str, name: str, limit: int) -> bytearray:
        with self.awaited.wait():
            return await self._until_it_answers(folder, name, limit)

    async def _until_it_answers(self, folder: str, name: str, limit: int) -> bytearray:
        since: float | None = None
        pause = _FIRST_PAUSE
        while True:
            try:
                return await self._try(folder, name, limit)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                now = time.monotonic()
                since = now if since is None else since
                log.info("%s %s: %s", folder, name, error or type(error).__name__)
                if now - since + pause > self._patience:
                    raise SilentError(now - since) from error
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _try(self, folder: str, name: str, limit: int) -> bytearray:
        url = f"{self._server.url}/{folder}/{name}"
        async with self._session.get(url, timeout=_TIMEOUT, allow_redirects=False) as response:
            if response.status == 404:
                raise NotThereError(name)
            if response.status != 200:
                raise aiohttp.ClientError(f"status {response.status}")
            if (response.content_length or 0) > limit:
                raise _TooLongError
            body = bytearray()
            async for part in response.content.iter_any():
                body += part
                self.awaited.moved()
                if len(body) > limit:
                    raise _TooLongError
        self._fetched += len(body)
        return body


@asynccontextmanager
async def server_source(
    server: ServerPlace, connections: int, *, patience: float = PATIENCE
) -> AsyncIterator[ServerSource]:
    """The server as a source for one stage, over so many connections at most."""
    # zstd frames stay as they are, whatever headers say.
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        yield ServerSource(session, server, patience=patience)


def _unpack(frame: bytearray, chunk: Chunk, into: memoryview) -> bool:
    """Put the plain bytes into `into`; False when they are not this chunk. Never makes more than the chunk's length."""
    try:
        # The length in the frame's header is what gets allocated, so it is read before anything is unpacked.
        if zstandard.frame_content_size(frame) != chunk.length:
            return False
        plain = zstandard.ZstdDecompressor().decompress(frame, max_output_size=chunk.length, allow_extra_data=False)
    except zstandard.ZstdError:
        return False
    if len(plain) != chunk.length or hashlib.sha256(plain).hexdigest() != chunk.sha256:
        return False
    into[:] = plain
    return True
