"""The page for people: routes, middleware and errors of one aiohttp application. The handlers are in `pages/`.

Everybody may watch; only a signed-in operator may order anything. Every form carries the session's token. Nothing is
fetched from elsewhere: styles and scripts are served from here, and the headers forbid the rest.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from netboot.config import Settings
from netboot.errors import NetbootError
from netboot.pages import floor_page, live, sign_in
from netboot.pages.agent_link import workshop_key
from netboot.pages.render import page, renderer, renderer_key
from netboot.pages.visitor import sessions_key, settings_key
from netboot.sessions import Sessions
from netboot.workshop import Workshop

log = logging.getLogger(__name__)

STATIC: Final = Path(__file__).parent / "static"
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    hdrs.CACHE_CONTROL: "no-store",
}
LONGEST_FORM: Final = 64 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def page_application(workshop: Workshop, settings: Settings) -> web.Application:
    """The aiohttp application of the page. Logs the first start's code while there is no operator."""
    app = web.Application(middlewares=[_errors], client_max_size=LONGEST_FORM)
    app[workshop_key] = workshop
    app[settings_key] = settings
    app[sessions_key] = Sessions(time.monotonic)
    app[renderer_key] = renderer()
    app[live.viewers_key] = set()
    app[sign_in.start_code_key] = secrets.token_urlsafe(9)
    app.on_response_prepare.append(_headers)
    app.on_shutdown.append(_end_streams)
    app.router.add_get("/", floor_page.show_floor)
    app.router.add_post("/choose", floor_page.choose)
    app.router.add_get("/live", live.live)
    app.router.add_get("/sign-in", sign_in.show_sign_in)
    app.router.add_post("/sign-in", sign_in.sign_in)
    app.router.add_post("/sign-out", sign_in.sign_out)
    app.router.add_get("/first-start", sign_in.show_first_start)
    app.router.add_post("/first-start", sign_in.first_start)
    app.router.add_post("/language", sign_in.choose_language)
    app.router.add_static("/static/", STATIC)
    if not await asyncio.to_thread(workshop.record.operators):
        log.warning(
            "no operator yet: open the page at /first-start?code=%s, or run `netboot operator password NAME`",
            app[sign_in.start_code_key],
        )
    return app


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except NetbootError as error:
        return page(request, "error.html.j2", error=error, status=400)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("%s %s", request.method, request.path)
        wrong = NetbootError("an unexpected error", hint="look into the server's log")
        return page(request, "error.html.j2", error=wrong, status=500)


async def _headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


async def _end_streams(app: web.Application) -> None:
    for task in tuple(app[live.viewers_key]):
        task.cancel()
