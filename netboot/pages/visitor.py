"""Who looks at the page: the language, and the operator if one is signed in. Read from the request, once."""

import hmac
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from netboot.config import Settings
from netboot.errors import NetbootError
from netboot.problems import Language
from netboot.sessions import Sessions

COOKIE: Final = "netboot-session"
LANGUAGE_COOKIE: Final = "netboot-language"
FORM_TOKEN: Final = "form-token"  # noqa: S105 (the field's name)

sessions_key: Final = web.AppKey("sessions", Sessions)
settings_key: Final = web.AppKey("settings", Settings)


@dataclass(frozen=True, slots=True)
class Visitor:
    """`operator` is "" for somebody who only watches; `form_token` must come back with every form."""

    language: Language
    operator: str = ""
    form_token: str = ""


def visitor(request: web.Request) -> Visitor:
    """Who sent this request."""
    wanted = request.cookies.get(LANGUAGE_COOKIE, "")
    language: Language = "en" if wanted == "en" else "fr" if wanted == "fr" else request.app[settings_key].language
    session = request.app[sessions_key].find(request.cookies.get(COOKIE, ""))
    if session is None:
        return Visitor(language)
    return Visitor(language, session.operator, session.form_token)


async def operators_form(request: web.Request) -> tuple[Visitor, dict[str, str]]:
    """The signed-in operator and the fields of the form. Raises NetbootError when it is not theirs."""
    who = visitor(request)
    if not who.operator:
        raise NetbootError("nobody is signed in", hint="sign in, then try again")
    form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    if not hmac.compare_digest(form.get(FORM_TOKEN, "").encode(), who.form_token.encode()):
        raise NetbootError("this form is too old", hint="go back to the page, load it again, and try again")
    return who, form
