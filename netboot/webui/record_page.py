"""The journal for the admin: its events, and the check that none was changed."""

import asyncio
from typing import Final

from aiohttp import web

from netboot.records.values import ChainCheck
from netboot.webui.keys import workshop_key
from netboot.webui.render import page
from netboot.webui.turns import Turns
from netboot.webui.visitor import operators_form, signed_in

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


async def _record(request: web.Request, check: ChainCheck | None) -> web.Response:
    text = request.query.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
    events = await asyncio.to_thread(request.app[workshop_key].record.journal.read, after, PAGE + 1)
    following = events[PAGE - 1].sequence if len(events) > PAGE else 0
    return page(request, "record.html.j2", events=events[:PAGE], following=following, check=check)
