"""What the agent of a PC that is captured sends: the one thing, beside its line, that the boot HTTP server takes in.

Who may send is asked before a byte of the body is read; a body is bounded in size and in time. What its paths are, and
what the answers mean, stands in `shared/capture_plan.py`. Not for: what is taken (`masters/capturing.py`).
"""

import asyncio
import logging
import re
from typing import Final

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from netboot.boothttp.agent_link import workshop_key
from netboot.masters.capturing import NotAnnouncedError, NotTakenError
from netboot.shared.capture_plan import NAMES_LIMIT, PLAN_LIMIT, Lacking, parse_named, parse_plan
from netboot.shared.errors import NetbootError
from netboot.shared.fields import Token
from netboot.shared.frames import longest_frame
from netboot.store import StoreBusyError
from netboot.workshop.captures import Captures, MayNotSendError

log = logging.getLogger(__name__)

BODY_WITHIN: Final = 60.0
"""Seconds for a whole body: 4 MiB in that time are 70 kB/s, which the slowest cable gives."""
_SOON: Final = {hdrs.RETRY_AFTER: "5"}
_TOKEN: Final = re.compile(r"Bearer ([0-9A-Za-z_-]{1,128})")
_JOB: Final = "{job:[0-9A-Za-z._-]{1,64}}"
_SHA256: Final = "{sha256:[0-9a-f]{64}}"


def add_capture_routes(app: web.Application) -> None:
    """The captures' paths on the boot HTTP server."""
    app.router.add_put(f"/captures/{_JOB}/plan", _answered(_plan))
    app.router.add_post(f"/captures/{_JOB}/names", _answered(_names))
    app.router.add_put(f"/captures/{_JOB}/chunks/{_SHA256}", _answered(_chunk))
    app.router.add_post(f"/captures/{_JOB}/master", _answered(_master))


def _answered(handler: Handler) -> Handler:
    """The handler, its refusals as answers."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except MayNotSendError:
            log.warning("%s: nothing may be sent to %.100r", request.remote, request.path)
            return web.Response(status=403, text="no running capture of yours\n")
        except NotAnnouncedError:
            return web.Response(status=409, text="begin anew\n")
        except NotTakenError as error:
            log.warning("%s: %s %s", request.remote, error.problem.code, error.problem.technical)
            own_fault = error.problem.code in ("capture-no-room", "capture-store")
            return web.json_response(body=msgspec.json.encode(error.problem), status=507 if own_fault else 422)
        except StoreBusyError:
            return web.Response(status=503, text="wait: the store is being cleaned up\n", headers=_SOON)
        except (msgspec.MsgspecError, ValueError) as error:
            log.warning("%s: %.100r was not understood: %.200s", request.remote, request.path, error)
            return web.Response(status=400, text=f"not understood: {error!s:.200}\n")
        except NetbootError as error:
            log.error("%s: what it sends cannot be kept: %s", request.remote, error)
            return web.Response(status=503, text="not now\n")

    return handle


async def _plan(request: web.Request) -> web.StreamResponse:
    captures, job, token = _who(request)
    captures.require(job, token)
    plan = await asyncio.to_thread(parse_plan, await _body(request, PLAN_LIMIT))
    await captures.announce(job, token, plan)
    return web.Response()


async def _names(request: web.Request) -> web.StreamResponse:
    captures, job, token = _who(request)
    captures.require(job, token)
    named = parse_named(await _body(request, NAMES_LIMIT))
    lacking = await captures.lacking(job, token, named.chunks)
    return web.Response(body=msgspec.json.encode(Lacking(lacking)), content_type="application/json")


async def _chunk(request: web.Request) -> web.StreamResponse:
    captures, job, token = _who(request)
    sha256 = request.match_info["sha256"]
    async with captures.places(job, token):
        length = captures.require_wanted(job, token, sha256)
        await captures.take(job, token, sha256, await _body(request, longest_frame(length)))
    return web.Response()


async def _master(request: web.Request) -> web.StreamResponse:
    captures, job, token = _who(request)
    made = await captures.publish(job, token)
    return web.Response(body=msgspec.json.encode(made), content_type="application/json")


def _who(request: web.Request) -> tuple[Captures, str, Token]:
    """Raises MayNotSendError when no token was shown."""
    shown = _TOKEN.fullmatch(request.headers.get(hdrs.AUTHORIZATION, ""))
    if shown is None:
        raise MayNotSendError
    return request.app[workshop_key].captures, request.match_info["job"], shown[1]


async def _body(request: web.Request, limit: int) -> bytes:
    """The whole body. Raises HTTPRequestEntityTooLarge, and HTTPRequestTimeout when it is not here in time."""
    if (request.content_length or 0) > limit:
        raise web.HTTPRequestEntityTooLarge(limit, request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN):
            async for part in request.content.iter_any():
                body += part
                if len(body) > limit:
                    raise web.HTTPRequestEntityTooLarge(limit, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(body)
