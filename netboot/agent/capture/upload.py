"""The server as it takes a capture in, over plain HTTP: its paths and answers stand in `shared/capture_plan.py`.

A server that does not answer, or knows nothing of this PC's line yet, is asked again, at growing intervals, until
`patience` is over: so a capture survives a killed server or a pulled cable. Not for: what is sent (`stage.py`).
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import aiohttp
import msgspec

from netboot.agent.deploy.awaited import Awaited
from netboot.agent.deploy.fetch import PATIENCE
from netboot.agent.deploy.source import SilentError
from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.shared.capture_plan import NAMES_LIMIT, CapturePlan, Lacking, Named
from netboot.shared.fields import Token
from netboot.shared.manifest import Chunk
from netboot.shared.problems import Problem
from netboot.shared.stages.capture import CaptureResult

log = logging.getLogger(__name__)

_TIMEOUT: Final = aiohttp.ClientTimeout(total=300, sock_connect=10, sock_read=120)
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0
_REFUSALS: Final = frozenset({422, 507})
_NOT_UNDERSTOOD: Final = frozenset({400, 404, 405, 413})


T = TypeVar("T")


class BeginAnewError(Exception):
    """The server knows nothing of this capture: it was started anew, or gave it up."""


class CaptureServer:
    """Where `job` is captured to. `token` gives the visit's, which may have changed with the line."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        server: ServerPlace,
        job: str,
        token: Callable[[], Token],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._session = session
        self._server = server
        self._job = job
        self._token = token
        self._patience = patience
        self.awaited: Final = Awaited()

    async def announce(self, plan: CapturePlan) -> None:
        """Begin. Raises StageFailed when no master can come of it, SilentError."""
        await self._ask("PUT", "plan", msgspec.json.encode(plan))

    async def lacking(self, chunks: Sequence[Chunk]) -> frozenset[str]:
        """The names of those that the server lacks. Raises BeginAnewError, StageFailed, SilentError."""
        answer = await self._ask("POST", "names", msgspec.json.encode(Named(tuple(chunks))))
        return frozenset(_read(answer, Lacking).names)

    async def send(self, sha256: str, frame: bytes) -> None:
        """Send one chunk. Raises BeginAnewError, StageFailed, SilentError."""
        await self._ask("PUT", f"chunks/{sha256}", frame)

    async def publish(self) -> CaptureResult:
        """All is sent: the master that came of it. Raises BeginAnewError, StageFailed, SilentError."""
        return _read(await self._ask("POST", "master", b""), CaptureResult)

    async def _ask(self, method: str, what: str, body: bytes) -> bytes:
        with self.awaited.wait():
            return await self._until_it_answers(method, what, body)

    async def _until_it_answers(self, method: str, what: str, body: bytes) -> bytes:
        since: float | None = None
        pause = _FIRST_PAUSE
        while True:
            try:
                return await self._try(method, what, body)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                now = time.monotonic()
                since = now if since is None else since
                log.info("%s: %s", what, error or type(error).__name__)
                if now - since + pause > self._patience:
                    raise SilentError(now - since) from error
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _try(self, method: str, what: str, body: bytes) -> bytes:
        url = f"{self._server.url}/captures/{self._job}/{what}"
        headers = {"Authorization": f"Bearer {self._token()}"}
        async with self._session.request(
            method, url, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False
        ) as response:
            answer = await _whole(response)
            self.awaited.moved()
            if response.status == 200:
                return answer
            if response.status == 409:
                raise BeginAnewError
            if response.status in _REFUSALS:
                raise StageFailed(_read(answer, Problem))
            if response.status in _NOT_UNDERSTOOD:
                said = answer.decode(errors="replace").strip()[:300]
                why = f"{what}: HTTP status {response.status} {said}"
                raise StageFailed(Problem("capture-refused", {"why": why}))
            # 403 too: after a broken line the server knows the token only once the hello was heard.
            raise aiohttp.ClientError(f"status {response.status} {answer[:100].decode(errors='replace').strip()}")


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The whole answer, which may come in several parts. Raises ClientError when it is longer than any of ours."""
    answer = bytearray()
    async for part in response.content.iter_any():
        answer += part
        if len(answer) > NAMES_LIMIT:
            raise aiohttp.ClientError("an answer that is too long")
    return bytes(answer)


def _read(answer: bytes, kind: type[T]) -> T:
    """Raises StageFailed for what no server of ours answers."""
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.MsgspecError as error:
        raise StageFailed(Problem("capture-refused", {"why": f"the server's answer: {error}"[:512]})) from error


@asynccontextmanager
async def capture_server(
    server: ServerPlace, job: str, token: Callable[[], Token], connections: int, *, patience: float = PATIENCE
) -> AsyncIterator[CaptureServer]:
    """The server for one capture, over so many connections at most."""
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(
        connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield CaptureServer(session, server, job, token, patience=patience)
