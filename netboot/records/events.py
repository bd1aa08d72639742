"""Appending to this server's chain, reading it, and checking every link of every chain.

An event is a decision, the start or the end of a stage, or evidence. Never progress, and never a person's name: a
salted digest stands for it, so that deleting the salt (table `person_salts`) forgets the person and breaks no link.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.records import chain, tables
from netboot.records.chain_head import Link
from netboot.records.values import ChainCheck, Event
from netboot.shared.problems import Problem

Kind = Literal[
    "machine-added",
    "machine-merged",
    "machine-separated",
    "visit-opened",
    "kit-collected",
    "visit-closed",
    "visit-contested",
    "visit-uncontested",
    "visit-vouched",
    "choice-made",
    "choice-withdrawn",
    "choice-expired",
    "choice-used",
    "batch-armed",
    "batch-place",
    "batch-place-again",
    "batch-closed",
    "policy-set",
    "disk-answer",
    "disk-taken-out",
    "erase-exception",
    "job-started",
    "stage-started",
    "erase-begun",
    "format-begun",
    "format-ended",
    "stage-ended",
    "question-answered",
    "question-closed",
    "erasure",
    "job-given-up",
    "job-ended",
    "master-added",
    "master-chosen",
    "making-begun",
    "making-ended",
    "record-restored",
    "operator-set",
    "person-forgotten",
]

PAGE: Final = 1000
"""How many events are held in memory at a time."""

_SERVER: Final = "server.id"
FIELDS: Final = tuple(field.name for field in fields(Event))
"""An event's columns, in its own order."""


def lock_chain(session: Session) -> tables.Chain:
    """The head of this server's chain, for this transaction alone; the chain is begun when there is none.

    SQLite has locked the whole database already (`database.py`); FOR UPDATE says it to databases that have not.
    """
    server = session.get(tables.Setting, _SERVER)
    if server is None:
        server = tables.Setting(key=_SERVER, value=secrets.token_hex(8))
        session.add(server)
        session.add(tables.Chain(server=server.value, sequence=0, hash=chain.START))
        session.flush()
    return session.scalars(select(tables.Chain).where(tables.Chain.server == server.value).with_for_update()).one()


def append(
    session: Session,
    kind: Kind,
    body: chain.Body,
    *,
    now: datetime,
    machine: str = "",
    visit: str = "",
    job: str = "",
) -> None:
    """Add one event to this server's chain, in the caller's transaction."""
    head = lock_chain(session)
    event = chain.sealed(
        Event(
            server=head.server,
            sequence=head.sequence + 1,
            at=now.astimezone(UTC).isoformat(timespec="microseconds"),
            kind=kind,
            machine_id=machine,
            visit_id=visit,
            job_id=job,
            body=chain.canonical(body),
            previous=head.hash,
            hash="",
        )
    )
    session.add(tables.Event(**{name: getattr(event, name) for name in FIELDS}))
    head.sequence, head.hash = event.sequence, event.hash
    session.flush()


def person(session: Session, name: str) -> str:
    """The digest that stands for a person in events; "" for nobody."""
    if not name:
        return ""
    row = session.get(tables.PersonSalt, name)
    if row is None:
        row = tables.PersonSalt(name=name, salt=secrets.token_hex(32))
        session.add(row)
        session.flush()
    return hmac.new(bytes.fromhex(row.salt), name.encode(), hashlib.sha256).hexdigest()


def sealed_text(salt: str, text: str) -> str:
    """The digest that stands in an event for a text that a person wrote: without its salt it says nothing."""
    return hmac.new(bytes.fromhex(salt), text.encode(errors="replace"), hashlib.sha256).hexdigest()


def impersonal(problem: Problem | None) -> dict[str, object] | None:
    """A problem for an event: everything but who caused it."""
    if problem is None:
        return None
    return {"code": problem.code, "values": {key: value for key, value in problem.values.items() if key != "by"}}


def read(session: Session, *, after: int, limit: int, machine: str = "", server: str = "") -> tuple[Event, ...]:
    """Events of one chain (this server's, unless named) in order, at most `limit`; of one machine when named."""
    table = tables.Event.__table__
    wanted = select(*(table.c[name] for name in FIELDS)).where(
        table.c.server == (server or own_server(session)), table.c.sequence > after
    )
    if machine:
        wanted = wanted.where(table.c.machine_id == machine)
    rows = session.execute(wanted.order_by(table.c.sequence).limit(limit))
    return tuple(Event(*row) for row in rows)


def verify(session: Session) -> ChainCheck:
    """Read and hash every event of every chain again; tells the first that is wrong, if any."""
    total = 0
    heads = {head.server: (head.sequence, head.hash) for head in session.scalars(select(tables.Chain))}
    servers = {*heads, *session.scalars(select(tables.Event.server).distinct())}
    for server in sorted(servers):
        result = chain.check(_whole(session, server), server=server, last=heads.get(server, (0, chain.START)))
        total += result.events
        if result.broken is not None:
            return ChainCheck(total, result.broken, result.why)
    return ChainCheck(total)


def head(session: Session) -> Link:
    """The newest event of this server's chain."""
    row = lock_chain(session)
    return Link(row.server, row.sequence, row.hash)


def hash_of(session: Session, link: Link) -> str | None:
    """The hash of the event of this server and number, None when there is none; of number 0 the chain's start."""
    if not link.sequence:
        return chain.START
    row = session.get(tables.Event, (link.server, link.sequence))
    return None if row is None else row.hash


def happened(session: Session, kind: Kind, *, after: int) -> bool:
    """Whether this server's chain has an event of this kind with a greater number than `after`."""
    table = tables.Event
    wanted = select(table.sequence).where(
        table.server == own_server(session), table.sequence > after, table.kind == kind
    )
    return session.scalars(wanted.limit(1)).first() is not None


def own_server(session: Session) -> str:
    """This server's id in the events; "" before the first one."""
    setting = session.get(tables.Setting, _SERVER)
    return "" if setting is None else setting.value


def _whole(session: Session, server: str) -> Iterator[Event]:
    after = 0
    while page := read(session, after=after, limit=PAGE, server=server):
        yield from page
        after = page[-1].sequence
