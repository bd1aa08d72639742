"""Visits, the stays of machines in the agent: opened by a hello, held by a token, closed at the end or the next boot.

A machine's next boot closes its earlier visits, unless one still has an open connection, or is at work while the boot
comes by another adapter: then nobody knows which one is the PC, and the new visit is opened beside it (`contested.py`).
A closed visit stays closed, whoever has its token.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from netboot.records import contested, events, inventories, jobs, machines, tables, unfinished
from netboot.records.arrivals import (
    DAY,
    DAY_BYTES,
    DAY_BYTES_IN_ALL,
    DAY_SHARE,
    SHARE,
    VISIT_ROWS,
    Added,
    Bound,
    Brought,
    RecentlyAdded,
)
from netboot.records.refusals import HelloRefused, OtherOnLine, WrongToken
from netboot.records.tables import require_row
from netboot.records.values import Standing, Visit
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem
from netboot.shared.protocol import Hello

NEW_VISITS: Final = 240
"""How many visits may begin within a minute, of all machines: no workshop has more PCs, a flood of hellos has."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How an agent came: by the adapter `mac`, as it says; from `address`, which is `adapter`'s as the kernel knows."""

    mac: str
    address: str = ""
    adapter: str = ""


def address_of(session: Session, hello: Hello, came: Arrival) -> str:
    """The address for which counts what this hello adds: where its visit began."""
    began = session.scalar(select(tables.Visit.address).where(tables.Visit.boot == hello.boot))
    return came.address if began is None else began


def greet(
    session: Session, hello: Hello, came: Arrival, *, lately: RecentlyAdded, on_line: frozenset[str], now: datetime
) -> tuple[Visit, Added]:
    """The visit of this boot, opened if it is new, and what it adds. `lately` is of `address_of`.

    Raises WrongToken, OtherOnLine, HelloRefused in a flood.

    A visit that is closed is not opened again: its agent, should it have missed that its job is done, is told so.

    A token is made with the visit. Should the Welcome that carries it be lost, the same boot may ask again, without
    one, until the token was used for the first time; then the token it gets is a new one and the old one is void.
    Not while that boot's line is open: whoever has seen its id would take over a PC that waits. A line that is dead
    ends with its heartbeat, and the agent asks until then.

    The key that the first hello told stays the visit's: a token can be read off the LAN, a key's secret half cannot.
    """
    if not hello.boot:
        raise WrongToken("a hello without a boot id")
    row = session.scalars(select(tables.Visit).where(tables.Visit.boot == hello.boot)).one_or_none()
    if row is None:
        size = VISIT_ROWS + inventories.would_add(session, hello.inventory)
        _refuse_a_flood(session, lately, size, now)
        (row, beside), token = _open(session, hello, came, on_line, now), _new_token()
        row.token_hash, row.added = _hashed(token), size
        session.flush()
        opened = replace(_visit(session, row, token=token, new=True), beside=beside)
        return opened, Added(came.address, size, begins=True)
    token = ""
    if hello.token and hmac.compare_digest(row.token_hash, _hashed(hello.token)):
        row.token_used = True
    elif not hello.token and not row.token_used:
        if row.id in on_line:
            raise OtherOnLine
        token = _new_token()
        row.token_hash = _hashed(token)
    else:
        raise WrongToken("this visit belongs to another agent")
    # Merged into another one meanwhile, it goes on as that.
    row.machine_id = machines.current_id(session, row.machine_id)
    if row.closed is not None:
        _require_farewell(session, row, on_line)
        return replace(_visit(session, row, token=token, new=False), over=True), Added(row.address, 0)
    row.mac, row.adapter = came.mac, came.adapter
    size = 0 if hello.inventory == row.inventory else _see_anew(session, row, hello.inventory, lately)
    return _visit(session, row, token=token, new=False), Added(row.address, size)


def brought_today(session: Session, *, began: int, now: datetime) -> Iterator[Brought]:
    """The bytes that each visit of the last day added, by the clock or by the bench day (after the event `began`).

    Both must say so: of a clock that was put back, or ahead, the worse that follows is a day that begins anew.
    """
    table = tables.Event
    since = select(table.visit_id).where(
        table.server == events.own_server(session), table.sequence > began, table.kind == "visit-opened"
    )
    wanted = select(tables.Visit.address, tables.Visit.opened, tables.Visit.added).where(
        tables.Visit.opened > now - DAY, tables.Visit.address != "", tables.Visit.id.in_(since)
    )
    for address, opened, added in session.execute(wanted):
        yield Brought(address, added, max(timedelta(), now - opened).total_seconds())


