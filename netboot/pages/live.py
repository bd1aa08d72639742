"""The page's live stream: server-sent events (HTML Living Standard §9.2), one a changed row, as ready HTML.

A viewer that reads slowly is sent the newest of each row only. Viewers are bounded in number.
"""

import asyncio
import contextlib
import json
from typing import Final

from aiohttp import hdrs, web

from netboot.pages.agent_link import workshop_key
from netboot.pages.render import part
from netboot.pages.visitor import visitor

VIEWERS: Final = 64
GATHER: Final = 0.5
"""Seconds of changes that are sent together."""
BEAT: Final = 15.0

viewers_key: Final = web.AppKey("viewers", set[asyncio.Task[object]])


async def live(request: web.Request) -> web.StreamResponse:
    """GET /live."""
    viewers = request.app[viewers_key]
    if len(viewers) >= VIEWERS:
        raise web.HTTPServiceUnavailable(text="too many pages are open\n")
    task = asyncio.current_task()
    assert task is not None
    viewers.add(task)
    answer = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store"})
    try:
        await answer.prepare(request)
        await _stream(request, answer)
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        viewers.discard(task)
    return answer


async def _stream(request: web.Request, answer: web.StreamResponse) -> None:
    workshop = request.app[workshop_key]
    who = visitor(request)
    async with workshop.floor.watch() as changes:
        rows = {row.mac: row for row in workshop.floor.rows()}
        while True:
            for row in rows.values():
                html = part(request, "row.html.j2", who.language, row=row, profiles=workshop.profiles, visitor=who)
                data = json.dumps({"mac": row.mac, "state": row.state, "html": html})
                await answer.write(f"event: row\ndata: {data}\n\n".encode())
            waiting = sum(row.state == "waiting" for row in workshop.floor.rows())
            await answer.write(f"event: waiting\ndata: {waiting}\n\n".encode())
            rows = {}
            with contextlib.suppress(TimeoutError):
                row = await asyncio.wait_for(changes.get(), BEAT)
                await asyncio.sleep(GATHER)
                rows = {row.mac: row}
            while not changes.empty():
                row = changes.get_nowait()
                rows[row.mac] = row
