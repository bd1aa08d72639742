"""The addresses that `full` mode may give, and the options that go with them: made from settings and interface.

The pool is one range inside the interface's network. Our own address, the network's and its broadcast address are never
given, nor any other that ends in .0 or .255.
Not for: who has which address (leases.py), how it is told to a client (lease_options.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from netboot.lan.interfaces import Interface
from netboot.settings.dhcp_full import DhcpFullSettings, RouteSettings
from netboot.shared.errors import NetbootError

LARGEST_POOL = 4096
"""Addresses. Every one may be remembered with the PC that had it last, so this bounds the memory as well."""

_IN_THE_SETTINGS = "change it under `dhcp.full` in the settings: see docs/operator.en.md, “Settings”"


@dataclass(frozen=True, slots=True)
class Reservation:
    """An address and a name for one PC alone; `address` None gives it only the name, `name` "" only the address."""

    address: IPv4Address | None
    name: str


@dataclass(frozen=True, slots=True)
class Route:
    """A network that is reached by a gateway of this LAN (RFC 3442)."""

    network: IPv4Network
    gateway: IPv4Address


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """What the DHCP server gives: addresses from `first` to `last`, for `lease` seconds, and what belongs to them.

    `reservations` are by MAC address in lower case. `authoritative`: no other server answers here, so that a client
    with an address that nobody gave it is told so.
    """

    server: IPv4Address
    network: IPv4Network
    first: IPv4Address
    last: IPv4Address
    lease: int = 7200
    router: IPv4Address | None = None
    dns: tuple[IPv4Address, ...] = ()
    domain: str = ""
    routes: tuple[Route, ...] = ()
    reservations: Mapping[str, Reservation] = field(default_factory=dict)
    authoritative: bool = True

    def pool(self) -> Iterator[IPv4Address]:
        """The addresses that any PC may get, in order: those of the range that are nobody's in particular.

        .0 and .255 are hosts' addresses in the middle of a network larger than a /24, and some devices take them for a
        network's own and for its broadcast (Windows did: KB281579). A reservation may still name one.
        """
        reserved = {reservation.address for reservation in self.reservations.values()}
        for number in range(int(self.first), int(self.last) + 1):
            address = IPv4Address(number)
            if address != self.server and address not in reserved and number & 0xFF not in (0x00, 0xFF):
                yield address

    def reserved(self, mac: str) -> IPv4Address | None:
        """The address that is kept for this PC."""
        reservation = self.reservations.get(mac)
        return reservation.address if reservation else None


def plan_addresses(settings: DhcpFullSettings, interface: Interface) -> AddressPlan:
    """The plan for our address in the interface's network. Raises NetbootError for what does not fit into it."""
    server, network = interface.address, interface.network
    if interface.dynamic:
        raise NetbootError(
            f"{interface.name} got its address {server} from another DHCP server, so this LAN has one",
            hint="set `dhcp.mode: proxy` to boot PCs beside it; on a switch of your own, give the interface a fixed "
            "address: see docs/operator.en.md, “A switch of your own”",
        )
    if network.prefixlen > 30:
        raise NetbootError(
            f"the network {network} has no room for PCs",
            hint=f"give the interface an address with a shorter prefix, such as {server}/24",
        )
    if server.is_link_local:
        raise NetbootError(
            f"{server} is an address that this machine made up for itself, and may change at any time",
            hint="give the interface a fixed one, such as 10.0.0.1/24: see docs/operator.en.md, “A switch of your own”",
        )
    first, last = _range(settings, server, network)
    plan = AddressPlan(
        server=server,
        network=network,
        first=first,
        last=last,
        lease=settings.lease,
        router=_on_our_lan("router", settings.router, network) if settings.router else None,
        dns=tuple(IPv4Address(address) for address in settings.dns),
        domain=settings.domain,
        routes=tuple(_route(route, network) for route in settings.routes),
        reservations=_reservations(settings, server, network),
        authoritative=not settings.beside_another,
    )
    if next(plan.pool(), None) is None:
        raise NetbootError(f"`dhcp.full.pool`, {first}-{last}, leaves no address to give", hint=_IN_THE_SETTINGS)
    return plan


def _range(settings: DhcpFullSettings, server: IPv4Address, network: IPv4Network) -> tuple[IPv4Address, IPv4Address]:
    if not settings.pool:
        return _sensible_range(server, network)
    first, last = (IPv4Address(word.strip()) for word in settings.pool.split("-"))
    for address in (first, last):
        _host_address(address, "pool", network)
    if int(last) - int(first) >= LARGEST_POOL:
        raise NetbootError(
            f"`dhcp.full.pool` has {int(last) - int(first) + 1} addresses: at most {LARGEST_POOL} can be given",
            hint=_IN_THE_SETTINGS,
        )
    return first, last


def _sensible_range(server: IPv4Address, network: IPv4Network) -> tuple[IPv4Address, IPv4Address]:
    """The upper half of the network: people give the lower numbers to printers and to servers by hand."""
    lowest, highest = int(network.network_address) + 1, int(network.broadcast_address) - 1
    first = lowest + (highest - lowest + 1) // 2
    last = min(highest, first + LARGEST_POOL - 1)
    if first == last == int(server):
        first = lowest
    return IPv4Address(first), IPv4Address(last)


def _reservations(settings: DhcpFullSettings, server: IPv4Address, network: IPv4Network) -> dict[str, Reservation]:
    reservations = {}
    for one in settings.reservations:
        address = _host_address(IPv4Address(one.address), "reservations", network) if one.address else None
        if address == server:
            raise NetbootError(
                f"`dhcp.full.reservations`: {server} is this server's own address", hint=_IN_THE_SETTINGS
            )
        reservations[one.mac_address] = Reservation(address, one.name)
    return reservations


def _route(route: RouteSettings, network: IPv4Network) -> Route:
    return Route(IPv4Network(route.to), _on_our_lan("routes", route.via, network))


def _on_our_lan(setting: str, text: str, network: IPv4Network) -> IPv4Address:
    return _host_address(IPv4Address(text), setting, network)


def _host_address(address: IPv4Address, setting: str, network: IPv4Network) -> IPv4Address:
    """The address, when a host of this network may have it."""
    if address not in network or address in (network.network_address, network.broadcast_address):
        lowest, highest = network.network_address + 1, network.broadcast_address - 1
        raise NetbootError(
            f"`dhcp.full.{setting}`: {address} is not an address for a PC in the interface's network {network}",
            hint=f"choose from {lowest} to {highest}, or give the interface another address",
        )
    return address
