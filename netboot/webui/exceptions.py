"""Exceptions, which a person signs, and disks that were taken out of a PC: their forms on its page.

A form names the visit and what was shown of its disks; if they have changed since, it is refused. An exception is
confirmed once more, with all that it lets through. Not for: what either means (`jobs/erase_exception.py`,
`jobs/disk_take_out.py`).
"""

import asyncio
from typing import cast, get_args

from aiohttp import web

from netboot.jobs.disk_take_out import LONGEST_NAME, Became, TakeOut, ToTakeOut
from netboot.jobs.erase_exception import LONGEST, SHORTEST, Offer
from netboot.records.paper_values import TakeOutRow
from netboot.records.record import Record
from netboot.records.refusals import AtWork, Contested, Denied, NotOnRecord, NotThatVisit
from netboot.records.values import MachineDetail
from netboot.shared.inventory import DiskId
from netboot.webui.keys import workshop_key
from netboot.webui.refusal import Refusal
from netboot.webui.render import page
from netboot.webui.visitor import operators_form


async def sign(request: web.Request) -> web.Response:
    """POST /exception: the `reason` for what was `shown` of this `machine` in this `visit`; `sure` in the end."""
    who, form = await operators_form(request)
    workshop = request.app[workshop_key]
    machine, visit = form.get("machine", ""), form.get("visit", "")
    reason = " ".join(form.get("reason", "").split())
    if not SHORTEST <= len(reason) <= LONGEST:
        raise Refusal("no-reason")
    if form.get("sure") != "yes":
        seen, offer = await asyncio.to_thread(_offered, workshop.record, machine, visit, form.get("shown", ""))
        return page(request, "exception_sure.html.j2", machine=seen, visit=visit, offer=offer, reason=reason)
    try:
        await workshop.commands.sign_exception(who.actor, machine, visit, shown=form.get("shown", ""), reason=reason)
    except (NotThatVisit, NotOnRecord):
        raise Refusal("exception-over") from None
    except AtWork:
        raise Refusal("at-work") from None
    except Contested:
        raise Refusal("contested") from None
    except Denied:
        raise Refusal("denied") from None
    return web.Response(status=303, headers={"Location": f"/machine/{machine}?excepted=1#exception"})


async def take_out(request: web.Request) -> web.Response:
    """POST /take-out: `taken_by` took the disk `key` out of this `machine`, and what it `became` since."""
    who, form = await operators_form(request)
    machine, taken_by = form.get("machine", ""), " ".join(form.get("taken_by", "").split())
    if not 2 <= len(taken_by) <= LONGEST_NAME:
        raise Refusal("no-name")
    became = form.get("became", "")
    if became not in get_args(Became):
        raise Refusal("form")
    told = TakeOut(disk=DiskId(size=0), label="", taken_by=taken_by, became=cast(Became, became))
    try:
        await request.app[workshop_key].commands.tell_take_out(
            who.actor, machine, form.get("visit", ""), form.get("key", ""), told
        )
    except (NotThatVisit, NotOnRecord):
        raise Refusal("old-question") from None
    except AtWork:
        raise Refusal("at-work") from None
    return web.Response(status=303, headers={"Location": f"/machine/{machine}?taken_out=1#take-outs"})


def forms_of(record: Record, machine: str, visit: str) -> tuple[Offer | None, tuple[ToTakeOut, ...]]:
    """What may be signed of this visit, and which disks may be said to be taken out. Blocks."""
    return record.exceptions.offer(visit), record.exceptions.to_take_out(machine, visit)


def last_words(said: tuple[TakeOutRow, ...]) -> list[TakeOutRow]:
    """Of several words about one disk the last."""
    return [
        row
        for place, row in enumerate(said)
        if not any(row.take_out.disk.same_as(later.take_out.disk) for later in said[place + 1 :])
    ]


def _offered(record: Record, machine: str, visit: str, shown: str) -> tuple[MachineDetail, Offer]:
    """The PC and what may be signed of it, if that is still what was shown. Raises Refusal."""
    try:
        seen = record.machines.summary(machine)
    except NotOnRecord:
        raise Refusal("no-such-machine") from None
    offer = record.exceptions.offer(visit)
    if offer is None or offer.digest != shown or record.visits.seen(visit).machine_id != seen.id:
        raise Refusal("exception-over")
    return seen, offer
