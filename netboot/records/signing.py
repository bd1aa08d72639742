"""Signing an exception: what may be signed of a PC now, and the choice that goes with it, in one transaction.

It is signed while the visit is open and nobody doubts that it is the PC's, after a job that stopped for want of a
proof. Its choice holds for that visit alone. Not for: what one means (`netboot/jobs/erase_exception.py`).
"""

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from netboot.jobs.disk_rules import forbids_writing, internal_disks
from netboot.jobs.erase_exception import (
    EraseException,
    Offer,
    holds,
    states_of,
    stopped_for_want_of_proof,
    unproven,
)
from netboot.jobs.profile import Profile
from netboot.jobs.target import target_of
from netboot.records import choices, contested, disk_answers, events, exceptions, jobs, tables
from netboot.records.refusals import AtWork, NotThatVisit
from netboot.records.values import CONTESTED
from netboot.shared.problems import Problem


def offer(session: Session, visit_id: str) -> Offer | None:
    """What may be signed of this visit's PC now; None when nothing is to be.

    The master goes to the disk that the stopped job would have given it to, and a person reads which that is: behind
    the erase nothing is guessed (`jobs/target.py`).
    """
    visit = session.get(tables.Visit, visit_id)
    row = jobs.newest(session, visit_id)
    if visit is None or visit.closed is not None or visit.standing in CONTESTED or row is None:
        return None
    job = jobs.restored(session, row)
    stages = ((record.stage, record.state, record.problem) for record in job.stages)
    if row.state != "failed" or not stopped_for_want_of_proof(job.profile, stages):
        return None
    answers = [given.answer for given in disk_answers.of_visit(session, visit.machine_id, visit_id)]
    if forbids_writing(visit.inventory, answers) is not None:
        return None
    disks = states_of(internal_disks(visit.inventory, answers), exceptions.judged(session, visit_id))
    if not unproven(disks):
        return None
    target = target_of(job)
    named = job.target if isinstance(target, Problem) else target[1].id
    return Offer(job=row.id, profile=job.profile, target=named, disks=disks)


def sign(session: Session, machine_id: str, visit_id: str, *, shown: str, reason: str, who: str, now: datetime) -> str:
    """A signed-in person's exception for what this visit showed; gives the id of the choice that goes with it.

    Raises NotThatVisit when that is not what `shown`, the offer's digest, was of; AtWork, Contested.
    """
    contested.require_seen(session, machine_id, visit_id)
    if choices.at_work(session, machine_id):
        raise AtWork("this PC is at work already", hint="wait until its job has ended")
    found = offer(session, visit_id)
    if found is None or found.digest != shown:
        raise NotThatVisit
    choice = choices.choose(
        session,
        machine_id,
        found.profile.id,
        who=who,
        target=found.target,
        visit_id=visit_id,
        shown="",
        capture=None,
        now=now,
    )
    row = tables.SignedException(
        visit_id=visit_id,
        choice_id=choice.id,
        job_id=None,
        exception=EraseException(reason=reason, profile=found.profile.digest, disks=found.disks),
        salt=secrets.token_hex(32),
        who=who,
        at=now,
    )
    session.add(row)
    session.flush()
    body = {**exceptions.body_of(row), "by": events.person(session, who)}
    events.append(session, "erase-exception", body, now=now, machine=machine_id, visit=visit_id, job=found.job)
    return choice.id


def void(session: Session, signed: tables.SignedException, visit_id: str, profile: Profile) -> Problem | None:
    """Why what was signed lets this visit not go on by this profile; None when it does."""
    found = offer(session, visit_id) if signed.visit_id == visit_id else None
    good = found is not None and signed.exception.profile == profile.digest == found.profile.digest
    if good and found is not None and holds(signed.exception, found.disks):
        return None
    return Problem("exception-void")
