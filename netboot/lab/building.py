"""The building's DHCP server while it runs, and dnsmasq as a network boot server to measure ourselves against.

Not for: what each server is told (building_kinds.py).
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from netboot.lab.building_kinds import NOTHING_STRAY, Kind, StrayOptions, dnsmasq_base, dnsmasq_building, program
from netboot.lab.child import Child
from netboot.lab.network import BUILDING, NETWORK, Lan

_DHCPD_LEASE = re.compile(r"^lease (\S+) \{.*?hardware ethernet (\S+);", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class BootFiles:
    """What a dnsmasq that serves network boot hands out: a folder for TFTP and a file name a firmware."""

    folder: Path
    bios: str = "undionly.kpxe"
    uefi: str = "shimx64.efi"
    ipxe: str = ""  # for a client whose user class is iPXE, when set


@dataclass(frozen=True, slots=True)
class Building:
    """The building's DHCP server while it runs."""

    program: Child
    leases_file: Path
    kind: Kind = Kind.DNSMASQ

    def leases(self) -> dict[str, str]:
        """MAC address → IPv4 address of every lease given so far."""
        text = self.leases_file.read_text() if self.leases_file.exists() else ""
        match self.kind:
            case Kind.DNSMASQ:
                rows = [line.split() for line in text.splitlines()]
                return {row[1]: row[2] for row in rows if len(row) >= 3}
            case Kind.DHCPD:
                return {mac: address for address, mac in _DHCPD_LEASE.findall(text)}
            case Kind.KEA:
                rows = [line.split(",") for line in text.splitlines()[1:]]
                return {row[1]: row[0] for row in rows if len(row) >= 3}


def full_boot_command(leases: Path, files: BootFiles) -> tuple[str, ...]:
    """dnsmasq as the only DHCP server, giving addresses and network boot together."""
    return (*dnsmasq_building(leases), f"--dhcp-option=option:tftp-server,{BUILDING}", *_boot_options(files))


def proxy_boot_command(files: BootFiles) -> tuple[str, ...]:
    """dnsmasq as a proxy DHCP server on the server's host, beside the building's: netboot's own place."""
    services = (
        f"--pxe-service=x86PC,netboot,{files.bios.removesuffix('.0')}",
        f"--pxe-service=X86-64_EFI,netboot,{files.uefi}",
        f"--pxe-service=BC_EFI,netboot,{files.uefi}",
    )
    return (
        *dnsmasq_base(),
        f"--dhcp-range={NETWORK.network_address},proxy,{NETWORK.netmask}",
        *_boot_options(files),
        *services,
    )


async def start_building(lan: Lan, stray: StrayOptions = NOTHING_STRAY, kind: Kind = Kind.DNSMASQ) -> Building:
    """Start the building's DHCP server; it runs until it is stopped or the LAN goes."""
    return await start_server(lan, lan.building, stray, kind)


async def start_server(lan: Lan, namespace: str, stray: StrayOptions, kind: Kind) -> Building:
    """Start such a server on any host of the LAN, on netboot's own as well."""
    folder = lan.folder / f"dhcp-{namespace}"
    folder.mkdir(exist_ok=True)
    told = program(kind, folder, stray)
    for path, text in told.files.items():
        path.write_text(text, encoding="utf-8")
    running = await lan.spawn(namespace, told.command, name=f"building-{kind}", env=told.env)
    await running.wait_for_output(told.ready, within=15)
    return Building(running, told.leases, kind)


async def start_full_boot(lan: Lan, files: BootFiles) -> Building:
    """Start a dnsmasq in the building that gives both addresses and boot files."""
    leases = lan.folder / "building.leases"
    leases.touch()
    return Building(await _start(lan, lan.building, full_boot_command(leases, files), "dnsmasq-boot"), leases)


async def start_proxy_boot(lan: Lan, files: BootFiles) -> Child:
    """Start a dnsmasq as proxy DHCP and TFTP server on the server's host; start the building's as well."""
    return await _start(lan, lan.server, proxy_boot_command(files), "dnsmasq-proxy")


def _boot_options(files: BootFiles) -> tuple[str, ...]:
    ipxe = ("--dhcp-userclass=set:ipxe,iPXE", f"--dhcp-boot=tag:ipxe,{files.ipxe}") if files.ipxe else ()
    return (
        "--enable-tftp",
        f"--tftp-root={os.fspath(files.folder)}",
        "--dhcp-match=set:uefi,option:client-arch,7",
        "--dhcp-match=set:uefi,option:client-arch,9",
        *ipxe,
        f"--dhcp-boot=tag:uefi,tag:!ipxe,{files.uefi}",
        f"--dhcp-boot=tag:!uefi,tag:!ipxe,{files.bios}",
    )


async def _start(lan: Lan, namespace: str, command: tuple[str, ...], name: str) -> Child:
    running = await lan.spawn(namespace, command, name=name)
    await running.wait_for_output("started, ", within=10)
    return running
