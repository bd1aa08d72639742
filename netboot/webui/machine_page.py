"""What is known of PCs: the list of all, and one in full, with its visits, jobs, proofs of erasure and journal."""

import asyncio
from typing import Final

from aiohttp import web

from netboot.jobs.disk_answers import questions, settled, vouched
from netboot.jobs.disk_rules import internal_disks
from netboot.jobs.identity import Key, is_carried
from netboot.records.refusals import NotOnRecord
from netboot.records.values import MachineDetail, VisitRow
from netboot.webui.exceptions import forms_of, last_words
from netboot.webui.keys import workshop_key
from netboot.webui.policy_page import own_names, rule_of
from netboot.webui.refusal import Refusal
from netboot.webui.render import page
from netboot.webui.visitor import visitor
from netboot.workshop.live_board import Row

PAGE: Final = 100
"""Machines on one page of the list."""
EVENTS: Final = 200
"""Events on a machine's page."""


async def show_machines(request: web.Request) -> web.Response:
    """GET /machines: `search` is looked for in labels, addresses and serial numbers; `after` is a machine's number."""
    search = request.query.get("search", "").strip()[:100]
    after = _number(request.query.get("after", ""))
    record = request.app[workshop_key].record
    result = await asyncio.to_thread(record.machines.search, search, after=after, limit=PAGE)
    return page(
        request,
        "machines.html.j2",
        rows=result.rows,
        on_line=request.app[workshop_key].on_line(),
        count=result.count,
        search=search,
        after=result.rows[-1].number if result.more else 0,
    )


async def show_machine(request: web.Request) -> web.Response:
    """GET /machine/{id}. The machine's events are for operators, as the whole journal is."""
    workshop = request.app[workshop_key]
    record, wanted = workshop.record, request.match_info["id"]
    try:
        machine = await asyncio.to_thread(record.machines.detail, wanted)
    except NotOnRecord:
        raise Refusal("no-such-machine") from None
    await asyncio.to_thread(workshop.left_out.look)
    row = workshop.live_board.of_machine(machine.id)
    seen = _visit_shown(machine, row)
    inventory = seen.inventory
    names = await own_names(workshop, machine.id, seen)
    shows_events = bool(visitor(request).operator)
    given = await asyncio.to_thread(record.answers.of_visit, machine.id, seen.id)
    answers = [answer.answer for answer in given]
    shows_offer = shows_events and row is not None and row.visit == seen.id and machine.id in workshop.on_line()
    offer, to_take_out = await asyncio.to_thread(forms_of, record, machine.id, seen.id)
    denied_adapters = workshop.policies.denied_adapters(inventory)
    return page(
        request,
        "machine.html.j2",
        machine=machine,
        on_line=machine.id in workshop.on_line(),
        inventory=inventory,
        targets=internal_disks(inventory, answers),
        disks=settled(inventory, answers),
        questions=questions(inventory, answers),
        hidden_storage=[hidden for hidden in inventory.hidden if not vouched(hidden, answers)],
        answered="answered" in request.query,
        offer=offer if shows_offer else None,
        excepted="excepted" in request.query,
        to_take_out=to_take_out if shows_events else (),
        taken_out=last_words(await asyncio.to_thread(record.exceptions.taken_out, machine.id)),
        noted="taken_out" in request.query,
        row=row,
        seen=seen,
        contested=[one for one in workshop.live_board.contested if one.machine == machine.id],
        rule=await rule_of(workshop, names, field="machine", subject=machine.id, visit=seen.id),
        saved="saved" in request.query,
        denied=workshop.policies.of(inventory).denied,
        # Those that the form on this page does not set.
        denied_adapters=[(nic.mac, is_carried(nic)) for nic in denied_adapters if Key("mac", nic.mac) not in names],
        events=await asyncio.to_thread(record.journal.read, 0, EVENTS, machine=machine.id) if shows_events else (),
        most=EVENTS,
        look_alikes=await asyncio.to_thread(record.machines.look_alikes, machine.id) if shows_events else (),
    )


def _visit_shown(machine: MachineDetail, row: Row | None) -> VisitRow:
    """The visit that the page shows: its agent's, where it is here, else the newest that nobody refused."""
    by_id = {visit.id: visit for visit in machine.visits}
    if row is not None and row.visit in by_id:
        return by_id[row.visit]
    return next((visit for visit in machine.visits if visit.standing != "refused"), machine.visits[0])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
