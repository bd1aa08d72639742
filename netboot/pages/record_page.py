"""The journal for the admin: its events, and the check that none was changed. Also the list of masters."""

import asyncio
from typing import Final

from aiohttp import web

from netboot.pages.agent_link import workshop_key
from netboot.pages.render import page
from netboot.pages.turns import Turns
from netboot.pages.visitor import operators_form, signed_in
from netboot.records.values import ChainCheck

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
        check = await asyncio.to_thread(request.app[workshop_key].record.verify_chain)
    return await _record(request, check)


async def show_masters(request: web.Request) -> web.Response:
    """GET /masters."""
    masters = await asyncio.to_thread(request.app[workshop_key].record.masters)
    return page(request, "masters.html.j2", masters=masters)


async def _record(request: web.Request, check: ChainCheck | None) -> web.Response:
    text = request.query.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
    events = await asyncio.to_thread(request.app[workshop_key].record.events, after, PAGE + 1)
    following = events[PAGE - 1].sequence if len(events) > PAGE else 0
    return page(request, "record.html.j2", events=events[:PAGE], following=following, check=check)
