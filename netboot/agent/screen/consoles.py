"""The displays the agent writes on: the PC's screen (/dev/tty1), serial consoles and the kernel's log.

A screen is redrawn whole. A serial line only gets what is new, because what reads it may be a log, a test or a screen
reader. Nothing here waits: a display that takes no more text loses it.

Marker lines ("netboot: stage erase done 12.3 s") go to the serial consoles with the kernel's own form of time stamp,
and to /dev/kmsg at debug level. Not to /dev/kmsg alone: init silences the kernel's consoles, because what the kernel
prints would also land on the screen, in the middle of what the agent has drawn.
"""

import fcntl
import os
import re
import struct
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from netboot.agent.screen.draw import HEIGHT, WIDTH

_VIRTUAL: Final = re.compile(r"tty\d+")
_DEBUG: Final = "<7>"
"""Kernel log level, see dev-kmsg in Documentation/ABI/testing."""

_START: Final = "\x1b%G\x1b[?25l\x1b[?7l\x1b[9;0]\x1b[14;0]\x1b]P0000000\x1b]P1ff6060\x1b]P7ffffff\x1b[0;37;40m\x1b[2J"
"""console_codes(4): UTF-8, no cursor, no line wrap, never blank, never power down, white on black, clear.

White and red are set in the palette: a text-mode screen with a font of 512 characters has no bright colours.
"""

Colour = Literal["white", "red"]
"""Red repeats, for whoever looks from afar, what the words say: something is to be seen to."""


def paint(lines: Sequence[str], colour: Colour = "white") -> str:
    """Text and control codes that replace a whole screen by these lines, without a flicker."""
    rows = (f"\x1b[{row};1H{line}\x1b[K" for row, line in enumerate(lines, start=1))
    whole = "".join(rows) + "\x1b[J"
    return whole if colour == "white" else f"\x1b[31m{whole}\x1b[37m"


def serial_names(active: str) -> tuple[str, ...]:
    """The consoles of /sys/class/tty/console/active that are no screens: "tty0 ttyS0" gives ttyS0."""
    return tuple(name for name in active.split() if not _VIRTUAL.fullmatch(name) and name.isalnum())


def marker(text: str, now: float) -> str:
    """A marker line; `now` is in seconds since the PC's start."""
    return f"[{now:12.6f}] netboot: {text.encode('ascii', 'replace').decode()}"


class Consoles:
    """Every display that this PC has. Use as a context manager, or `close` it."""

    def __init__(self, root: Path = Path("/")) -> None:
        try:
            active = (root / "sys/class/tty/console/active").read_text()
        except OSError:
            active = ""
        self._screen = _open(root / "dev/tty1")
        self._serial = [fd for fd in (_open(root / "dev" / name) for name in serial_names(active)) if fd is not None]
        self._kernel_log = _open(root / "dev/kmsg")
        if self._screen is not None:
            _write(self._screen, _START)

    def __enter__(self) -> "Consoles":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the displays; what they show stays."""
        for fd in (self._screen, self._kernel_log, *self._serial):
            if fd is not None:
                os.close(fd)
        self._screen, self._kernel_log, self._serial = None, None, []

    def size(self) -> tuple[int, int]:
        """Columns and lines of the screen."""
        if self._screen is not None:
            with suppress(OSError):
                answer = fcntl.ioctl(self._screen, termios.TIOCGWINSZ, bytes(8))
                height, width = struct.unpack("HHHH", answer)[:2]
                if width and height:
                    return width, height
        return WIDTH, HEIGHT

    def draw(self, lines: Sequence[str], colour: Colour = "white") -> None:
        """Show these lines on the screen, and nothing else."""
        if self._screen is not None:
            _write(self._screen, paint(lines, colour))

    def say(self, line: str) -> None:
        """Add a line to the serial consoles."""
        for fd in self._serial:
            _write(fd, f"{line}\r\n")

    def mark(self, text: str) -> None:
        """Add a stable English marker line for tests and logs: "hello", "stage erase started"."""
        line = " ".join(text.split())[:200]
        self.say(marker(line, time.monotonic()))
        if self._kernel_log is not None:
            _write(self._kernel_log, f"{_DEBUG}netboot: {line}\n")


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None


def _write(fd: int, text: str) -> None:
    with suppress(OSError):
        os.write(fd, text.encode("utf-8", "replace"))
