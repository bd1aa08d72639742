"""The bench day: the last 24 hours of the server's running time, measured without the wall clock.

If a server's clock were put ahead, this morning's PCs would seem to be last year's, and an armed batch would erase them
again. So the record counts by itself: while the server runs it notes, every quarter of an hour of its steady clock,
which event was the newest. A PC that was worked on after the note from 24 hours ago was worked on today. Time in which
the server did not run does not count: the worst is that a person is asked once more.
Not for: what a batch may take (`batches.py`).
"""

import threading
from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.records import events, people, tables

STEP: Final = 900.0
"""Seconds between two notes."""
NOTES: Final = 96
"""Notes that make a day of running."""
_KEY: Final = "server.notes"


class BenchDay:
    """The notes of one open record. Safe from several threads; the notes are on the record."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._noted = monotonic()
        self._lock = threading.Lock()

    def note(self, session: Session) -> None:
        """Note the time that passed since the last note, before anything new is written in this transaction."""
        with self._lock:
            steps = self._steps()
            self._noted += steps * STEP
        if steps:
            notes = (_notes(session) + [_newest(session)] * min(steps, NOTES))[-NOTES:]
            people.set_setting(session, _KEY, msgspec.json.encode(notes).decode())

    def began(self, session: Session) -> int:
        """The number of the event after which all others are of this bench day; 0 while it has not run for a day."""
        with self._lock:
            steps = self._steps()
        notes = (_notes(session) + [_newest(session)] * min(steps, NOTES))[-NOTES:]
        return notes[0] if len(notes) == NOTES else 0

    def _steps(self) -> int:
        return int((self._monotonic() - self._noted) // STEP)


def _notes(session: Session) -> list[int]:
    told = people.setting(session, _KEY)
    return msgspec.json.decode(told, type=list[int]) if told else []


def _newest(session: Session) -> int:
    server = events.own_server(session)
    return session.scalar(select(tables.Chain.sequence).where(tables.Chain.server == server)) or 0
