"""A DHCP packet as text a person can read: for debug logs, and for the tests against recorded packets.

One field a line; fields that are zero or empty are left out.
Not for: parsing back.
"""

from collections.abc import Callable
from ipaddress import IPv4Address

from netboot.dhcp.packet import BROADCAST_FLAG, NO_ADDRESS, DhcpPacket, MessageType, Option


def render(packet: DhcpPacket) -> str:
    """All of a packet, as lines joined by newlines; every byte that is not plain ASCII is shown in hexadecimal."""
    kind = packet.message_type
    lines = [
        f"{packet.op.name} {kind.name if kind else 'without a message type'}",
        f"  xid {packet.xid:08x}",
        f"  chaddr {packet.chaddr.hex(':')}" + ("" if packet.htype == 1 else f" (htype {packet.htype})"),
    ]
    if packet.hops:
        lines.append(f"  hops {packet.hops}")
    if packet.secs:
        lines.append(f"  secs {packet.secs}")
    if packet.flags:
        lines.append("  flags broadcast" if packet.flags == BROADCAST_FLAG else f"  flags {packet.flags:#06x}")
    for name in ("ciaddr", "yiaddr", "siaddr", "giaddr"):
        address: IPv4Address = getattr(packet, name)
        if address != NO_ADDRESS:
            lines.append(f"  {name} {address}")
    if packet.sname:
        lines.append(f"  sname {_text(packet.sname)}")
    if packet.file:
        lines.append(f"  file {_text(packet.file)}")
    lines += [f"  option {code}{_name(code)}: {_VALUE.get(code, _hex)(value)}" for code, value in packet.options]
    return "\n".join(lines)


def _name(code: int) -> str:
    return f" {Option(code).name.lower().replace('_', ' ')}" if code in _NAMED else ""


_NAMED = frozenset(Option)


def _hex(value: bytes) -> str:
    return value.hex(" ")


def _text(value: bytes) -> str:
    if all(0x20 <= byte < 0x7F for byte in value):
        return f'"{value.decode("ascii")}"'
    return _hex(value)


def _addresses(value: bytes) -> str:
    if not value or len(value) % 4:
        return _hex(value)
    return " ".join(str(IPv4Address(value[at : at + 4])) for at in range(0, len(value), 4))


def _number(value: bytes) -> str:
    return str(int.from_bytes(value)) if 1 <= len(value) <= 4 else _hex(value)


def _message_type(value: bytes) -> str:
    return MessageType(value[0]).name if len(value) == 1 and value[0] in frozenset(MessageType) else _hex(value)


def _codes(value: bytes) -> str:
    return " ".join(str(code) for code in value)


_VALUE: dict[int, Callable[[bytes], str]] = {
    Option.SUBNET_MASK: _addresses,
    Option.ROUTER: _addresses,
    Option.DNS_SERVER: _addresses,
    Option.HOST_NAME: _text,
    Option.DOMAIN_NAME: _text,
    Option.REQUESTED_ADDRESS: _addresses,
    Option.LEASE_TIME: _number,
    Option.MESSAGE_TYPE: _message_type,
    Option.SERVER_ID: _addresses,
    Option.PARAMETER_LIST: _codes,
    Option.MESSAGE: _text,
    Option.MAX_MESSAGE_SIZE: _number,
    Option.VENDOR_CLASS: _text,
    Option.TFTP_SERVER: _text,
    Option.BOOT_FILE: _text,
    Option.USER_CLASS: _text,
    Option.ARCHITECTURE: _number,
    Option.TFTP_SERVER_ADDRESS: _addresses,
}
