"""The settings of `dhcp.mode: full`, our own DHCP server. Read with the rest of the settings by config.py.

Checks what can be checked without knowing the network; `dhcp/address_plan.py` checks whether it fits the interface.
"""

import re
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from msgspec import Meta, Struct

_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(_LABEL)
_DOMAIN = re.compile(rf"(?=.{{1,63}}\Z){_LABEL}(\.{_LABEL})*")


class RouteSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network that PCs reach by a gateway of their LAN (DHCP option 121)."""

    to: str
    via: str

    def __post_init__(self) -> None:
        _expect(_is_network(self.to), "to", self.to, "a network such as 192.168.5.0/24")
        _expect(_is_address(self.via), "via", self.via, "an address such as 10.0.0.254")


class ReservationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one PC alone gets: an address, a name, or both."""

    mac: str
    address: str = ""
    name: str = ""

    @property
    def mac_address(self) -> str:
        """The MAC address in lower case, with colons."""
        return self.mac.lower().replace("-", ":")

    def __post_init__(self) -> None:
        _expect(bool(_MAC.fullmatch(self.mac)), "mac", self.mac, "an address such as 52:54:00:12:34:56")
        _expect(not self.address or _is_address(self.address), "address", self.address, "an address such as 10.0.0.20")
        _expect(
            not self.name or bool(_NAME.fullmatch(self.name)), "name", self.name, "at most 63 letters, digits, hyphens"
        )
        if not self.address and not self.name:
            raise ValueError("`mac`: beside it an `address` or a `name` is expected, or both")


class DhcpFullSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The DHCP server's settings; without a `pool` one is laid into the interface's network. `lease` is in seconds.

    `beside_another` is one half of a yes to answering where another DHCP server does; the other is an option of
    `netboot serve`.
    """

    pool: str = ""
    lease: Annotated[int, Meta(ge=120, le=30 * 86400)] = 7200
    router: str = ""
    dns: Annotated[tuple[str, ...], Meta(max_length=4)] = ()
    domain: str = ""
    routes: Annotated[tuple[RouteSettings, ...], Meta(max_length=8)] = ()
    reservations: Annotated[tuple[ReservationSettings, ...], Meta(max_length=4096)] = ()
    beside_another: bool = False

    def __post_init__(self) -> None:
        _expect(
            not self.pool or _is_range(self.pool),
            "pool",
            self.pool,
            "the first and the last address, such as 10.0.0.100-10.0.0.199",
        )
        _expect(not self.router or _is_address(self.router), "router", self.router, "an address such as 10.0.0.254")
        for address in self.dns:
            _expect(_is_address(address), "dns", address, "a list of addresses such as [10.0.0.1]")
        _expect(
            not self.domain or bool(_DOMAIN.fullmatch(self.domain)), "domain", self.domain, "a name such as atelier.lan"
        )
        for given in ([one.mac_address for one in self.reservations], [one.address for one in self.reservations]):
            twice = next((value for value, times in Counter(filter(None, given)).items() if times > 1), None)
            _expect(twice is None, "reservations", twice or "", "every MAC and every address once")


def _expect(fits: bool, name: str, given: str, expected: str) -> None:
    """Raise ValueError unless `fits`. The setting's name stands in backquotes: config.py finds the line by it."""
    if not fits:
        raise ValueError(f"`{name}`: expected {expected}; there is {given!r}")


def _parses(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    return _parses(IPv4Address, text)


def _is_network(text: str) -> bool:
    return "/" in text and _parses(IPv4Network, text)


def _is_range(text: str) -> bool:
    words = [word.strip() for word in text.split("-")]
    return len(words) == 2 and all(map(_is_address, words)) and IPv4Address(words[0]) <= IPv4Address(words[1])
