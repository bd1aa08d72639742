"""Reads a folder on the server's disk whose files a profile puts into installed systems (`shared/parcel.py`).

Only regular files and folders: a link would lead to what nobody looked at. Not for: what becomes of its pieces.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from netboot.shared.errors import NetbootError
from netboot.shared.parcel import BYTES, FILES, PIECE, Parcel, ParcelFile, pieces_of

_COPIED: Final = "copy what it leads to (cp -RL), or leave it out"


def read_folder(folder: Path, keep: Callable[[bytes], object]) -> Parcel:
    """Read all of it, giving each piece to `keep`. Raises NetbootError, OSError."""
    files: list[ParcelFile] = []
    total = 0
    for path in _files_in(folder):
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            mode: Literal["0644", "0755"] = "0755" if status.st_mode & 0o100 else "0644"
            if len(files) == FILES or total + status.st_size > BYTES:
                raise _too_much(folder)
            pieces = pieces_of(_kept(folder, iter(lambda: file.read(PIECE), b""), keep, BYTES - total))
        files.append(_file(folder, path, ParcelFile("x", mode, pieces)))
        total += files[-1].size
    if not files:
        raise NetbootError(f"{folder} holds no file", hint="put the files into it, or take it out of the profile")
    return Parcel(tuple(sorted(files, key=lambda one: one.name)))


def _file(folder: Path, path: Path, read: ParcelFile) -> ParcelFile:
    name = path.relative_to(folder).as_posix()
    try:
        return msgspec.convert((name, read.mode, read.pieces), ParcelFile)
    except msgspec.ValidationError as error:
        raise NetbootError(
            f"{path} cannot be put into a system: {error}", hint="names have at most 200 signs of a keyboard"
        ) from error


def _too_much(folder: Path) -> NetbootError:
    return NetbootError(
        f"{folder} has more than {FILES} files, or more than {BYTES >> 20} MiB", hint="put large things into the master"
    )


def _kept(folder: Path, parts: Iterator[bytes], keep: Callable[[bytes], object], most: int) -> Iterator[bytes]:
    """Each part, once it was kept. Raises NetbootError for one that grows beyond `most` bytes while it is read."""
    for part in parts:
        most -= len(part)
        if most < 0:
            raise _too_much(folder)
        keep(part)
        yield part


def _files_in(folder: Path) -> Iterator[Path]:
    """Every file, in no order. Raises NetbootError for what is none, OSError."""
    if folder.is_symlink() or not folder.is_dir():
        raise NetbootError(f"{folder} is no folder", hint="name a folder beside the profile")
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                path = Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif entry.is_file(follow_symlinks=False):
                    yield path
                else:
                    raise NetbootError(f"{path} is no file", hint=_COPIED)
