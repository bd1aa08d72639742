"""The agent's main program on the PC: connects to the LAN, reads the hardware, says hello, and follows the server.

Started by /init (netboot/agent/init), which restarts the PC on exit status 0, powers it off on 10, and starts the agent
again on any other. Logs go to /run/netboot/agent.log; `agent/screen/display.py` has the screens.
"""

import asyncio
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from netboot.agent.boot.way_home import show_way
from netboot.agent.command_line import CommandLine, parse_command_line
from netboot.agent.disks.partitions import unmount_leftovers
from netboot.agent.hardware.pc_clock import set_clock
from netboot.agent.host import Host
from netboot.agent.inventory import read_inventory
from netboot.agent.net import network
from netboot.agent.net.line_watch import LineWatch
from netboot.agent.net.link import Link
from netboot.agent.net.nics import link_now, with_links_now
from netboot.agent.net.seek import Seeker
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.reports import Reports
from netboot.agent.screen.consoles import Consoles
from netboot.agent.screen.display import REDRAW, Screen
from netboot.agent.screen.keyboard import Keyboard
from netboot.agent.settings import BOOT_ID, AgentFile, keep_token, read_settings, read_token
from netboot.agent.stages import Stages
from netboot.agent.visit import Visit
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem
from netboot.shared.protocol import VERSION, Hello
from netboot.shared.stages.finish import EndAction
from netboot.shared.whereabouts import Place

log = logging.getLogger("netboot.agent")

LOG: Final = Path("/run/netboot/agent.log")
RESTART, POWER_OFF, FAILED = 0, 10, 1
NETWORK_TRIES: Final = 5
READ_LAST_SCREEN: Final = 8.0
"""Seconds the last screen is left for whoever stands by."""


def main() -> int:
    """One visit; returns what /init is to do."""
    LOG.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    logging.basicConfig(filename=LOG, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    words = parse_command_line(Path("/proc/cmdline").read_text(encoding="utf-8", errors="replace"))
    with Consoles() as consoles:
        try:
            action = go_home(words, consoles) if words.home else stay(words, read_settings(), consoles)
        except Exception as error:
            log.exception("the agent ends")
            consoles.mark(f"agent error {type(error).__name__}: {error}")
            return FAILED
        time.sleep(READ_LAST_SCREEN if action == "poweroff" else 1.0)
    return POWER_OFF if action == "poweroff" else RESTART


def go_home(words: CommandLine, consoles: Consoles) -> EndAction:
    """No visit: let the firmware start this PC's own disk next. Where it cannot, the screen says so, and stays."""
    unmount_leftovers()
    screen = Screen(consoles, words.language, home=True)
    try:
        way = show_way()
    except Exception as error:  # a restart would only bring the menu back, and that this agent
        log.exception("the way home")
        consoles.mark(f"agent error {type(error).__name__}: {error}")
        way = Problem("own-disk-entry")
    if isinstance(way, str):
        consoles.mark(f"home {way}")
        screen.leaving("disk", None)
        return "disk"
    screen.no_way_home(way)
    while True:
        time.sleep(REDRAW)
        screen.refresh()


def stay(words: CommandLine, settings: AgentFile, consoles: Consoles) -> EndAction:
    """The visit from the first look at the hardware to its end. Raises NetbootError."""
    if not words.server:
        raise NetbootError("the boot menu named no server", hint="boot this PC from the network again")
    # Before the inventory, which would call such a disk in use.
    unmount_leftovers()
    with ThreadPoolExecutor(1) as beside:
        # A LAN takes seconds to give an address, more with spanning tree: the hardware is read meanwhile.
        connecting = beside.submit(_connect, words, consoles)
        inventory = read_inventory(words.boot_mac)
        firmware = inventory.firmware
        bits = f" {firmware.uefi_bits} bits" if firmware.uefi_bits else ""
        consoles.mark(f"firmware {firmware.mode}{bits}, secure boot {firmware.secure_boot}")
        screen = Screen(consoles, words.language, inventory, page=settings.page)
        connection = connecting.result()
    if connection is None:
        return "disk"
    inventory = replace(inventory, nics=with_links_now(inventory.nics, Host()))
    return asyncio.run(_visit(words, settings, inventory, screen, connection))


def _connect(words: CommandLine, consoles: Consoles) -> network.Connection | None:
    place = urlsplit(words.server)
    for _ in range(NETWORK_TRIES):
        try:
            connection = network.bring_up((place.hostname or "", place.port or 80), words.boot_mac)
        except network.NoNetworkError as error:
            consoles.mark(f"no network {error.reason}")
            consoles.say(error.sentence(words.language))
            continue
        consoles.mark(f"network {connection.interface} {connection.address}")
        return connection
    return None


async def _visit(
    words: CommandLine, settings: AgentFile, inventory: Inventory, screen: Screen, connection: network.Connection
) -> EndAction:
    boot = BOOT_ID.read_text(encoding="ascii").strip()
    reports = Reports()
    server = ServerPlace(words.server)
    public_key = bytes.fromhex(settings.public_key)
    stages = Stages(server, public_key, words.boot_mac)

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
    visit = Visit(link, reports, stages.run, screen, listen=Keyboard().listen, set_clock=set_clock)
    async with asyncio.TaskGroup() as tasks:
        helpers = [tasks.create_task(one) for one in (link.run(), seeker.run(), line.run(), screen.keep())]
        action = await visit.run(tasks)
        for helper in helpers:
            helper.cancel()
    return action


if __name__ == "__main__":
    sys.exit(main())
