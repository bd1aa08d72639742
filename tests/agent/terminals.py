"""Pseudo-terminals in the place of a PC's screen, with its keyboard, and of its serial console."""

import codecs
import os
import pty
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import ioctl
from pathlib import Path


class Terminal:
    """A pseudo-terminal as one of the PC's displays, and its keyboard; `text` is what it showed."""

    def __init__(self, path: Path) -> None:
        self._master, self._slave = pty.openpty()
        ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        attributes = termios.tcgetattr(self._slave)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        os.set_blocking(self._master, False)
        path.symlink_to(os.ttyname(self._slave))
        self.text = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def take(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self.text += self._decoder.decode(os.read(self._master, 1 << 16))

    def type(self, keys: str | bytes) -> None:
        """Press these keys."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    @property
    def echoes(self) -> bool:
        """Whether the kernel draws what is typed, and hands it over a line at a time."""
        local: int = termios.tcgetattr(self._slave)[3]
        assert bool(local & termios.ECHO) == bool(local & termios.ICANON)
        return bool(local & termios.ECHO)

    def hang_up(self) -> None:
        """The line's other end goes."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDWR)

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)


@contextmanager
def displays_in(root: Path) -> Iterator[tuple[Terminal, Terminal]]:
    """The screen and a serial console of a PC whose / is here."""
    (root / "dev").mkdir()
    (root / "sys/class/tty/console").mkdir(parents=True)
    (root / "sys/class/tty/console/active").write_text("tty0 ttyS0\n")
    (root / "dev/kmsg").write_text("")
    screen, serial = Terminal(root / "dev/tty1"), Terminal(root / "dev/ttyS0")
    try:
        yield screen, serial
    finally:
        screen.close()
        serial.close()