def end(session: Session, visit_id: str, *, now: datetime) -> None:
    """The agent has left. A job still running stays as it is: the next hello says what became of it."""
    row = require_row(session.get(tables.Visit, visit_id), "visit")
    if row.closed is None:
        row.closed = now
        events.append(session, "visit-closed", {}, now=now, machine=row.machine_id, visit=row.id)


def is_newest(session: Session, visit_id: str) -> bool:
    """Whether this machine has not been started again since: no visit of it was opened after this one."""
    row = require_row(session.get(tables.Visit, visit_id), "visit")
    return contested.newest_of(session, row.machine_id) in ("", visit_id)


def succeed(session: Session, visit_id: str, *, on_line: frozenset[str], now: datetime) -> Visit:
    """The connection that this visit was contested with was dead: this one is the PC, back after another boot."""
    row = require_row(session.get(tables.Visit, visit_id), "visit")
    _close_all(
        session,
        [visit for visit in _unfinished(session, row.machine_id) if visit.id != row.id and visit.id not in on_line],
        now=now,
    )
    contested.clear(session, visit_id, now=now)
    return _visit(session, row, token="", new=False)


def get(session: Session, visit_id: str) -> Visit:
    """The visit as it is now."""
    row = require_row(session.get(tables.Visit, visit_id), "visit")
    return _visit(session, row, token="", new=False)


def is_on_line(session: Session, machine_id: str, on_line: frozenset[str]) -> bool:
    """Whether an agent of this machine is on the line."""
    return any(visit.id in on_line for visit in _unfinished(session, machine_id))


def leave_off(session: Session, machine_id: str, *, now: datetime) -> None:
    """End the machine's visits that were left open, each with its unfinished job."""
    _close_all(session, _unfinished(session, machine_id), now=now)


def _close_all(session: Session, visits: Sequence[tables.Visit], *, now: datetime) -> None:
    for visit in visits:
        jobs.interrupt(session, visit, now=now)
        end(session, visit.id, now=now)


def _require_farewell(session: Session, row: tables.Visit, on_line: frozenset[str]) -> None:
    """Raises WrongToken unless all that this closed visit's agent can want is to hear how its job ended."""
    outcome = jobs.outcome(session, row.id)
    done = outcome is not None and outcome.state == "done" and jobs.running(session, row.id) is None
    later = contested.newest_of(session, row.machine_id) != row.id
    if not done or later or row.standing == "refused" or row.id in on_line:
        raise WrongToken("this visit is over")


def _open(
    session: Session, hello: Hello, came: Arrival, on_line: frozenset[str], now: datetime
) -> tuple[tables.Visit, bool]:
    """The new visit, and whether the machine's job goes on in another one that this may not be the next boot of."""
    machine = machines.find_or_add(session, hello.inventory, on_line=on_line, now=now)
    beside = _is_beside(session, machine.id, hello, came)
    if not beside and not is_on_line(session, machine.id, on_line):
        # Else its boot id alone is no proof that the PC restarted: a forged hello would end a job at work.
        leave_off(session, machine.id, now=now)
    firmware = hello.inventory.firmware
    row = tables.Visit(
        id=secrets.token_hex(16),
        machine_id=machine.id,
        boot=hello.boot,
        mac=came.mac,
        adapter=came.adapter,
        address=came.address,
        mode=firmware.mode,
        secure_boot=firmware.secure_boot,
        token_hash="",
        token_used=False,
        opened=now,
        closed=None,
        last_report=0,
        seal_key=hello.seal_key,
        kept=inventories.keep(session, hello.inventory),
    )
    session.add(row)
    session.flush()
    machines.remember_disks(session, row.id, hello.inventory)
    body = {
        "mac": came.mac,
        "adapter": came.adapter,
        "mode": firmware.mode,
        "secure_boot": firmware.secure_boot,
        "boot": hello.boot,
    }
    events.append(session, "visit-opened", body, now=now, machine=machine.id, visit=row.id)
    return row, beside


