"""Configurations of the building's DHCP server, the same address plan for dnsmasq, ISC dhcpd and Kea.

It knows nothing of network boot: a range, a gateway, a name server, like a provider's router; a second subnet lies
behind a relay. `StrayOptions` are boot options that some buildings send by mistake. dnsmasq(8), dhcpd.conf(5), Kea's
administrator manual §8. Text only.
Not for: starting anything (building.py).
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from netboot.lab.network import BUILDING, INTERFACE, NETWORK
from netboot.shared.process import Command

FIRST_LEASE = NETWORK[100]
LAST_LEASE = NETWORK[250]

FAR_NETWORK = IPv4Network("10.78.0.0/24")
"""A subnet of the building that is reached through a relay; its gateway is the relay."""

FAR_GATEWAY = FAR_NETWORK[1]

LEASE_SECONDS = 3600


class Kind(StrEnum):
    """Whose program the building runs."""

    DNSMASQ = "dnsmasq"
    DHCPD = "dhcpd"
    KEA = "kea"


@dataclass(frozen=True, slots=True)
class StrayOptions:
    """Boot options that a building's DHCP server may send though it should not; empty or None means not sent."""

    class_identifier: str = ""  # option 60
    server_name: str = ""  # option 66
    boot_file: str = ""  # option 67
    next_server: IPv4Address | None = None  # siaddr

    def named(self) -> tuple[tuple[int, str], ...]:
        """Code and text of each option that is sent."""
        pairs = ((60, self.class_identifier), (66, self.server_name), (67, self.boot_file))
        return tuple((code, text) for code, text in pairs if text)


NOTHING_STRAY = StrayOptions()


@dataclass(frozen=True, slots=True)
class Program:
    """A server's command line, what it writes when it is ready, and the files it is given or keeps its leases in."""

    command: Command
    ready: str
    leases: Path
    files: Mapping[Path, str]
    env: Mapping[str, str]


def program(kind: Kind, folder: Path, stray: StrayOptions = NOTHING_STRAY) -> Program:
    """The building's DHCP server of this kind; its files are in `folder`."""
    match kind:
        case Kind.DNSMASQ:
            return _dnsmasq(folder, stray)
        case Kind.DHCPD:
            return _dhcpd(folder, stray)
        case Kind.KEA:
            return _kea(folder, stray)


def dnsmasq_base() -> tuple[str, ...]:
    """What every dnsmasq of the lab is told."""
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


def dnsmasq_building(leases: Path, stray: StrayOptions = NOTHING_STRAY) -> tuple[str, ...]:
    """dnsmasq as the building's DHCP server."""
    # "force", since such a box sends them to whoever asks.
    strays = tuple(f"--dhcp-option-force={code},{text}" for code, text in stray.named())
    if stray.next_server:
        strays += (f"--dhcp-boot={stray.boot_file or 'none'},,{stray.next_server}",)
    return (
        *dnsmasq_base(),
        f"--dhcp-range=set:near,{FIRST_LEASE},{LAST_LEASE},{NETWORK.netmask},{LEASE_SECONDS}",
        f"--dhcp-range=set:far,{FAR_NETWORK[100]},{FAR_NETWORK[250]},{FAR_NETWORK.netmask},{LEASE_SECONDS}",
        f"--dhcp-option=tag:near,option:router,{BUILDING}",
        f"--dhcp-option=tag:far,option:router,{FAR_GATEWAY}",
        f"--dhcp-option=option:dns-server,{BUILDING}",
        "--dhcp-authoritative",
        f"--dhcp-leasefile={os.fspath(leases)}",
        *strays,
    )


def _dnsmasq(folder: Path, stray: StrayOptions) -> Program:
    leases = folder / "building.leases"
    return Program(dnsmasq_building(leases, stray), "started, ", leases, {leases: ""}, {})


def _dhcpd(folder: Path, stray: StrayOptions) -> Program:
    leases, settings = folder / "dhcpd.leases", folder / "dhcpd.conf"
    command: Command = (
        *("dhcpd", "-4", "-f", "-d", "--no-pid"),
        *("-cf", settings),
        *("-lf", leases),
        INTERFACE,
    )
    return Program(command, "Server starting service", leases, {leases: "", settings: _dhcpd_conf(stray)}, {})


def _dhcpd_conf(stray: StrayOptions) -> str:
    names = {60: "vendor-class-identifier", 66: "tftp-server-name", 67: "bootfile-name"}
    lines = [f'option {names[code]} "{text}";' for code, text in stray.named()]
    if stray.class_identifier:
        # dhcpd sends what was asked for, and nobody asks for option 60.
        lines.append("option dhcp-parameter-request-list = concat(option dhcp-parameter-request-list, 3c);")
    if stray.next_server:
        lines += [f"next-server {stray.next_server};", f'filename "{stray.boot_file}";']
    return "\n".join(
        (
            "authoritative;",
            "ping-check false;",
            f"default-lease-time {LEASE_SECONDS};",
            f"option domain-name-servers {BUILDING};",
            *lines,
            *_dhcpd_subnet(NETWORK, BUILDING),
            *_dhcpd_subnet(FAR_NETWORK, FAR_GATEWAY),
            "",
        )
    )


def _dhcpd_subnet(network: IPv4Network, router: IPv4Address) -> Iterable[str]:
    return (
        f"subnet {network.network_address} netmask {network.netmask} {{",
        f"  range {network[100]} {network[250]};",
        f"  option routers {router};",
        "}",
    )


def _kea(folder: Path, stray: StrayOptions) -> Program:
    leases, settings = folder / "kea-leases4.csv", folder / "kea-dhcp4.conf"
    return Program(
        command=("kea-dhcp4", "-c", settings),
        ready="DHCP4_STARTED",
        leases=leases,
        files={settings: json.dumps({"Dhcp4": _kea_settings(leases, stray)}, indent=2)},
        env={"KEA_PIDFILE_DIR": os.fspath(folder), "KEA_LOCKFILE_DIR": os.fspath(folder)},
    )


def _kea_settings(leases: Path, stray: StrayOptions) -> dict[str, object]:
    settings: dict[str, object] = {
        "interfaces-config": {"interfaces": [INTERFACE]},
        "lease-database": {"type": "memfile", "persist": True, "name": os.fspath(leases)},
        "valid-lifetime": LEASE_SECONDS,
        "authoritative": True,
        "option-data": [
            {"name": "domain-name-servers", "data": str(BUILDING)},
            *({"code": code, "data": text, "always-send": True} for code, text in stray.named()),
        ],
        "subnet4": [_kea_subnet(1, NETWORK, BUILDING), _kea_subnet(2, FAR_NETWORK, FAR_GATEWAY)],
        "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]}],
    }
    if stray.next_server:
        settings |= {"next-server": str(stray.next_server), "boot-file-name": stray.boot_file}
    return settings


def _kea_subnet(number: int, network: IPv4Network, router: IPv4Address) -> dict[str, object]:
    return {
        "id": number,
        "subnet": str(network),
        "pools": [{"pool": f"{network[100]} - {network[250]}"}],
        "option-data": [{"name": "routers", "data": str(router)}],
    }
