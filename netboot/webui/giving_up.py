"""Ending the job of a PC that does not come back, so that what it was to get is kept for it no longer; asks once more.

Not for: a job whose PC is on the line; nobody stops that from here.
"""

import asyncio

from aiohttp import web
from msgspec.structs import replace

from netboot.records.refusals import AtWork, NotOnRecord, NotThatVisit
from netboot.webui.keys import workshop_key
from netboot.webui.refusal import Refusal
from netboot.webui.render import page
from netboot.webui.visitor import operators_form


async def give_up(request: web.Request) -> web.Response:
    """POST /give-up: `job` of `machine`, both by their ids; `sure` is "yes" the second time."""
    who, form = await operators_form(request)
    workshop = request.app[workshop_key]
    wanted, job = form.get("machine", ""), form.get("job", "")
    try:
        machine = await asyncio.to_thread(workshop.record.machines.summary, wanted)
    except NotOnRecord:
        raise Refusal("no-such-machine") from None
    if machine.left is None or not machine.left.running or machine.left.job_id != job:
        raise Refusal("another-visit")
    if form.get("sure") != "yes":
        return page(request, "give_up_sure.html.j2", machine=machine, job=job)
    try:
        await workshop.commands.give_up(who.actor, machine.id, job)
    except AtWork:
        raise Refusal("at-work") from None
    except NotThatVisit:
        raise Refusal("another-visit") from None
    row = workshop.live_board.of_machine(machine.id)
    left = (await asyncio.to_thread(workshop.record.machines.summary, machine.id)).left
    if row is not None and row.state == "silent":
        workshop.live_board.put(replace(row, stage=None, left=left.problem if left is not None else None))
    return web.Response(status=303, headers={"Location": f"/machine/{machine.id}"})
