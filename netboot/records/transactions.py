"""The record's transactions, for writing and for reading, with the clock and counters that they share.

A writing one takes the database's lock and the chain's at its start, and is on disk when it ends. Thread-safe.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from netboot.records import (
    events,
)
from netboot.records.arrivals import Arrivals
from netboot.records.bench_day import BenchDay
from netboot.records.chain_head import ChainHeads, Link
from netboot.records.database import for_reading, told_of_trouble

Clock = Callable[[], datetime]


class Transactions:
    """Opens transactions on one database. `now` is the record's clock."""

    def __init__(self, engine: Engine, clock: Clock, monotonic: Callable[[], float], heads: ChainHeads) -> None:
        self._engine = engine
        self._reading = for_reading(engine)
        self._heads = heads
        self._newest: Link | None = None
        self.now = clock
        self.day = BenchDay(monotonic)
        self.arrivals = Arrivals(monotonic)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """For what changes the record; afterwards the newest event is noted outside it (`chain_head.py`)."""
        with told_of_trouble(), Session(self._engine) as session:
            with session.begin():
                chain = events.lock_chain(session)
                self.day.note(session)
                yield session
                newest = Link(chain.server, chain.sequence, chain.hash)
            if newest != self._newest:
                self._heads.write(newest)
                self._newest = newest

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """For what only reads."""
        with told_of_trouble(), Session(self._reading) as session, session.begin():
            yield session

    @contextmanager
    def writing_no_event(self) -> Iterator[Session]:
        """For writes that add no event: they do not wait for the chain's lock."""
        with told_of_trouble(), Session(self._engine) as session, session.begin():
            yield session
