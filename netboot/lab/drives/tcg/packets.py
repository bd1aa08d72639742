"""Packets and tokens between a host and a TPer, bytes to values and back. Pure.

Follows TCG Storage Architecture Core 2.01 §3.2.3 (ComPacket, Packet, Data SubPacket) and §3.2.2 (atoms and control
tokens). One packet with one subpacket in a ComPacket, as every host that is known here sends them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

HEADS = 20 + 24 + 12
"""Bytes of the three headers before the tokens."""
_COM = struct.Struct(">IHHIII")
_PACKET = struct.Struct(">IIIHHII")
_SUB = struct.Struct(">6xHI")


class Control(Enum):
    """Core §3.2.2.3.2, table "Control tokens"."""

    START_LIST = 0xF0
    END_LIST = 0xF1
    START_NAME = 0xF2
    END_NAME = 0xF3
    CALL = 0xF8
    END_OF_DATA = 0xF9
    END_OF_SESSION = 0xFA
    START_TRANSACTION = 0xFB
    END_TRANSACTION = 0xFC
    EMPTY = 0xFF


Token = Control | int | bytes
"""A control token, an unsigned number, or bytes."""


class PacketError(ValueError):
    """Not what the specification allows."""


@dataclass(frozen=True, slots=True)
class Packet:
    """What one ComPacket carries: its ComID, the session's two numbers, and the tokens."""

    com_id: int
    tper_session: int
    host_session: int
    tokens: tuple[Token, ...]


def parse_packet(data: bytes) -> Packet:
    """A ComPacket that a host sent. Raises PacketError."""
    if len(data) < HEADS:
        raise PacketError("shorter than its headers")
    _, com_id, _, _, _, com_length = _COM.unpack_from(data)
    tper, host, _, _, _, _, length = _PACKET.unpack_from(data, _COM.size)
    kind, sub_length = _SUB.unpack_from(data, _COM.size + _PACKET.size)
    if com_length > len(data) - _COM.size or length > com_length - _PACKET.size or sub_length > length - _SUB.size:
        raise PacketError("a length that goes beyond what holds it")
    if kind:
        raise PacketError("no data subpacket")
    return Packet(com_id, tper, host, tuple(_parse(data[HEADS : HEADS + sub_length])))


def packet(answer: Packet, room: int) -> bytes:
    """The ComPacket of an answer; raises PacketError when it is longer than `room`."""
    tokens = b"".join(_built(token) for token in answer.tokens)
    padded = tokens.ljust(-(-len(tokens) // 4) * 4, b"\0")
    length = _SUB.size + len(padded)
    heads = (
        _COM.pack(0, answer.com_id, 0, 0, 0, _PACKET.size + length)
        + _PACKET.pack(answer.tper_session, answer.host_session, 0, 0, 0, 0, length)
        + _SUB.pack(0, len(tokens))
    )
    if len(heads) + len(padded) > room:
        raise PacketError("more than the host has room for")
    return heads + padded


def nothing(com_id: int, *, outstanding: bool = False) -> bytes:
    """What a TPer without an answer sends (Core §3.3.10.2.1): no payload, and whether one will come."""
    return _COM.pack(0, com_id, 0, int(outstanding), 0, 0)


def _parse(data: bytes) -> Iterator[Token]:
    at = 0
    while at < len(data):
        first = data[at]
        if first >= 0xE4:
            try:
                control = Control(first)
            except ValueError:
                raise PacketError(f"a reserved token {first:#x}") from None
            at += 1
            if control is not Control.EMPTY:
                yield control
            continue
        at += 1
        if first < 0x80:
            if first & 0x40:
                raise PacketError("a signed number")
            yield first & 0x3F
            continue
        if first < 0xC0:
            is_bytes, is_signed, length = first & 0x20, first & 0x10, first & 0x0F
        elif first < 0xE0:
            if at >= len(data):
                raise PacketError("an atom without its length")
            is_bytes, is_signed, length = first & 0x10, first & 0x08, (first & 0x07) << 8 | data[at]
            at += 1
        else:
            is_bytes, is_signed, length = first & 0x02, first & 0x01, int.from_bytes(data[at : at + 3], "big")
            at += 3
        content = data[at : at + length]
        if len(content) != length:
            raise PacketError("an atom that goes beyond its packet")
        at += length
        if is_bytes:
            if is_signed:
                raise PacketError("a continued token")
            yield content
        elif is_signed or not 1 <= length <= 8:
            raise PacketError("a number of a kind that no method here takes")
        else:
            yield int.from_bytes(content, "big")


def _built(token: Token) -> bytes:
    if isinstance(token, Control):
        return bytes([token.value])
    if isinstance(token, bytes):
        if len(token) < 16:
            return bytes([0xA0 | len(token)]) + token
        return bytes([0xD0 | len(token) >> 8, len(token) & 0xFF]) + token
    if token < 0x40:
        return bytes([token])
    content = token.to_bytes((token.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(content)]) + content
