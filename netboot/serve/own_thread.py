"""A thread of its own for what reads a folder that may hang, as one of NFS or on a dying USB stick does.

Nothing can end such a read, so it must hold up nobody but whoever asks for that folder.

Not for: what only takes long (`asyncio.to_thread`).
"""

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

SECONDS: Final = 5.0
"""A disk that slept has answered by then."""

_Answer = TypeVar("_Answer")


class SilentFolderError(OSError):
    """No answer in time, or the one before is still waited for."""

    def __init__(self) -> None:
        super().__init__("does not answer")


class OwnThread:
    """One at a time, in order; a daemon, so that a folder that hangs keeps no server from ending."""

    def __init__(self, within: float = SECONDS) -> None:
        self._within = within
        self._asked: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._silent: Future[Any] | None = None
        Thread(target=self._run, daemon=True, name="folder").start()

    def ask(self, question: Callable[[], _Answer]) -> _Answer:
        """The answer, and what it raises. Raises SilentFolderError, at once where an earlier one has no answer yet."""
        silent = self._silent
        if silent is not None and not silent.done():
            raise SilentFolderError
        future: Future[_Answer] = Future()
        self._asked.put((future, question))
        try:
            return future.result(self._within)
        except TimeoutError:
            if future.done():
                raise  # the question's own
            if not future.cancel():
                self._silent = future
            raise SilentFolderError from None

    def leave(self, work: Callable[[], object]) -> None:
        """Have this done once what hangs before it has ended, if it does: nobody waits for it, nor for its error."""
        self._asked.put((Future(), work))

    def _run(self) -> None:
        while True:
            future, question = self._asked.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(question())
            except BaseException as error:
                future.set_exception(error)
