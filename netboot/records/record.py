"""The record as the rest of the server sees it: its aggregates, whose methods are one transaction each.

Safe to call from several threads; it blocks (disk, locks), so the server calls it in a worker thread. Beside what its
docstring says, a method may raise SQLAlchemy's errors: the disk is full or broken.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Engine

from netboot.records import (
    events,
    restored,
    visits,
)
from netboot.records.aggregates.answers import Answers
from netboot.records.aggregates.batches import Batches
from netboot.records.aggregates.choices import Choices
from netboot.records.aggregates.exceptions import Exceptions
from netboot.records.aggregates.jobs import Jobs
from netboot.records.aggregates.journal import Journal
from netboot.records.aggregates.kits import Kits
from netboot.records.aggregates.leases import Leases
from netboot.records.aggregates.machines import Machines
from netboot.records.aggregates.makings import Makings
from netboot.records.aggregates.masters import Masters
from netboot.records.aggregates.papers import Papers
from netboot.records.aggregates.people import People
from netboot.records.aggregates.policies import Policies
from netboot.records.aggregates.questions import Questions
from netboot.records.aggregates.visits import Visits
from netboot.records.chain_head import ChainHeads, compare
from netboot.records.database import open_database
from netboot.records.transactions import Clock, Transactions

NOWHERE: Final = ChainHeads(None)


def utc_now() -> datetime:
    """The clock of a record that is given none."""
    return datetime.now(UTC)


def open_record(
    place: str | os.PathLike[str],
    *,
    heads: Path | None = None,
    clock: Clock = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> "Record":
    """Open the record at a path or a database URL; it is made, or brought up to this version, first.

    `heads` is a folder, apart from the record's, where its last event is kept: a record that is older than that has all
    withdrawn that waits in it (`Record.restored`). None asks nothing and keeps nothing.
    `monotonic` gives seconds that nobody sets: with it a PC of this morning is known as such when `clock` is put ahead.

    Raises NetbootError when it cannot be, when it is damaged, or when a newer netboot wrote it.
    """
    record = Record(open_database(place), clock, monotonic, ChainHeads(heads))
    try:
        record.compare_with_head()
        record.take_up_day()
    except BaseException:
        record.close()
        raise
    return record


class Record:
    """Everything the workshop remembers."""

    def __init__(
        self, engine: Engine, clock: Clock, monotonic: Callable[[], float], heads: ChainHeads = NOWHERE
    ) -> None:
        self._heads = heads
        self._open = Transactions(engine, clock, monotonic, heads)
        self.restored = False
        """Whether this record was found to be older than the last one that was written, when it was opened."""
        self.visits = Visits(self._open)
        self.choices = Choices(self._open)
        self.batches = Batches(self._open)
        self.policies = Policies(self._open)
        self.answers = Answers(self._open)
        self.exceptions = Exceptions(self._open)
        self.jobs = Jobs(self._open)
        self.questions = Questions(self._open)
        self.kits = Kits(self._open)
        self.machines = Machines(self._open)
        self.journal = Journal(self._open)
        self.papers = Papers(self._open)
        self.people = People(self._open)
        self.masters = Masters(self._open)
        self.makings = Makings(self._open)
        self.leases = Leases(self._open)

    def compare_with_head(self) -> None:
        """Withdraw all that waits when this record is older than what was written, or nobody knows."""
        if not self._heads:
            return
        with self._open.writing() as session:
            own = events.head(session)
            known = self._heads.read(own.server)
            there = None if known is None else events.hash_of(session, known)
            if compare(known, own, there) != "same":
                restored.withdraw_all(session, known, now=self._open.now())
                self.restored = True

    def take_up_day(self) -> None:
        """Count what each address added within the last day, before this process."""
        with self._open.reading() as session:
            self._open.arrivals.take_up(
                visits.brought_today(session, began=self._open.day.began(session), now=self._open.now())
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._open.close()
