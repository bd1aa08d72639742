"""Looks for another DHCP server before our own starts: two that know nothing of each other give one address twice.

Sends a DISCOVER of its own (RFC 2131 §4.4.1) and waits for offers that carry an address; a proxy's carries none. By a
raw socket (packet(7)), so that no other program on port 68 and no firewall of this machine comes between.
Not for: what else is wrong with a LAN.
"""

import asyncio
import os
import socket
import struct
from ipaddress import IPv4Address

from netboot.dhcp.core import BROADCAST, CLIENT_PORT, SERVER_PORT
from netboot.dhcp.packet import (
    BROADCAST_FLAG,
    NO_ADDRESS,
    DhcpPacket,
    MalformedPacket,
    MessageType,
    Op,
    Option,
    decode,
    encode,
)
from netboot.shared.errors import NetbootError

WAITS = (2.0, 2.5)
"""Seconds that are waited after each DISCOVER: dnsmasq pings an address for up to 3 s before it offers it."""

_ETH_P_IP = 0x0800
_EVERYBODY = b"\xff" * 6
_IP = struct.Struct("!BBHHHBBH4s4s")
_UDP = struct.Struct("!HHHH")
_UDP_PROTOCOL = 17
_LONGEST = 65535  # bytes of an IP packet, its headers among them


async def refuse_beside_another(interface: str, own: IPv4Address) -> None:
    """Raise NetbootError when another DHCP server answers on this interface, or runs on this machine."""
    _refuse_another_here()
    rival = await find_rival(interface, own)
    if rival is not None:
        raise NetbootError(
            f"another DHCP server answers on {interface}: {rival}. Two that give addresses on one LAN take PCs off it",
            hint="set `dhcp.mode: proxy` to boot PCs beside it, or take it off this switch, then start again; if both "
            "must answer, give them different pools, set `dhcp.full.beside_another: true` and start with "
            "--beside-another-dhcp",
        )


async def find_rival(interface: str, own: IPv4Address) -> IPv4Address | None:
    """The first other server that offers us an address, None when none did. Raises NetbootError."""
    try:
        opened = socket.socket(
            socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, socket.htons(_ETH_P_IP)
        )
    except OSError as error:
        raise NetbootError(f"no raw socket: {error.strerror}", hint="start netboot as root") from error
    with opened:
        try:
            opened.bind((interface, _ETH_P_IP))
            mac: bytes = opened.getsockname()[4]
            xid = int.from_bytes(os.urandom(4))
            for wait in WAITS:
                opened.sendto(_discover(mac, xid), (interface, _ETH_P_IP, 0, 0, _EVERYBODY))
                try:
                    async with asyncio.timeout(wait):
                        return await _first_offer(opened, xid, own)
                except TimeoutError:
                    continue
        except OSError as error:
            raise NetbootError(
                f"{interface} cannot be asked for another DHCP server: {error.strerror}",
                hint="plug in its cable, or: ip link set dev " + interface + " up",
            ) from error
    return None


async def _first_offer(opened: socket.socket, xid: int, own: IPv4Address) -> IPv4Address:
    loop = asyncio.get_running_loop()
    while True:
        server = read_offer(await loop.sock_recv(opened, _LONGEST), xid)
        if server is not None and server != own:
            return server


def read_offer(packet: bytes, xid: int) -> IPv4Address | None:
    """The server that offers an address in answer to `xid` in this IP packet; None for whatever else it is."""
    if len(packet) < _IP.size or packet[0] >> 4 != 4 or packet[9] != _UDP_PROTOCOL:
        return None
    header = (packet[0] & 15) * 4
    if len(packet) < header + _UDP.size or _UDP.unpack_from(packet, header)[1] != CLIENT_PORT:
        return None
    try:
        reply = decode(packet[header + _UDP.size :])
    except MalformedPacket:
        return None
    if reply.op is not Op.BOOTREPLY or reply.xid != xid or reply.message_type is not MessageType.OFFER:
        return None
    if reply.yiaddr == NO_ADDRESS:
        return None
    server = reply.option(Option.SERVER_ID) or b""
    return IPv4Address(server if len(server) == 4 else packet[12:16])


def _discover(mac: bytes, xid: int) -> bytes:
    """An IP packet with a DISCOVER, from a host that has no address yet."""
    options = (
        (Option.MESSAGE_TYPE, bytes((MessageType.DISCOVER,))),
        (Option.PARAMETER_LIST, bytes((Option.SUBNET_MASK, Option.ROUTER))),
    )
    payload = encode(DhcpPacket(op=Op.BOOTREQUEST, xid=xid, chaddr=mac, flags=BROADCAST_FLAG, options=options))
    udp = _UDP.pack(CLIENT_PORT, SERVER_PORT, _UDP.size + len(payload), 0)  # no checksum: RFC 768 allows it
    length = _IP.size + len(udp) + len(payload)
    header = _IP.pack(0x45, 0, length, 0, 0, 64, _UDP_PROTOCOL, 0, NO_ADDRESS.packed, BROADCAST.packed)
    header = header[:10] + _checksum(header).to_bytes(2) + header[12:]
    return header + udp + payload


def _checksum(header: bytes) -> int:
    """RFC 791: the one's complement of the one's complement sum of all 16-bit words."""
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _refuse_another_here() -> None:
    """Our own broadcasts do not come back to this machine, so a server here is found by its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as trial:
        try:
            trial.bind(("0.0.0.0", SERVER_PORT))  # noqa: S104 - taken by whichever address it is
        except OSError as error:
            raise NetbootError(
                f"UDP port {SERVER_PORT} of this machine cannot be had: {error.strerror}; another DHCP server runs "
                "here, usually dnsmasq, isc-dhcp-server or kea",
                hint=f"`ss --udp --listening --processes sport = :{SERVER_PORT}` names it; stop it, or set "
                "`dhcp.mode: proxy`",
            ) from error
