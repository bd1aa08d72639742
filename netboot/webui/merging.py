"""Merging two machines that are one PC, and separating them again; asks once more, showing how the two differ."""

import asyncio

from aiohttp import web

from netboot.records.record import Record
from netboot.records.refusals import CannotMerge, NotOnRecord
from netboot.records.values import MachineDetail
from netboot.webui.keys import workshop_key
from netboot.webui.refusal import Refusal
from netboot.webui.render import page
from netboot.webui.visitor import operators_form


async def merge(request: web.Request) -> web.Response:
    """POST /merge: `machine` is from now on the PC `into`, both by their ids; `sure` is "yes" the second time."""
    who, form = await operators_form(request)
    workshop = request.app[workshop_key]
    machine, into = form.get("machine", ""), form.get("into", "")
    if form.get("sure") != "yes":
        pcs = [await asyncio.to_thread(_machine, workshop.record, one) for one in (machine, into)]
        return page(request, "merge_sure.html.j2", going=pcs[0], staying=pcs[1])
    try:
        await workshop.commands.merge(who.actor, machine, into)
    except CannotMerge as error:
        raise Refusal("merge-on-line" if error.why == "on-line" else "merged") from None
    except NotOnRecord:
        raise Refusal("no-such-machine") from None
    return _to(into)


async def separate(request: web.Request) -> web.Response:
    """POST /separate: `machine` is a PC of its own again."""
    who, form = await operators_form(request)
    machine = form.get("machine", "")
    try:
        await request.app[workshop_key].commands.separate(who.actor, machine)
    except NotOnRecord:
        raise Refusal("no-such-machine") from None
    return _to(machine)


def _machine(record: Record, machine: str) -> MachineDetail:
    """Raises Refusal."""
    try:
        return record.machines.summary(machine)
    except NotOnRecord:
        raise Refusal("no-such-machine") from None


def _to(machine: str) -> web.Response:
    return web.Response(status=303, headers={"Location": f"/machine/{machine}"})
