"""A PC's network boot as packets: DISCOVER, a choice among the offers, REQUEST, and port 4011 where it is asked for.

The choice follows PXE 2.1 §2.4.1 and the order of EDK2's PxeBcDhcp4.c, where a complete boot offer comes before a
proxy's, and one that only says PXEClient, without option 43, is asked on port 4011. A firmware that knows no proxies
(`split_offers` False) drops every offer without an address. iPXE's choice is that of its net/udp/dhcp.c.
Not for: what is fetched afterwards.
"""

import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from netboot.dhcp.packet import (
    BROADCAST_FLAG,
    NO_ADDRESS,
    DhcpPacket,
    MessageType,
    Op,
    Option,
    Options,
    decode,
    decode_options,
    encode,
    encode_options,
)
from tests.dhcp.wire import EVERYBODY, udp_socket

FULL_IPXE = encode_options(((0x13, b"\1"), (0x18, b"\1"), (0x24, b"\1"), (0x27, b"\1")))
OFFERS_WITHIN = 1.0
"""Seconds in which offers are gathered; real firmware waits for 4."""

OLD_ADDRESS = IPv4Address("10.77.0.251")
"""What a sloppy firmware had the day before."""

QUIET = 0.25
"""Seconds after which no further offer is expected."""


@dataclass(frozen=True, slots=True)
class PxeClient:
    """A kind of firmware, with the MAC address of one PC that has it.

    A sloppy one says neither how much it takes nor its architecture (by option 93), leaves an old address in `ciaddr`,
    and does not say in its REQUEST that it boots from the network.
    """

    architecture: int
    mac: bytes
    method: bytes = b"PXEClient"
    ipxe: bool = False
    split_offers: bool = True
    sloppy: bool = False


@dataclass(frozen=True, slots=True)
class Booted:
    """What the PC knows before it fetches its boot file. `merged`: address and file came in one packet."""

    address: IPv4Address
    router: IPv4Address
    server: IPv4Address
    boot_file: str
    merged: bool


class NotBootedError(Exception):
    """The PC gives up, and says at which step."""


def boot(namespace: str, client: PxeClient) -> Booted:
    """One try, from inside a PC's namespace. Raises NotBootedError."""
    discover = _packet(client, MessageType.DISCOVER, xid=secrets.randbits(32))
    with udp_socket(namespace, 68) as pc:
        offers = _offers(pc, discover, client)
        main, proxy = choose(client, offers)
        server_id = main.option(Option.SERVER_ID) or b""
        asked = ((Option.SERVER_ID, server_id), (Option.REQUESTED_ADDRESS, main.yiaddr.packed))
        request = _packet(client, MessageType.REQUEST, xid=discover.xid, more=asked)
        ack = _first_of(server_id, _answers(pc, request))
    if ack is None or ack.message_type is not MessageType.ACK:
        raise NotBootedError(f"no acknowledgement from {IPv4Address(server_id)}")
    source = proxy or ack
    if not _boot_file(source) or not _is_boot_offer(client, source):
        raise NotBootedError("PXE-E53: no boot file name received")
    if client.method == b"PXEClient" and not client.ipxe and source.option(Option.VENDOR_OPTIONS) is None:
        source = ask_boot_server(namespace, client, IPv4Address(source.option(Option.SERVER_ID) or bytes(4)))
    return Booted(
        address=ack.yiaddr,
        router=IPv4Address((ack.option(Option.ROUTER) or b"\0\0\0\0")[:4]),
        server=source.siaddr,
        boot_file=_boot_file(source).decode(),
        merged=proxy is None,
    )


def offers_to(namespace: str, client: PxeClient) -> list[DhcpPacket]:
    """What one DISCOVER is offered, in the order of arrival."""
    with udp_socket(namespace, 68) as pc:
        return _offers(pc, _packet(client, MessageType.DISCOVER, xid=secrets.randbits(32)), client)


def ask_boot_server(namespace: str, client: PxeClient, server: IPv4Address) -> DhcpPacket:
    """The exchange on port 4011, from the address that the namespace has. Raises NotBootedError."""
    with udp_socket(namespace, 4011) as pc:
        request = _packet(client, MessageType.REQUEST, xid=secrets.randbits(32))
        for answer in _answers(pc, request, to=str(server), port=4011):
            return answer
    raise NotBootedError(f"no answer on port 4011 of {server}")


