"""Which network interface the service speaks on, and its address. Reads the kernel's list through `ip`.

`choose` is pure: given the list and what was asked, it names one interface or says what to do.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from netboot.shared.errors import NetbootError
from netboot.shared.process import run

ETHERNET_MTU = 1500
"""Bytes of the longest IP packet on plain Ethernet."""


class Address(Struct, frozen=True):
    """One address of `ip --json address`."""

    family: str = ""
    local: str = ""
    prefixlen: Annotated[int, Meta(ge=0, le=128)] = 0
    scope: str = ""
    dynamic: bool = False


class Link(Struct, frozen=True):
    """One interface of `ip --json address`."""

    ifname: str
    flags: tuple[str, ...] = ()
    link_type: str = ""
    address: str = ""
    mtu: int = ETHERNET_MTU
    addr_info: tuple[Address, ...] = ()


class Interface(Struct, frozen=True, kw_only=True):
    """The interface to serve on: its kernel name, our address on it, its network, and its MTU in bytes.

    `dynamic`: the address is lent, by a DHCP server as a rule.
    """

    name: str
    address: IPv4Address
    network: IPv4Network
    mtu: int = ETHERNET_MTU
    dynamic: bool = False


def read_links() -> tuple[Link, ...]:
    """Every interface of this network namespace. Raises NetbootError."""
    text = run(["ip", "-json", "address", "show"]).stdout
    try:
        return msgspec.json.decode(text, type=tuple[Link, ...])
    except msgspec.MsgspecError as error:
        raise NetbootError(f"the list of network interfaces cannot be read: {error}", hint="try: ip address") from error


def choose(links: Sequence[Link], asked: str) -> Interface:
    """The interface that was asked for, or the only one that has an address. Raises NetbootError."""
    if asked:
        link = next((link for link in links if link.ifname == asked), None)
        if link is None:
            names = ", ".join(link.ifname for link in links if "LOOPBACK" not in link.flags) or "none"
            raise NetbootError(f"there is no network interface {asked!r}", hint=f"this machine has: {names}")
        served = _addressed(link)
        if served is None:
            raise NetbootError(
                f"the interface {asked} has no IPv4 address",
                hint=f"plug in its cable, or give it one: ip address add 192.0.2.2/24 dev {asked}",
            )
        return served
    candidates = [
        served
        for link in links
        if "LOOPBACK" not in link.flags and "UP" in link.flags and link.link_type == "ether"
        if (served := _addressed(link)) is not None
    ]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise NetbootError("no network interface has an IPv4 address", hint="plug in the cable, then start again")
    raise NetbootError(
        "this machine has several network interfaces: " + ", ".join(served.name for served in candidates),
        hint=f"say which one the PCs are on: `interface: {candidates[0].name}` in the settings, or --interface",
    )


def inet_addresses(link: Link) -> Iterator[IPv4Interface]:
    """The IPv4 addresses of an interface that another machine can reach."""
    for address in link.addr_info:
        if address.family == "inet" and address.scope in ("global", "link", "site"):
            try:
                yield IPv4Interface((address.local, address.prefixlen))
            except ValueError:
                continue


def _addressed(link: Link) -> Interface | None:
    first = next(inet_addresses(link), None)
    if first is None:
        return None
    dynamic = any(address.dynamic and address.local == str(first.ip) for address in link.addr_info)
    return Interface(name=link.ifname, address=first.ip, network=first.network, mtu=link.mtu, dynamic=dynamic)
