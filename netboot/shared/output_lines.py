"""A program's output as lines, whatever bytes it is made of, in bounded memory. Pure: bytes in, lines out.

Not for: reading what a line means, or showing it to people (netboot/shared/visible.py).
"""

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Final

_ENDS: Final = re.compile(rb"[\n\r\b]+")
"""What ends a line: progress is written over itself by returns, badblocks(8) does it by backspaces."""
_CONTROLS: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")


@dataclass(slots=True)
class LineSplitter:
    """Bytes as they come, cut into lines. A line is told when its end has come, without what is beyond `longest` bytes.

    Empty lines are left out. Control characters but tab, and bytes that are not UTF-8, become U+FFFD.
    """

    longest: int
    _begun: bytearray = field(default_factory=bytearray, init=False)

    def feed(self, data: bytes) -> list[str]:
        """The lines that end in `data`."""
        first, *others = _ENDS.split(data)
        lines = []
        self._add(first)
        for part in others:
            lines += self.end()
            self._add(part)
        return lines

    def end(self) -> list[str]:
        """The line that was begun, if any: nothing more comes of it."""
        line = _CONTROLS.sub("\ufffd", self._begun.decode(errors="replace"))
        self._begun.clear()
        return [line] if line else []

    def _add(self, part: bytes) -> None:
        self._begun += part[: self.longest - len(self._begun)]


@dataclass(slots=True)
class Tail:
    """The last lines, `most` characters of them at most."""

    most: int
    _lines: deque[str] = field(default_factory=deque, init=False)
    _size: int = field(default=0, init=False)

    def add(self, line: str) -> None:
        """Keep this line, and forget the oldest ones for it."""
        kept = line[-self.most :]
        self._lines.append(kept)
        self._size += len(kept) + 1
        while self._size > self.most + 1:
            self._size -= len(self._lines.popleft()) + 1

    def text(self) -> str:
        """The lines, with line feeds between them."""
        return "\n".join(self._lines)
