"""The addresses that this server gave, where it is the DHCP server: for whoever asks which PC has which."""

import asyncio
from datetime import UTC, datetime
from ipaddress import IPv4Address

from aiohttp import web

from netboot.webui.keys import workshop_key
from netboot.webui.render import page
from netboot.webui.visitor import signed_in


async def show_addresses(request: web.Request) -> web.Response:
    """GET /addresses: those that are lent now, in order; PCs that have gone are not among them. And those in use."""
    signed_in(request)
    workshop = request.app[workshop_key]
    kept = await asyncio.to_thread(workshop.record.leases.all)
    now = datetime.now(UTC)
    lent = sorted(
        (lease for lease in kept if lease.bound and lease.until > now), key=lambda one: IPv4Address(one.address)
    )
    return page(request, "addresses.html.j2", leases=lent, conflicts=workshop.live_board.conflicts)
