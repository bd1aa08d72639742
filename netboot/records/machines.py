"""Finds the machine that an inventory belongs to, or adds it; and which disks it had."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final, cast

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from netboot.jobs.identity import (
    Key,
    KeyKind,
    Signs,
    boot_keys,
    find_machines,
    keys_of,
    real_text,
    signs_of,
    stand_apart,
)
from netboot.records import events, tables
from netboot.records.tables import require_row
from netboot.shared.inventory import DiskId, Inventory

DISKS_A_VISIT: Final = 256
"""Twice what one inventory may tell: disks come and go during a visit, but made-up ones come without end."""

CANDIDATES: Final = 64
"""How many machines an inventory is compared with: those with one of its adapters first, then those that had one of its
disks, then the newest. Each has an inventory to be read, and anybody may make thousands up that share a text."""


def find_or_add(session: Session, inventory: Inventory, *, on_line: frozenset[str], now: datetime) -> tables.Machine:
    """The machine that has this inventory; a new one, with the next number, when none is it.

    `on_line` are the visits whose agents are on the line.

    A machine whose agent is on the line is another PC where anything fitted says so: twins side by side are two.

    Of a machine that is known already a hello changes nothing: anybody may say one. `confirm` does, later.
    """
    keys = keys_of(inventory)
    machine = _find(session, signs_of(inventory), on_line)
    if machine is None:
        newest = session.scalar(select(func.max(tables.Machine.number))) or 0
        machine = tables.Machine(id=secrets.token_hex(16), number=newest + 1, label=_label(inventory), added=now)
        session.add(machine)
        session.flush()
        known = [f"{key.kind}:{key.value}" for key in keys]
        events.append(session, "machine-added", {"number": machine.number, "keys": known}, now=now, machine=machine.id)
        _remember_keys(session, machine.id, keys, now)
    return machine


def confirm(session: Session, machine_id: str, inventory: Inventory, *, now: datetime) -> None:
    """This machine has reported work done: from now on its label and keys are those of this inventory."""
    require_row(session.get(tables.Machine, machine_id), "machine").label = _label(inventory)
    _remember_keys(session, machine_id, keys_of(inventory), now)


def at_boot(session: Session, *, mac: str, uuid: str) -> tables.Machine | None:
    """The machine whose loader tells this address and UUID, if it can be no other."""
    ids = {current_id(session, machine_id) for machine_id in _told_at_boot(session, mac=mac, uuid=uuid)}
    return session.get(tables.Machine, ids.pop()) if len(ids) == 1 else None


def ids_at_boot(session: Session, *, mac: str, uuid: str) -> set[str]:
    """Every machine that the PC whose loader tells this address and UUID may be, with those merged into them.

    Not one with adapters of its own that never came by this one: of the twins of one UUID, that was another.
    """
    told = _told_at_boot(session, mac=mac, uuid=uuid)
    fitted = tables.MachineKey.machine_id.in_(told) & (tables.MachineKey.kind == "mac")
    have_others = set(session.scalars(select(tables.MachineKey.machine_id).where(fitted)))
    came_by = tables.Visit.machine_id.in_(told) & (tables.Visit.mac == mac.lower())
    has_it = fitted & (tables.MachineKey.value == mac.lower())
    known_by = {
        *session.scalars(select(tables.MachineKey.machine_id).where(has_it)),
        *session.scalars(select(tables.Visit.machine_id).where(came_by)),
    }
    may_be = [machine_id for machine_id in told if machine_id in known_by or machine_id not in have_others]
    return {name for machine_id in may_be for name in all_ids(session, machine_id)}


def current_id(session: Session, machine_id: str) -> str:
    """The machine that an operator merged this one into, else itself."""
    row = session.get(tables.Machine, machine_id)
    return machine_id if row is None else row.merged_into or machine_id


def all_ids(session: Session, machine_id: str) -> list[str]:
    """Under which ids this machine's past is kept: its own first, then those that were merged into it."""
    machine_id = current_id(session, machine_id)
    merged = select(tables.Machine.id).where(tables.Machine.merged_into == machine_id).order_by(tables.Machine.number)
    return [machine_id, *session.scalars(merged)]


