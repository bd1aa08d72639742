"""The DHCP codec: bytes ⇄ DhcpPacket.

Follows RFC 2131 §2 (the fixed fields), RFC 2132 (options; overload, option 52) and RFC 3396 (an option longer than
255 bytes, or one that comes in several pieces). It is as lenient as dnsmasq, since firmware is sloppy: options may run
to the end of the packet without End, one that is cut short ends them, and an overload that overloads nothing is none.
Not for: what an option means to a PXE client (boot_client.py), text (text.py), sockets (service.py).
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address

MAX_PACKET = 1472
"""Bytes: what one Ethernet frame of 1,500 holds. Firmware sends no more, and many put no fragments together: what is
longer is refused unread, and never sent.
"""

MIN_PACKET = 300
"""Bytes. A BOOTP packet's length (RFC 951): shorter replies are padded, since some relays and ROMs drop them."""

BROADCAST_FLAG = 0x8000
NO_ADDRESS = IPv4Address(0)

_HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
_MAGIC_COOKIE = b"\x63\x82\x53\x63"
_PAD, _OVERLOAD, _END = 0, 52, 255
_OVERLOADS_FILE, _OVERLOADS_SNAME = 1, 2
_ETHERNET = (1, 6)  # htype; 6 is any IEEE 802 network, as some firmware calls it
_MAC = 6  # bytes


class MalformedPacket(Exception):  # noqa: N818 - named for what it is, beside `DhcpPacket`
    """These bytes are no DHCP packet; the message says where they stop being one."""


class Op(IntEnum):
    """Which way a packet goes (RFC 2131 §2)."""

    BOOTREQUEST = 1
    BOOTREPLY = 2


class MessageType(IntEnum):
    """Values of option 53 (RFC 2132 §9.6)."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8


class Option(IntEnum):
    """The option codes that netboot names."""

    SUBNET_MASK = 1
    ROUTER = 3
    DNS_SERVER = 6
    HOST_NAME = 12
    DOMAIN_NAME = 15
    BROADCAST_ADDRESS = 28
    VENDOR_OPTIONS = 43
    REQUESTED_ADDRESS = 50
    LEASE_TIME = 51
    MESSAGE_TYPE = 53
    SERVER_ID = 54
    PARAMETER_LIST = 55
    MESSAGE = 56
    MAX_MESSAGE_SIZE = 57
    RENEWAL_TIME = 58
    REBINDING_TIME = 59
    VENDOR_CLASS = 60
    CLIENT_ID = 61
    TFTP_SERVER = 66
    BOOT_FILE = 67
    USER_CLASS = 77  # RFC 3004
    RELAY_AGENT = 82  # RFC 3046
    ARCHITECTURE = 93  # RFC 4578
    NETWORK_INTERFACE = 94  # RFC 4578
    MACHINE_ID = 97  # RFC 4578
    CLASSLESS_ROUTES = 121  # RFC 3442
    TFTP_SERVER_ADDRESS = 150  # RFC 5859
    IPXE = 175  # ipxe.org: encapsulated options


Options = tuple[tuple[int, bytes], ...]
"""Code and value, in the order of their first appearance; each code once (RFC 3396 pieces are joined)."""


@dataclass(frozen=True, slots=True)
class DhcpPacket:
    """One DHCP packet. `secs` is in seconds; `sname` and `file` end before their NUL.

    Option overload belongs to the wire: decoding joins the overloaded fields into `options`, leaves `sname` and `file`
    empty then, and drops option 52; encoding never overloads.
    """

    op: Op
    xid: int
    chaddr: bytes
    options: Options = ()
    secs: int = 0
    flags: int = 0
    ciaddr: IPv4Address = NO_ADDRESS
    yiaddr: IPv4Address = NO_ADDRESS
    siaddr: IPv4Address = NO_ADDRESS
    giaddr: IPv4Address = NO_ADDRESS
    sname: bytes = b""
    file: bytes = b""
    htype: int = 1
    hops: int = 0

    def option(self, code: int) -> bytes | None:
        """The value of an option, None when it is not there."""
        for number, value in self.options:
            if number == code:
                return value
        return None

    @property
    def message_type(self) -> MessageType | None:
        """Option 53, which may come twice or be too long; None for plain BOOTP and for types that RFC 2132 has not."""
        return _MESSAGE_TYPES.get((self.option(Option.MESSAGE_TYPE) or b"")[:1])

    @property
    def mac(self) -> str:
        """The client's Ethernet address, "" for none: some firmware says that it fills the whole of `chaddr`."""
        return self.chaddr[:_MAC].hex(":") if self.htype in _ETHERNET and len(self.chaddr) >= _MAC else ""

    def address(self, code: int) -> IPv4Address | None:
        """The address in an option; None when there is none, or 0.0.0.0 or 255.255.255.255, which are nobody's."""
        value = (self.option(code) or b"")[:4]
        return IPv4Address(value) if len(value) == 4 and value not in _NOBODYS else None


_MESSAGE_TYPES: dict[bytes, MessageType] = {bytes((kind,)): kind for kind in MessageType}
_NOBODYS = (b"\0\0\0\0", b"\xff\xff\xff\xff")


