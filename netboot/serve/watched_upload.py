"""An upload whose folder may hang, as one of NFS does: every call ends in time, and the person who sends it is told.

All uploads share one thread, so that a folder that hangs takes no other from the server. What was written is dropped
once the folder answers again. Not for: what an upload is (`inbox_upload.py`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from netboot.serve.inbox_upload import InboxUpload
from netboot.serve.own_thread import OwnThread, SilentFolderError
from netboot.webui.workbench import InboxSilent

WITHIN: Final = 60.0
"""Seconds: a stick that writes 1 MB/s has written by then what is written between two looks."""

_Answer = TypeVar("_Answer")


class WatchedUpload:
    """An `Upload` (`webui/workbench.py`). Every call may block for `WITHIN`. Raises NetbootError, InboxSilent."""

    def __init__(self, thread: OwnThread, folder: Path, name: str, expected: int) -> None:
        self._thread = thread
        self._upload: InboxUpload | None = None

        def begin() -> str:
            self._upload = InboxUpload(folder, name, expected)
            return self._upload.name

        try:
            self.name = self._ask(begin)
        except InboxSilent:
            self.drop()
            raise

    def write(self, data: bytes) -> None:
        """The next bytes."""
        self._ask(lambda: self._begun.write(data))

    def finish(self) -> None:
        """All of it is here."""
        self._ask(lambda: self._begun.finish())

    def drop(self) -> None:
        """Let go of it, whole or not: later, where the folder hangs."""
        try:
            self._thread.ask(self._drop)
        except SilentFolderError:
            self._thread.leave(self._drop)

    @property
    def _begun(self) -> InboxUpload:
        assert self._upload is not None
        return self._upload

    def _drop(self) -> None:
        upload, self._upload = self._upload, None
        if upload is not None:
            upload.drop()

    def _ask(self, question: Callable[[], _Answer]) -> _Answer:
        try:
            return self._thread.ask(question)
        except SilentFolderError as error:
            raise InboxSilent from error
