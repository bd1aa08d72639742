"""Masters made from the page: building a recipe, taking in a file of the inbox, making one smaller, stopping it, and
watching it.

What there is comes as values from the server's side (`serve/workbench.py`), the work goes on in a process of its own
(`workshop/makings.py`). Not for: what is in the store (`masters_page.py`).
"""

import asyncio
import contextlib
import hmac
import json
from typing import Final
from urllib.parse import urlencode

from aiohttp import BodyPartReader, hdrs, web

from netboot.jobs.target import kept_whole
from netboot.records.refusals import AtWork
from netboot.webui.keys import workshop_key
from netboot.webui.live import BEAT, GATHER, READ_WITHIN, viewers_key
from netboot.webui.masters_page import shelf_of
from netboot.webui.naming import called_in, naming_of
from netboot.webui.refusal import Refusal
from netboot.webui.render import page, part
from netboot.webui.visitor import COOKIE, FORM_WITHIN, Visitor, operators_form, recognise, signed_in, visitor
from netboot.webui.workbench import InboxSilent, ShownFile, bench_of, makings_key, uploading_key, workbench_key
from netboot.workshop.called import Called, licence
from netboot.workshop.makings import Makings

STALLED: Final = 60.0
"""Seconds without a byte after which an upload is given up."""
_PIECE: Final = 1 << 20
_TOKEN: Final = 256


async def build(request: web.Request) -> web.Response:
    """POST /masters/build: build the recipe of this id."""
    who, form = await operators_form(request)
    makings, bench = _require(request), await bench_of(request)
    order = await asyncio.to_thread(request.app[workbench_key].order_to_build, form.get("recipe", ""))
    if order is None or bench is None or not bench.may_build:
        raise Refusal("no-such-recipe")
    room = next((one.room for one in bench.recipes if one.id == form.get("recipe", "")), 0)
    if bench.free < room:
        raise Refusal("no-room")
    try:
        await request.app[workshop_key].commands.make_master(who.actor, makings, order)
    except AtWork:
        raise Refusal("making-at-work") from None
    return _back()


async def show_import(request: web.Request) -> web.Response:
    """GET /masters/import: what the master of a file of the inbox is to be called."""
    signed_in(request)
    _require(request)
    file = await _file(request, request.query.get("file", ""))
    naming = await naming_of(request, Called("", "", "", ""), judged=False)
    return page(request, "import.html.j2", file=file, naming=naming)


async def take_in(request: web.Request) -> web.Response:
    """POST /masters/import: take in this file, once what it is to be called is right."""
    who, form = await operators_form(request)
    makings = _require(request)
    file = await _file(request, form.get("file", ""))
    called = called_in(form)
    naming = await naming_of(request, called, judged=True, again=form.get("again", ""))
    if not naming.settled:
        return page(request, "import.html.j2", file=file, naming=naming)
    called = Called(called.name, called.version, called.title, licence(called.licence) or called.licence)
    order = await asyncio.to_thread(request.app[workbench_key].order_to_import, file.name, called)
    if order is None:
        raise Refusal("no-such-file")
    try:
        await request.app[workshop_key].commands.make_master(who.actor, makings, order)
    except AtWork:
        raise Refusal("making-at-work") from None
    return _back()


async def shrink(request: web.Request) -> web.Response:
    """POST /masters/shrink: make a version that fits smaller disks of the current one of the master `name`, which is
    `digest`."""
    who, form = await operators_form(request)
    makings, bench, shelf = _require(request), await bench_of(request), await shelf_of(request)
    wanted = (form.get("name", ""), form.get("digest", ""))
    versions = shelf.versions if shelf is not None else ()
    one = next((one for one in versions if (one.name, one.digest) == wanted), None)
    kept = kept_whole(request.app[workshop_key].profiles.values())
    if one is None or not one.smaller or one.state != "whole" or one.name in kept:
        raise Refusal("not-smaller")
    if bench is None or not bench.may_build:
        raise Refusal("not-smaller")
    order = request.app[workbench_key].order_to_shrink(one.name, one.digest, one.version, one.smaller)
    try:
        await request.app[workshop_key].commands.make_master(who.actor, makings, order)
    except AtWork:
        raise Refusal("making-at-work") from None
    return _back()


