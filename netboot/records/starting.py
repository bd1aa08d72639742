"""Turns a choice into a job in one transaction: a server killed in between neither loses a choice nor uses it twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from netboot.jobs.cut_deploys import goes_by
from netboot.jobs.disk_rules import as_seen, internal_disks
from netboot.jobs.erase_exception import going_on
from netboot.jobs.erased_before import ErasedBefore
from netboot.jobs.job import Job
from netboot.jobs.seen import what_changed
from netboot.records import batches, choices, disk_answers, erased_before, exceptions, jobs, signing, tables
from netboot.records.refusals import Contested, NoPlace, NotAsSeen, NotThatVisit, UnknownProfile
from netboot.records.tables import require_row
from netboot.records.values import CONTESTED, AnswerRow, Start
from netboot.shared.inventory import DiskId

Starts = Mapping[str, Start]
"""What a job of each profile needs, by the profile's id: read before the record is locked."""


def begin(
    session: Session,
    visit_id: str,
    *,
    menu: str,
    batch: str,
    starts: Starts,
    began: int,
    now: datetime,
) -> Job | UnknownProfile | NotAsSeen | NoPlace | None:
    """Use up what this visit is to follow and start its job; None when nothing was chosen.

    A person's choice for the machine comes before the batch its menu had armed, and leaves the batch its place.

    A choice of the page that would write, or capture, holds for the PC and the disks that the person saw, and for no
    others. One with an exception is for this visit alone, and goes on behind the erase. So does one after a job that
    was cut short in its deploy (`jobs/cut_deploys.py`), by that job's erase.

    UnknownProfile, NotAsSeen and NoPlace are given, not raised: that a choice was withdrawn, or a batch is over, is to
    be committed first. Raises NotOnRecord when the visit is unknown or has a job that is not over, Contested while
    nobody knows whether its line is the PC, NotThatVisit when it is over; the choice then waits on.
    """
    visit = require_row(session.get(tables.Visit, visit_id), "visit")
    if visit.standing in CONTESTED:
        raise Contested()
    if visit.closed is not None:
        raise NotThatVisit()
    choice = choices.claim(session, visit_id, menu=menu, now=now)
    if choice is None:
        return _join(session, visit_id, batch, starts=starts, began=began, now=now) if batch else None
    start = starts.get(choice.profile)
    if start is None:
        choices.withdrawn(session, choice, who="", now=now)
        return UnknownProfile(choice.profile)
    if choice.source == "page" and start.profile.proven:
        visit = require_row(session.get(tables.Visit, visit_id), "visit")
        if problem := what_changed(choice.seen, as_seen(visit.inventory)):
            choices.withdrawn(session, choice, who="", why=problem.code, now=now)
            return NotAsSeen(problem)
    exception = exceptions.of_choice(session, choice.id)
    if exception is not None and (problem := signing.void(session, exception, visit_id, start.profile)):
        choices.withdrawn(session, choice, who="", why=problem.code, now=now)
        return NotAsSeen(problem)
    choices.used(session, choice, visit_id, now=now)
    profile = start.profile if exception is None else going_on(start.profile)
    if choice.capture is not None:
        profile = profile.with_options("capture", choice.capture)
    answers = _answers(session, visit_id, choice)
    before = None if exception is not None else _erased_before(session, visit, start, choice.target, answers, now=now)
    return jobs.start(
        session,
        visit_id,
        profile if before is None else going_on(profile),
        master=start.master,
        hostname=start.hostname,
        chosen_by=choice.who,
        target=choice.target,
        seen=choice.seen,
        answers=answers,
        exception=exception,
        before=before,
        now=now,
    )


def _erased_before(
    session: Session,
    visit: tables.Visit,
    start: Start,
    target: DiskId | None,
    answers: Sequence[AnswerRow],
    *,
    now: datetime,
) -> ErasedBefore | None:
    """By which erase this job goes on where the machine's last one was cut short; None: it begins with its own."""
    row = erased_before.newest_writing(session, visit.machine_id)
    before = None if row is None else erased_before.standing(session, row, visit.machine_id, now=now)
    if row is None or before is None:
        return None
    own = internal_disks(visit.inventory, [given.answer for given in answers])
    goes_on = goes_by(jobs.restored(session, row), before, start.profile, start.master, own, target)
    return before if goes_on else None


def _answers(session: Session, visit_id: str, choice: tables.Choice) -> tuple[AnswerRow, ...]:
    """Answers about this PC's disks. Those that tell a disk by its place count only for choices on the page."""
    machine_id = _machine(session, visit_id)
    if choice.source == "page":
        return disk_answers.of_visit(session, machine_id, visit_id)
    return disk_answers.of_machine(session, machine_id)


def _machine(session: Session, visit_id: str) -> str:
    return require_row(session.get(tables.Visit, visit_id), "visit").machine_id


def refuse(session: Session, visit_id: str, *, menu: str, batch: str, now: datetime) -> None:
    """Withdraw what this visit was to follow, for good: later hellos of the visit change nothing."""
    armed = session.get(tables.Batch, batch) if batch else None
    choice = choices.claim(session, visit_id, menu=menu or (armed.profile if armed else ""), now=now)
    if choice is not None:
        choices.withdrawn(session, choice, who="", now=now)


def _join(
    session: Session, visit_id: str, batch: str, *, starts: Starts, began: int, now: datetime
) -> Job | UnknownProfile | NoPlace | None:
    """A place in the batch, and its job; None when what the visit booted for is done, or was refused."""
    if jobs.had_any(session, visit_id) or choices.menu_has_counted(session, visit_id):
        return None
    armed = session.get(tables.Batch, batch)
    if armed is None:
        return NoPlace("batch-over")
    start = starts.get(armed.profile)
    if start is None:
        return UnknownProfile(armed.profile)
    refused = batches.take_place(session, armed, visit_id, began=began, now=now)
    if refused is not None:
        return refused
    visit = require_row(session.get(tables.Visit, visit_id), "visit")
    answers = disk_answers.of_machine(session, visit.machine_id)
    before = _erased_before(session, visit, start, None, answers, now=now)
    return jobs.start(
        session,
        visit_id,
        start.profile if before is None else going_on(start.profile),
        master=start.master,
        hostname=start.hostname,
        chosen_by=armed.who,
        target=None,
        seen=None,
        answers=answers,
        before=before,
        now=now,
    )
