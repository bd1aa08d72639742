"""Choosing a profile for one PC or for all that wait, and taking a choice back.

Before a profile that writes to disks is chosen, the page asks once more: what will happen, to which PCs and which
disks. A "yes" applies to the PCs that were named in that question, and to no others.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from msgspec.structs import replace

from netboot.jobs.actor import Actor
from netboot.jobs.disk_rules import as_seen, forbids_writing, internal_disks
from netboot.jobs.profile import Profile
from netboot.jobs.target import kept_whole, master_forbids
from netboot.records.record import Record
from netboot.records.refusals import Contested, NotOnRecord, NotThatVisit
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.problems import Code as ProblemCode
from netboot.shared.problems import Problem
from netboot.shared.stages.capture import CaptureOptions
from netboot.webui.keys import workshop_key
from netboot.webui.naming import Naming, called_in, naming_of
from netboot.webui.refusal import Code, Refusal
from netboot.webui.render import page
from netboot.webui.visitor import operators_form
from netboot.webui.workbench import workbench_key
from netboot.workshop.called import Called, licence
from netboot.workshop.greeting import Workshop

log = logging.getLogger(__name__)

ALL: Final = "all"
_MASTERS: Final[dict[ProblemCode, Code]] = {
    "master-missing": "no-master",
    "master-unsigned": "master-unsigned",
    "master-fixed": "master-fixed",
    "master-lacks": "master-lacks",
    "windows-fixed": "windows-fixed",
    "windows-settings": "windows-settings",
    "master-shrunk": "master-shrunk",
    "master-grow": "master-grow",
}


@dataclass(frozen=True, slots=True)
class ChosenPc:
    """A PC that a choice is for: the visit that a person saw, its disks then, and what forbids writing to them.

    `shown` stands for what the PC is (`jobs/seen.py`): a yes holds only while it is the same.
    """

    machine: str
    visit: str
    label: str
    mac: str
    disks: tuple[Disk, ...]
    shown: str
    stopped: Problem | None = None

    @property
    def named(self) -> str:
        """How the question names it."""
        return f"{self.visit}:{self.shown}"


async def choose(request: web.Request) -> web.Response:
    """POST /choose: `machine` is a machine's id, and `visit` the one it was seen in, or it is "all".

    `sure` is "yes" the second time, `named` the visits that were asked for, each with what was shown of it: what is
    chosen is for them, and for no other that the same PCs, or PCs of their names, have since. It is asked again when
    one of them shows other disks by then.

    `target` is the serial, WWN or path of the disk that gets the master, or is captured, for one machine only. Of a
    capture it is asked first what the master is to be called (`naming.py`).
    """
    who, form = await operators_form(request)
    workshop = request.app[workshop_key]
    profile = workshop.profiles.get(form.get("profile", ""))
    if profile is None:
        raise Refusal("no-profile")
    wanted, seen = form.get("machine", ""), form.get("visit", "")
    visits = _waiting(workshop) if wanted == ALL else [seen]
    named = set(form.get("named", "").split()) if form.get("sure") == "yes" else set()
    if form.get("sure") == "yes":
        asked = {name.partition(":")[0] for name in named}
        visits = [visit for visit in visits if visit in asked]
    if wanted != ALL:
        await _may_be_chosen_for(workshop, wanted, seen)
    if not visits:
        raise Refusal("nobody-waits")
    await master_is_there(workshop, profile)
    concerned = await asyncio.to_thread(_concerned, workshop.record, visits)
    if "capture" in profile.stages and len(concerned) > 1:
        raise Refusal("capture-one")
    target = _target(form.get("target", ""), concerned)
    if profile.writes and not {pc.named for pc in concerned} <= named:
        return page(
            request, "sure.html.j2", concerned=concerned, profile=profile, machine=wanted, visit=seen, target=target,
            target_name=form.get("target", ""), changed=bool(named),
        )  # fmt: skip
    capture = None
    if "capture" in profile.stages:
        naming = await _naming(request, form, profile)
        may_shrink = workbench_key in request.app and request.app[workbench_key].may_build
        smaller = form.get("smaller") == "yes" if named else profile.options_for(CaptureOptions).smaller
        unfit = may_shrink and smaller and naming.called.name in kept_whole(workshop.profiles.values())
        several = len(concerned[0].disks) > 1 and target is None
        if not naming.settled or several or (unfit and named) or not {concerned[0].named} <= named:
            return page(
                request, "capture.html.j2", pc=concerned[0], profile=profile, machine=concerned[0].machine,
                visit=concerned[0].visit, target=target, naming=naming, changed=bool(named - {concerned[0].named}),
                no_disk=bool(named) and several, may_shrink=may_shrink, smaller=smaller, kept_whole=unfit,
            )  # fmt: skip
        capture = _captured_as(profile, naming.called, smaller=smaller)
    done = await _choose_each(workshop, concerned, profile, who.actor, target.id if target else None, capture)
    if wanted != ALL and done["refused"]:
        await _may_be_chosen_for(workshop, wanted, seen)
        raise Refusal("at-work")
    return _back("&".join(f"{name}={count}" for name, count in done.items() if count))


async def cancel_choice(request: web.Request) -> web.Response:
    """POST /cancel-choice: take back the `choice` that waits for `machine`."""
    who, form = await operators_form(request)
    withdrawn = await request.app[workshop_key].commands.cancel(
        who.actor, form.get("machine", ""), form.get("choice", "")
    )
    return _back("withdrawn=1" if withdrawn else "began=1")


async def say_which(request: web.Request) -> web.Response:
    """POST /line: a person says of the contested line of `visit` by `answer` that it is the PC, or that it is not."""
    who, form = await operators_form(request)
    workshop, visit = request.app[workshop_key], form.get("visit", "")
    try:
        match form.get("answer", ""):
            case "vouch":
                await workshop.commands.vouch(who.actor, visit)
                return _back("vouched=1")
            case "keep-out":
                await workshop.commands.keep_out(who.actor, visit)
                return _back("kept_out=1")
            case _:
                raise Refusal("form")
    except (NotThatVisit, NotOnRecord):
        raise Refusal("another-visit") from None


async def _choose_each(
    workshop: Workshop,
    concerned: Sequence[ChosenPc],
    profile: Profile,
    who: Actor,
    target: DiskId | None,
    capture: CaptureOptions | None,
) -> dict[str, int]:
    done = {"begun": 0, "kept": 0, "refused": 0}
    for pc in concerned:
        try:
            begun = await workshop.commands.choose(
                who, pc.machine, profile.id, target, seen=pc.visit, shown=pc.shown, capture=capture
            )
        except NetbootError as error:  # one PC's must not keep the others from beginning
            log.warning("nothing was chosen for %s: %s", pc.mac, error, extra={"mac": pc.mac})
            done["refused"] += 1
        else:
            done["begun" if begun else "kept"] += 1
    return done


async def _naming(request: web.Request, form: Mapping[str, str], profile: Profile) -> Naming:
    """What the master to be captured is called: as the profile says, until a person has said it."""
    if form.get("sure") == "yes":
        return await naming_of(request, called_in(form), judged=True, again=form.get("again", ""))
    set_ = profile.options_for(CaptureOptions)
    called = Called(set_.name, set_.version, set_.title, set_.licence)
    return await naming_of(request, called, judged=False)


def _captured_as(profile: Profile, called: Called, *, smaller: bool) -> CaptureOptions:
    return replace(
        profile.options_for(CaptureOptions),
        name=called.name,
        version=called.version,
        title=called.title,
        licence=licence(called.licence) or called.licence,
        smaller=smaller,
    )


def _waiting(workshop: Workshop) -> list[str]:
    """The visits of the PCs that wait, and that a person may choose for."""
    rows = [row for row in workshop.live_board.rows() if row.state == "waiting" and row.visit and not row.contested]
    return [row.visit for row in rows if not workshop.policies(row.mac, row.uuid).denied]


def _concerned(record: Record, visits: Sequence[str]) -> list[ChosenPc]:
    """Raises Refusal when one is not on the record."""
    concerned = []
    for visit in visits:
        try:
            seen = record.visits.seen(visit)
        except NotOnRecord:
            raise Refusal("another-visit") from None
        inventory = seen.visit.inventory
        answers = [row.answer for row in record.answers.of_visit(seen.machine_id, visit)]
        disks, stopped = internal_disks(inventory, answers), forbids_writing(inventory, answers)
        concerned.append(
            ChosenPc(seen.machine_id, visit, seen.label, seen.visit.mac, disks, as_seen(inventory).digest, stopped)
        )
    return concerned


def _target(name: str, concerned: Sequence[ChosenPc]) -> Disk | None:
    """The disk a person picked, or None for "automatic". Raises Refusal when it is not exactly one disk of one PC."""
    if not name:
        return None
    disks = [disk for disk in concerned[0].disks if name in (disk.id.text, disk.id.serial, disk.id.wwn, disk.id.path)]
    if len(concerned) != 1 or len(disks) != 1:
        raise Refusal("no-such-disk")
    return disks[0]


async def _may_be_chosen_for(workshop: Workshop, machine: str, seen: str) -> None:
    """Raises Refusal when nothing may be chosen for this PC by a person who saw it in this visit."""
    record = workshop.record
    try:
        if (await asyncio.to_thread(record.machines.summary, machine)).merged_into is not None:
            raise Refusal("merged")
        await asyncio.to_thread(record.visits.require_seen, machine, seen)
        visit = (await asyncio.to_thread(record.visits.seen, seen)).visit
    except NotOnRecord:
        raise Refusal("no-such-machine") from None
    except NotThatVisit:
        raise Refusal("another-visit") from None
    except Contested:
        raise Refusal("contested") from None
    if workshop.policies.of(visit.inventory).denied:
        raise Refusal("denied")


async def master_is_there(workshop: Workshop, profile: Profile) -> None:
    """Raises Refusal when the profile's master is not in the store whole, before anything is erased for it."""
    if not profile.master:
        return
    try:
        master = await asyncio.to_thread(workshop.find_master, profile.master)
    except NetbootError:
        master = None
    problem = master_forbids(profile, master)
    if problem is None and master is not None:
        problem = await workshop.whole_masters.forbids(master)
    if problem is not None:
        raise Refusal(_MASTERS.get(problem.code, "no-master"))


def _back(notice: str) -> web.Response:
    return web.Response(status=303, headers={"Location": f"/?{notice}" if notice else "/"})
