"""Record what real firmware and loaders say over DHCP, as text fixtures for the tests of DHCP.

    python -m netboot.lab.record TFTP-FOLDER LOADERS OUTPUT-FOLDER [NAME…]

TFTP-FOLDER holds shimx64.efi, grubx64.efi and undionly.kpxe; LOADERS says in words which versions those are.
Each recording powers one PC on, on a LAN with dnsmasq, and writes NAME.txt: lines that begin with "#" say what,
with which versions, when and how; then one packet a line: "client" or "server", source > destination, the UDP
payload in hexadecimal.
Not for: traffic of a real LAN.
"""

import argparse
import asyncio
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from netboot.lab.building import BootFiles, start_building, start_full_boot, start_proxy_boot
from netboot.lab.capture import Datagram, capture, datagrams
from netboot.lab.firmware import Firmware
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import Lan, open_lan
from netboot.shared.process import run

_GRUB_ASKS = 'echo "grub asks"\nnet_dhcp\necho "grub asked"\nsleep 600\n'


@dataclass(frozen=True, slots=True)
class Recording:
    """One PC, what answers it, and when enough was heard: after `packets` of the client, at most `seconds`."""

    name: str
    title: str
    firmware: Firmware
    answered_by: Callable[[Lan, BootFiles], object]
    packets: int
    seconds: float = 90
    ipxe: str = ""


async def beside_the_building(lan: Lan, files: BootFiles) -> None:
    """The building's DHCP server gives addresses; a proxy on another host gives boot files."""
    await start_building(lan)
    await start_proxy_boot(lan, files)


async def by_the_building_alone(lan: Lan, files: BootFiles) -> None:
    """A building whose DHCP server knows nothing of network boot, and no proxy."""
    await start_building(lan)


RECORDINGS = (
    Recording("ovmf-proxy", "OVMF, a proxy beside the building's server", Firmware.UEFI, beside_the_building, 3),
    Recording("ovmf-full", "OVMF, one server for both", Firmware.UEFI, start_full_boot, 2),
    Recording("ovmf-alone", "OVMF, nobody offers a boot file", Firmware.UEFI, by_the_building_alone, 2),
    Recording(
        "ovmf-secure-boot-proxy",
        "OVMF with Secure Boot, a proxy beside the building's server",
        Firmware.SECURE_BOOT,
        beside_the_building,
        3,
    ),
    Recording(
        "ovmf-http",
        "OVMF as an HTTP boot client, nobody offers a boot file",
        Firmware.UEFI_HTTP,
        by_the_building_alone,
        2,
    ),
    Recording("ovmf32-alone", "OVMF for IA32, nobody offers a boot file", Firmware.UEFI_IA32, by_the_building_alone, 2),
    Recording(
        "ovmf-ipxe-alone",
        "OVMF with QEMU's iPXE ROM in an e1000, nobody offers a boot file",
        Firmware.UEFI_IPXE,
        by_the_building_alone,
        1,
    ),
    Recording(
        "seabios-ipxe-proxy",
        "SeaBIOS with QEMU's iPXE ROM, a proxy beside the building's server",
        Firmware.BIOS,
        beside_the_building,
        2,
        ipxe="menu.ipxe",
    ),
    Recording(
        "seabios-ipxe-full",
        "SeaBIOS with QEMU's iPXE ROM, one server for both",
        Firmware.BIOS,
        start_full_boot,
        2,
        ipxe="menu.ipxe",
    ),
    Recording(
        "seabios-undionly-loop",
        "iPXE's ROM, then undionly.kpxe, sent undionly.kpxe again and again",
        Firmware.BIOS,
        start_full_boot,
        9,
    ),
    Recording("grub-net-dhcp", "OVMF, then GRUB's net_dhcp behind shim", Firmware.UEFI, start_full_boot, 4),
)


async def record(recording: Recording, tftp: Path) -> list[Datagram]:
    """Power the PC on and return the DHCP packets that passed, in order."""
    async with open_lan() as lan:
        folder = lan.folder / "tftp"
        await asyncio.to_thread(shutil.copytree, tftp, folder)
        (folder / "grub").mkdir(exist_ok=True)
        (folder / "grub" / "grub.cfg").write_text(_GRUB_ASKS)
        answering = recording.answered_by(lan, BootFiles(folder, ipxe=recording.ipxe))
        if asyncio.iscoroutine(answering):
            await answering
        pcap = lan.folder / "dhcp.pcap"
        async with capture(lan, pcap), power_on(lan, workshop_pc(1, recording.firmware)) as pc:
            while pc.console.seconds < recording.seconds:
                await asyncio.sleep(0.5)
                asked = [one for one in datagrams(pcap.read_bytes()) if one.source_mac == pc.mac]
                if len(asked) >= recording.packets:
                    break
            await asyncio.sleep(2)
            return list(datagrams(pcap.read_bytes()))


def text(header: Iterable[str], packets: Iterable[Datagram], client: str) -> str:
    """A fixture's text: the header's lines, then one packet a line. `client` is the PC's MAC address."""
    lines = [f"# {line}" for line in header]
    for packet in packets:
        who = "client" if packet.source_mac == client else "server"
        ends = f"{packet.source}:{packet.source_port} > {packet.destination}:{packet.destination_port}"
        lines.append(f"{who} {ends} {packet.payload.hex()}")
    return "\n".join(lines) + "\n"


def versions() -> str:
    """The packages of the firmware and of the DHCP servers, with their versions."""
    names = ("qemu-system-x86", "ovmf", "ovmf-ia32", "seabios", "ipxe-qemu", "dnsmasq-base")
    answer = run(["dpkg-query", "--show", "--showformat=${Package} ${Version}, ", *names])
    return answer.stdout.strip(" ,")


async def main() -> None:
    """Record all that was asked for, one PC after the other."""
    parser = argparse.ArgumentParser(description="record what firmware says over DHCP")
    parser.add_argument("tftp", type=Path)
    parser.add_argument("loaders", help="the packages that the loaders came from, with their versions")
    parser.add_argument("output", type=Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    for recording in RECORDINGS:
        if arguments.names and recording.name not in arguments.names:
            continue
        packets = await record(recording, arguments.tftp)
        header = (
            recording.title,
            f"Machine and servers: {versions()}",
            f"Loaders: {arguments.loaders}",
            f"Recorded on {datetime.now(UTC):%Y-%m-%d} with tcpdump on the bridge of netboot's lab, a virtual LAN;",
            f"the PC is QEMU's under emulation: python -m netboot.lab.record TFTP LOADERS OUTPUT {recording.name}",
        )
        client = workshop_pc(1, recording.firmware).mac
        (arguments.output / f"{recording.name}.txt").write_text(text(header, packets, client))


if __name__ == "__main__":
    asyncio.run(main())
