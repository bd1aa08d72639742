"""The live board: one row a MAC address, choices for PCs that are away, and the choice for all PCs that wait.

Not for: acting on a choice (`choosing.py`), keeping the rows fresh (`live.py`).
"""

import asyncio

from aiohttp import web

from netboot.webui.keys import workshop_key
from netboot.webui.render import page, trouble
from netboot.webui.visitor import visitor

NOTICES = (
    "begun", "kept", "refused", "withdrawn", "armed", "disarmed", "over", "began", "vouched", "kept_out",
    "stage_answered",
)  # fmt: skip
"""What the last form did, each with a number."""


async def show_board(request: web.Request) -> web.Response:
    """GET /."""
    workshop = request.app[workshop_key]
    await asyncio.to_thread(workshop.left_out.look)
    rows = workshop.live_board.rows()
    return page(
        request,
        "board.html.j2",
        rows=rows,
        waiting=sum(row.state == "waiting" for row in rows),
        pending=await asyncio.to_thread(workshop.record.choices.pending),
        notices=notices(request),
        contested=workshop.live_board.contested,
        conflicts=workshop.live_board.conflicts,
        trouble=trouble(workshop.live_board.trouble, visitor(request).language),
    )


def notices(request: web.Request) -> dict[str, int]:
    """What the last form did, from the address it led to: known names and small numbers only."""
    counts = {name: request.query.get(name, "") for name in NOTICES}
    return {name: int(text) for name, text in counts.items() if text.isascii() and text.isdigit() and len(text) < 4}
