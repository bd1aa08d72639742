"""A fuzzer's bytes as a sequence of pieces: how one input is a whole dialogue. A piece is a kind, some tenths of a
second since the last one, and a payload.

    kind 1 byte, tenths 1 byte, length 2 bytes, payload
"""

from collections.abc import Iterator
from dataclasses import dataclass

MOST = 16
"""Pieces of one input that are read."""


@dataclass(frozen=True, slots=True)
class Piece:
    kind: int
    tenths: int
    payload: bytes


def read(data: bytes) -> Iterator[Piece]:
    """Any bytes are pieces; the last may be cut short."""
    at = 0
    for _ in range(MOST):
        if at + 4 > len(data):
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield Piece(data[at], data[at + 1], data[at + 4 : at + 4 + length])
        at += 4 + length


def write(*pieces: Piece) -> bytes:
    """The input that `read` reads as these."""
    return b"".join(
        bytes((piece.kind, piece.tenths)) + len(piece.payload).to_bytes(2, "big") + piece.payload for piece in pieces
    )
