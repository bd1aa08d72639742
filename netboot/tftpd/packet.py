"""The TFTP codec: datagrams ⇄ typed values (RFC 1350 §5, RFC 2347).

A request is read as leniently as in.tftpd and dnsmasq read it, since firmware is sloppy: an option without a value, or
cut off at the end, is ignored with all that follows (RFC 2347: a server ignores what it does not take). The OACK, sent
once a transfer, goes through tftpy's packet class; ACK and DATA come by the thousand and are packed here.
Not for: which names there are (source.py), what an option means (transfer.py), sockets (tftp.py).
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from tftpy.TftpPacketTypes import TftpPacketOACK

MAX_REQUEST = 512
"""Bytes of the longest request (RFC 2347, 'Packet Formats'); what a client sends beyond them is not read."""

MAX_OPTIONS = 16
"""Options looked at in one request; firmware sends three or four, and what comes after them is ignored."""

MAX_ERROR_TEXT = 120
"""Characters of a client's ERROR message that are kept."""

_TWO_SHORTS = struct.Struct("!HH")


class Opcode(IntEnum):
    """RFC 1350 §5, RFC 2347."""

    RRQ = 1
    WRQ = 2
    DATA = 3
    ACK = 4
    ERROR = 5
    OACK = 6


# Plain numbers for the two packets of every block: an enum's member costs more to reach than to compare.
_DATA, _ACK = int(Opcode.DATA), int(Opcode.ACK)


class ErrorCode(IntEnum):
    """RFC 1350 appendix, RFC 2347."""

    UNDEFINED = 0
    NOT_FOUND = 1
    ACCESS = 2
    DISK_FULL = 3
    ILLEGAL = 4
    UNKNOWN_TRANSFER = 5
    FILE_EXISTS = 6
    NO_USER = 7
    OPTIONS = 8


class PacketError(Exception):
    """A datagram that is not what it should be; the text says why, in plain ASCII."""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What a client asks for: `mode` in lower case, `options` in the client's own spelling and order, with a value.

    One character is one byte of the request (Latin-1), so that no byte is lost, whatever the client wrote.
    """

    filename: str
    mode: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ClientError:
    """An ERROR packet from a client; `message` is printable and bounded."""

    code: int
    message: str


def opcode_of(datagram: bytes) -> int:
    """The opcode, or 0 for a datagram too short to have one."""
    return int.from_bytes(datagram[:2], "big") if len(datagram) >= 2 else 0


def parse_request(datagram: bytes) -> ReadRequest:
    """Read an RRQ. Raises PacketError, and nothing else, whatever the bytes are."""
    if opcode_of(datagram) != Opcode.RRQ:
        raise PacketError("not a read request")
    words = datagram[2:MAX_REQUEST].decode("latin-1").split("\0")
    # The last one is what follows the last NUL: nothing, padding, or a word that was never finished. A mode is taken
    # without its NUL all the same, since none but "octet" is served.
    if len(words) < 2:
        raise PacketError("a name without an end")
    filename, mode, *rest = words[:-1] if len(words) > 2 else words
    pairs = zip(rest[::2], rest[1::2], strict=False)
    options = tuple((name, value) for name, value in pairs if name and value)
    return ReadRequest(filename, mode.lower(), options[:MAX_OPTIONS])


def parse_reply(datagram: bytes) -> int | ClientError:
    """Read what a client sends during a transfer: an ACK's block number (0 to 65535), or its ERROR.

    Raises PacketError for anything else.
    """
    opcode: int
    number: int
    try:
        opcode, number = _TWO_SHORTS.unpack_from(datagram)
    except struct.error:
        raise PacketError("too short") from None
    if opcode == _ACK:
        return number
    if opcode == Opcode.ERROR:
        text = datagram[4:].split(b"\0", 1)[0][:MAX_ERROR_TEXT]
        return ClientError(number, printable(text.decode("ascii", "replace")))
    raise PacketError(f"opcode {opcode} during a transfer")


def encode_data(number: int, block: bytes) -> bytes:
    """A DATA packet with block `number`; the number on the wire rolls over from 65535 to 0."""
    return _TWO_SHORTS.pack(_DATA, number & 0xFFFF) + block


def encode_oack(options: tuple[tuple[str, str], ...]) -> bytes:
    """An OACK that names what was accepted (RFC 2347)."""
    packet = TftpPacketOACK()
    packet.options = dict(options)
    packet.encode()
    return bytes(packet.buffer)


def encode_error(code: ErrorCode, message: str) -> bytes:
    """An ERROR packet; tftpy's cannot carry a message of its own."""
    return _TWO_SHORTS.pack(Opcode.ERROR, code) + message.encode("ascii", "replace")[:MAX_ERROR_TEXT] + b"\0"


def printable(text: str, limit: int = 128) -> str:
    """`text` as it may stand in a log line: no control characters, at most `limit` characters."""
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(character if character.isprintable() else "�" for character in shown)
