"""What is typed at the PC while a stage asks something: the number of an answer, then Enter; or a code from a label.

The screen's keyboard and the serial consoles count alike. They are read only while something is asked, and what was
typed before is discarded: nobody can answer what was not shown yet. Not for: what is asked (`agent/questions.py`).
"""

import asyncio
import os
import re
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from netboot.agent.screen.consoles import serial_names
from netboot.shared.stage_question import as_code

_LONGEST: Final = 64
_UNSHIFTED: Final = dict(zip("&é\"'(-è_ç", range(1, 10), strict=True))
"""The keys 1 to 9 of a French keyboard without Shift."""
_NO_CODE: Final = re.compile(r"[^0-9A-Z]")

WRONG: Final = -1
"""What is typed is no number."""


class Heard(Protocol):
    """Told what stands on a line now: a number from 1 to 9, 0 for nothing, or WRONG. `entered`: Enter was pressed.
    `text`: the line as a label would have it, for a question that asks for a code.
    """

    def __call__(self, number: int, *, entered: bool, text: str = "") -> None: ...


class TypedLine:
    """One keyboard's line. Only a line that is one number and nothing else counts.

    So a serial cable that sends back what was written to it, or a reader of bar codes, answers nothing: a code has to
    be followed by a number.
    """

    def __init__(self) -> None:
        self._line = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bool, str]]:
        """Each line that Enter ends, unless it is empty, and then what stands on the line that is being typed: as a
        number, whether it ended, and as the text of a label.

        A letter with an accent comes as two bytes, but at once: what stands there is told when both are.
        """
        for byte in data:
            if byte in b"\r\n":
                if self._line:
                    yield self.number, True, self.text
                self._line = b""
            elif byte in b"\b\x7f":
                # A long line by its last key, a number whole: a key of it may be two bytes.
                self._line = self._line[:-1] if len(self._line) > 2 else b""
            else:
                self._line = (self._line + bytes([byte]))[:_LONGEST]
        if data and data[-1] not in b"\r\n":
            yield self.number, False, self.text

    @property
    def number(self) -> int:
        """The number that stands on the line."""
        if not self._line:
            return 0
        try:
            text = self._line.decode()
        except UnicodeDecodeError:
            text = self._line.decode("latin-1")
        if len(text) == 1 and text in "123456789":
            return int(text)
        return _UNSHIFTED.get(text, WRONG)

    @property
    def text(self) -> str:
        """What stands on the line as a label has it; what no label has is a question mark."""
        return _NO_CODE.sub("?", as_code(self._line.decode("latin-1")))


class Keyboard:
    """The PC's keyboards: that of its screen, and each serial console."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    @contextmanager
    def listen(self, heard: Heard) -> Iterator[None]:
        """Tell `heard` what is typed meanwhile. In an event loop; a keyboard that cannot be read is left out."""
        with ExitStack() as stack:
            for path in self._paths():
                with suppress(OSError, termios.error):
                    stack.enter_context(_listening(path, heard))
            yield

    def _paths(self) -> list[Path]:
        try:
            active = (self._root / "sys/class/tty/console/active").read_text()
        except OSError:
            active = ""
        return [self._root / "dev" / name for name in ("tty1", *serial_names(active))]


@contextmanager
def _listening(path: Path, heard: Heard) -> Iterator[None]:
    """Raises OSError or termios.error when this is no terminal that can be read."""
    fd = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    with ExitStack() as stack:
        stack.callback(os.close, fd)
        before = termios.tcgetattr(fd)
        now = [*before[:6], [*before[6]]]
        # Each key at once, and none of them drawn by the kernel into what the agent has drawn.
        now[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.ISTRIP | termios.IXON)
        now[3] &= ~(termios.ICANON | termios.ECHO | termios.ECHONL | termios.ISIG | termios.IEXTEN)
        now[6][termios.VMIN], now[6][termios.VTIME] = 1, 0
        stack.callback(_set, fd, before)
        _set(fd, now)
        loop = asyncio.get_running_loop()
        line = TypedLine()
        loop.add_reader(fd, _read, fd, line, heard, lambda: loop.remove_reader(fd))
        stack.callback(loop.remove_reader, fd)
        yield


def _set(fd: int, attributes: "termios._Attr") -> None:
    """Without a wait for what is still to be written: a serial line may never take it. What was typed is dropped."""
    with suppress(OSError, termios.error):
        termios.tcsetattr(fd, termios.TCSANOW, attributes)
        termios.tcflush(fd, termios.TCIFLUSH)


def _read(fd: int, line: TypedLine, heard: Heard, give_up: Callable[[], object]) -> None:
    try:
        data = os.read(fd, 256)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if not data:  # gone: it would be ready to be read for ever
        give_up()
        return
    for number, entered, text in line.feed(data):
        heard(number, entered=entered, text=text)