def names_of_others(session: Session, machine_id: str, keys: Iterable[Key]) -> frozenset[Key]:
    """Those of these names that another machine is known by as well."""
    wanted = list(keys)
    if not wanted:
        return frozenset()
    rows = session.scalars(select(tables.MachineKey).where(_any_of(wanted), tables.MachineKey.machine_id != machine_id))
    return frozenset(Key(cast(KeyKind, row.kind), row.value) for row in rows)


def remember_disks(session: Session, visit_id: str, inventory: Inventory) -> None:
    """Every disk that says who it is was in the PC during this visit; of a visit DISKS_A_VISIT at most."""
    count = select(func.count()).where(tables.DiskSighting.visit_id == visit_id)
    room = DISKS_A_VISIT - (session.scalar(count) or 0)
    for disk in inventory.disks:
        row = find_disk(session, disk.id)
        if row is None:
            if not disk.id.named or room <= 0:
                continue
            row = tables.Disk(serial=disk.id.serial, wwn=disk.id.wwn, size=disk.id.size, model=disk.model)
            session.add(row)
        row.serial, row.wwn, row.model = row.serial or disk.id.serial, row.wwn or disk.id.wwn, row.model or disk.model
        session.flush()
        if room > 0 and session.get(tables.DiskSighting, (row.id, visit_id)) is None:
            room -= 1
            session.add(tables.DiskSighting(disk_id=row.id, visit_id=visit_id))
            session.flush()


def find_disk(session: Session, wanted: DiskId) -> tables.Disk | None:
    """The disk of this serial number or WWN and size, wherever it was seen; None for a disk that has no name.

    None as well for one that a person named by its place: its serial is another's too.
    """
    return next((row for row in disks_named(session, wanted) if row.size == wanted.size), None)


def disks_named(session: Session, wanted: DiskId) -> tuple[tables.Disk, ...]:
    """The same, whatever its size was: a disk that gave back what it hid has another one since."""
    if wanted.by_place:
        return ()
    names = []
    if wanted.serial:
        names.append(tables.Disk.serial == wanted.serial)
    if wanted.wwn:
        names.append(tables.Disk.wwn == wanted.wwn)
    if not names:
        return ()
    rows = session.scalars(select(tables.Disk).where(or_(*names)).order_by(tables.Disk.id))
    return tuple(row for row in rows if DiskId(serial=row.serial, wwn=row.wwn, size=wanted.size).same_as(wanted))


def keys_by_machine(session: Session, machine_ids: Iterable[str]) -> dict[str, list[Key]]:
    """Every key that each of these machines was ever known by."""
    keys: dict[str, list[Key]] = {}
    rows = session.scalars(
        select(tables.MachineKey)
        .where(tables.MachineKey.machine_id.in_(list(machine_ids)))
        .order_by(tables.MachineKey.id)
    )
    for row in rows:
        keys.setdefault(row.machine_id, []).append(Key(cast(KeyKind, row.kind), row.value))
    return keys


def _find(session: Session, signs: Signs, on_line: frozenset[str]) -> tables.Machine | None:
    if not signs.keys:
        return None
    disks = [row.id for row in (find_disk(session, disk) for disk in signs.disks) if row is not None]
    had_disk = tables.MachineKey.machine_id.in_(
        select(tables.Visit.machine_id)
        .join(tables.DiskSighting, tables.DiskSighting.visit_id == tables.Visit.id)
        .where(tables.DiskSighting.disk_id.in_(disks))
    )
    # A number each: PostgreSQL has no max() of truth values.
    has_adapter = func.max(case((tables.MachineKey.kind == "mac", 1), else_=0))
    had_one = func.max(case((had_disk, 1), else_=0))
    candidates = session.scalars(
        select(tables.MachineKey.machine_id)
        .where(_any_of(signs.keys))
        .group_by(tables.MachineKey.machine_id)
        .order_by(has_adapter.desc(), had_one.desc(), func.max(tables.MachineKey.last_seen).desc())
        .limit(CANDIDATES)
    ).all()
    newest = _newest_inventories(session, candidates)
    known = {
        machine_id: Signs(frozenset(keys), signs_of(newest[machine_id]).disks if machine_id in newest else ())
        for machine_id, keys in keys_by_machine(session, candidates).items()
    }
    current = {machine_id: current_id(session, machine_id) for machine_id in known}
    for machine_id, inventory in _on_line(session, {*current.values()}, on_line):
        if stand_apart(signs, signs_of(inventory)):
            known = {name: theirs for name, theirs in known.items() if current[name] != machine_id}
    found_ids = {current[name] for name in find_machines(signs, known)}
    return session.get(tables.Machine, found_ids.pop()) if len(found_ids) == 1 else None


