"""A visit with the server: everything that holds the line, finds a server that moved, and does what is ordered.

For a PC that booted over the LAN, and for one that booted from a kit's stick and heard the server. Not for: how the PC
came onto the LAN (`net/network.py`), what is done (`visit.py`).
"""

import asyncio
import logging
from urllib.parse import urlsplit

from netboot.agent.command_line import CommandLine
from netboot.agent.hardware.pc_clock import set_clock
from netboot.agent.host import Host
from netboot.agent.net import network
from netboot.agent.net.line_watch import LineWatch
from netboot.agent.net.link import Link
from netboot.agent.net.nics import link_now
from netboot.agent.net.seek import Seeker
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.reports import Reports
from netboot.agent.screen.display import Screen
from netboot.agent.screen.keyboard import Keyboard
from netboot.agent.settings import BOOT_ID, AgentFile, keep_token, own_seal_key, read_token
from netboot.agent.stages import Stages
from netboot.agent.visit import Visit
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Inventory
from netboot.shared.private_files import seal_key_of
from netboot.shared.protocol import VERSION, Hello
from netboot.shared.stages.finish import EndAction
from netboot.shared.whereabouts import Place

log = logging.getLogger("netboot.agent")


async def ordinary_visit(
    words: CommandLine, settings: AgentFile, inventory: Inventory, screen: Screen, connection: network.Connection
) -> EndAction:
    """Say hello to the server that `words` name, and follow it; what the PC does at the end."""
    boot = BOOT_ID.read_text(encoding="ascii").strip()
    reports = Reports()
    server = ServerPlace(words.server)
    public_key = bytes.fromhex(settings.public_key)
    stages = Stages(server, public_key, words.boot_mac, token=read_token, seal_key=own_seal_key())

    def hello() -> Hello:
        return Hello(
            version=VERSION,
            boot=boot,
            profile=words.profile,
            batch=words.batch,
            ticket=words.ticket,
            menu_mac=words.boot_mac,
            language=words.language,
            token=read_token(),
            running=visit.running,
            inventory=inventory,
            seal_key=seal_key_of(stages.seal_key),
        )

    def look_at_lease() -> None:
        nonlocal connection
        try:
            connection = network.refresh(connection)
        except NetbootError as error:
            log.warning("the new address cannot be set: %s", error)

    def renew_lease() -> None:
        try:
            network.renew(connection)
        except NetbootError as error:
            log.warning("the address cannot be asked for anew: %s", error)

    def follow(place: Place) -> None:
        if place.url != server.url:
            log.warning("the server is at %s now, it was at %s", place.url, server.url)
            screen.server_moved(urlsplit(server.url).hostname or "", str(place.address))
            server.url = place.url

    link = Link(server, hello, reports, keep_token, look_at_lease)
    seeker = Seeker(
        interface=connection.interface,
        port=urlsplit(server.url).port or 80,
        public_key=public_key,
        is_up=lambda: link.is_up,
        follow=follow,
        renew=renew_lease,
    )
    line = LineWatch(link.connected.is_set, lambda: link_now(Host(), connection.interface) != "down", screen.line_is)
    visit = Visit(
        link, reports, stages.run, screen, listen=Keyboard().listen, set_clock=set_clock,
        came_after=stages.this_boot.came_after,
    )  # fmt: skip
    async with asyncio.TaskGroup() as tasks:
        helpers = [tasks.create_task(one) for one in (link.run(), seeker.run(), line.run(), screen.keep())]
        action = await visit.run(tasks)
        for helper in helpers:
            helper.cancel()
    return action
