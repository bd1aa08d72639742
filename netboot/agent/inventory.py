"""Puts the PC's inventory together, once a visit; the modules of `hardware/`, `disks/` and `net/` read its parts.

Texts of firmware and devices are cleaned and shortened, so that the inventory is always valid. A part that cannot be
read is left out; nothing here raises. Not for: what may be written (`agent/disks/claim.py`).
"""

from netboot.agent.disks.abilities import Asked
from netboot.agent.disks.block_devices import read_block_devices
from netboot.agent.disks.hidden_storage import find_hidden, read_storage
from netboot.agent.disks.listing import disks_of
from netboot.agent.hardware.batteries import read_batteries
from netboot.agent.hardware.cpu import read_cpus
from netboot.agent.hardware.dmi import read_board, read_dimms, read_system
from netboot.agent.hardware.firmware import read_firmware
from netboot.agent.hardware.pc_clock import read_rtc
from netboot.agent.hardware.pci import gpus, read_pci
from netboot.agent.host import Host
from netboot.agent.net.nics import read_nics
from netboot.agent.text import number
from netboot.agent.udev import read_database
from netboot.shared.inventory import Inventory


def read_inventory(boot_mac: str = "", host: Host | None = None) -> Inventory:
    """The whole PC. `boot_mac` is the address it booted by, "" when that is not known. Blocks, seconds at worst."""
    here = host or Host()
    database = read_database(here)
    pci = read_pci(here, database)
    devices = read_block_devices(here, database)
    asked = Asked(here, disks_of(devices))
    return Inventory(
        system=read_system(here),
        board=read_board(here),
        firmware=read_firmware(here),
        clock=read_rtc(here),
        memory=parse_memory(here.text("proc/meminfo")),
        cpus=read_cpus(here),
        dimms=read_dimms(here),
        hidden=find_hidden(read_storage(here, pci, devices)),
        nics=read_nics(here, database, boot_mac),
        batteries=read_batteries(here),
        gpus=gpus(pci),
        # Last: they answer meanwhile.
        disks=asked.disks(),
    )


def parse_memory(text: str) -> int:
    """The memory the kernel has, in bytes, from /proc/meminfo (proc_meminfo(5)): less than what is fitted."""
    for line in text.split("\n"):
        if line.startswith("MemTotal:"):
            return number(line.split()[1] if len(line.split()) > 1 else "", most=2**53) * 1024
    return 0
