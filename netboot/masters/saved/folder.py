"""A folder that somebody gives: its files by plain names, none of them a link out of it, texts of bounded length.

Not for: what the files mean (`clonezilla.py`, `fog.py`).
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.survey.disk_file import DiskFile, for_people, open_in

_FILES: Final = 10_000
_TEXT: Final = 1 << 20
_PART: Final = 1 << 20
_SUFFIX: Final = re.compile(r"\.(?:[a-z]{2,4}|\d{3})")


class Folder:
    """An open folder. `name` is for people, `files` are the names in it."""

    def __init__(self, handle: int, name: str) -> None:
        self._handle = handle
        self.name = name
        names = []
        with os.scandir(handle) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) > _FILES:
                    raise NetbootError(f"{name} holds more than {_FILES} files", hint="give the image's own folder")
        self.files = frozenset(names)

    def text(self, file: str) -> str:
        """What is in this file, "" when there is none. Raises NetbootError when it cannot be read, or is too long."""
        text = self.head(file, _TEXT + 1)
        if len(text) > _TEXT:
            raise NetbootError(f"{self.name}/{file} is too long for what it is", hint="copy the folder again, whole")
        return text.decode("utf-8", "replace")

    def head(self, file: str, most: int) -> bytes:
        """The first bytes of this file, b"" when there is none. Raises NetbootError when it cannot be read."""
        if file not in self.files:
            return b""
        with self.opened(file) as opened:
            return opened.read(0, most)

    @contextmanager
    def opened(self, file: str) -> Iterator[DiskFile]:
        """This file. Raises NetbootError when it is none, or a link."""
        with open_in(self._handle, file, f"{self.name}/{for_people(Path(file))}") as opened:
            yield opened

    def parts(self, files: Iterable[str]) -> Iterator[bytes]:
        """What is in these files, one after the other."""
        for file in files:
            with self.opened(file) as opened:
                at = 0
                while part := opened.read(at, at + _PART):
                    at += len(part)
                    yield part
                opened.require_unchanged()

    def pieces(self, file: str) -> tuple[str, ...]:
        """The file of this name, or those that it was split into (.aa, .ab… or .000, .001…); none when there are
        neither. Raises NetbootError when one in between is missing."""
        if file in self.files:
            return (file,)
        found = [name for name in self.files if name.startswith(file) and _SUFFIX.fullmatch(name[len(file) :])]
        for length in {len(name) for name in found}:
            pieces = sorted(name for name in found if len(name) == length)
            for number, piece in enumerate(pieces):
                wanted = _suffix(number, piece[len(file) + 1 :])
                if piece[len(file) + 1 :] != wanted:
                    raise NetbootError(
                        f"{self.name} lacks {for_people(Path(f'{file}.{wanted}'))}, a piece of an image",
                        hint="copy the folder again, whole",
                    )
            return tuple(pieces)
        return ()


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Open a folder to read. Raises NetbootError."""
    name = for_people(path)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise NetbootError(f"{name} is no folder that can be read: {error}", hint="give an image's folder") from error
    try:
        yield Folder(handle, name)
    finally:
        os.close(handle)


def _suffix(number: int, like: str) -> str:
    """How split(1) numbers its pieces: in digits, or in letters."""
    if like.isdecimal():
        return str(number).zfill(len(like))
    letters = ""
    for _ in like:
        number, letter = divmod(number, 26)
        letters = chr(ord("a") + letter) + letters
    return letters
