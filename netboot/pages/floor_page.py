"""The floor on the page: one row a MAC address, and choosing a profile for one PC or for all that wait.

A profile that writes to a disk is asked for once more, with what will happen and to which PCs.
"""

from collections.abc import Sequence

from aiohttp import web

from netboot.errors import NetbootError
from netboot.floor import Row
from netboot.pages.agent_link import workshop_key
from netboot.pages.render import page
from netboot.pages.visitor import operators_form

ALL = "all"


async def show_floor(request: web.Request) -> web.Response:
    """GET /."""
    workshop = request.app[workshop_key]
    rows = workshop.floor.rows()
    return page(
        request,
        "floor.html.j2",
        rows=rows,
        profiles=workshop.profiles,
        waiting=sum(row.state == "waiting" for row in rows),
        chosen=request.query.get("chosen", ""),
    )


async def choose(request: web.Request) -> web.Response:
    """POST /choose: `machine` is a machine's id or "all"; `sure` is "yes" the second time."""
    who, form = await operators_form(request)
    workshop = request.app[workshop_key]
    profile = workshop.profiles.get(form.get("profile", ""))
    if profile is None:
        raise NetbootError("no profile was chosen", hint="choose one from the list")
    wanted = form.get("machine", "")
    rows = _concerned(workshop.floor.rows(), wanted)
    if not rows:
        raise NetbootError("no PC waits for a choice", hint="boot a PC from the network and choose “inventory only”")
    if profile.writes and form.get("sure") != "yes":
        return page(request, "sure.html.j2", rows=rows, profile=profile, machine=wanted)
    machines = _asked(form, rows) if profile.writes else [row.machine for row in rows]
    count = 0
    for machine in machines:
        await workshop.choose(machine, profile.id, who.operator)
        count += 1
    return web.Response(status=303, headers={"Location": f"/?chosen={count}"})


def _concerned(rows: Sequence[Row], wanted: str) -> list[Row]:
    if wanted == ALL:
        return [row for row in rows if row.state == "waiting" and row.machine]
    return [row for row in rows if row.machine and row.machine == wanted][:1]


def _asked(form: dict[str, str], rows: Sequence[Row]) -> list[str]:
    """The machines that were named when the person was asked; one that came since is not among them."""
    named = set(form.get("named", "").split())
    return [row.machine for row in rows if row.machine in named]
