"""Arming a profile for the next PCs that boot from the network, and disarming it.

It is asked for once more, whatever the profile: nobody knows yet which PCs these will be. Not for: who gets a place
(`records/batches.py`).
"""

from typing import Final

from aiohttp import web

from netboot.records.refusals import BatchArmed
from netboot.webui.choosing import master_is_there
from netboot.webui.keys import workshop_key
from netboot.webui.refusal import Refusal
from netboot.webui.render import page
from netboot.webui.visitor import operators_form

MOST_PLACES: Final = 200


async def arm(request: web.Request) -> web.Response:
    """POST /batch/arm: `profile`, `places`; the second time `sure` is "yes" and `instead` the batch that was seen."""
    who, form = await operators_form(request)
    workshop = request.app[workshop_key]
    profile = workshop.profiles.get(form.get("profile", ""))
    if profile is None:
        raise Refusal("no-profile")
    if "capture" in profile.stages:
        raise Refusal("capture-one")
    places = _places(form.get("places", ""))
    await master_is_there(workshop, profile)
    if form.get("sure") != "yes":
        batch = workshop.live_board.batch
        armed = batch if batch is not None and not batch.ending else None
        return page(request, "batch_sure.html.j2", profile=profile, count=places, armed=armed)
    try:
        await workshop.commands.arm(who.actor, profile.id, places, instead=form.get("instead", ""))
    except BatchArmed:
        raise Refusal("batch-armed") from None
    return web.Response(status=303, headers={"Location": f"/?armed={places}"})


async def disarm(request: web.Request) -> web.Response:
    """POST /batch/disarm: `batch` is the one that was seen."""
    who, form = await operators_form(request)
    workshop = request.app[workshop_key]
    done = await workshop.commands.disarm(who.actor, form.get("batch", ""))
    return web.Response(status=303, headers={"Location": "/?disarmed=1" if done else "/?over=1"})


def _places(text: str) -> int:
    """Raises Refusal."""
    if text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST_PLACES:
        return int(text)
    raise Refusal("no-places")
