"""What the doctor observed, as plain values: the input of `judge`.

Not for: what it means for PCs (judge.py).
"""

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from netboot.dhcp.packet import NO_ADDRESS


class Asker(Enum):
    """As whom the doctor asks for an address: a computer that does not boot from the network, or a PC's firmware."""

    PLAIN = "plain"
    BIOS = "bios"
    IPXE = "ipxe"
    UEFI = "uefi"
    IA32 = "uefi-ia32"
    HTTP = "uefi-http"

    @property
    def boots(self) -> bool:
        """Whether it asks for a boot file as well."""
        return self is not Asker.PLAIN


@dataclass(frozen=True, slots=True)
class Card:
    """This machine's network interface. `speed` in Mbit/s, `duplex` "full" or "half": None and "" when not known.

    `dynamic`: its address is a lease. `own_macs` are those of every interface of this machine.
    """

    name: str
    mac: str
    address: IPv4Address | None = None
    network: IPv4Network | None = None
    dynamic: bool = False
    carrier: bool = True
    wireless: bool = False
    mtu: int = 1500
    speed: int | None = None
    duplex: str = ""
    own_macs: frozenset[str] = frozenset()
    own_addresses: frozenset[IPv4Address] = frozenset()


@dataclass(frozen=True, slots=True)
class Offer:
    """One DHCP answer to a question of ours. `address` is 0.0.0.0 in a proxy's; `lease` and `after` are in seconds.

    `file` is what is named to be booted, by the header's field or by option 67.
    """

    asker: Asker
    server: IPv4Address
    source_mac: str = ""
    address: IPv4Address = NO_ADDRESS
    network: IPv4Network | None = None
    routers: tuple[IPv4Address, ...] = ()
    dns: tuple[IPv4Address, ...] = ()
    lease: int | None = None
    next_server: IPv4Address = NO_ADDRESS
    file: str = ""
    vendor_class: str = ""
    vendor_options: bytes = b""
    tftp_server: str = ""
    after: float = 0.0

    @property
    def is_proxy(self) -> bool:
        """Whether it gives no address: a boot server beside another DHCP server."""
        return self.address == NO_ADDRESS

    @property
    def speaks_pxe(self) -> bool:
        """Whether it says of itself that it boots PCs (option 60)."""
        return self.vendor_class.startswith(("PXEClient", "HTTPClient"))


@dataclass(frozen=True, slots=True)
class Overheard:
    """A DHCP server's answer to somebody else."""

    server: IPv4Address
    source_mac: str


@dataclass(frozen=True, slots=True)
class ArpAnswer:
    """Who says that an address is theirs."""

    address: IPv4Address
    mac: str


@dataclass(frozen=True, slots=True)
class Bpdu:
    """One spanning tree message of a switch (IEEE 802.1D §9.3). `forward_delay` is in seconds."""

    bridge: str
    version: int
    forward_delay: float


Place = Literal["dhcp", "4011", "tftp", "http", "menu"]
"""Where a step of the boot takes place."""

Trouble = Literal["silent", "refused", "missing", "damaged"]
"""How a step failed: no answer; turned away; no such file; not what it should be."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a boot: what was asked for and where, how long it took, how many bytes came. None: it went well."""

    place: Place
    name: str
    seconds: float
    size: int = 0
    trouble: Trouble | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """One firmware's way from its first question to the first MiB of kernel and initramfs."""

    asker: Asker
    steps: tuple[Step, ...]

    @property
    def broken_at(self) -> Step | None:
        """The step that failed: the walk ends there."""
        return next((step for step in self.steps if step.trouble), None)

    @property
    def seconds(self) -> float:
        """All steps together."""
        return sum(step.seconds for step in self.steps)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the doctor saw.

    `netboots` are the servers that were recognised as netboot by their first GRUB file, ours first; `boot_replies` came
    from port 4011. `needs_own_mac`: nobody answered an address that is made up, somebody did answer the card's own.
    `decoys` are addresses that ARP was asked for though nobody named them. `whole_frames`: whether a full frame of 1500
    bytes comes back from netboot; None when it was not tried.
    """

    card: Card
    offers: tuple[Offer, ...] = ()
    boot_replies: tuple[Offer, ...] = ()
    netboots: tuple[IPv4Address, ...] = ()
    needs_own_mac: bool = False
    overheard: tuple[Overheard, ...] = ()
    arp: tuple[ArpAnswer, ...] = ()
    decoys: tuple[IPv4Address, ...] = ()
    bpdus: tuple[Bpdu, ...] = ()
    queriers: tuple[IPv4Address, ...] = ()
    whole_frames: bool | None = None
    walks: tuple[Walk, ...] = ()
    listened: float = field(default=0.0)

    @property
    def netboot(self) -> IPv4Address | None:
        """The netboot that is looked at."""
        return self.netboots[0] if self.netboots else None

    @property
    def is_here(self) -> bool:
        """Whether that netboot runs on this machine."""
        return self.netboot in self.card.own_addresses
