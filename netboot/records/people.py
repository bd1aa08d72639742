"""Operators, the server's own settings, and the masters it has had."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from netboot.records import events, tables
from netboot.records.values import MasterRow, Operator

FORGOTTEN: Final = "—"
"""What stands where a forgotten person's name was."""


def set_operator(session: Session, name: str, password_hash: str, *, now: datetime) -> None:
    """Add an operator, or give one a new password."""
    row = session.get(tables.Operator, name)
    if row is None:
        session.add(tables.Operator(name=name, password_hash=password_hash, added=now))
    else:
        row.password_hash = password_hash
    events.append(session, "operator-set", {"operator": events.person(session, name)}, now=now)


def add_first_operator(session: Session, name: str, password_hash: str, *, after: int, now: datetime) -> bool:
    """Add the first operator: only while there is none, and there was none since the event of number `after`. False
    when there is, or was.

    Both are looked at in the transaction that adds, so of many at one instant one is the first.
    """
    events.lock_chain(session)
    if operators(session) or events.happened(session, "operator-set", after=after):
        return False
    set_operator(session, name, password_hash, now=now)
    return True


def operator(session: Session, name: str) -> Operator | None:
    """One operator, or None."""
    row = session.get(tables.Operator, name)
    return None if row is None else Operator(row.name, row.password_hash, row.added)


def operators(session: Session) -> tuple[Operator, ...]:
    """Every operator, by name."""
    rows = session.scalars(select(tables.Operator).order_by(tables.Operator.name))
    return tuple(Operator(row.name, row.password_hash, row.added) for row in rows)


def forget(session: Session, name: str, *, now: datetime) -> None:
    """Take a person's name off the record: the events keep a digest that nothing ties to the name any more."""
    digest = events.person(session, name)
    session.execute(delete(tables.Operator).where(tables.Operator.name == name))
    session.execute(delete(tables.PersonSalt).where(tables.PersonSalt.name == name))
    session.execute(update(tables.Choice).where(tables.Choice.who == name).values(who=FORGOTTEN))
    session.execute(update(tables.Batch).where(tables.Batch.who == name).values(who=FORGOTTEN))
    session.execute(update(tables.DiskAnswer).where(tables.DiskAnswer.who == name).values(who=FORGOTTEN))
    _forget_signed(session, name)
    session.execute(update(tables.Policy).where(tables.Policy.who == name).values(who=FORGOTTEN))
    session.execute(update(tables.Job).where(tables.Job.chosen_by == name).values(chosen_by=FORGOTTEN))
    events.append(session, "person-forgotten", {"operator": digest}, now=now)


def _forget_signed(session: Session, name: str) -> None:
    """Whoever signed an exception, said that a disk was taken out, or took it."""
    for table in (tables.SignedException, tables.DiskTakeOut):
        session.execute(update(table).where(table.who == name).values(who=FORGOTTEN))
    for row in session.scalars(select(tables.DiskTakeOut)):
        if row.take_out.taken_by == name:
            row.take_out = replace(row.take_out, taken_by=FORGOTTEN)
    session.flush()


def setting(session: Session, key: str) -> str | None:
    """What was set under this key, or None."""
    row = session.get(tables.Setting, key)
    return None if row is None else row.value


def set_setting(session: Session, key: str, value: str) -> None:
    """Remember a value under a key."""
    session.merge(tables.Setting(key=key, value=value))


def remember_master(
    session: Session, digest: str, *, name: str, version: str, licence: str, now: datetime
) -> MasterRow:
    """A master came into the store. Told twice, it is remembered once."""
    row = session.get(tables.Master, digest)
    if row is None:
        row = tables.Master(digest=digest, name=name, version=version, licence=licence, added=now)
        session.add(row)
        body = {"digest": digest, "name": name, "version": version, "licence": licence}
        events.append(session, "master-added", body, now=now)
    return MasterRow(row.digest, row.name, row.version, row.licence, row.added)


def masters(session: Session) -> tuple[MasterRow, ...]:
    """Every master this server has had, newest first."""
    rows = session.scalars(select(tables.Master).order_by(tables.Master.added.desc(), tables.Master.name))
    return tuple(MasterRow(row.digest, row.name, row.version, row.licence, row.added) for row in rows)