def _told_at_boot(session: Session, *, mac: str, uuid: str) -> list[str]:
    """The machines that are known by what a loader tells, CANDIDATES at most; of those, the ones with this adapter."""
    keys = boot_keys(mac=mac, uuid_text=uuid)
    if not keys:
        return []
    known = select(tables.MachineKey.machine_id).where(_any_of(keys)).distinct()
    has_it = tables.MachineKey.machine_id.in_(known) & _any_of([Key("mac", mac.lower())])
    with_adapter = select(tables.MachineKey.machine_id).where(has_it).distinct().limit(CANDIDATES)
    return list(session.scalars(with_adapter)) or list(session.scalars(known.limit(CANDIDATES)))


def _newest_inventories(session: Session, machine_ids: Iterable[str]) -> dict[str, Inventory]:
    """What was found in each of these machines at its newest visit."""
    newest = (
        select(tables.Visit.id)
        .where(tables.Visit.machine_id == tables.Machine.id)
        .order_by(tables.Visit.opened.desc())
        .limit(1)
        .correlate(tables.Machine)
        .scalar_subquery()
    )
    wanted = (
        select(tables.Machine.id, tables.KeptInventory.content)
        .join(tables.Visit, tables.Visit.id == newest)
        .join(tables.KeptInventory, tables.KeptInventory.digest == tables.Visit.inventory_digest)
        .where(tables.Machine.id.in_(list(machine_ids)))
    )
    return {row.id: row.content for row in session.execute(wanted)}


def _on_line(session: Session, machine_ids: Iterable[str], on_line: frozenset[str]) -> list[tuple[str, Inventory]]:
    """Those of these machines whose agent is on the line, with what it said."""
    open_now = select(tables.Visit).where(tables.Visit.machine_id.in_(list(machine_ids)), tables.Visit.closed.is_(None))
    return [(row.machine_id, row.inventory) for row in session.scalars(open_now) if row.id in on_line]


def _remember_keys(session: Session, machine_id: str, keys: tuple[Key, ...], now: datetime) -> None:
    # What a machine that was merged into it is known by stays that one's: they may be separated again.
    ids = all_ids(session, machine_id)
    rows = {
        (row.kind, row.value): row
        for row in session.scalars(select(tables.MachineKey).where(tables.MachineKey.machine_id.in_(ids)))
    }
    for key in keys:
        row = rows.get((key.kind, key.value))
        if row is None:
            session.add(
                tables.MachineKey(machine_id=machine_id, kind=key.kind, value=key.value, first_seen=now, last_seen=now)
            )
        else:
            row.last_seen = now
    session.flush()


def _any_of(keys: Iterable[Key]) -> ColumnElement[bool]:
    return or_(*((tables.MachineKey.kind == key.kind) & (tables.MachineKey.value == key.value) for key in keys))


def _label(inventory: Inventory) -> str:
    """What people call this PC: maker, model, serial number, as far as they are real."""
    system = inventory.system
    maker = system.manufacturer if real_text(system.manufacturer) or system.manufacturer == "HP" else ""
    parts = [maker, *(text for text in (system.product, system.serial) if real_text(text))]
    return " ".join(" ".join(parts).split())[:256]