def _packet(client: PxeClient, kind: MessageType, *, xid: int, more: Options = ()) -> DhcpPacket:
    options: Options = (
        (Option.MESSAGE_TYPE, bytes((kind,))),
        (Option.PARAMETER_LIST, bytes((1, 3, 6, 15, 43, 54, 60, 66, 67, 128, 129, 150))),
        (Option.MAX_MESSAGE_SIZE, (1472).to_bytes(2)),
        (Option.VENDOR_CLASS, client.method + b":Arch:%05d:UNDI:003016" % client.architecture),
        (Option.ARCHITECTURE, client.architecture.to_bytes(2)),
        (Option.NETWORK_INTERFACE, b"\1\3\x10"),
        (Option.MACHINE_ID, b"\0" + client.mac + b"\0" * 9 + b"\1"),
    )
    if client.ipxe:
        options += ((Option.USER_CLASS, b"iPXE"), (Option.IPXE, FULL_IPXE))
    ciaddr = NO_ADDRESS
    if client.sloppy:
        unsaid = {Option.MAX_MESSAGE_SIZE, Option.ARCHITECTURE}
        if kind is MessageType.REQUEST:
            unsaid |= {Option.VENDOR_CLASS, Option.NETWORK_INTERFACE, Option.MACHINE_ID}
        options = tuple(option for option in options if option[0] not in unsaid)
        ciaddr = OLD_ADDRESS
    options += more
    return DhcpPacket(
        op=Op.BOOTREQUEST, xid=xid, chaddr=client.mac, flags=BROADCAST_FLAG, ciaddr=ciaddr, options=options
    )


def _offers(pc: socket.socket, discover: DhcpPacket, client: PxeClient) -> list[DhcpPacket]:
    heard = [answer for answer in _answers(pc, discover) if answer.message_type is MessageType.OFFER]
    return heard if client.split_offers else [offer for offer in heard if offer.yiaddr != NO_ADDRESS]


def _answers(pc: socket.socket, packet: DhcpPacket, to: str = EVERYBODY, port: int = 67) -> Iterator[DhcpPacket]:
    """The answers to this packet as they come, until no more do."""
    pc.sendto(encode(packet), (to, port))
    until = time.monotonic() + OFFERS_WITHIN
    heard = 0
    while (left := until - time.monotonic()) > 0:
        pc.settimeout(min(left, QUIET) if heard > 1 else left)
        try:
            answer = decode(pc.recvfrom(4096)[0])
        except TimeoutError:
            return
        if answer.op is Op.BOOTREPLY and (answer.xid, answer.chaddr) == (packet.xid, packet.chaddr):
            heard += 1
            yield answer


def _first_of(server_id: bytes, answers: Iterator[DhcpPacket]) -> DhcpPacket | None:
    return next((answer for answer in answers if answer.option(Option.SERVER_ID) == server_id), None)


def choose(client: PxeClient, offers: Sequence[DhcpPacket]) -> tuple[DhcpPacket, DhcpPacket | None]:
    """The offer whose address is taken, and the proxy's that names the boot file beside it, if one does."""
    if client.ipxe:
        return _choose_as_ipxe(client, offers)
    addressed = [offer for offer in offers if offer.yiaddr != NO_ADDRESS]
    if not addressed:
        raise NotBootedError("PXE-E51: no DHCP offers received")
    plain = [offer for offer in addressed if not _is_boot_offer(client, offer)] or addressed
    proxies = [offer for offer in offers if offer.yiaddr == NO_ADDRESS and _is_boot_offer(client, offer)]
    complete = [offer for offer in addressed if _is_complete(client, offer)]
    if complete:
        return complete[0], None
    if client.method == b"PXEClient":
        told = [offer for offer in proxies if offer.option(Option.VENDOR_OPTIONS) is not None]
        if told:
            return plain[0], told[0]
        only_named = [offer for offer in addressed if _is_boot_offer(client, offer)]
        if only_named:
            return only_named[0], None
    return plain[0], proxies[0] if proxies else None


def _choose_as_ipxe(client: PxeClient, offers: Sequence[DhcpPacket]) -> tuple[DhcpPacket, DhcpPacket | None]:
    """An address and a boot offer, which one packet may be both; the first packet that completes the pair ends it."""
    main = proxy = None
    for offer in offers:
        if offer.yiaddr != NO_ADDRESS and _priority(offer) >= _priority(main):
            main = offer
        if _is_boot_offer(client, offer) and _priority(offer) >= _priority(proxy):
            proxy = offer
        if main is not None and proxy is not None:
            break
    if main is None:
        raise NotBootedError("no offer with an address")
    return main, proxy if proxy is not main else None


def _priority(offer: DhcpPacket | None) -> int:
    """Option 175.1, which iPXE compares."""
    own = offer.option(Option.IPXE) if offer is not None else None
    return int.from_bytes(dict(decode_options(own or b"")).get(1, b""), signed=True)


def _is_boot_offer(client: PxeClient, offer: DhcpPacket) -> bool:
    return (offer.option(Option.VENDOR_CLASS) or b"").startswith(client.method)


def _is_complete(client: PxeClient, offer: DhcpPacket) -> bool:
    if not _is_boot_offer(client, offer) or not _boot_file(offer):
        return False
    return client.method == b"HTTPClient" or offer.option(Option.VENDOR_OPTIONS) is not None


def _boot_file(packet: DhcpPacket) -> bytes:
    return packet.file or packet.option(Option.BOOT_FILE) or b""