async def upload(request: web.Request) -> web.Response:
    """POST /masters/upload: a file for the inbox, in parts (RFC 7578): the form's token comes before it."""
    who = signed_in(request)
    _require(request)
    request.app[workshop_key].commands.may_send_files(who.actor)
    if request.content_type != "multipart/form-data":
        raise Refusal("form")
    async with request.app[uploading_key].turn():
        try:
            name = await _received(request, who)
        except TimeoutError:
            raise Refusal("too-slow") from None
        except InboxSilent:
            raise Refusal("inbox-silent") from None
        except (ValueError, LookupError):
            raise Refusal("form") from None
    return web.Response(status=303, headers={"Location": f"/masters/import?{urlencode({'file': name})}"})


async def _received(request: web.Request, who: Visitor) -> str:
    """The name of the file that is now in the inbox."""
    reader = await request.multipart()
    async with asyncio.timeout(FORM_WITHIN):
        token, shown = await reader.next(), b""
        while isinstance(token, BodyPartReader) and len(shown) < _TOKEN and (piece := await token.read_chunk()):
            shown += piece
        if not hmac.compare_digest(shown, who.form_token.encode()):
            raise Refusal("old-form")
        file = await reader.next()
    if not isinstance(file, BodyPartReader) or file.name != "file" or not file.filename:
        raise Refusal("form")
    workbench = request.app[workbench_key]
    given = await asyncio.to_thread(workbench.receive, file.filename, request.content_length or 0)
    try:
        while True:
            async with asyncio.timeout(STALLED):
                part = await file.read_chunk(_PIECE)
            if not part:
                break
            await asyncio.to_thread(given.write, bytes(part))
        await recognise(request)  # it may have taken its time
        signed_in(request)
        await asyncio.to_thread(given.finish)
    finally:
        await asyncio.to_thread(given.drop)
    return given.name


async def stop(request: web.Request) -> web.Response:
    """POST /masters/stop: end the `making` that was seen."""
    who, form = await operators_form(request)
    makings = _require(request)
    request.app[workshop_key].commands.stop_making(who.actor, makings, form.get("making", ""))
    return _back()


async def live(request: web.Request) -> web.StreamResponse:
    """GET /masters/live: how far the newest making is, as server-sent events."""
    makings = _require(request)
    answer = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store"})
    async with request.app[viewers_key].seat(request.remote or "", request.cookies.get(COOKIE, "")):
        with contextlib.suppress(ConnectionError, TimeoutError):
            await answer.prepare(request)
            await _stream(request, answer, makings)
    return answer


async def _stream(request: web.Request, answer: web.StreamResponse, makings: Makings) -> None:
    who = visitor(request)
    async with makings.watch() as changed:
        while True:
            await recognise(request)
            if visitor(request) != who:
                return
            changed.clear()
            html = part(request, "making.html.j2", who, shown=makings.shown, waiting=makings.waiting)
            event = f"event: making\ndata: {json.dumps({'html': html})}\n\n"
            async with asyncio.timeout(READ_WITHIN):
                await answer.write(event.encode())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await changed.wait()
                    await asyncio.sleep(GATHER)


async def _file(request: web.Request, name: str) -> ShownFile:
    """What of the inbox is to be taken in. Raises Refusal."""
    bench = await bench_of(request)
    if bench is None or not bench.may_build:
        raise Refusal("no-such-file")
    found = next((one for one in bench.files if one.name == name and not one.unnamed), None)
    if found is None:
        raise Refusal("no-such-file")
    return found


def _require(request: web.Request) -> Makings:
    """Raises Refusal where this server makes no masters."""
    if makings_key not in request.app or workbench_key not in request.app:
        raise Refusal("no-such-page")
    return request.app[makings_key]


def _back() -> web.Response:
    return web.Response(status=303, headers={"Location": "/masters#making"})