def _is_beside(session: Session, machine_id: str, hello: Hello, came: Arrival) -> bool:
    """Whether a visit of this machine is open and at work that came by another adapter than this hello does.

    A PC that was restarted comes by the adapter that it had. Where the kernel does not know it, the boot is believed.
    """
    told = {nic.mac for nic in hello.inventory.nics}
    return bool(came.adapter) and any(
        came.adapter not in told or visit.adapter not in ("", came.adapter)
        for visit in _unfinished(session, machine_id)
        if visit.closed is None and jobs.running(session, visit.id) is not None
    )


_BOUNDS: Final[dict[Bound, tuple[str, str]]] = {
    "minute": (
        f"{{address}} has begun {SHARE} visits within a minute: this one is not taken now",
        "a PC begins one a boot: look at what that device is",
    ),
    "day": (
        f"{{address}} has begun {DAY_SHARE} visits, or added {DAY_BYTES >> 20} MiB, within a day: not taken now",
        "look at what that device is; if it is a router with honest PCs behind, they are taken as the hours pass",
    ),
    "all": (
        f"{DAY_BYTES_IN_ALL >> 20} MiB were added to the record within a day: {{address}} is not taken now",
        "look for a device that sends forged hellos; others are taken again as the hours pass",
    ),
}


def _refuse_a_flood(session: Session, lately: RecentlyAdded, size: int, now: datetime) -> None:
    if bound := lately.exceeded_by(size):
        why, hint = _BOUNDS[bound]
        raise HelloRefused(Problem("crowded"), why.format(address=lately.address), hint=hint)
    # Up to now and not later: a clock that was put back must not count yesterday's visits as this minute's.
    this_minute = tables.Visit.opened.between(now - timedelta(minutes=1), now)
    if (session.scalar(select(func.count()).where(this_minute)) or 0) >= NEW_VISITS:
        raise HelloRefused(
            Problem("crowded"),
            f"{NEW_VISITS} PCs came within a minute: this one is not taken now",
            hint="it comes again by itself; if there are not so many, look for a device that sends forged hellos",
        )


def _see_anew(session: Session, row: tables.Visit, inventory: Inventory, lately: RecentlyAdded) -> int:
    """The agent of a known visit tells another inventory; it stands unless its address has used up its day.

    Gives the bytes that it adds.

    Then the visit goes on with what it told before: nobody's PC is turned away in the middle, and a check reads anew.
    So it does after a check that found a disk or a controller which this hello leaves out: an agent says at every hello
    what it read at its start, and what the PC holds stands on its papers.
    """
    if _was_checked(session, row) and _leaves_out(inventory, row.inventory):
        return 0
    size = inventories.would_add(session, inventory)
    if size and lately.would_exceed(size):
        return 0
    row.added += size
    inventories.replace(session, row, inventory)
    machines.remember_disks(session, row.id, inventory)
    return size


def _was_checked(session: Session, row: tables.Visit) -> bool:
    """Whether the inventory of this visit was read anew by a check."""
    done = select(tables.Stage.id).join(tables.Job, tables.Job.id == tables.Stage.job_id)
    checks = done.where(tables.Job.visit_id == row.id, tables.Stage.stage == "check", tables.Stage.state == "done")
    return session.scalars(checks.limit(1)).first() is not None


def _leaves_out(inventory: Inventory, known: Inventory) -> bool:
    gone = (one for one in known.disks if not any(one.id.same_as(other.id) for other in inventory.disks))
    return any(gone) or any(one not in inventory.hidden for one in known.hidden)


def _unfinished(session: Session, machine_id: str) -> Sequence[tables.Visit]:
    """The machine's visits that are open, or were left with a job that is not over."""
    at_work = select(tables.Job.visit_id).where(tables.Job.state == "running")
    wanted = select(tables.Visit).where(
        tables.Visit.machine_id == machine_id, or_(tables.Visit.closed.is_(None), tables.Visit.id.in_(at_work))
    )
    return session.scalars(wanted).all()


def _visit(session: Session, row: tables.Visit, *, token: str, new: bool) -> Visit:
    machine = require_row(session.get(tables.Machine, row.machine_id), "machine")
    return Visit(
        id=row.id,
        machine_id=machine.id,
        machine_number=machine.number,
        label=machine.label,
        token=token,
        new=new,
        last_report=row.last_report,
        job=jobs.running(session, row.id),
        outcome=jobs.outcome(session, row.id),
        left=unfinished.unfinished(session, [machine.id]).get(machine.id),
        standing=cast(Standing, row.standing),
        seal_key=row.seal_key,
    )


def _new_token() -> str:
    return secrets.token_urlsafe(32)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
