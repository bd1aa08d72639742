"""Parses DHCP answers into the doctor's own `Offer` (pure).

RFC 2132 for the options. What does not parse is left out, not refused: odd answers are what the doctor looks for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Final

from netboot.dhcp.packet import (
    NO_ADDRESS,
    DhcpPacket,
    MalformedPacket,
    MessageType,
    Op,
    Option,
    decode_options,
)
from netboot.doctor.observed import Asker, Offer, Step

_ANSWERS: Final = (MessageType.OFFER, MessageType.ACK)
_SCRIPT: Final = re.compile(r"http://(\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?/boot/ipxe")
_DISCOVERY_CONTROL, _BOOT_SERVERS, _BOOT_MENU = 6, 8, 9
_TAKE_THE_FILE: Final = 0x08
_LONGEST: Final = 128  # characters of a text that is shown


def is_answer(packet: DhcpPacket) -> bool:
    """Whether this is a DHCP or boot server's answer that gives something."""
    return packet.op is Op.BOOTREPLY and packet.message_type in _ANSWERS


def server_of(packet: DhcpPacket, source: IPv4Address) -> IPv4Address:
    """Who a packet says it is from (option 54), else where it came from."""
    named = _addresses(packet.option(Option.SERVER_ID))
    return named[0] if named else source


def read_offer(packet: DhcpPacket, asker: Asker, *, source: IPv4Address, source_mac: str, after: float) -> Offer:
    """The offer or acknowledgement in `packet`; `after` is in seconds since the question."""
    lease = packet.option(Option.LEASE_TIME)
    mask = packet.option(Option.SUBNET_MASK)
    return Offer(
        asker=asker,
        server=server_of(packet, source),
        source_mac=source_mac,
        address=packet.yiaddr,
        network=_network(packet.yiaddr, mask),
        routers=_addresses(packet.option(Option.ROUTER)),
        dns=_addresses(packet.option(Option.DNS_SERVER)),
        lease=int.from_bytes(lease) if lease is not None and len(lease) == 4 else None,
        next_server=packet.siaddr,
        file=_text(packet.file) or _text(packet.option(Option.BOOT_FILE)),
        vendor_class=_text(packet.option(Option.VENDOR_CLASS)),
        vendor_options=(packet.option(Option.VENDOR_OPTIONS) or b"")[:255],
        tftp_server=_text(packet.option(Option.TFTP_SERVER)),
        after=after,
    )


def netboot_named_by(offer: Offer) -> IPv4Address | None:
    """The netboot that an iPXE is sent to by this offer, None when it is sent elsewhere.

    The script's name is netboot's own, so netboot is known by its DHCP alone, also where its files cannot be reached.
    """
    match = _SCRIPT.fullmatch(offer.file)
    try:
        return IPv4Address(match[1]) if match else None
    except AddressValueError:  # 999.1.1.1
        return None


@dataclass(frozen=True, slots=True)
class BootQuestion:
    """Whom a PC asks on port 4011 for its file, and for which item of the menu that it was sent, None without one."""

    server: IPv4Address
    item: int | None = None


def asked_on_4011(offer: Offer) -> BootQuestion | None:
    """Whom firmware asks after this offer (PXE 2.1 §2.2 and §2.4); None when it asks nobody.

    A menu's first item is the one that is taken when nobody chooses; its type 0 is the PC's own disk.
    """
    if not offer.speaks_pxe or offer.asker is Asker.HTTP:
        return None
    # UEFI asks whoever says no more than PXEClient, with a menu's prompt or not; a BIOS and iPXE take the file named.
    plain = BootQuestion(offer.server) if offer.asker in (Asker.UEFI, Asker.IA32) else None
    try:
        suboptions = dict(decode_options(offer.vendor_options))
    except MalformedPacket:
        return None
    if not suboptions.keys() & {_DISCOVERY_CONTROL, _BOOT_SERVERS, _BOOT_MENU}:
        return plain
    control = suboptions.get(_DISCOVERY_CONTROL, b"")
    if control and control[0] & _TAKE_THE_FILE:
        return None
    servers = _boot_servers(suboptions.get(_BOOT_SERVERS, b""))
    for item in _menu_items(suboptions.get(_BOOT_MENU, b"")):
        if item and servers.get(item):
            return BootQuestion(servers[item], item)
    return None


def _boot_servers(value: bytes) -> dict[int, IPv4Address]:
    """Tag 8: a type of two bytes, a number of addresses, those; each time again. The first address of each type."""
    servers: dict[int, IPv4Address] = {}
    at = 0
    while at + 3 <= len(value):
        item, count = int.from_bytes(value[at : at + 2]), value[at + 2]
        address = value[at + 3 : at + 7]
        if count and len(address) == 4:
            servers.setdefault(item, IPv4Address(address))
        at += 3 + 4 * count
    return servers


def _menu_items(value: bytes) -> Iterator[int]:
    """Tag 9: a type of two bytes, the length of what is shown, that; each time again."""
    at = 0
    while at + 3 <= len(value):
        yield int.from_bytes(value[at : at + 2])
        at += 3 + value[at + 2]


def told_file(
    asker: Asker, offers: tuple[Offer, ...], replies: tuple[Offer, ...], netboot: IPv4Address
) -> tuple[str, tuple[Step, ...]]:
    """The file that this PC is told to load from netboot, "" for none, and the steps that led to it."""
    told = [offer for offer in offers if offer.asker is asker and offer.file]
    ours = [offer for offer in told if offer.server == netboot] or [o for o in told if o.next_server == netboot]
    if not ours:
        for named in replies:
            if named.asker is asker and named.file and named.next_server == netboot:
                after = min((offer.after for offer in offers if offer.asker is asker), default=0.0)
                asked = Step("dhcp", str(named.server), after)
                return named.file, (asked, Step("4011", str(named.server), named.after))
        return "", (Step("dhcp", str(netboot), 0.0, trouble="silent", detail="no answer names a boot file"),)
    offer = ours[0]
    asked = Step("dhcp", str(offer.server), offer.after)
    if not offer.is_proxy or offer.vendor_options or asker in (Asker.HTTP, Asker.IPXE, Asker.BIOS):
        return offer.file, (asked,)
    reply = next((reply for reply in replies if reply.asker is asker and reply.server == netboot), None)
    if reply is None:
        return "", (asked, Step("4011", str(netboot), 0.0, trouble="silent", detail="no answer"))
    return reply.file, (asked, Step("4011", str(netboot), reply.after))


def _addresses(value: bytes | None) -> tuple[IPv4Address, ...]:
    if not value or len(value) % 4:
        return ()
    return tuple(IPv4Address(value[at : at + 4]) for at in range(0, min(len(value), 32), 4))


def _network(address: IPv4Address, mask: bytes | None) -> IPv4Network | None:
    if mask is None or len(mask) != 4 or address == NO_ADDRESS:
        return None
    try:
        return IPv4Network((address, str(IPv4Address(mask))), strict=False)
    except ValueError:
        return None


def _text(value: bytes | None) -> str:
    """Some servers end a text with NUL (RFC 2132 §2 forbids it); nothing that is not printable reaches a terminal."""
    shown = (value or b"").partition(b"\0")[0].decode("ascii", "replace")[:_LONGEST]
    return "".join(letter if letter.isprintable() else "?" for letter in shown)
