"""The agent's main program on the PC: connects to the LAN, reads the hardware, says hello, and follows the server.

Started by /init (netboot/agent/init), which restarts the PC on exit status 0, powers it off on 10, and starts the agent
again on any other. Logs go to /run/netboot/agent.log; `agent/screen/display.py` has the screens.
"""

import asyncio
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from netboot.agent.boot.way_home import show_way
from netboot.agent.command_line import CommandLine
from netboot.agent.disks.partitions import unmount_leftovers
from netboot.agent.host import Host
from netboot.agent.inventory import read_inventory
from netboot.agent.net import network
from netboot.agent.net.nics import with_links_now
from netboot.agent.ordinary_visit import ordinary_visit
from netboot.agent.program import run_program
from netboot.agent.screen.consoles import Consoles
from netboot.agent.screen.display import REDRAW, Screen
from netboot.agent.settings import AgentFile, read_settings
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem
from netboot.shared.stages.finish import EndAction

log = logging.getLogger("netboot.agent")

NETWORK_TRIES: Final = 5


def main() -> int:
    """One visit; returns what /init is to do."""
    return run_program(
        log, lambda words, consoles: go_home(words, consoles) if words.home else stay(words, read_settings(), consoles)
    )


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
    return asyncio.run(ordinary_visit(words, settings, inventory, screen, connection))


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


if __name__ == "__main__":
    sys.exit(main())
