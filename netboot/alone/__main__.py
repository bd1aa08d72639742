"""The agent's main program on a PC that was started from a kit's stick: a menu, one job after another, or the server.

Started by /init in place of `netboot.agent`, with the same exit statuses: 0 restart, 10 power off, else start again.
The server is listened for while the menu stands there; whoever has chosen there is not taken away from it.
"""

import asyncio
import logging
import sys

from msgspec.structs import replace

from netboot.agent.command_line import CommandLine
from netboot.agent.disks.partitions import unmount_leftovers
from netboot.agent.host import Host
from netboot.agent.inventory import read_inventory
from netboot.agent.net.nics import with_links_now
from netboot.agent.ordinary_visit import ordinary_visit
from netboot.agent.program import run_program
from netboot.agent.screen.consoles import Consoles
from netboot.agent.screen.display import Screen
from netboot.agent.screen.keyboard import Keyboard
from netboot.agent.settings import AgentFile, read_settings
from netboot.alone.desk import Desk
from netboot.alone.hearing import Heard, asking, hear
from netboot.alone.settings import KitFile, read_kit
from netboot.alone.work import Work
from netboot.shared.inventory import Inventory
from netboot.shared.stages.finish import EndAction

log = logging.getLogger("netboot.alone")


def main() -> int:
    """One stay of this PC; returns what /init is to do."""
    return run_program(log, lambda words, consoles: start(words, read_settings(), read_kit(), consoles))


def start(words: CommandLine, settings: AgentFile, kit: KitFile, consoles: Consoles) -> EndAction:
    """From the first look at the hardware to the end. Raises NetbootError."""
    # Before the inventory, which would call such a disk in use.
    unmount_leftovers()
    inventory = read_inventory()
    firmware = inventory.firmware
    bits = f" {firmware.uefi_bits} bits" if firmware.uefi_bits else ""
    consoles.mark(f"kit {kit.name}")
    consoles.mark(f"firmware {firmware.mode}{bits}, secure boot {firmware.secure_boot}")
    screen = Screen(consoles, words.language, inventory, alone=True)
    return asyncio.run(_stay(words, settings, kit, inventory, screen))


async def _stay(
    words: CommandLine, settings: AgentFile, kit: KitFile, inventory: Inventory, screen: Screen
) -> EndAction:
    keyboard = Keyboard()
    work = Work(kit, words.language, screen, Desk(screen, keyboard.listen), keyboard.listen)
    ask_lan = asking(bytes.fromhex(settings.public_key), kit.port)
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(screen.keep())
        action: EndAction | None = None
        while action is None:
            hearing = asyncio.create_task(hear(ask_lan))
            choosing = asyncio.create_task(work.choose(inventory))
            await asyncio.wait({hearing, choosing}, return_when=asyncio.FIRST_COMPLETED)
            if not choosing.done():
                await _ended(choosing)
                keeping.cancel()
                return await _with_server(hearing.result(), words, settings, inventory, screen)
            await _ended(hearing)
            action = await work.carry_out(choosing.result(), inventory)
            # The disks may have changed hands meanwhile.
            inventory = await asyncio.to_thread(read_inventory)
        keeping.cancel()
    return action


async def _ended(task: asyncio.Task[object]) -> None:
    """Cancel it, and wait until it is over; what it had to say is of no use any more."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _with_server(
    heard: Heard, words: CommandLine, settings: AgentFile, inventory: Inventory, screen: Screen
) -> EndAction:
    """An ordinary visit, as of a PC that booted by the adapter on which the server was heard."""
    screen.heard(heard.place.url)
    mac = heard.connection.mac
    words = CommandLine(server=heard.place.url, language=words.language, boot_mac=mac)
    nics = tuple(replace(nic, boot=nic.mac == mac) for nic in with_links_now(inventory.nics, Host()))
    return await ordinary_visit(words, settings, replace(inventory, nics=nics), screen, heard.connection)


if __name__ == "__main__":
    sys.exit(main())
