"""The page for people: routes, middleware and errors of one aiohttp application. The handlers are in `webui/`.

Everybody may watch; only a signed-in operator may order anything. Every form carries the session's token. Nothing is
fetched from elsewhere: styles and scripts are served from here, and the headers forbid the rest.
"""

import asyncio
import logging
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from netboot.auth.known_browsers import known_browsers
from netboot.auth.sessions import Sessions
from netboot.boothttp.known_hosts import only_known_hosts
from netboot.records.refusals import RecordAway, RecordDamaged
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError
from netboot.webui import (
    addresses_page,
    batch_papers,
    batching,
    board_page,
    choosing,
    disk_questions,
    exceptions,
    giving_up,
    live,
    machine_page,
    making_page,
    masters_page,
    merging,
    paper_page,
    policy_page,
    record_page,
    sign_in,
    stage_questions,
)
from netboot.webui.keys import sessions_key, settings_key, workshop_key
from netboot.webui.refusal import Code, Refusal
from netboot.webui.render import page, renderer, renderer_key
from netboot.webui.turns import Turns
from netboot.webui.visitor import recognise, visitor
from netboot.webui.workbench import Workbench, makings_key, uploading_key, workbench_key
from netboot.workshop.greeting import Workshop
from netboot.workshop.makings import Makings

log = logging.getLogger(__name__)

STATIC: Final = Path(__file__).parent / "webui/static"
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with it a browser says `Origin: null` of this page's own forms (Fetch §3.1).
    "Referrer-Policy": "same-origin",
    hdrs.CACHE_CONTROL: "no-store",
}
LONGEST_FORM: Final = 64 * 1024
"""Bytes: 512 machines can be named."""

_HTTP: Final[dict[int, Code]] = {404: "no-such-page", 405: "method", 413: "too-large"}


async def page_application(
    workshop: Workshop,
    settings: Settings,
    hosts: Collection[str] = frozenset(),
    shelf: masters_page.MastersShelf | None = None,
    workbench: Workbench | None = None,
    makings: Makings | None = None,
) -> web.Application:
    """The aiohttp application of the page. Logs the first start's code while there is no operator.

    `hosts` are the names that it is reached by, beside the address that was connected to; `shelf`: the masters there
    are, None where nobody tells. `workbench` and `makings`: what masters are made of, and what makes them; None where
    none can be made from the page.
    """
    middlewares = [_errors, only_known_hosts(hosts, _foreign_name), _recognised, _own_site, _plain_body]
    app = web.Application(middlewares=middlewares, client_max_size=LONGEST_FORM)
    app[workshop_key] = workshop
    app[settings_key] = settings
    app[sessions_key] = Sessions(time.monotonic)
    app[renderer_key] = renderer()
    app[live.viewers_key] = live.Viewers()
    app[live.row_events_key] = live.RowEvents()
    app[sign_in.start_code_key] = sign_in.new_start_code(await asyncio.to_thread(workshop.record.journal.last))
    app[sign_in.hashing_key] = Turns(at_once=2, queue=1024)
    app[sign_in.known_hashing_key] = Turns(at_once=1, queue=16)
    app[sign_in.known_browsers_key] = await asyncio.to_thread(known_browsers, workshop.record.people)
    app[record_page.checking_key] = Turns(at_once=1, queue=2)
    app[masters_page.looking_key] = Turns(at_once=1, queue=64)
    app[masters_page.using_key] = Turns(at_once=1, queue=2)
    if shelf is not None:
        app[masters_page.shelf_key] = shelf
    if workbench is not None and makings is not None:
        app[workbench_key] = workbench
        app[makings_key] = makings
        app[uploading_key] = Turns(at_once=1, queue=0)
    app[paper_page.papers_key] = Turns(at_once=1, queue=16)
    app.on_response_prepare.append(_headers)
    app.on_shutdown.append(_end_streams)
    app.add_routes(_routes())
    if not await asyncio.to_thread(workshop.record.people.operators):
        log.warning(
            "no operator yet: open the page at /first-start?code=%s, or run `netboot operator password NAME`",
            app[sign_in.start_code_key].text,
        )
    return app


