"""What a DHCP answer says, read into the doctor's own value (pure).

RFC 2132 for the options; what does not parse is left out of the value, since odd answers are what the doctor is for.
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Final

from netboot.dhcp.packet import NO_ADDRESS, DhcpPacket, MessageType, Op, Option
from netboot.doctor.observed import Asker, Offer, Step

_ANSWERS: Final = (MessageType.OFFER, MessageType.ACK)
_SCRIPT: Final = re.compile(r"http://(\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?/boot/ipxe")
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
    found = _SCRIPT.fullmatch(offer.file)
    try:
        return IPv4Address(found[1]) if found else None
    except AddressValueError:  # 999.1.1.1
        return None


def told_file(
    asker: Asker, offers: tuple[Offer, ...], replies: tuple[Offer, ...], netboot: IPv4Address
) -> tuple[str, tuple[Step, ...]]:
    """The file that this PC is told to load from netboot, "" for none, and the steps that led to it."""
    told = [offer for offer in offers if offer.asker is asker and offer.file]
    ours = [offer for offer in told if offer.server == netboot] or [o for o in told if o.next_server == netboot]
    if not ours:
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
