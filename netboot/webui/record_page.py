"""The journal for the admin: its events, and the check that none was changed. Also the list of masters."""

import asyncio
from contextlib import suppress
from typing import Final

from aiohttp import web

from netboot.records.values import ChainCheck
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem
from netboot.webui.keys import workshop_key
from netboot.webui.render import page
from netboot.webui.turns import Turns
from netboot.webui.visitor import operators_form, signed_in
from netboot.workshop.greeting import Workshop

PAGE: Final = 100
"""Events on one page."""

checking_key: Final = web.AppKey("checking", Turns)
"""Reading every event again takes seconds: one check at a time."""


async def show_record(request: web.Request) -> web.Response:
    """GET /record: `after` is the number of an event."""
    signed_in(request)
    return await _record(request, None)


async def check_record(request: web.Request) -> web.Response:
    """POST /record: read and hash every event again."""
    await operators_form(request)
    async with request.app[checking_key].turn():
        check = await asyncio.to_thread(request.app[workshop_key].record.journal.verify)
    return await _record(request, check)


async def show_masters(request: web.Request) -> web.Response:
    """GET /masters."""
    workshop = request.app[workshop_key]
    masters = await asyncio.to_thread(workshop.record.masters.all)
    foreign = await asyncio.to_thread(_foreign, workshop, {master.name for master in masters})
    return page(request, "masters.html.j2", masters=masters, foreign=foreign)


def _foreign(workshop: Workshop, names: set[str]) -> list[Problem]:
    """A problem for each master that another key signed: no PC accepts it."""
    problems = []
    for name in sorted(names):
        with suppress(NetbootError):
            master = workshop.find_master(name)
            if master is not None and not master.signed:
                problems.append(Problem("master-unsigned", {"master": name}))
    return problems


async def _record(request: web.Request, check: ChainCheck | None) -> web.Response:
    text = request.query.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
    events = await asyncio.to_thread(request.app[workshop_key].record.journal.read, after, PAGE + 1)
    following = events[PAGE - 1].sequence if len(events) > PAGE else 0
    return page(request, "record.html.j2", events=events[:PAGE], following=following, check=check)
