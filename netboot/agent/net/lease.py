"""What a DHCP server told udhcpc, read from the environment that busybox's udhcpc gives its script (RFC 2132).

The DHCP server is not trusted: what is not a valid address of a LAN is refused or left out. Pure.
Not for: asking (netboot/agent/net/network.py).
"""

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, NetmaskValueError
from typing import Final

LONGEST: Final = 64 * 1024
"""Bytes of environment that are looked at."""

_DNS_LIMIT: Final = 3


class LeaseError(ValueError):
    """The server's answer cannot be used."""


@dataclass(frozen=True, slots=True)
class Lease:
    """An address with its network, the way out of it (None on an isolated switch), and name servers."""

    address: IPv4Interface
    gateway: IPv4Address | None
    dns: tuple[IPv4Address, ...]


def parse_lease(environment: bytes) -> Lease:
    """Read NUL-separated name=value pairs, as `env -0` writes them. Raises LeaseError, and nothing else."""
    text = environment[:LONGEST].decode("ascii", "replace")
    values = dict(pair.split("=", 1) for pair in text.split("\0") if "=" in pair)
    # Classful networks are gone: a server that gives no mask gives a network nobody can know.
    mask = values.get("subnet") or values.get("mask")
    if not mask:
        raise LeaseError("the answer has no network mask")
    try:
        address = IPv4Interface(f"{values.get('ip', '')}/{mask}")
    except (AddressValueError, NetmaskValueError) as error:
        raise LeaseError(f"the answer has no usable address: {error}") from error
    if not _usable(address.ip) or not 8 <= address.network.prefixlen <= 30 or address.ip in _ends(address):
        raise LeaseError(f"no PC can have the address {address}")
    gateways = [gateway for gateway in _addresses(values.get("router", "")) if gateway in address.network]
    gateway = next((gateway for gateway in gateways if gateway not in (address.ip, *_ends(address))), None)
    return Lease(address, gateway, tuple(_addresses(values.get("dns", "")))[:_DNS_LIMIT])


def _addresses(text: str) -> list[IPv4Address]:
    addresses = []
    for word in text.split()[:16]:
        try:
            address = IPv4Address(word)
        except AddressValueError:
            continue
        if _usable(address):
            addresses.append(address)
    return addresses


def _usable(address: IPv4Address) -> bool:
    return not (address.is_loopback or address.is_multicast or address.is_unspecified or int(address) >= 0xF0000000)


def _ends(address: IPv4Interface) -> tuple[IPv4Address, IPv4Address]:
    return address.network.network_address, address.network.broadcast_address