def _routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/", board_page.show_board),
        web.post("/choose", choosing.choose),
        web.post("/cancel-choice", choosing.cancel_choice),
        web.post("/disk-answer", disk_questions.answer),
        web.post("/exception", exceptions.sign),
        web.post("/take-out", exceptions.take_out),
        web.post("/stage-answer", stage_questions.answer),
        web.post("/line", choosing.say_which),
        web.post("/batch/arm", batching.arm),
        web.post("/batch/disarm", batching.disarm),
        web.get("/policies", policy_page.show_policies),
        web.post("/policy", policy_page.set_policy),
        web.get("/address", policy_page.open_address),
        web.get("/address/{mac}", policy_page.show_address),
        web.get("/live", live.live),
        web.get("/machines", machine_page.show_machines),
        web.get("/machine/{id}", machine_page.show_machine),
        web.post("/merge", merging.merge),
        web.post("/separate", merging.separate),
        web.post("/give-up", giving_up.give_up),
        web.get("/masters", masters_page.show_masters),
        web.post("/masters/use", masters_page.use_version),
        web.post("/masters/build", making_page.build),
        web.get("/masters/import", making_page.show_import),
        web.post("/masters/import", making_page.take_in),
        web.post("/masters/upload", making_page.upload),
        web.post("/masters/shrink", making_page.shrink),
        web.post("/masters/stop", making_page.stop),
        web.get("/masters/live", making_page.live),
        web.get("/paper/{visit:[0-9A-Za-z_-]+}.{what}", paper_page.show_paper),
        web.get("/papers", batch_papers.show_papers),
        web.post("/papers", batch_papers.give_papers),
        web.get("/verify", paper_page.show_verify),
        web.post("/verify", paper_page.verify),
        web.get("/verify/keys", paper_page.show_keys),
        web.get("/addresses", addresses_page.show_addresses),
        web.get("/record", record_page.show_record),
        web.post("/record", record_page.check_record),
        web.get("/sign-in", sign_in.show_sign_in),
        web.post("/sign-in", sign_in.sign_in),
        web.post("/sign-out", sign_in.sign_out),
        web.get("/first-start", sign_in.show_first_start),
        web.post("/first-start", sign_in.first_start),
        web.post("/language", sign_in.choose_language),
        web.static("/static/", STATIC),
    ]


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong becomes a plain page that says what to do."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return _refused(request, refusal)
    except RecordDamaged as error:
        log.critical("%s", error)
        return _refused(request, Refusal("record-damaged"))
    except RecordAway as error:
        log.error("%s %s: %s", request.method, request.path, error)
        return _refused(request, Refusal("record-away"))
    except NetbootError as error:
        return page(request, "error.html.j2", message=error.message, hint=error.hint, status=400)
    except web.HTTPException as error:
        code = _HTTP.get(error.status)
        if code is None:
            raise
        answer = _refused(request, Refusal(code))
        if hdrs.ALLOW in error.headers:
            answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return answer
    except Exception:
        log.exception("%s %s", request.method, request.path)
        return _refused(request, Refusal("unexpected"))


@web.middleware
async def _recognised(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever was removed from the operators is signed in no more, from this request on.

    What is the same for everybody is not asked about: a style sheet neither waits for the record nor fails with it.
    """
    if not request.path.startswith("/static/"):
        await recognise(request)
    return await handler(request)


@web.middleware
async def _own_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site's page makes a browser send. A program that is no browser sends neither header."""
    if request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
        _, _, host = request.headers.get(hdrs.ORIGIN, f"http://{request.host}").partition("://")
        if host != request.host or request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise Refusal("other-site")
    return await handler(request)


@web.middleware
async def _plain_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No browser packs a form: what is packed is refused before it is unpacked (RFC 9110 §8.4)."""
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().casefold() not in ("identity", ""):
        raise Refusal("form")
    return await handler(request)


async def _foreign_name(request: web.Request) -> web.StreamResponse:
    log.warning("%s asked for the page as %.100r, which is none of its names", request.remote, request.host)
    raise Refusal("foreign-name")


def _refused(request: web.Request, refusal: Refusal) -> web.Response:
    sentence = refusal.sentence(visitor(request).language)
    return page(request, "error.html.j2", message=sentence, hint="", status=refusal.status)


async def _headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


async def _end_streams(app: web.Application) -> None:
    app[live.viewers_key].end()
