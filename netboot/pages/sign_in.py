"""Signing in and out, the language, and the first start, when the first operator is made.

The first start asks for a code that is only in the server's log: whoever is on the LAN first must not become the
operator. There is no default password.
"""

import asyncio
import hmac
import logging
from typing import Final

from aiohttp import web

from netboot.errors import NetbootError
from netboot.page_texts import TEXTS
from netboot.pages.agent_link import workshop_key
from netboot.pages.render import page
from netboot.pages.visitor import COOKIE, LANGUAGE_COOKIE, operators_form, sessions_key, visitor
from netboot.passwords import hash_password, is_right
from netboot.sessions import LASTS

log = logging.getLogger(__name__)

NAME_LIMIT: Final = 60

start_code_key: Final = web.AppKey("start_code", str)


async def show_sign_in(request: web.Request) -> web.Response:
    """GET /sign-in."""
    return page(request, "sign_in.html.j2", message="")


async def sign_in(request: web.Request) -> web.Response:
    """POST /sign-in."""
    sessions = request.app[sessions_key]
    texts = TEXTS[visitor(request).language]
    address = request.remote or ""
    if not sessions.may_try(address):
        return page(request, "sign_in.html.j2", message=texts.too_many_tries, status=429)
    form = await request.post()
    name, password = str(form.get("name", ""))[:NAME_LIMIT], str(form.get("password", ""))
    record = request.app[workshop_key].record
    operator = await asyncio.to_thread(record.operator, name)
    if not await asyncio.to_thread(is_right, password, operator.password_hash if operator else ""):
        sessions.tried_wrong(address)
        log.warning("wrong password", extra={"client": address})
        return page(request, "sign_in.html.j2", message=texts.wrong_password, status=403)
    return _signed_in(request, name)


async def sign_out(request: web.Request) -> web.Response:
    """POST /sign-out."""
    await operators_form(request)
    request.app[sessions_key].sign_out(request.cookies.get(COOKIE, ""))
    return _to("/")


async def choose_language(request: web.Request) -> web.Response:
    """POST /language: only a cookie of the visitor's own."""
    form = await request.post()
    answer = _to("/")
    answer.set_cookie(
        LANGUAGE_COOKIE, "en" if form.get("language") == "en" else "fr", max_age=365 * 86400, samesite="Strict"
    )
    return answer


async def show_first_start(request: web.Request) -> web.Response:
    """GET /first-start."""
    await _no_operator_yet(request)
    return page(request, "first_start.html.j2", message="", code=request.query.get("code", ""))


async def first_start(request: web.Request) -> web.Response:
    """POST /first-start."""
    await _no_operator_yet(request)
    form = await request.post()
    name, password = str(form.get("name", "")).strip()[:NAME_LIMIT], str(form.get("password", ""))
    code = str(form.get("code", ""))
    texts = TEXTS[visitor(request).language]
    try:
        if not hmac.compare_digest(code.encode(), request.app[start_code_key].encode()):
            raise NetbootError("the code is not the one in the server's log")
        if not name or not name.isprintable():
            raise NetbootError(texts.first_start_help)
        if password != str(form.get("again", "")):
            raise NetbootError(texts.different_passwords)
        hashed = await asyncio.to_thread(hash_password, password)
    except NetbootError as error:
        return page(request, "first_start.html.j2", message=str(error), code=code, status=400)
    await asyncio.to_thread(request.app[workshop_key].record.set_operator, name, hashed)
    return _signed_in(request, name)


async def _no_operator_yet(request: web.Request) -> None:
    if await asyncio.to_thread(request.app[workshop_key].record.operators):
        raise web.HTTPSeeOther("/sign-in")


def _signed_in(request: web.Request, name: str) -> web.Response:
    answer = _to("/")
    answer.set_cookie(
        COOKIE,
        request.app[sessions_key].sign_in(name),
        max_age=int(LASTS),
        httponly=True,
        samesite="Strict",
        secure=request.secure,
    )
    return answer


def _to(place: str) -> web.Response:
    return web.Response(status=303, headers={"Location": place})
