"""Seconds from power-on to the agent's hello for each firmware, beside dnsmasq with the same boot files, in one run.

dnsmasq is the building's DHCP and the TFTP server: it hands out the same loaders, kernel and archives, and its GRUB and
iPXE scripts wait as long as netboot's armed menu does before they load the agent. Both agents say hello to a netboot
server. The PCs boot one after another, the two peers in turns. A BIOS PC's iPXE goes on from its ROM with both.

The lab's switch answers at once, which no cable does, and what a PC loads in lock-step depends on just that: so each PC
boots with no wait at all, and with its packets held up to a round trip of a wired LAN. Prints one JSON object; a ratio
below 1 is faster.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from netboot import bootfiles
from netboot.auth.server_keys import load_key, public_key
from netboot.bootmenu.boot_menu import ARMED_TIMEOUT
from netboot.files.cache_folder import default_cache_folder
from netboot.lab.building import BootFiles, start_building, start_full_boot
from netboot.lab.demo import prepare
from netboot.lab.firmware import Firmware
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import BUILDING, SERVER, Lan, open_lan
from netboot.lab.pc import PcSpec
from netboot.lab.service import arm, open_service

HELLO_WITHIN = 600.0
FIRMWARES = (Firmware.BIOS, Firmware.UEFI, Firmware.SECURE_BOOT)
"""Those that dnsmasq is told to boot as well."""
ROUND_TRIPS = (0, 200)
"""Microseconds added to each answer; a PC's adapter, its firmware's driver and a switch take 100 to 300."""

TARGET = 1.0
NOISE = 0.05
"""How far two medians of the same thing lie apart on this machine."""

KERNEL = f"netboot.server=http://{SERVER} netboot.lang=fr quiet console=tty0 console=ttyS0"

GRUB = f"""
set timeout={ARMED_TIMEOUT}
set default=0
menuentry "agent" {{
    linux /vmlinuz {KERNEL} BOOTIF=01-$net_default_mac
    initrd /agent-base.img /agent.img
}}
"""
IPXE = f"""#!ipxe
menu dnsmasq
item agent agent
choose --timeout {ARMED_TIMEOUT * 1000} --default agent target
kernel tftp://{BUILDING}/vmlinuz initrd=agent-base.img initrd=agent.img {KERNEL} BOOTIF=01-${{netX/mac:hexhyp}}
initrd tftp://{BUILDING}/agent-base.img
initrd tftp://{BUILDING}/agent.img
boot
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """The medians of one firmware's seconds, and their ratio beside the target."""

    firmware: str
    round_trip_us: int
    netboot_seconds: float
    dnsmasq_seconds: float
    ratio: float
    target: float
    met: bool


def behind_a_cable(spec: PcSpec, round_trip: int) -> PcSpec:
    """The PC with what it receives given out once in so many microseconds (QEMU's filter-buffer)."""
    held = f"filter-buffer,id=cable,netdev=net0,queue=rx,interval={round_trip}"
    return replace(spec, extra=(*spec.extra, "-object", held)) if round_trip else spec


async def seconds_to_hello(lan: Lan, spec: PcSpec) -> float:
    """Switch the PC on, and off again once its agent has said hello."""
    async with power_on(lan, spec) as pc:
        return await pc.console.wait_for(r"netboot: hello", HELLO_WITHIN)


@asynccontextmanager
async def netboot_peer(masters: Path, specs: list[PcSpec]) -> AsyncIterator[Lan]:
    """netboot as it is used, the PCs known and armed so that no key is needed."""
    async with open_lan() as lan, open_service(lan, masters, plain_pxe_first=False) as service:
        await start_building(lan)
        arm(service, specs, "inventory-only")
        await service.start()
        yield lan


@asynccontextmanager
async def dnsmasq_peer(masters: Path) -> AsyncIterator[Lan]:
    """dnsmasq serves the boot; netboot only answers the agent's line."""
    async with open_lan() as lan, open_service(lan, masters, dhcp="off") as service:
        folder = await asyncio.to_thread(dnsmasq_folder, lan.folder / "tftp", masters)
        await start_full_boot(lan, BootFiles(folder, ipxe="agent.ipxe"))
        await service.start()
        yield lan


def dnsmasq_folder(folder: Path, masters: Path) -> Path:
    """A TFTP folder with the same files as netboot serves."""
    (folder / "grub").mkdir(parents=True)
    files = bootfiles.load(default_cache_folder() / "bootfiles")
    for path in files.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    settings = {"public_key": public_key(load_key(masters)).hex(), "page": ""}
    (folder / "agent.img").write_bytes(bootfiles.agent_archive(settings))
    (folder / "agent.ipxe").write_text(IPXE, encoding="ascii")
    (folder / "grub" / "grub.cfg").write_text(GRUB, encoding="ascii")
    return folder


async def measure(rounds: int, firmwares: list[Firmware]) -> list[Figure]:
    """Every firmware at every round trip."""
    masters, _ = await asyncio.to_thread(prepare, lambda text: print(text, file=sys.stderr))
    return [
        await compare(masters, workshop_pc(number, firmware), round_trip, rounds)
        for number, firmware in enumerate(firmwares, 1)
        for round_trip in ROUND_TRIPS
    ]


async def compare(masters: Path, plain: PcSpec, round_trip: int, rounds: int) -> Figure:
    """One PC's seconds by both peers, in turns."""
    spec = behind_a_cable(plain, round_trip)
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(1, rounds + 1):
        async with netboot_peer(masters, [spec]) as lan:
            ours.append(await seconds_to_hello(lan, spec))
        async with dnsmasq_peer(masters) as lan:
            theirs.append(await seconds_to_hello(lan, spec))
        print(
            f"{spec.firmware.value}, {round_trip} µs, round {number}: netboot {ours[-1]:.1f} s, "
            f"dnsmasq {theirs[-1]:.1f} s",
            file=sys.stderr,
            flush=True,
        )
    mine, other = statistics.median(ours), statistics.median(theirs)
    ratio = mine / other
    return Figure(
        spec.firmware.value,
        round_trip,
        netboot_seconds=round(mine, 1),
        dnsmasq_seconds=round(other, 1),
        ratio=round(ratio, 2),
        target=TARGET,
        met=ratio <= TARGET + NOISE,
    )


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--firmware", type=Firmware, choices=FIRMWARES, nargs="+", default=list(FIRMWARES))
    options = parser.parse_args()
    figures = asyncio.run(measure(options.rounds, options.firmware))
    report = {
        "benchmark": "boot",
        "unit": "seconds from power-on to agent hello",
        "rounds": options.rounds,
        "load": round(os.getloadavg()[0], 1),
        "figures": [asdict(each) for each in figures],
    }
    print(json.dumps(report, indent=2))
    return 0 if all(each.met for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
