"""The page's live stream: server-sent events (HTML Living Standard §9.2), one a changed row, as rendered HTML.

A viewer that reads slowly gets only the newest state of each row; one that does not read at all is disconnected.
Viewers are limited in number, in all and for one address. A stream ends with the session it was opened in; the page's
script then opens another without a session.
"""

import asyncio
import contextlib
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import hdrs, web

from netboot.lan.tcp_listener import Capacity, Guests
from netboot.records.values import Batch
from netboot.webui.keys import workshop_key
from netboot.webui.render import part, trouble
from netboot.webui.visitor import COOKIE, Visitor, recognise, visitor
from netboot.workshop.live_board import Conflict, Row, State

VIEWERS: Final = 128
VIEWERS_OF_ADDRESS: Final = 16
GATHER: Final = 0.5
"""Seconds of changes that are sent together."""
ROW_EVENTS: Final = 2048
BEAT: Final = 15.0
"""Seconds after which something is sent although nothing changed, so that a lost viewer is noticed."""
ROWS_AT_ONCE: Final = 16
READ_WITHIN: Final = 30.0
"""Seconds a viewer may take to read."""


class Viewers:
    """Who watches now, each by the task that serves it.

    Who is one too many takes the place of the oldest viewer of the address that has most, so nobody who holds many
    keeps out somebody who needs one.
    """

    def __init__(self) -> None:
        self._guests: Guests[asyncio.Task[object]] = Guests(Capacity(of_address=VIEWERS_OF_ADDRESS, in_all=VIEWERS))
        self._sessions: dict[asyncio.Task[object], str] = {}
        self._let_go: set[asyncio.Task[object]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    @asynccontextmanager
    async def seat(self, address: str, session: str) -> AsyncIterator[None]:
        """Count this task as a viewer for this session ("" for none); one too many ends the oldest."""
        task = asyncio.current_task()
        assert task is not None
        self._sessions[task] = session
        outgoing = self._guests.enter(address, task)
        if outgoing is not None:
            self._end(outgoing)
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._let_go:
                raise
            task.uncancel()  # the connection may have more requests to come
        finally:
            self._let_go.discard(task)
            del self._sessions[task]
            self._guests.leave(address, task)

    def end_session(self, session: str) -> None:
        """End the streams of this session: it is over."""
        for task in [task for task, of in self._sessions.items() if session and of == session]:
            self._end(task)

    def end(self) -> None:
        """End every stream: the server stops."""
        for task in tuple(self._sessions):
            self._end(task)

    def _end(self, task: asyncio.Task[object]) -> None:
        if task not in self._let_go:
            self._let_go.add(task)
            task.cancel()


class RowEvents:
    """Each row's event, made once for all who see the same of it: a hundred viewers cost little more than one."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, Visitor], tuple[Row, str]] = OrderedDict()

    def of(self, request: web.Request, row: Row, who: Visitor) -> str:
        """The event that tells this visitor of this row."""
        kept = self._made.get((row.name, who))
        if kept is not None and kept[0] is row:
            return kept[1]
        html = part(request, "row.html.j2", who, row=row)
        event = _event("row", json.dumps({"row": row.name, "state": row.state, "html": html}))
        self._made[row.name, who] = (row, event)
        self._made.move_to_end((row.name, who))
        while len(self._made) > ROW_EVENTS:
            self._made.popitem(last=False)
        return event


row_events_key: Final = web.AppKey("row_events", RowEvents)
viewers_key: Final = web.AppKey("viewers", Viewers)


async def live(request: web.Request) -> web.StreamResponse:
    """GET /live."""
    answer = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store"})
    async with request.app[viewers_key].seat(request.remote or "", request.cookies.get(COOKIE, "")):
        with contextlib.suppress(ConnectionError, TimeoutError):
            await answer.prepare(request)
            await _stream(request, answer)
    return answer


async def _stream(request: web.Request, answer: web.StreamResponse) -> None:
    live_board = request.app[workshop_key].live_board
    who = visitor(request)
    shown: dict[str, State] = {}
    told: Batch | None = None
    told_trouble = ""
    told_contested: tuple[tuple[str, str], ...] | None = None
    told_conflicts: tuple[Conflict, ...] | None = None  # what a page shows that lost its stream may be over
    async with live_board.watch() as changes:
        rows = {row.name: row for row in live_board.rows()}
        while True:
            await recognise(request)
            if visitor(request) != who:
                return  # signed out, or removed: the page opens a stream of its own anew
            states = {row.name: row.state for row in live_board.rows()}
            events = await _row_events(request, rows.values(), who)
            events += [_event("gone", name) for name in sorted((shown.keys() | rows.keys()) - states.keys())]
            if states != shown:
                events.append(_event("waiting", str(list(states.values()).count("waiting"))))
                events.append(await _pending(request, who))
            if (batch := live_board.batch) is not told:
                html = part(request, "batch.html.j2", who) if batch else ""
                events.append(_event("batch", json.dumps({"html": html})))
            if live_board.trouble != told_trouble:
                told_trouble = live_board.trouble
                events.append(_event("trouble", trouble(told_trouble, who.language)))
            if (conflicts := live_board.conflicts) != told_conflicts:
                html = part(request, "conflicts.html.j2", who, conflicts=conflicts)
                events.append(_event("conflicts", json.dumps({"html": html})))
            if (contested := tuple((row.visit, row.contested) for row in live_board.contested)) != told_contested:
                told_contested = contested
                html = part(request, "contested.html.j2", who, contested=live_board.contested)
                events.append(_event("contested", json.dumps({"html": html})))
            shown, told, told_conflicts = states, batch, conflicts
            events.append(_event("beat", ""))
            async with asyncio.timeout(READ_WITHIN):
                await answer.write("".join(events).encode())
            rows = await _changed(changes)


async def _row_events(request: web.Request, rows: Iterable[Row], who: Visitor) -> list[str]:
    """The rows' events. DHCP and TFTP answer in between: the rows of a flood would hold them up."""
    events = []
    for number, row in enumerate(rows, 1):
        events.append(request.app[row_events_key].of(request, row, who))
        if not number % ROWS_AT_ONCE:
            await asyncio.sleep(0)
    return events


async def _changed(changes: asyncio.Queue[Row | None]) -> dict[str, Row]:
    """The newest of every row that changed; nothing after a quiet while, or when only the batch changed."""
    try:
        async with asyncio.timeout(BEAT):
            row = await changes.get()
    except TimeoutError:
        return {}
    await asyncio.sleep(GATHER)
    rows = [row]
    while not changes.empty():
        rows.append(changes.get_nowait())
    return {row.name: row for row in rows if row is not None}


async def _pending(request: web.Request, who: Visitor) -> str:
    """The choices that wait: they change when a PC comes or goes."""
    workshop = request.app[workshop_key]
    pending = await asyncio.to_thread(workshop.record.choices.pending)
    html = part(request, "pending_list.html.j2", who, pending=pending)
    return _event("pending", json.dumps({"html": html}))


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
