"""Getting a master's manifest and chunks from the server over plain HTTP: GET /manifests/DIGEST, GET /chunks/SHA256.

A server that does not answer is asked again, ever more slowly, until `patience` is over; that is how a killed server
or a pulled cable is survived. Everything is bounded in size and time, and a chunk is what its name says or it is not
given out: a wrong one is asked for again a few times, since one bad byte may come from a neighbour or a bad memory.
Not for: writing (`deploy/stage.py`).
"""

import asyncio
import hashlib
import logging
import time
from typing import Final

import aiohttp
import zstandard

from netboot.agent.deploy.awaited import Awaited
from netboot.agent.net.server_place import ServerPlace
from netboot.shared.manifest import LENGTH_LIMIT, Chunk

log = logging.getLogger(__name__)

PATIENCE: Final = 600.0
"""Seconds a server may be silent before a deploy is given up."""
TRIES: Final = 3
"""How often a chunk that does not match its name is fetched."""

_TIMEOUT: Final = aiohttp.ClientTimeout(total=300, sock_connect=10, sock_read=30)
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0


class NotThereError(Exception):
    """The server answers, and does not have what has this `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class DamagedError(Exception):
    """What the server has does not match its `name`, several times over."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class SilentError(Exception):
    """The server has not answered for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer for {seconds:.0f} s")
        self.seconds = seconds


class _TooLongError(Exception):
    """More bytes than asked for: dropped unread."""


class Source:
    """The server's boot HTTP server, wherever it is at each try, through a session that leaves bodies as they are.

    `awaited` is told when the server is waited for, and when something came of it.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        server: ServerPlace,
        *,
        patience: float = PATIENCE,
        awaited: Awaited | None = None,
    ) -> None:
        self._session = session
        self._server = server
        self._patience = patience
        self._awaited = awaited or Awaited()
        self.fetched = 0
        """Bytes received in whole bodies."""
        self.refetched = 0
        """Chunks that were asked for again because they were damaged."""

    async def manifest(self, digest: str) -> bytes:
        """The signed manifest's bytes, unchecked. Raises NotThereError, DamagedError, SilentError."""
        try:
            return bytes(await self._get("manifests", digest, LENGTH_LIMIT))
        except _TooLongError as error:
            raise DamagedError(digest) from error

    async def chunk(self, chunk: Chunk, into: memoryview) -> None:
        """Fill `into` (the chunk's length) with its plain bytes. Raises NotThereError, DamagedError, SilentError."""
        for attempt in range(TRIES):
            self.refetched += attempt > 0
            try:
                frame = await self._get("chunks", chunk.sha256, _longest_frame(chunk.length))
            except _TooLongError:
                continue
            if await asyncio.to_thread(_unpack, frame, chunk, into):
                return
            log.warning("chunk %s does not match its name", chunk.sha256)
        raise DamagedError(chunk.sha256)

    async def _get(self, folder: str, name: str, limit: int) -> bytearray:
        with self._awaited.wait():
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
                self._awaited.moved()
                if len(body) > limit:
                    raise _TooLongError
        self.fetched += len(body)
        return body


def open_session(connections: int) -> aiohttp.ClientSession:
    """A session for `Source`; zstd frames stay as they are, whatever headers say."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections), auto_decompress=False)


def _longest_frame(length: int) -> int:
    """The longest zstd frame of so many plain bytes (zstd.h, ZSTD_COMPRESSBOUND), with room for a checksum."""
    return length + (length >> 8) + 1024


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
