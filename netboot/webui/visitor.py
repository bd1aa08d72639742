"""The visitor of a page, read once from the request: the language, and the operator if one is signed in.

Also reads forms, with limits on their size (the application's `client_max_size`) and time.
"""

import asyncio
import hmac
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from netboot.jobs.actor import Actor, operator
from netboot.records.values import Operator
from netboot.shared.language import Language
from netboot.webui.keys import sessions_key, settings_key, workshop_key
from netboot.webui.refusal import Refusal

COOKIE: Final = "netboot-session"
LANGUAGE_COOKIE: Final = "netboot-language"
FORM_TOKEN: Final = "form-token"  # noqa: S105 (the field's name)
FORM_WITHIN: Final = 20.0
"""Seconds a form may take to arrive."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """`operator` is "" for somebody who only watches; `form_token` must come back with every form."""

    language: Language
    operator: str = ""
    form_token: str = ""

    @property
    def actor(self) -> Actor:
        """Who orders what this visitor's form says; there is one only where somebody is signed in."""
        assert self.operator
        return operator(self.operator)


def mark_of(operator: Operator) -> str:
    """The text that a session is bound to: it changes when the operator is removed or gets another password."""
    return f"{operator.added.isoformat()} {operator.password_hash}"


async def recognise(request: web.Request) -> None:
    """End the session if its operator was removed or got another password, even by another process."""
    token, sessions = request.cookies.get(COOKIE, ""), request.app[sessions_key]
    session = sessions.find(token)
    if session is None:
        return
    operator = await asyncio.to_thread(request.app[workshop_key].record.people.operator, session.operator)
    sessions.end_unless_of(token, mark_of(operator) if operator is not None else "")


def visitor(request: web.Request) -> Visitor:
    """Who sent this request; `recognise` has looked at the record."""
    wanted = request.cookies.get(LANGUAGE_COOKIE, "")
    language: Language = "en" if wanted == "en" else "fr" if wanted == "fr" else request.app[settings_key].language
    session = request.app[sessions_key].find(request.cookies.get(COOKIE, ""))
    if session is None:
        return Visitor(language)
    return Visitor(language, session.operator, session.form_token)


def signed_in(request: web.Request) -> Visitor:
    """The signed-in operator. Raises Refusal when there is none."""
    who = visitor(request)
    if not who.operator:
        raise Refusal("signed-out")
    return who


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a posted form; of fields with one name the last counts. Raises Refusal."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refusal("form")
    try:
        async with asyncio.timeout(FORM_WITHIN):
            fields = await request.post()
    except TimeoutError:
        raise Refusal("too-slow") from None
    except (ValueError, LookupError):  # a charset or an escape that does not decode
        raise Refusal("form") from None
    return {name: value for name, value in fields.items() if isinstance(value, str)}


async def operators_form(request: web.Request) -> tuple[Visitor, dict[str, str]]:
    """The signed-in operator and the fields of the form. Raises Refusal when it is not theirs."""
    signed_in(request)
    form = await form_of(request)
    await recognise(request)  # a form may have taken its time
    who = signed_in(request)
    if not hmac.compare_digest(form.get(FORM_TOKEN, "").encode(), who.form_token.encode()):
        raise Refusal("old-form")
    return who, form