def decode(data: bytes) -> DhcpPacket:
    """Read a UDP payload. Raises MalformedPacket, and nothing else, for whatever bytes."""
    if len(data) < _HEADER.size:
        raise MalformedPacket(f"{len(data)} bytes are too short for DHCP")
    if len(data) > MAX_PACKET:
        raise MalformedPacket(f"more than {MAX_PACKET} bytes")
    op, htype, hlen, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr, chaddr, sname, file, cookie = (
        _HEADER.unpack_from(data)
    )
    if op not in (Op.BOOTREQUEST, Op.BOOTREPLY):
        raise MalformedPacket(f"op {op} is neither request nor reply")
    if hlen > len(chaddr):
        raise MalformedPacket(f"a hardware address of {hlen} bytes")
    if cookie != _MAGIC_COOKIE:
        raise MalformedPacket("no DHCP magic cookie")
    pieces, fault = _split_options(data[_HEADER.size :])
    overload, odd = _overload(pieces)
    # RFC 3396 §5: pieces are joined in the order options, file, sname.
    if overload & _OVERLOADS_FILE:
        pieces += _split_options(file)[0]
        file = b""
    if overload & _OVERLOADS_SNAME:
        pieces += _split_options(sname)[0]
        sname = b""
    options = _join_pieces(pieces)
    if not options and (fault or odd):
        raise MalformedPacket(fault or odd)
    return DhcpPacket(
        op=Op(op),
        xid=xid,
        chaddr=chaddr[:hlen],
        options=options,
        secs=secs,
        flags=flags,
        ciaddr=_address(ciaddr),
        yiaddr=_address(yiaddr),
        siaddr=_address(siaddr),
        giaddr=_address(giaddr),
        sname=sname.partition(b"\0")[0],
        file=file.partition(b"\0")[0],
        htype=htype,
        hops=hops,
    )


def encode(packet: DhcpPacket) -> bytes:
    """The UDP payload, padded to MIN_PACKET bytes. Raises ValueError for a value that no packet can carry."""
    if len(packet.chaddr) > 16 or len(packet.sname) > 64 or len(packet.file) > 128:
        raise ValueError("chaddr holds 16 bytes, sname 64, file 128")
    if b"\0" in packet.sname or b"\0" in packet.file:
        raise ValueError("sname and file end at their first NUL")
    try:
        header = _HEADER.pack(
            packet.op,
            packet.htype,
            len(packet.chaddr),
            packet.hops,
            packet.xid,
            packet.secs,
            packet.flags,
            packet.ciaddr.packed,
            packet.yiaddr.packed,
            packet.siaddr.packed,
            packet.giaddr.packed,
            packet.chaddr,
            packet.sname,
            packet.file,
            _MAGIC_COOKIE,
        )
    except struct.error as error:
        raise ValueError(f"a field does not fit: {error}") from error
    data = header + encode_options(packet.options)
    if len(data) > MAX_PACKET:
        raise ValueError(f"{len(data)} bytes are more than {MAX_PACKET}")
    return data.ljust(MIN_PACKET, b"\0")


def wire_size(packet: DhcpPacket) -> int:
    """Bytes of the UDP payload, without its padding: more than MAX_PACKET cannot be encoded."""
    return _HEADER.size + len(encode_options(packet.options))


def decode_options(data: bytes) -> Options:
    """Read a run of options: code, length, value, with Pad and End; also encapsulated ones (43, 175).

    Raises MalformedPacket.
    """
    pieces, fault = _split_options(data)
    if fault:
        raise MalformedPacket(fault)
    return _join_pieces(pieces)


def encode_options(options: Options) -> bytes:
    """Write options and End; a value over 255 bytes goes out in pieces (RFC 3396). Raises ValueError."""
    written = bytearray()
    for code, value in options:
        if not _PAD < code < _END or code == _OVERLOAD:
            raise ValueError(f"{code} is not the code of an option that can be sent")
        while len(value) > 255:
            written += bytes((code, 255)) + value[:255]
            value = value[255:]
        written += bytes((code, len(value))) + value
    written.append(_END)
    return bytes(written)


def _split_options(data: bytes) -> tuple[list[tuple[int, bytes]], str]:
    """The options up to End or to one that is cut short, and "" or what is wrong with that one."""
    pieces: list[tuple[int, bytes]] = []
    at, end = 0, len(data)
    while at < end:
        code = data[at]
        if code == _PAD:
            at += 1
            continue
        if code == _END:
            break
        if at + 2 > end or at + 2 + data[at + 1] > end:
            return pieces, f"option {code} is cut short"
        value_at = at + 2
        at = value_at + data[at + 1]
        pieces.append((code, data[value_at:at]))
    return pieces, ""


def _overload(pieces: list[tuple[int, bytes]]) -> tuple[int, str]:
    """Which fields hold options too, and "" or what is wrong with what says so."""
    for code, value in pieces:
        if code == _OVERLOAD:
            if len(value) == 1 and 1 <= value[0] <= 3:
                return value[0], ""
            return 0, "option 52 (overload) is neither 1, 2 nor 3"
    return 0, ""


def _join_pieces(pieces: list[tuple[int, bytes]]) -> Options:
    joined: dict[int, bytes] = {}
    for code, value in pieces:
        if code != _OVERLOAD:
            joined[code] = joined[code] + value if code in joined else value
    return tuple(joined.items())


def _address(packed: bytes) -> IPv4Address:
    return NO_ADDRESS if packed == b"\0\0\0\0" else IPv4Address(packed)
