"""The wired network adapters, from /sys/class/net (Documentation/ABI/testing/sysfs-class-net). Wireless ones and
virtual ones (bridges, tunnels, loopback) are left out: a PC boots by wire.
"""

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from netboot.agent.host import Host
from netboot.agent.text import number, one_line
from netboot.agent.udev import Database, hardware_name, properties
from netboot.shared.inventory import LinkState, Nic

NIC_LIMIT: Final = 64
_ETHERNET: Final = 1
_MAC: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_NO_MAC: Final = "00:00:00:00:00:00"


def read_nics(host: Host, database: Database, boot_mac: str = "") -> tuple[Nic, ...]:
    """Each wired adapter; `boot_mac` (any usual notation) names the one this PC booted by."""
    boot = normal_mac(boot_mac)
    nics = [_read_nic(host, database, name, boot) for name in host.names("sys/class/net")]
    return tuple(nic for nic in nics if nic is not None)[:NIC_LIMIT]


def with_links_now(nics: Sequence[Nic], host: Host) -> tuple[Nic, ...]:
    """These adapters with their links as they are now: it takes seconds after switching one on until it has a link."""
    return tuple(
        replace(nic, mbps=_speed(host, f"sys/class/net/{nic.name}"), link=link_now(host, nic.name)) for nic in nics
    )


def link_now(host: Host, name: str) -> LinkState:
    """Whether something is at the other end of this adapter's cable."""
    # An adapter that is switched off gives an error.
    carrier = host.line(f"sys/class/net/{name}/carrier")
    return "up" if carrier == "1" else "down" if carrier == "0" else "unknown"


def normal_mac(text: str) -> str:
    """The address as aa:bb:cc:dd:ee:ff; "" when it is none. PXELINUX's BOOTIF puts the hardware type before it."""
    mac = text.strip().lower().replace("-", ":")
    mac = mac.removeprefix("01:") if len(mac) == 20 else mac
    return mac if _MAC.fullmatch(mac) and mac != _NO_MAC else ""


def _read_nic(host: Host, database: Database, name: str, boot: str) -> Nic | None:
    here = f"sys/class/net/{name}"
    mac = normal_mac(host.line(f"{here}/address"))
    wireless = any(host.exists(f"{here}/{mark}") for mark in ("wireless", "phy80211"))
    # A real adapter hangs on a device; WWAN modems do as well, but say so in their uevent.
    physical = host.exists(f"{here}/device") and "DEVTYPE=" not in host.text(f"{here}/uevent")
    if not mac or wireless or not physical or host.number(f"{here}/type") != _ETHERNET:
        return None
    return Nic(
        name=one_line(name),
        mac=mac,
        driver=one_line(host.target_name(f"{here}/device/driver")),
        model=hardware_name(properties(database, host.real(here))) or _ids(host, here),
        mbps=_speed(host, here),
        link=link_now(host, name),
        boot=mac == boot,
        # Documentation/ABI/testing/sysfs-devices-removable: PCI devices behind a port that faces outwards.
        removable=host.line(f"{here}/device/removable") == "removable",
    )


def _speed(host: Host, here: str) -> int:
    # The kernel gives -1 or an error where there is no link, and for adapters that tell no speed, as virtio's.
    return number(host.line(f"{here}/speed"), most=1_000_000)


def _ids(host: Host, here: str) -> str:
    vendor, device = host.line(f"{here}/device/vendor"), host.line(f"{here}/device/device")
    return f"{vendor.removeprefix('0x')}:{device.removeprefix('0x')}" if vendor and device else ""
