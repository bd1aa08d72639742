"""Inventories, each stored once: a PC that comes again unchanged refers to the inventory of before.

An inventory is known by the SHA-256 of its stored bytes, which is what the journal says of a check. From boot to boot
of an unchanged PC little differs, and rarely: which adapter has a link and its speed, the order of disks, a battery's
capacity and cycles, whether a disk is frozen; then one more is stored whole. What changes all the time, such as charge,
temperatures, a disk's hours and how far it is with erasing itself, is in no inventory.
Not for: how much an address may add (`arrivals.py`).
"""

import hashlib
import json
from collections.abc import Iterator

from sqlalchemy import Text, exists, select, type_coerce
from sqlalchemy.orm import Session

from netboot.records import events, tables
from netboot.records.chain_head import Link
from netboot.records.column_types import encoded
from netboot.shared.inventory import Inventory

_PAGE = 200
"""Inventories that are held in memory while all are read."""


def keep(session: Session, inventory: Inventory) -> tables.KeptInventory:
    """The row of this inventory, which is made when there is none. Raises Unreadable."""
    digest = _digest(encoded(inventory))
    row = session.get(tables.KeptInventory, digest)
    if row is None:
        row = tables.KeptInventory(digest=digest, content=inventory)
        session.add(row)
        session.flush()
    return row


def would_add(session: Session, inventory: Inventory) -> int:
    """Bytes that `keep` would add; 0 for one that is kept already. Raises Unreadable."""
    content = encoded(inventory)
    wanted = select(tables.KeptInventory.digest).where(tables.KeptInventory.digest == _digest(content))
    return len(content) if session.scalar(wanted) is None else 0


def replace(session: Session, visit: tables.Visit, inventory: Inventory) -> None:
    """Give this visit another inventory; its earlier one is deleted if nothing else refers to it."""
    before = visit.kept
    visit.kept = keep(session, inventory)
    session.flush()
    in_visit = exists().where(tables.Visit.inventory_digest == before.digest)
    in_check = exists().where(tables.Stage.inventory_digest == before.digest)
    if not session.scalar(select(in_visit | in_check)):
        session.delete(before)
        session.flush()


def differing(session: Session) -> Link | None:
    """An inventory whose bytes are not what its digest says, or a check that refers to another than its event does.

    It is given by the check's event, as number 0 where no event tells of it; None when all agree.
    """
    damaged = set(_not_as_hashed(session))
    checked = select(tables.Stage.job_id, tables.Stage.inventory_digest).where(
        tables.Stage.inventory_digest.is_not(None)
    )
    kept = {row.job_id: row.inventory_digest for row in session.execute(checked)}
    jobs_told_of = set()
    for job_id, digest, event in _checks(session):
        jobs_told_of.add(job_id)
        if kept.get(job_id) != digest or digest in damaged:
            return event
    return Link(events.own_server(session), 0, "") if damaged or kept.keys() - jobs_told_of else None


def _checks(session: Session) -> Iterator[tuple[str, str, Link]]:
    """Each check that an event tells of: its job, the digest of what it found, the event."""
    table = tables.Event
    wanted = select(table.job_id, table.body, table.server, table.sequence, table.hash).where(
        table.kind == "stage-ended", table.body.contains('"type":"check"')
    )
    for job_id, body, server, sequence, hashed in session.execute(wanted.order_by(table.server, table.sequence)):
        result = json.loads(body)["result"]
        if isinstance(result, dict) and result.get("type") == "check":
            yield job_id, result["inventory"], Link(server, sequence, hashed)


def _not_as_hashed(session: Session) -> Iterator[str]:
    """The digests whose bytes have another one."""
    table = tables.KeptInventory
    wanted = select(table.digest, type_coerce(table.content, Text)).order_by(table.digest).limit(_PAGE)
    last = ""
    while rows := session.execute(wanted.where(table.digest > last)).all():
        yield from (digest for digest, content in rows if _digest(content.encode()) != digest)
        last = rows[-1][0]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
