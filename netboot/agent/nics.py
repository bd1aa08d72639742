"""The wired network adapters, from /sys/class/net (Documentation/ABI/testing/sysfs-class-net). Wireless ones and
virtual ones (bridges, tunnels, loopback) are left out: a PC boots by wire.
"""

import re
from typing import Final

from netboot.agent.host import Host
from netboot.agent.text import number, one_line
from netboot.agent.udev import Database, hardware_name, properties
from netboot.inventory import Nic

NIC_LIMIT: Final = 64
_ETHERNET: Final = 1
_MAC: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_NO_MAC: Final = "00:00:00:00:00:00"


def read_nics(host: Host, database: Database, boot_mac: str = "") -> tuple[Nic, ...]:
    """Each wired adapter; `boot_mac` (any usual notation) names the one this PC booted by."""
    boot = normal_mac(boot_mac)
    found = [_read_nic(host, database, name, boot) for name in host.names("sys/class/net")]
    return tuple(nic for nic in found if nic is not None)[:NIC_LIMIT]


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
        # The kernel gives -1 or an error where there is no link.
        mbps=number(host.line(f"{here}/speed"), most=1_000_000),
        boot=mac == boot,
        # Documentation/ABI/testing/sysfs-devices-removable: PCI devices behind a port that faces outwards.
        removable=host.line(f"{here}/device/removable") == "removable",
    )


def _ids(host: Host, here: str) -> str:
    vendor, device = host.line(f"{here}/device/vendor"), host.line(f"{here}/device/device")
    return f"{vendor.removeprefix('0x')}:{device.removeprefix('0x')}" if vendor and device else ""
