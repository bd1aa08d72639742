"""One file that a browser sends into the inbox: under a hidden name until all of it is there, never over another file.

Bounded by the room on that disk, of which some is left for the record and the store. Not for: who may send it
(`webui/making_page.py`), what is made of it (`workbench.py`).
"""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError

KEPT_FREE: Final = 1 << 30
"""Bytes of the disk that no upload takes."""
_ASK_ROOM: Final = 32 << 20
"""Bytes between two waits for the disk: a stick that writes 1 MB/s takes them in well within `WITHIN`
(`watched_upload.py`)."""
_HIDDEN: Final = ".upload"
_NAME: Final = re.compile(r"[^./\x00-\x1f\x7f\ud800-\udfff][^/\x00-\x1f\x7f\ud800-\udfff]*")
_LONGEST: Final = 200
"""Bytes of a name."""


class InboxUpload:
    """Every call may block. Raises NetbootError; whoever gets one calls `drop`."""

    def __init__(self, folder: Path, name: str, expected: int = 0) -> None:
        """`expected`: how many bytes will come, as far as that is known."""
        self.name = name.replace("\\", "/").rpartition("/")[2]
        if not _NAME.fullmatch(self.name) or len(os.fsencode(self.name)) > _LONGEST:
            raise NetbootError(
                f"a file called {self.name!r} is not taken",
                hint="rename it: at most 200 signs, none of them a control, and no dot at its beginning",
            )
        self._whole = folder / self.name
        self._part = folder / _HIDDEN
        self._unasked = 0
        try:
            there = self._whole.exists()
        except OSError as error:
            raise _unwritable(folder, error) from error
        if there:
            raise self._taken()
        forget_cut_off(folder)
        self._require_room(expected)
        try:
            self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(folder, error) from error

    def write(self, data: bytes) -> None:
        """The next bytes."""
        self._unasked += len(data)
        if self._unasked >= _ASK_ROOM:
            self._unasked = 0
            self._require_room(len(data))
            self._reach_the_disk()
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise _unwritable(self._part.parent, error) from error

    def _reach_the_disk(self) -> None:
        """So that no later call has to wait for all of it."""
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise _unwritable(self._part.parent, error) from error

    def finish(self) -> None:
        """All of it is here: from now on it has its name."""
        try:
            os.fsync(self._file)
            self._give_name()
        except FileExistsError:
            raise self._taken() from None
        except OSError as error:
            raise _unwritable(self._part.parent, error) from error

    def drop(self) -> None:
        """Let go of it; what has its name stays."""
        os.close(self._file)
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _give_name(self) -> None:
        try:
            os.link(self._part, self._whole)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links, such as a stick's
            if self._whole.exists():
                raise self._taken() from None
            self._part.rename(self._whole)

    def _taken(self) -> NetbootError:
        return NetbootError(f"there is a file {self.name} already", hint="import that one, or rename yours")

    def _require_room(self, wanted: int) -> None:
        try:
            room = shutil.disk_usage(self._part.parent).free - KEPT_FREE
        except OSError as error:
            raise _unwritable(self._part.parent, error) from error
        if room < wanted:
            raise NetbootError(
                f"there is no room for {self.name} in {self._part.parent}", hint="free some, or set a folder elsewhere"
            )


def forget_cut_off(folder: Path) -> None:
    """Give back the room of an upload that was cut off with the server: there is one at a time. Raises NetbootError."""
    try:
        (folder / _HIDDEN).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> NetbootError:
    return NetbootError(f"nothing can be put into {folder}: {error.strerror}", hint="look at this folder, and its disk")
