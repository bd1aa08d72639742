"""What a kit's stick brings back of one job: all that was told, ordered and reported, signed with the kit's key. Pure.

One JSON file a job: the kit's name, an Ed25519 signature over SIGNED_AS and the exact bytes of `visit`, and `visit`.
What it holds is what agent and server would have said to each other; no verdict of the stick counts. `job_as_judged`
judges the reports as the server does those of a LAN, on the stick while it works, and on the server when they are
brought back. The signature says from which kit it comes, not that it is true: whoever holds the stick holds its key.
Not for: writing it (`netboot/alone/stick.py`), entering it on the record (`netboot/kit/collect.py`).
"""

from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import replace
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from netboot.imaging import Run, next_stage
from netboot.jobs.evidence import judge
from netboot.jobs.job import Job, StageRecord, new_stages
from netboot.jobs.profile import Profile, profile_error
from netboot.jobs.seen import Seen
from netboot.jobs.stages.rules import Known
from netboot.shared.fields import At, Identifier, Moment
from netboot.shared.inventory import Count, Inventory
from netboot.shared.language import Language
from netboot.shared.problems import Problem
from netboot.shared.protocol import StageFinished, StageStarted, require_once
from netboot.shared.stages import Result, Stage, StageName, stage_name
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import Erase

SIGNED_AS: Final = b"netboot-kit-visit1\n"
"""Begins what is signed, so that the signature counts for nothing else."""
LIMIT: Final = 2 << 20
"""Longest file that is read, in bytes: a few stages' evidence of half a MiB each, at most."""


class KitVisitError(ValueError):
    """A file that is none of a kit's, or that says what no kit of ours says."""


class KitStage(Struct, frozen=True, kw_only=True):
    """One stage that was ordered: the order, and the agent's reports of its beginning and end, None while they are not.

    The numbers are the reports', which count up through the whole job.
    """

    order: Stage
    started: Count = 0
    began: At | None = None
    finished: Count = 0
    ended: At | None = None
    outcome: Literal["", "done", "failed"] = ""
    problem: Problem | None = None
    result: Result | None = None

    @property
    def stage(self) -> StageName:
        """Which stage it is."""
        return stage_name(self.order)


class KitVisit(Struct, frozen=True, kw_only=True):
    """One job without a server. `boot` is the kernel's boot id, `clock` what the PC's own clock showed when it began.

    `inventory` is the PC as it was found, `seen` what the person was shown who said yes.
    """

    kit: Identifier
    job: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    boot: Annotated[str, Meta(pattern=r"^[0-9a-f-]{36}\Z")]
    clock: Moment
    language: Language
    inventory: Inventory
    seen: Seen
    profile: Profile
    stages: Annotated[tuple[KitStage, ...], Meta(max_length=16)] = ()


class _Sealed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kit: Identifier
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")]
    visit: Raw


_of_visit: Final = msgspec.json.Decoder(KitVisit)
_of_sealed: Final = msgspec.json.Decoder(_Sealed)


def sealed(visit: KitVisit, key: SigningKey) -> bytes:
    """The file, as it is written."""
    text = msgspec.json.format(msgspec.json.encode(visit), indent=1)
    signature = key.sign(SIGNED_AS + text).signature.hex()
    return msgspec.json.encode(_Sealed(kit=visit.kit, signature=signature, visit=Raw(text))) + b"\n"


def opened(file: bytes, key_of: Callable[[str], VerifyKey]) -> KitVisit:
    """The visit in a file; `key_of` gives the key of the kit of this name. Raises KitVisitError.

    Nothing within is parsed before its signature was found to be that kit's.
    """
    if len(file) > LIMIT:
        raise KitVisitError(f"{len(file)} bytes; at most {LIMIT} are read")
    try:
        outside = _of_sealed.decode(file)
        raw = bytes(outside.visit)
        key_of(outside.kit).verify(SIGNED_AS + raw, bytes.fromhex(outside.signature))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise KitVisitError(f"no file of a kit: {error}"[:300]) from error
    except (CryptoError, ValueError) as error:
        raise KitVisitError("it is not signed by a kit of this workshop, or was changed since") from error
    try:
        require_once(file)
        visit = _of_visit.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise KitVisitError(f"it cannot be read: {error}"[:300]) from error
    if visit.kit != outside.kit:
        raise KitVisitError(f"signed by the kit {outside.kit}, and it names {visit.kit}")
    if fault := profile_error(visit.profile):
        raise KitVisitError(f"its profile is none: {fault}")
    return visit


def ordered(visit: KitVisit, order: Stage) -> KitVisit:
    """With this order given."""
    return replace(visit, stages=(*visit.stages, KitStage(order=order)))


def heard(visit: KitVisit, report: StageStarted | StageFinished) -> KitVisit:
    """With this report of the stage that was ordered last; one of another stage changes nothing."""
    if not visit.stages or visit.stages[-1].stage != report.stage or visit.stages[-1].outcome:
        return visit
    last = visit.stages[-1]
    if isinstance(report, StageStarted):
        last = replace(last, started=report.number, began=report.at)
    else:
        last = replace(
            last,
            finished=report.number,
            ended=report.at,
            outcome=report.outcome,
            problem=report.problem,
            result=report.result,
        )
    return replace(visit, stages=(*visit.stages[:-1], last))


def job_as_judged(visit: KitVisit) -> Job:
    """The job as its reports prove it. Raises KitVisitError where an order is not the one that the rules give.

    A newer server may choose another method for the same disks; other disks, or another stage, it does not believe.
    """
    job = Job(
        id=visit.job,
        profile=visit.profile,
        stages=new_stages(visit.profile),
        inventory=visit.inventory,
        hostname="",
        seen=visit.seen,
    )
    for one in visit.stages:
        following = next_stage(job)
        if not isinstance(following, Run) or not _same(following.stage, one.order):
            raise KitVisitError(f"the stage {one.stage} was ordered otherwise than the rules order it")
        record = _judged(one, job)
        job = replace(job, stages=tuple(record if old.stage == one.stage else old for old in job.stages))
        if record.state == "done" and isinstance(record.result, CheckResult):
            job = replace(job, inventory=record.result.inventory)
    return job


def _judged(one: KitStage, job: Job) -> StageRecord:
    if not one.outcome:
        return StageRecord(stage=one.stage, state="waiting" if one.began is None else "running")
    known = Known(disks=job.inventory.disks, began=one.began, ended=one.ended)
    return judge(one.order, one.outcome, one.problem, one.result, known=known)


def _same(rules: Stage, given: Stage) -> bool:
    if not isinstance(rules, Erase) or not isinstance(given, Erase):
        return rules == given
    return [one.disk for one in rules.disks] == [one.disk for one in given.disks]
