"""The boot HTTP server's menus: what GRUB and iPXE fetch for one PC, and the start scripts that carry a ticket.

No request here has a lasting effect: GRUB sends HEAD before GET. Two things are remembered for a while: tries of the
digits, and which script a PC was given, to notice one that does not come back (`workshop/start_watch.py`).
Not for: what stands in a menu (`bootmenu/boot_menu.py`), whether digits are right (`bootmenu/password.py`).
"""

import asyncio
import logging
import re
from typing import Final, Protocol

from aiohttp import hdrs, web

from netboot.boothttp.agent_link import workshop_key
from netboot.bootmenu.boot_menu import BootingPc, Refused, RenderedMenu
from netboot.bootmenu.password import DigitsVerdict
from netboot.workshop.given_starts import Failed

log = logging.getLogger(__name__)

_UUID: Final = re.compile(r"[0-9A-Fa-f-]{0,36}")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_IDENTIFIER: Final = re.compile(r"[0-9A-Za-z._-]{0,64}")


_FAILED: Final[dict[str, Failed]] = {"processor-32-bit": "processor-32-bit", "load-failed": "load-failed"}
"""What a menu may say of itself."""


class Menus(Protocol):
    """Renders what loaders fetch; every call may read the record."""

    def screen_script(self, pc: BootingPc) -> str: ...
    def render(self, pc: BootingPc) -> RenderedMenu: ...
    def no_disk_script(self, pc: BootingPc, *, again: bool) -> str: ...
    def theme(self, pc: BootingPc, title: str) -> str: ...
    def needs_digits(self, pc: BootingPc, profile: str, batch: str) -> bool: ...
    def start_script(self, pc: BootingPc, profile: str, batch: str) -> str: ...
    def refusal_script(self, pc: BootingPc, reason: Refused) -> str: ...


class Digits(Protocol):
    """Compares digits that were typed, and refuses when they are tried too often."""

    async def try_digits(self, digits: str, *, mac: str, address: str) -> DigitsVerdict: ...


menus_key: Final = web.AppKey("menus", Menus)
digits_key: Final = web.AppKey("digits", Digits)


def add_menu_routes(app: web.Application, menus: Menus, digits: Digits) -> None:
    """The menus' paths on the boot HTTP server."""
    app[menus_key] = menus
    app[digits_key] = digits
    app.router.add_get("/grub/theme.txt", _theme)
    app.router.add_get("/screen.grub", _screen)
    app.router.add_get("/home.grub", _home)
    for loader in ("grub", "ipxe"):
        app.router.add_get(f"/menu.{loader}", _menu)
        app.router.add_get(f"/start.{loader}", _start)


async def _menu(request: web.Request) -> web.Response:
    pc, starts = _pc_of(request), request.app[workshop_key].starts
    starts.menu_asked(pc.mac, pc.uuid, _FAILED.get(request.query.get("failed", "")))
    rendered = await asyncio.to_thread(request.app[menus_key].render, pc)
    if request.method == hdrs.METH_GET:
        where = request.remote or ""
        starts.menu_shown(pc.mac, pc.uuid, where, starts_itself=rendered.starts_itself, left=rendered.left)
        extra = {"mac": pc.mac, "uuid": pc.uuid}
        log.info("%s reads its boot menu", pc.mac or request.remote, extra=extra)
    return _script(rendered.text)


async def _screen(request: web.Request) -> web.Response:
    return _script(await asyncio.to_thread(request.app[menus_key].screen_script, _pc_of(request)))


async def _theme(request: web.Request) -> web.Response:
    return _script(request.app[menus_key].theme(_pc_of(request), request.query.get("title", "")))


async def _home(request: web.Request) -> web.Response:
    """For GRUB that sees no disk. Somebody at the keyboard may try as often as they like."""
    pc, starts = _pc_of(request), request.app[workshop_key].starts
    again = not pc.attended and starts.has_gone_home(pc.mac, pc.uuid)
    if request.method == hdrs.METH_GET:
        if not again:
            starts.goes_home(pc.mac, pc.uuid, request.remote or "")
        said = "came back from there just now" if again else "its agent shows its firmware the way home"
        log.info("%s sees no disk: %s", pc.mac or request.remote, said, extra={"mac": pc.mac})
    return _script(request.app[menus_key].no_disk_script(pc, again=again))


async def _start(request: web.Request) -> web.Response:
    pc, menus = _pc_of(request), request.app[menus_key]
    profile, batch = _word(request, "profile", _IDENTIFIER), _word(request, "batch", _IDENTIFIER)
    verdict: DigitsVerdict = "right"
    if await asyncio.to_thread(menus.needs_digits, pc, profile, batch):
        typed = request.query.get("digits", "")
        verdict = await request.app[digits_key].try_digits(typed, mac=pc.mac, address=request.remote or "")
    if request.method == hdrs.METH_GET:
        log.info("%s asks to start %s: %s", pc.mac or request.remote, profile, verdict, extra={"mac": pc.mac})
    if verdict == "right":
        script = await asyncio.to_thread(menus.start_script, pc, profile, batch)
        if request.method == hdrs.METH_GET and "netboot.ticket=" in script:
            request.app[workshop_key].starts.script_given(pc.mac, pc.uuid, request.remote or "")
        return _script(script)
    return _script(menus.refusal_script(pc, verdict))


def _pc_of(request: web.Request) -> BootingPc:
    # GRUB appends the language that was chosen last.
    language = request.query.getall("lang", [""])[-1]
    return BootingPc(
        loader="ipxe" if request.path.endswith(".ipxe") else "grub",
        mac=_word(request, "mac", _MAC).lower().replace("-", ":"),
        uuid=_word(request, "uuid", _UUID).lower(),
        language="fr" if language == "fr" else "en" if language == "en" else None,
        graphic=request.query.get("screen") == "graphic",
        attended=request.query.get("asked") == "yes",
    )


def _word(request: web.Request, name: str, form: re.Pattern[str]) -> str:
    """One of the query's words, or "" when it is not of its form."""
    value = request.query.get(name, "")
    return value if form.fullmatch(value) else ""


def _script(text: str) -> web.Response:
    return web.Response(text=text, headers={hdrs.CACHE_CONTROL: "no-store"})
