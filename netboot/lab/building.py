"""The building's DHCP server, played by dnsmasq, and dnsmasq as a network boot server to measure ourselves against.

The building's knows nothing of network boot: a range, a gateway, a name server, as a box from a provider has it.
`StrayOptions` gives it the boot options that some boxes send by mistake. dnsmasq(8).
Not for: an address plan of more than one subnet.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from netboot.lab.child import Child
from netboot.lab.network import BUILDING, INTERFACE, NETWORK, Lan

FIRST_LEASE = NETWORK[100]
LAST_LEASE = NETWORK[250]


@dataclass(frozen=True, slots=True)
class StrayOptions:
    """Boot options that a building's DHCP server may send though it should not; empty means not sent."""

    class_identifier: str = ""  # option 60
    server_name: str = ""  # option 66
    boot_file: str = ""  # option 67

    def lines(self) -> tuple[str, ...]:
        """dnsmasq options; "force", since such a box sends them to whoever asks."""
        pairs = ((60, self.class_identifier), (66, self.server_name), (67, self.boot_file))
        return tuple(f"--dhcp-option-force={code},{text}" for code, text in pairs if text)


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

    def leases(self) -> dict[str, str]:
        """MAC address → IPv4 address of every lease given so far."""
        rows = [line.split() for line in self.leases_file.read_text().splitlines()]
        return {row[1]: row[2] for row in rows if len(row) >= 3}


def building_command(leases: Path, stray: StrayOptions | None = None) -> tuple[str, ...]:
    """dnsmasq as the building's DHCP server."""
    return (
        *_base_command(),
        f"--dhcp-range={FIRST_LEASE},{LAST_LEASE},{NETWORK.netmask},1h",
        f"--dhcp-option=option:router,{BUILDING}",
        f"--dhcp-option=option:dns-server,{BUILDING}",
        "--dhcp-authoritative",
        f"--dhcp-leasefile={os.fspath(leases)}",
        *(stray.lines() if stray else ()),
    )


def full_boot_command(leases: Path, files: BootFiles) -> tuple[str, ...]:
    """dnsmasq as the only DHCP server, giving addresses and network boot together."""
    return (*building_command(leases), f"--dhcp-option=option:tftp-server,{BUILDING}", *_boot_options(files))


def proxy_boot_command(files: BootFiles) -> tuple[str, ...]:
    """dnsmasq as a proxy DHCP server on the server's host, beside the building's: netboot's own place."""
    services = (
        f"--pxe-service=x86PC,netboot,{files.bios.removesuffix('.0')}",
        f"--pxe-service=X86-64_EFI,netboot,{files.uefi}",
        f"--pxe-service=BC_EFI,netboot,{files.uefi}",
    )
    return (
        *_base_command(),
        f"--dhcp-range={NETWORK.network_address},proxy,{NETWORK.netmask}",
        *_boot_options(files),
        *services,
    )


async def start_building(lan: Lan, stray: StrayOptions | None = None) -> Building:
    """Start the building's DHCP server; it runs until it is stopped or the LAN goes."""
    leases = lan.folder / "building.leases"
    leases.touch()
    return Building(await _start(lan, lan.building, building_command(leases, stray), "building"), leases)


async def start_full_boot(lan: Lan, files: BootFiles) -> Building:
    """Start a dnsmasq in the building that gives both addresses and boot files."""
    leases = lan.folder / "building.leases"
    leases.touch()
    return Building(await _start(lan, lan.building, full_boot_command(leases, files), "dnsmasq-boot"), leases)


async def start_proxy_boot(lan: Lan, files: BootFiles) -> Child:
    """Start a dnsmasq as proxy DHCP and TFTP server on the server's host; start the building's as well."""
    return await _start(lan, lan.server, proxy_boot_command(files), "dnsmasq-proxy")


def _base_command() -> tuple[str, ...]:
    return (
        "dnsmasq",
        "--conf-file=/dev/null",
        "--keep-in-foreground",
        "--log-facility=-",
        "--log-dhcp",
        # A change of user would clear PDEATHSIG, and the program would outlive a killed run.
        "--user=root",
        "--group=root",
        "--pid-file=",
        "--port=0",
        f"--interface={INTERFACE}",
        "--bind-interfaces",
        "--no-ping",
    )


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
    program = await lan.spawn(namespace, command, name=name)
    await program.wait_for_output("started, ", within=10)
    return program
