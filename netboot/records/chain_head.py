"""The number and hash of this server's last event, kept outside the record: it shows that a record is an old one.

An old record looks sound, its hash chain too: a backup that was put back, or a SQLite database that lost its
write-ahead log. Only a note kept elsewhere tells. Written after each commit, without waiting for the disk: after a
power cut the note may be older than the record, never newer.
Not for: what follows when the record is older (`restored.py`).
"""

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

HeadVerdict = Literal["same", "unknown", "older"]

KEPT: Final = 64
"""Servers whose last events are kept in one folder: a machine has one, and the tests' and demos' go."""


class Link(Struct, frozen=True):
    """One event of a chain."""

    server: str
    sequence: int
    hash: str


class ChainHeads:
    """A folder with one small file a server; with None nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def __bool__(self) -> bool:
        return self._folder is not None

    def read(self, server: str) -> Link | None:
        """This server's event that was written last; None when nothing was, or it cannot be read."""
        try:
            path = self._path(server)
            return msgspec.json.decode(path.read_bytes(), type=Link) if path is not None else None
        except (OSError, msgspec.MsgspecError, UnicodeError):
            return None

    def write(self, link: Link) -> None:
        """Keep this as the last event. When the disk is full the previous one stays, which does no harm."""
        path = self._path(link.server)
        if path is None:
            return
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with contextlib.suppress(OSError):
            try:
                if not path.exists():
                    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    _forget_oldest(path.parent)
                handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.encode(link))
                draft.rename(path)
            finally:
                draft.unlink(missing_ok=True)

    def _path(self, server: str) -> Path | None:
        if self._folder is None or not re.fullmatch(r"[0-9a-f]{1,64}", server):
            return None
        return self._folder / f"{server}.json"


def compare(known: Link | None, own: Link, hash_there: str | None) -> HeadVerdict:
    """Whether the record is the one whose last event was noted, or an older state of it. Pure.

    `own` is the chain's head as the record has it, `hash_there` the hash of its event of the known number, None when it
    has no such event. "unknown" where nothing was known of a record that has events.
    """
    if known is None:
        return "unknown" if own.sequence else "same"
    return "same" if known.server == own.server and hash_there == known.hash else "older"


def _forget_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for path in files[: max(0, len(files) + 1 - KEPT)]:
        path.unlink(missing_ok=True)
