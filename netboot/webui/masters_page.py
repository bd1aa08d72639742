"""The page of masters: what is in the store, what uses it, and which version PCs get.

What is in the store comes as values from the server's side (`serve/shelf.py`): a page knows no store. Not for: what is
made from the page (`making_page.py`).
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from aiohttp import web

from netboot.jobs.target import kept_whole, master_forbids
from netboot.records.values import HeldMaster
from netboot.shared.errors import NetbootError
from netboot.shared.language import Language
from netboot.shared.problems import Problem
from netboot.webui.keys import workshop_key
from netboot.webui.refusal import Refusal
from netboot.webui.render import page
from netboot.webui.turns import Turns
from netboot.webui.visitor import operators_form
from netboot.webui.workbench import bench_of, makings_key
from netboot.workshop.greeting import Workshop

VersionState = Literal["whole", "lacking", "unsigned", "damaged"]
_UNFIT: Final = frozenset({"master-grow", "master-lacks", "windows-fixed", "windows-settings"})


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version of a master. Sizes in bytes: of its disk, what is written to each PC, what it takes in the store.

    `origin`: the workshop that it was taken in from, "" for one made here. `smaller`: what a version of it that fits
    smaller disks would be called, "" where none is made. Of one that cannot be read (`state`) only
    name and digest are known.
    """

    name: str
    digest: str
    current: bool
    state: VersionState
    version: str = ""
    title: str = ""
    licence: str = ""
    created: str = ""
    disk: int = 0
    used: int = 0
    packed: int = 0
    origin: str = ""
    smaller: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is in the store; the bytes that all of it takes, each chunk once, and that are free there."""

    versions: tuple[ShownVersion, ...]
    taken: int
    free: int

    def before(self, current: ShownVersion) -> str:
        """What the version before this one is called; "" where there is none."""
        others = (one for one in self.versions if one.name == current.name and one.digest != current.digest)
        return next((one.version or one.digest[:12] for one in others), "")


class MastersShelf(Protocol):
    """Where the values come from. Both methods read files: call them in a thread, `shown` in one at a time."""

    def shown(self) -> Shelf:
        """What is in the store now. Raises NetbootError, OSError."""

    def require_whole(self, digest: str) -> None:
        """Raises NetbootError unless PCs can get this version; all of it is read."""

    def use(self, name: str, digest: str) -> None:
        """Make this version the current one. Raises NetbootError."""


shelf_key: Final = web.AppKey("shelf", MastersShelf)
looking_key: Final = web.AppKey("looking", Turns)
"""Whoever looks at the page has thousands of files looked at, once a minute: one at a time."""
using_key: Final = web.AppKey("using", Turns)
"""A version is read whole before it is made current: one at a time."""


async def show_masters(request: web.Request) -> web.Response:
    """GET /masters."""
    workshop = request.app[workshop_key]
    shelf = await shelf_of(request)
    had = await asyncio.to_thread(workshop.record.masters.all)
    makings = request.app.get(makings_key)
    problems = await asyncio.to_thread(_problems, workshop, {master.name for master in had})
    return page(
        request,
        "masters.html.j2",
        shelf=shelf,
        masters=had,
        problems=problems,
        profiles_of=_profiles(workshop),
        kept_whole=kept_whole(workshop.profiles.values()),
        jobs_of=await asyncio.to_thread(_jobs, workshop),
        used=request.query.get("used") == "1",
        bench=await bench_of(request),
        makes=makings is not None,
        shown=makings.shown if makings is not None else None,
        waiting=makings.waiting if makings is not None else (),
        making_runs=makings is not None and makings.runs,
    )


async def use_version(request: web.Request) -> web.Response:
    """POST /masters/use: the version `digest` of the master `name` is what PCs get from now on."""
    who, form = await operators_form(request)
    async with request.app[using_key].turn():
        shelf = await shelf_of(request)
        versions = shelf.versions if shelf is not None else ()
        wanted = (form.get("name", ""), form.get("digest", ""))
        chosen = next((one for one in versions if (one.name, one.digest) == wanted), None)
        if chosen is None or chosen.current or chosen.state != "whole":
            raise Refusal("no-such-version")
        before = next((one.digest for one in versions if one.name == chosen.name and one.current), "")
        if not before:  # what the record does not take could not be undone
            raise Refusal("no-such-version")
        try:
            await asyncio.to_thread(request.app[shelf_key].require_whole, chosen.digest)
        except NetbootError:
            raise Refusal("no-such-version") from None
        await request.app[workshop_key].commands.use_master(
            who.actor,
            chosen.digest,
            name=chosen.name,
            version=chosen.version,
            before=before,
            use=request.app[shelf_key].use,
        )
    return web.Response(status=303, headers={"Location": "/masters?used=1"})


async def shelf_of(request: web.Request) -> Shelf | None:
    """What is in the store; None where nobody tells."""
    if shelf_key not in request.app:
        return None
    async with request.app[looking_key].turn_of(request.remote or ""):
        return await asyncio.to_thread(request.app[shelf_key].shown)


def _profiles(workshop: Workshop) -> Mapping[str, list[Mapping[Language, str]]]:
    """The names of the profiles that give each master to PCs."""
    found: dict[str, list[Mapping[Language, str]]] = {}
    for profile in workshop.profiles.values():
        if profile.master:
            found.setdefault(profile.master, []).append(profile.name)
    return found


def _jobs(workshop: Workshop) -> Mapping[str, list[HeldMaster]]:
    """The jobs that hold each version, by its digest."""
    found: dict[str, list[HeldMaster]] = {}
    for held in workshop.record.masters.held():
        found.setdefault(held.digest, []).append(held)
    return found


def _problems(workshop: Workshop, names: set[str]) -> list[Problem]:
    """A problem for each master that another key signed, which no PC accepts, and for each that cannot be what a
    profile asks of it."""
    problems = []
    for name in sorted(names):
        with suppress(NetbootError):
            master = workshop.find_master(name)
            if master is None:
                continue
            if not master.signed:
                problems.append(Problem("master-unsigned", {"master": name}))
            asking = (profile for profile in workshop.profiles.values() if profile.master == name)
            found = (master_forbids(profile, master) for profile in asking)
            problems += (one for one in found if one is not None and one.code in _UNFIT and one not in problems)
    return problems
