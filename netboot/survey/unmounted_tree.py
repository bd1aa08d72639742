"""The folders and files of an installed system that is not mounted, each asked for once, and told apart from what could
not be read: a tool that says nothing has not found that there is nothing.

Bounded: after so many questions, or so long, nothing more is known. Not for: which tool reads what (`file_reader.py`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from netboot.shared.process import ProgramError
from netboot.survey.file_reader import file_sizes, list_names, read_all

_QUESTIONS: Final = 1000
_SECONDS: Final = 120.0
_NAMES_MOST: Final = 20_000
_TEXT_MOST: Final = 1024 * 1024

_Answer = TypeVar("_Answer", str, list[str], dict[str, int])


@dataclass(slots=True)
class UnmountedTree:
    """The system in `folder` ("" for the root) of the file system on `device`. Paths have no leading slash; they are of
    plain letters."""

    device: Path
    kind: str
    folder: str = ""
    questions: int = _QUESTIONS
    seconds: float = _SECONDS
    _since: float = field(default_factory=time.monotonic)
    _known: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    _sizes: dict[str, dict[str, int]] = field(default_factory=dict)

    def names(self, folder: str) -> tuple[str, ...] | None:
        """What is in this folder, also by way of a link; a folder's name has a slash behind it. () where there is no
        such folder, None where it cannot be told, or it is empty."""
        if folder not in self._known:
            self._known[folder] = self._listed(folder)
        return self._known[folder]

    def text(self, path: str) -> str | None:
        """The text of a file; "" where there is none, None where it cannot be told, or it is empty or very long."""
        folder, _, name = path.rpartition("/")
        names = self.names(folder)
        if names is None:
            return None
        if name not in names:
            return ""
        size = self._size(folder, name)
        if size is None or not 0 < size <= _TEXT_MOST:
            return None
        return self._asked(lambda: read_all(self.device, self.kind, f"{self.folder}/{path}")) or None

    def _size(self, folder: str, name: str) -> int | None:
        if folder not in self._sizes:
            self._sizes[folder] = self._asked(lambda: file_sizes(self.device, self.kind, self._path(folder))) or {}
        return self._sizes[folder].get(name)

    def _path(self, folder: str) -> str:
        # The dot: what is before it is followed where it is a link.
        return "/".join((self.folder, *filter(None, (folder, "."))))

    def _listed(self, folder: str) -> tuple[str, ...] | None:
        if found := self._asked(lambda: list_names(self.device, self.kind, self._path(folder))):
            return tuple(found) if len(found) <= _NAMES_MOST else None
        if not folder:
            return None
        above, _, name = folder.rpartition("/")
        around = self.names(above)
        return None if around is None or name in around or f"{name}/" in around else ()

    def _asked(self, question: Callable[[], _Answer]) -> _Answer | None:
        """The answer; None when there is none any more."""
        if self.questions <= 0 or time.monotonic() - self._since > self.seconds:
            return None
        self.questions -= 1
        try:
            return question()
        except ProgramError:
            return None
