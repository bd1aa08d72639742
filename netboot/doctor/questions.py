"""The DHCP packets that the doctor sends: what PCs of each firmware say, by recordings (tests/dhcp/recorded/). Pure.

RFC 2131 §4.4.1, RFC 4578, PXE 2.1 §2.2. They only ask: no address is taken, nothing is left behind but the offer that a
DHCP server may hold for a minute. One made-up address for all of them, since a server that pings an address before it
offers it (dnsmasq: 3 s) does so once a client. The UUID tells netboot that it is no PC.
Not for: sending (inject.py).
"""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from netboot.dhcp.packet import (
    BROADCAST_FLAG,
    NO_ADDRESS,
    DhcpPacket,
    MessageType,
    Op,
    Option,
    Options,
    encode_options,
)
from netboot.dhcp.probe import PROBE_UUID
from netboot.doctor.observed import Asker


@dataclass(frozen=True, slots=True)
class _Kind:
    vendor_class: bytes
    architecture: int
    ipxe: bool = False


_KINDS: Final = {
    Asker.BIOS: _Kind(b"PXEClient:Arch:00000:UNDI:002001", 0),
    Asker.IPXE: _Kind(b"PXEClient:Arch:00000:UNDI:002001", 0, ipxe=True),
    Asker.UEFI: _Kind(b"PXEClient:Arch:00007:UNDI:003001", 7),
    Asker.IA32: _Kind(b"PXEClient:Arch:00006:UNDI:003001", 6),
    Asker.HTTP: _Kind(b"HTTPClient:Arch:00016:UNDI:003001", 16),
}
_ASKED_FOR: Final = bytes((1, 3, 6, 15, 28, 43, 51, 54, 60, 66, 67, 97))
# What today's undionly.kpxe says it can do: HTTP, bzImage, menus (ipxe.org's option 175).
_IPXE_FEATURES: Final = encode_options(((0x13, b"\1"), (0x18, b"\1"), (0x27, b"\1"), (0xEB, b"\1\x15\1")))


BOOT_ITEM: Final = 71
"""PXE 2.1 §2.4's tag for which boot server's which layer is asked for."""

_FIRST_LAYER: Final = b"\0\0"


def made_up_mac(card_mac: str) -> str:
    """A locally administered address (IEEE 802 §8.4), the same at each run on one machine."""
    return "02:" + hashlib.sha256(f"netboot doctor {card_mac}".encode()).digest()[:5].hex(":")


def decoys_in(network: IPv4Network, count: int) -> tuple[IPv4Address, ...]:
    """Addresses spread over a network, at the same places at each run: most are nobody's.

    Whoever answers for all of them answers for everybody.
    """
    hosts = network.num_addresses - 2
    first = int(network.network_address) + 1
    places = {hosts * (2 * number + 1) // (2 * count) for number in range(count)} if hosts > 0 else set()
    return tuple(IPv4Address(first + place) for place in sorted(places))


def discover(asker: Asker, mac: str, xid: int) -> DhcpPacket:
    """What this PC broadcasts first."""
    return _packet(asker, mac, xid, MessageType.DISCOVER, NO_ADDRESS, (Option.PARAMETER_LIST, _ASKED_FOR))


def boot_request(asker: Asker, mac: str, xid: int, address: IPv4Address, item: int | None = None) -> DhcpPacket:
    """What a PC asks on port 4011; `address` is the asker's own, `item` the boot server's type in a menu (PXE 2.1).

    Without an item it is what a UEFI PC asks of a server whose offer names no address.
    """
    options: Options = ((Option.PARAMETER_LIST, _ASKED_FOR),)
    if item is not None:
        options += ((Option.VENDOR_OPTIONS, encode_options(((BOOT_ITEM, item.to_bytes(2) + _FIRST_LAYER),))),)
    return _packet(asker, mac, xid, MessageType.REQUEST, address, *options)


def _packet(
    asker: Asker, mac: str, xid: int, kind: MessageType, address: IPv4Address, *options: tuple[int, bytes]
) -> DhcpPacket:
    return DhcpPacket(
        op=Op.BOOTREQUEST,
        xid=xid,
        chaddr=bytes.fromhex(mac.replace(":", "")),
        # Answers come as broadcasts: nobody here has the address that is offered.
        flags=BROADCAST_FLAG if address == NO_ADDRESS else 0,
        ciaddr=address,
        options=((Option.MESSAGE_TYPE, bytes((kind,))), *_boot_options(asker), *options),
    )


def _boot_options(asker: Asker) -> Options:
    kind = _KINDS.get(asker)
    if kind is None:
        return ()
    options: Options = (
        (Option.MAX_MESSAGE_SIZE, (1472).to_bytes(2)),
        (Option.VENDOR_CLASS, kind.vendor_class),
        (Option.ARCHITECTURE, kind.architecture.to_bytes(2)),
        (Option.NETWORK_INTERFACE, bytes((1, 3, 16))),
        (Option.MACHINE_ID, b"\0" + PROBE_UUID.bytes_le),
    )
    if kind.ipxe:
        options += ((Option.USER_CLASS, b"iPXE"), (Option.IPXE, _IPXE_FEATURES))
    return options
