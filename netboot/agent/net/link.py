"""The agent's one WebSocket to the server: it connects, says hello, and starts over for ever when the line breaks.

A server that restarts in the middle of a stage must not disturb it: stages run elsewhere and put their reports into
`Reports`; this module sends what has not been received yet after every new Welcome. Not for: deciding what to do.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

import aiohttp

from netboot.agent.net.server_place import ServerPlace
from netboot.agent.reports import Reports
from netboot.shared.fields import Token
from netboot.shared.problems import Problem
from netboot.shared.protocol import (
    MESSAGE_LIMIT,
    VERSION,
    FromAgent,
    FromServer,
    Hello,
    ProtocolError,
    Received,
    RunStage,
    Stay,
    Welcome,
    decode_from_server,
    encode,
)

log = logging.getLogger(__name__)

HEARTBEAT: Final = 10.0
RETRY: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts; the last repeats."""

CONNECT_WITHIN: Final = 10.0
"""Seconds for one attempt: the server may have left an address from which nothing comes back, not even a refusal."""

GARBLED_LIMIT: Final = 3
"""Messages that cannot be read, each on a line of its own and no order among them, before the person is told."""


class Link:
    """Owns the connection. `hello` greets anew on every connection; `inbox` gets what the server says.

    `broken` is called, in a thread, after every line that broke or did not come about.
    """

    def __init__(
        self,
        server: ServerPlace,
        hello: Callable[[], Hello],
        reports: Reports,
        keep_token: Callable[[Token], None],
        broken: Callable[[], None],
    ) -> None:
        self._server = server
        self._hello = hello
        self._reports = reports
        self._keep_token = keep_token
        self._broken = broken
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._garbled = 0
        self.inbox: asyncio.Queue[FromServer] = asyncio.Queue(64)
        self.connected = asyncio.Event()
        self.settled = asyncio.Event()
        self.settled.set()

    @property
    def is_up(self) -> bool:
        """Whether there is a line, welcome or not."""
        return self._socket is not None

    async def send(self, message: FromAgent) -> None:
        """Send now if there is a line; a report is kept by `Reports` in any case, progress may be lost."""
        if not self._reports.settled:
            self.settled.clear()
        if self._socket is not None and self.connected.is_set():
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                await self._socket.send_str(encode(message))

    async def run(self) -> None:
        """Hold the line until cancelled."""
        attempt = 0
        # The agent talks to the boot HTTP server's literal address only: no proxy, no name service, no cookies.
        timeout = aiohttp.ClientWSTimeout(ws_close=2.0)
        within = aiohttp.ClientTimeout(total=CONNECT_WITHIN)
        async with aiohttp.ClientSession(
            trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), timeout=within
        ) as session:
            while True:
                try:
                    async with session.ws_connect(
                        f"{self._server.url}/agent/link",
                        heartbeat=HEARTBEAT,
                        timeout=timeout,
                        max_msg_size=MESSAGE_LIMIT,
                    ) as socket:
                        self._socket = socket
                        await socket.send_str(encode(self._hello()))
                        await self._listen(socket)
                        attempt = 0 if self.connected.is_set() and not self._garbled else attempt
                except (TimeoutError, aiohttp.ClientError, OSError) as error:
                    log.info("no line to the server: %s", error)
                finally:
                    self.connected.clear()
                    self._socket = None
                await asyncio.to_thread(self._broken)
                await asyncio.sleep(RETRY[min(attempt, len(RETRY) - 1)])
                attempt += 1

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                message = decode_from_server(frame.data)
            except ProtocolError as error:
                # An order that was passed over would be waited for without end: on a new line it is sent again.
                log.warning("a message of the server was not understood: %s", error)
                await self._not_understood()
                # A close without a fault would tell the server that the PC has left.
                await socket.close(code=aiohttp.WSCloseCode.PROTOCOL_ERROR)
                return
            if isinstance(message, RunStage):
                self._garbled = 0
            if isinstance(message, Received):
                self._receive(message.number)
                continue
            if isinstance(message, Welcome):
                self._keep_token(message.token)
                self._receive(message.number)
                await self._send_again(socket)
                self.connected.set()
            await self.inbox.put(message)

    async def _not_understood(self) -> None:
        self._garbled += 1
        if self._garbled == GARBLED_LIMIT:
            await self.inbox.put(Stay(problem=Problem("version", {"agent": str(VERSION)})))

    async def _send_again(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Send what is kept, and what a stage adds meanwhile, in order."""
        sent = 0
        while waiting := [report for report in self._reports.unreceived() if report.number > sent]:
            for report in waiting:
                await socket.send_str(encode(report))
                sent = report.number

    def _receive(self, number: int) -> None:
        self._reports.received(number)
        if self._reports.settled:
            self.settled.set()
