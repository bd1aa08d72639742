"""The serial console of a lab PC: all it writes, with the seconds since power-on, waiting for words, and typing.

The log file has one line a line of the console, each with its seconds in front, without escape sequences.
Not for: the screen; that is QMP's screendump.
"""

import asyncio
import codecs
import os
import re
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from netboot.shared.errors import NetbootError

_MOST_TEXT = 16 << 20
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()#][0-9A-Za-z]|[0-Z\\^-~])")
# The beginning of an escape sequence whose rest has not come yet.
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,200}\x1b?|[()#])?\Z")


class PlainText:
    """Turns the bytes of a terminal into text without escape sequences, however the bytes were cut."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes) -> str:
        """Take some bytes, return the text that is sure by now; lines end in "\\n"."""
        text = self._held + self._decoder.decode(data)
        unfinished = _UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return _ESCAPE.sub("", text[:cut]).replace("\r", "").replace("\0", "")


class Console(asyncio.Protocol):
    """One serial console; made by `connect`, clock started by `power_on`."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("a", encoding="utf-8")
        self._plain = PlainText()
        self._text = ""
        self._marks: list[tuple[int, float]] = []
        self._started = time.monotonic()
        self._more = asyncio.Event()
        self._closed = False
        self._line_start = True
        self._transport: asyncio.Transport | None = None
        self.state: Callable[[], Awaitable[str]] | None = None
        """Asked how the PC is, for people, when it stands still too long."""

    @classmethod
    async def connect(cls, path: Path, log: Path) -> "Console":
        """Connect to the PC's serial port; all it writes goes to `log`."""
        _, console = await asyncio.get_running_loop().create_unix_connection(lambda: cls(log), os.fspath(path))
        return console

    def power_on(self) -> None:
        """Count seconds from now."""
        self._started = time.monotonic()
        self._log.write("--- power on\n")

    @property
    def seconds(self) -> float:
        """Seconds since power-on."""
        return time.monotonic() - self._started

    @property
    def text(self) -> str:
        """All that the console wrote so far, up to 16 MiB."""
        return self._text

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: the socket is open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes came."""
        text = self._plain.feed(data)
        if not text or len(self._text) > _MOST_TEXT:
            return
        self._marks.append((len(self._text), self.seconds))
        self._text += text
        self._write_log(text)
        self._more.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the PC is off."""
        self._closed = True
        self._log.close()
        self._more.set()

    def _write_log(self, text: str) -> None:
        for line in text.splitlines(keepends=True):
            if self._line_start:
                self._log.write(f"{self.seconds:9.3f} ")
            self._log.write(line)
            self._line_start = line.endswith("\n")
        self._log.flush()

    async def wait_for(self, pattern: str, within: float, *, since: int = 0) -> float:
        """Wait until the console's text matches a regular expression; return the seconds since power-on of then.

        `since` is an offset in `text` (len(console.text) waits for what comes next); `within` counts from now,
        in seconds. Raises NetbootError, with the console's last lines, when time runs out or the PC goes off.
        """
        wanted = re.compile(pattern, re.MULTILINE)
        until = time.monotonic() + within
        while True:
            self._more.clear()
            if match := wanted.search(self._text, since):
                return self._seconds_of(match.end() - 1)
            left = until - time.monotonic()
            if self._closed or left <= 0:
                why = "before the PC went off" if self._closed else f"within {within:.0f} s{await self._said()}"
                raise NetbootError(f"the console did not show {pattern!r} {why}", hint=f"it ended with:\n{self.tail()}")
            try:
                await asyncio.wait_for(self._more.wait(), left)
            except TimeoutError:
                continue

    async def _said(self) -> str:
        return "" if self.state is None else f" ({await self.state()})"

    def tail(self, lines: int = 20) -> str:
        """The console's last lines."""
        return "\n".join(self._text.splitlines()[-lines:])

    def write(self, text: str) -> None:
        """Type at the console; "\\r" is the Enter key. Raises NetbootError when the PC is off."""
        if self._closed or self._transport is None:
            raise NetbootError("the PC is off, so nothing can be typed at its console")
        self._transport.write(text.encode())

    def close(self) -> None:
        """Let go of the connection."""
        if self._transport:
            self._transport.close()

    def _seconds_of(self, offset: int) -> float:
        return self._marks[bisect_right(self._marks, offset, key=lambda mark: mark[0]) - 1][1]
