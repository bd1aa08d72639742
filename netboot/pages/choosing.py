"""Choosing a profile for one PC or for all that wait, and taking a choice back.

A profile that writes to a disk is asked for once more, with what will happen, to which PCs and to which disks; what is
said yes to is done to the PCs that were named then, and to no others.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from netboot.errors import NetbootError
from netboot.imaging import forbids_writing, internal_disks, master_forbids
from netboot.inventory import Disk, DiskId
from netboot.pages.agent_link import workshop_key
from netboot.pages.refusal import Code, Refusal
from netboot.pages.render import page
from netboot.pages.visitor import operators_form
from netboot.problems import Code as ProblemCode
from netboot.problems import Problem
from netboot.profile import Profile
from netboot.records.record import Record
from netboot.records.values import NotOnRecord
from netboot.workshop import Workshop

log = logging.getLogger(__name__)

ALL: Final = "all"
_MASTERS: Final[dict[ProblemCode, Code]] = {
    "master-missing": "no-master",
    "master-unsigned": "master-unsigned",
    "master-fixed": "master-fixed",
}


@dataclass(frozen=True, slots=True)
class Concerned:
    """One PC that a choice is for, with its own disks as it was last seen, and what forbids writing on them."""

    machine: str
    label: str
    mac: str
    disks: tuple[Disk, ...]
    stopped: Problem | None = None


async def choose(request: web.Request) -> web.Response:
    """POST /choose: `machine` is a machine's id or "all"; `sure` is "yes" the second time, `named` who was asked for.

    `target` is the serial, WWN or path of the disk that gets the master, for one machine only.
    """
    who, form = await operators_form(request)
    workshop = request.app[workshop_key]
    profile = workshop.profiles.get(form.get("profile", ""))
    if profile is None:
        raise Refusal("no-profile")
    wanted = form.get("machine", "")
    machines = _waiting(workshop) if wanted == ALL else [wanted]
    if form.get("sure") == "yes":
        named = set(form.get("named", "").split())
        machines = [machine for machine in machines if machine in named]
    if not machines:
        raise Refusal("nobody-waits")
    if wanted != ALL:
        await _may_be_chosen_for(workshop, wanted)
    await master_is_there(workshop, profile)
    concerned = await asyncio.to_thread(_concerned, workshop.record, machines)
    target = _target(form.get("target", ""), concerned)
    if profile.writes and form.get("sure") != "yes":
        return page(
            request, "sure.html.j2", concerned=concerned, profile=profile, machine=wanted, target=target,
            target_name=form.get("target", ""),
        )  # fmt: skip
    done = await _choose_each(workshop, concerned, profile, who.operator, target.id if target else None)
    if wanted != ALL and done["refused"]:
        raise Refusal("at-work")
    return _back("&".join(f"{name}={count}" for name, count in done.items() if count))


async def cancel_choice(request: web.Request) -> web.Response:
    """POST /cancel-choice: take back what waits for `machine`."""
    who, form = await operators_form(request)
    record = request.app[workshop_key].record
    withdrawn = await asyncio.to_thread(record.cancel_choice, form.get("machine", ""), who.operator)
    return _back("withdrawn=1" if withdrawn else "")


async def _choose_each(
    workshop: Workshop, concerned: Sequence[Concerned], profile: Profile, who: str, target: DiskId | None
) -> dict[str, int]:
    done = {"begun": 0, "kept": 0, "refused": 0}
    for pc in concerned:
        try:
            begun = await workshop.choose(pc.machine, profile.id, who, target)
        except NetbootError as error:  # one PC's must not keep the others from beginning
            log.warning("nothing was chosen for %s: %s", pc.mac, error, extra={"mac": pc.mac})
            done["refused"] += 1
        else:
            done["begun" if begun else "kept"] += 1
    return done


def _waiting(workshop: Workshop) -> list[str]:
    rows = [row for row in workshop.floor.rows() if row.state == "waiting" and row.machine]
    return [row.machine for row in rows if not workshop.policies(row.mac, row.uuid).denied]


def _concerned(record: Record, machines: Sequence[str]) -> list[Concerned]:
    """Raises Refusal when one is not on the record."""
    found = []
    for machine in machines:
        try:
            detail = record.machine_now(machine)
        except NotOnRecord:
            raise Refusal("no-such-machine") from None
        visit = detail.visits[0]
        answers = [row.answer for row in record.disk_answers(detail.id, visit.id)]
        disks, stopped = internal_disks(visit.inventory, answers), forbids_writing(visit.inventory, answers)
        found.append(Concerned(detail.id, detail.label, visit.mac, disks, stopped))
    return found


def _target(name: str, concerned: Sequence[Concerned]) -> Disk | None:
    """The disk a person picked, or None for "automatic". Raises Refusal when it is not exactly one disk of one PC."""
    if not name:
        return None
    disks = [disk for disk in concerned[0].disks if name in (disk.id.text, disk.id.serial, disk.id.wwn, disk.id.path)]
    if len(concerned) != 1 or len(disks) != 1:
        raise Refusal("no-such-disk")
    return disks[0]


async def _may_be_chosen_for(workshop: Workshop, machine: str) -> None:
    """Raises Refusal when nothing may be chosen for this PC."""
    try:
        detail = await asyncio.to_thread(workshop.record.machine_now, machine)
    except NotOnRecord:
        raise Refusal("no-such-machine") from None
    if detail.merged_into is not None:
        raise Refusal("merged")
    if workshop.policies.of(detail.visits[0].inventory).denied:
        raise Refusal("denied")


async def master_is_there(workshop: Workshop, profile: Profile) -> None:
    """Before anything is erased for it. Raises Refusal."""
    if not profile.master:
        return
    try:
        master = await asyncio.to_thread(workshop.find_master, profile.master)
    except NetbootError:
        master = None
    problem = master_forbids(profile, master)
    if problem is not None:
        raise Refusal(_MASTERS.get(problem.code, "no-master"))


def _back(notice: str) -> web.Response:
    return web.Response(status=303, headers={"Location": f"/?{notice}" if notice else "/"})
