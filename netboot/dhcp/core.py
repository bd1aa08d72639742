"""The interface between what decides about DHCP and the sockets: one datagram in, the packets to send out.

Every mode (beside the building's DHCP, merged with it, on a switch of our own) is one `DhcpCore`; service.py has the
sockets for any of them. Types only: nothing is decided here.
"""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address
from typing import Protocol

from netboot.dhcp.boot_client import BootClient, Ignored
from netboot.dhcp.packet import DhcpPacket

SERVER_PORT = 67
CLIENT_PORT = 68
BOOT_SERVER_PORT = 4011
BROADCAST = IPv4Address("255.255.255.255")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a packet came from, and at which of our ports."""

    port: int
    source: IPv4Address
    source_port: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A packet to send: to whom, from which of our ports, and the boot file it names, "" when it names none.

    A client without an address is answered by BROADCAST, also when its broadcast flag is not set: unicast to it would
    need a raw socket or the kernel's neighbour table, RFC 2131 §4.1 allows broadcast in its place, and whoever boots
    from a LAN hears broadcasts, since every proxy's offer is one.
    """

    packet: DhcpPacket
    from_port: int
    destination: IPv4Address
    destination_port: int
    boot_file: str = ""


class Remark(Enum):
    """Something a person should know about this PC's boot. The value is stable: the page translates it."""

    MOVED_TO_MERGED = "moved-to-merged"
    MERGED_DID_NOT_HELP = "merged-did-not-help"
    ARCHITECTURE_GUESSED = "architecture-guessed"
    SENT_IPXE_PXE = "sent-ipxe-pxe"
    SENT_UNDIONLY_KKPXE = "sent-undionly-kkpxe"
    EACH_LOADER_TRIED = "each-loader-tried"
    BUILDING_SILENT = "building-silent"

    @property
    def text(self) -> str:
        """One plain sentence in English, after the PC's name."""
        return _REMARK_TEXTS[self]


_REMARK_TEXTS = {
    Remark.MOVED_TO_MERGED: "was offered its boot file and never asked for it: it now gets one complete offer, "
    "with the address that the building's DHCP gives it",
    Remark.MERGED_DID_NOT_HELP: "asks for no boot file, by one complete offer either: it is offered it apart again",
    Remark.ARCHITECTURE_GUESSED: "does not say what firmware it has (neither by option 93 nor by 60): "
    "it is sent what most PCs of its kind take",
    Remark.SENT_IPXE_PXE: "loads undionly.kpxe, which then does not ask for its script: it is sent ipxe.pxe instead",
    Remark.SENT_UNDIONLY_KKPXE: "loads ipxe.pxe, which then does not ask for its script: it is sent undionly.kkpxe",
    Remark.EACH_LOADER_TRIED: "loads each loader for BIOS in turn, and none asks for its script",
    Remark.BUILDING_SILENT: "has no address to boot with: the building's DHCP does not answer",
}


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one datagram: the packets to send, in order, or why there is none.

    `client` is None when the datagram was no boot client's. `news`: it is not a repetition, so the log should show it.
    """

    answers: tuple[Answer, ...] = ()
    ignored: Ignored | None = None
    client: BootClient | None = None
    news: bool = False
    remark: Remark | None = None

    @property
    def boot_file(self) -> str:
        """The boot file that the client was sent, "" when none was named."""
        for answer in self.answers:
            if answer.boot_file:
                return answer.boot_file
        return ""


class DhcpCore(Protocol):
    """One mode of answering DHCP, without its sockets. `now` is in seconds on any steady clock."""

    def receive(self, payload: bytes, arrival: Arrival, *, now: float) -> Handled:
        """Decide on one datagram. Raises nothing, whatever the bytes."""
        ...

    def tick(self, now: float) -> tuple[Handled, ...]:
        """Called about once a second: what has become due, such as an answer when the building's server is silent."""
        ...

    def use_address(self, address: IPv4Address) -> None:
        """Our address on the PCs' LAN is this one from now on."""
        ...
