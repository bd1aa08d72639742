"""Signing in and out, the language, and the first start, when the first operator is made.

The first start asks for a code that is only in the server's log: whoever is on the LAN first must not become the
operator. There is no default password.
"""

import asyncio
import hmac
import logging
import secrets
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from netboot.auth.known_browsers import KnownBrowsers
from netboot.auth.passwords import LONGEST, SHORTEST, hash_password, is_right
from netboot.auth.sessions import LASTS
from netboot.records.values import Operator
from netboot.shared.language import Language
from netboot.webui.keys import sessions_key, workshop_key
from netboot.webui.live import viewers_key
from netboot.webui.render import page
from netboot.webui.texts import TEXTS
from netboot.webui.turns import Turns
from netboot.webui.visitor import COOKIE, LANGUAGE_COOKIE, form_of, mark_of, operators_form, visitor

log = logging.getLogger(__name__)

NAME_LIMIT: Final = 60


@dataclass(frozen=True, slots=True)
class StartCode:
    """The code of one start of the server. It makes one operator: once there was one after the event of number `after`,
    by this code or by a command, it is spent."""

    text: str
    after: int

    def is_said_by(self, said: str) -> bool:
        """Whether this is the code; takes the same time whatever it is."""
        return hmac.compare_digest(said.strip().encode(), self.text.encode())


def new_start_code(after: int) -> StartCode:
    """The code of a start whose newest event has the number `after`."""
    return StartCode(secrets.token_urlsafe(9), after)


start_code_key: Final = web.AppKey("start_code", StartCode)
hashing_key: Final = web.AppKey("hashing", Turns)
"""Argon2 takes 64 MiB a time, and whoever is on the LAN may ask for it. The queue holds one try of each address."""
known_hashing_key: Final = web.AppKey("known_hashing", Turns)
"""A place of their own for browsers that signed in before: no stranger stands in front of them."""
known_browsers_key: Final = web.AppKey("known_browsers", KnownBrowsers)
KNOWN_FOR: Final = 365 * 86400
"""Seconds a browser is known after it signed in."""


async def show_sign_in(request: web.Request) -> web.Response:
    """GET /sign-in."""
    return page(request, "sign_in.html.j2", message="")


async def sign_in(request: web.Request) -> web.Response:
    """POST /sign-in."""
    sessions = request.app[sessions_key]
    language = visitor(request).language
    address = request.remote or ""
    form = await form_of(request)
    name, password = form.get("name", "").strip()[:NAME_LIMIT], form.get("password", "")
    browsers = request.app[known_browsers_key]
    known = browsers.number_in(name, request.cookies.get(browsers.cookie_name(name), ""))
    if not sessions.may_try(known or address):
        return page(request, "sign_in.html.j2", message=TEXTS["too_many_tries"][language], status=429)
    if not known and not sessions.may_try_name(name):
        log.warning("too many wrong passwords for one name", extra={"client": address})
        return page(request, "sign_in.html.j2", message=TEXTS["too_many_for_name"][language], status=429)
    operator = await asyncio.to_thread(request.app[workshop_key].record.people.operator, name)
    async with request.app[known_hashing_key if known else hashing_key].turn_of(known or address):
        right = await asyncio.to_thread(is_right, password, operator.password_hash if operator else "")
    if not right:
        log.warning("wrong password", extra={"client": address})
        return page(request, "sign_in.html.j2", message=TEXTS["wrong_password"][language], status=403)
    sessions.forget_tries(known or address)
    if not known:
        sessions.take_back_try_of_name(name)
    assert operator is not None
    return _signed_in(request, operator)


async def sign_out(request: web.Request) -> web.Response:
    """POST /sign-out."""
    await operators_form(request)
    session = request.cookies.get(COOKIE, "")
    request.app[sessions_key].sign_out(session)
    request.app[viewers_key].end_session(session)
    answer = _to("/")
    answer.del_cookie(COOKIE)
    return answer


async def choose_language(request: web.Request) -> web.Response:
    """POST /language: only a cookie of the visitor's own; back to the page where it was asked for."""
    form = await form_of(request)
    answer = _to(_own_place(form.get("back", "")))
    answer.set_cookie(
        LANGUAGE_COOKIE,
        "en" if form.get("language") == "en" else "fr",
        max_age=365 * 86400,
        httponly=True,
        samesite="Strict",
    )
    return answer


async def show_first_start(request: web.Request) -> web.Response:
    """GET /first-start."""
    await _no_operator_yet(request)
    return _first_start_page(request, code=request.query.get("code", ""))


async def first_start(request: web.Request) -> web.Response:
    """POST /first-start."""
    await _no_operator_yet(request)
    language = visitor(request).language
    form = await form_of(request)
    name, password, code = form.get("name", "").strip()[:NAME_LIMIT], form.get("password", ""), form.get("code", "")
    start_code = request.app[start_code_key]
    if not start_code.is_said_by(code):
        return _first_start_page(request, code=code, name=name, message=TEXTS["wrong_code"][language], status=403)
    error = _new_operator_error(name, password, form.get("again", ""), language)
    if error:
        return _first_start_page(request, code=code, name=name, message=error, status=400)
    async with request.app[hashing_key].turn_of(request.remote or ""):
        hashed = await asyncio.to_thread(hash_password, password)
    record = request.app[workshop_key].record
    if not await asyncio.to_thread(record.people.add_first_operator, name, hashed, after=start_code.after):
        await _no_operator_yet(request)
        return _first_start_page(request, code="", name=name, message=TEXTS["spent_code"][language], status=403)
    operator = await asyncio.to_thread(record.people.operator, name)
    return _signed_in(request, operator) if operator is not None else _to("/sign-in")


def _new_operator_error(name: str, password: str, again: str, language: Language) -> str:
    """What is wrong with a new operator's name and password; "" for nothing."""
    if not name or not name.isprintable():
        return TEXTS["no_name"][language]
    if not SHORTEST <= len(password) <= LONGEST:
        return TEXTS["wrong_length"][language].format(length=len(password), shortest=SHORTEST, longest=LONGEST)
    return TEXTS["different_passwords"][language] if password != again else ""


def _first_start_page(
    request: web.Request, *, code: str, name: str = "", message: str = "", status: int = 200
) -> web.Response:
    values = {"code": code, "name": name, "message": message, "shortest": SHORTEST, "longest": LONGEST}
    return page(request, "first_start.html.j2", status=status, **values)


async def _no_operator_yet(request: web.Request) -> None:
    if await asyncio.to_thread(request.app[workshop_key].record.people.operators):
        raise web.HTTPSeeOther("/sign-in")


def _own_place(place: str) -> str:
    """A path of this page, or "/": a form must not lead to another site (`//elsewhere`, `/\\elsewhere`)."""
    plain = place.startswith("/") and place[1:2] not in ("/", "\\") and place.isascii() and place.isprintable()
    return place if plain and len(place) < 200 else "/"


def _signed_in(request: web.Request, operator: Operator) -> web.Response:
    answer = _to("/")
    answer.set_cookie(
        COOKIE,
        request.app[sessions_key].sign_in(operator.name, mark_of(operator)),
        max_age=int(LASTS),
        httponly=True,
        samesite="Strict",
        secure=request.secure,
    )
    browsers = request.app[known_browsers_key]
    answer.set_cookie(
        browsers.cookie_name(operator.name),
        browsers.new_cookie(operator.name),
        max_age=KNOWN_FOR,
        httponly=True,
        samesite="Strict",
        secure=request.secure,
    )
    return answer


def _to(place: str) -> web.Response:
    return web.Response(status=303, headers={"Location": place})
