"""This machine's network interface: from `ip`, and from its driver by ETHTOOL_GSET (linux/ethtool.h, ethtool(8)).

The driver is asked by ioctl and not through /sys, which shows the interfaces of whoever mounted it: in a network
namespace those are others.
"""

import ctypes
import fcntl
import socket
import struct
from pathlib import Path
from typing import Final

from netboot.doctor.observed import Card
from netboot.lan.interfaces import Link, choose, inet_addresses, read_links
from netboot.shared.errors import NetbootError

_SIOCETHTOOL: Final = 0x8946
_ETHTOOL_GSET: Final = 0x00000001
# struct ethtool_cmd: cmd, supported, advertising, speed, duplex, five bytes and two words, speed_hi, the rest.
_ETHTOOL_CMD: Final = struct.Struct("=IIIHB5xIIH14x")
_DUPLEX: Final = {0: "half", 1: "full"}
_UNKNOWN_SPEEDS: Final = (0, 0xFFFF, 0xFFFFFFFF)


def find_card(asked: str) -> Card:
    """The interface that was asked for, with or without an address, or the only one that can be meant.

    Raises NetbootError.
    """
    links = read_links()
    link = _pick(links, asked)
    first = next(inet_addresses(link), None)
    speed, duplex = _speed_and_duplex(link.ifname)
    return Card(
        name=link.ifname,
        mac=link.address,
        address=first.ip if first else None,
        network=first.network if first else None,
        dynamic=any(address.dynamic and address.family == "inet" for address in link.addr_info),
        carrier="LOWER_UP" in link.flags,
        wireless=Path("/sys/class/net", link.ifname, "phy80211").exists(),
        mtu=link.mtu,
        speed=speed,
        duplex=duplex,
        own_macs=frozenset(other.address for other in links if other.address),
        own_addresses=frozenset(each.ip for other in links for each in inet_addresses(other)),
    )


def _pick(links: tuple[Link, ...], asked: str) -> Link:
    named = {link.ifname: link for link in links}
    if asked in named:
        return named[asked]
    try:
        return named[choose(links, asked).name]
    except NetbootError:
        # A laptop on a switch where nobody gives addresses has none: that is what it came to find out.
        up = [link for link in links if "UP" in link.flags and link.link_type == "ether"]
        if asked or len(up) != 1:
            raise
        return up[0]


def _speed_and_duplex(name: str) -> tuple[int | None, str]:
    """Mbit/s and "full" or "half"; None and "" from a driver that does not know."""
    question = bytearray(_ETHTOOL_CMD.size)
    struct.pack_into("=I", question, 0, _ETHTOOL_GSET)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
            _ioctl(opened, name, question)
    except OSError:  # virtual interfaces, and those that are down
        return None, ""
    _, _, _, low, duplex, _, _, high = _ETHTOOL_CMD.unpack(question)
    speed = low | high << 16
    return (None if speed in _UNKNOWN_SPEEDS else speed), _DUPLEX.get(duplex, "")


def _ioctl(opened: socket.socket, name: str, data: bytearray) -> None:
    """SIOCETHTOOL takes a struct ifreq: the name, and a pointer to what is asked and answered."""
    kept = (ctypes.c_char * len(data)).from_buffer(data)
    request = struct.pack("16sP16x", name.encode(), ctypes.addressof(kept))
    fcntl.ioctl(opened, _SIOCETHTOOL, request)
