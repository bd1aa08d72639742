"""A read that hangs holds up whoever asks for that folder, for some seconds, and nobody else."""

import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Event

import pytest

from netboot.serve.own_thread import OwnThread, SilentFolderError


@pytest.fixture
def hang() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


def test_an_answer_and_an_error_come_through() -> None:
    thread = OwnThread()
    assert thread.ask(lambda: 7) == 7
    for error in (FileNotFoundError("x"), TimeoutError("the question's own")):
        with pytest.raises(type(error), match=str(error)):
            thread.ask(lambda error=error: _raise(error))  # type: ignore[misc]


def _raise(error: Exception) -> None:
    raise error


def test_what_hangs_is_told_once_in_time_then_at_once_until_it_answers(hang: Event) -> None:
    thread = OwnThread(within=0.5)
    with pytest.raises(SilentFolderError, match="does not answer"):
        thread.ask(hang.wait)
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(SilentFolderError):
            thread.ask(lambda: 7)
    assert time.monotonic() - began < 0.4
    hang.set()
    thread._silent.result(10)  # type: ignore[union-attr]
    assert thread.ask(lambda: 7) == 7


def test_it_keeps_no_program_from_ending() -> None:
    program = """
import threading
from netboot.serve.own_thread import OwnThread
try:
    OwnThread(within=0.1).ask(threading.Event().wait)
except OSError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "does not answer\n"
