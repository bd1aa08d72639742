"""After an old record was put in place (a restored backup, a lost write-ahead log): withdraws all that waits in it.

Choices and batches that wait there may have been used since, and would erase a PC a second time. The chain gets an
event about it. Not for: noticing it (`chain_head.py`).
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.records import batches, choices, events, tables
from netboot.records.chain_head import Link


def withdraw_all(session: Session, known: Link | None, *, now: datetime) -> None:
    """Withdraw every choice and batch that waits. `known` is the last event that was written, None when not known."""
    for row in session.scalars(select(tables.Choice).where(tables.Choice.closed.is_(None))).all():
        row.closed = now
        session.flush()
        choices.withdrawn(session, row, who="", why="record-restored", now=now)
    batches.close_restored(session, now=now)
    body = {"last_known": None if known is None else {"server": known.server, "sequence": known.sequence}}
    events.append(session, "record-restored", body, now=now)
