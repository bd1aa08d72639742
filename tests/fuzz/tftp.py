"""One input: a request, then what a client sends and lets pass by. The codec, the names and the state machine.

`play` raises AssertionError where a promise of theirs is broken, and lets any other error of theirs through.
"""

from collections.abc import Iterator

from netboot.tftpd.packet import (
    ClientError,
    PacketError,
    encode_data,
    encode_oack,
    opcode_of,
    parse_reply,
    parse_request,
)
from netboot.tftpd.source import clean_name, names_within
from netboot.tftpd.transfer import Limits, OptionError, Outcome, Terms, Transfer, negotiate
from tests.fuzz.pieces import Piece, read, write

LIMITS = Limits(timeout=1.0, retries=4, longest=300.0)
REPLY, EXPIRE = 0, 1
REQUEST = b"\0\1shimx64.efi\0octet\0tsize\x000\0blksize\x00%d\0windowsize\x00%d\0"


def play(data: bytes) -> None:
    pieces = read(data)
    first = next(pieces, None)
    if first is None:
        return
    opcode_of(first.payload)
    try:
        request = parse_request(first.payload)
    except PacketError:
        return
    name = clean_name(request.filename)
    assert name is None or not (name.startswith("/") or ".." in name.split("/"))
    assert all(clean_name(meant) == meant for meant in names_within(request.filename))
    size = first.kind * 997 + first.tenths
    try:
        terms = negotiate(request.options, size, LIMITS)
    except OptionError:
        return
    assert 8 <= terms.block_size <= LIMITS.block_size
    assert 1 <= terms.window <= LIMITS.window
    _serve(Transfer(terms, size, LIMITS, 0.0), terms, pieces)


def _serve(transfer: Transfer, terms: Terms, pieces: Iterator[Piece]) -> None:
    now, confirmed = 0.0, 0
    _sent(transfer, terms, transfer.start(now))
    for piece in pieces:
        ended = transfer.outcome
        if piece.kind % 2 == EXPIRE:
            now = max(now, transfer.deadline) if piece.tenths == 255 else now + piece.tenths / 10
            blocks = transfer.expire(now)
        else:
            now += piece.tenths / 1000
            try:
                reply = parse_reply(piece.payload)
            except PacketError:
                continue
            if isinstance(reply, ClientError):
                assert reply.message.isprintable()
                transfer.stop(reply)
                blocks = range(0)
            else:
                blocks = transfer.acknowledge(reply, now)
        _sent(transfer, terms, blocks)
        assert confirmed <= transfer.acknowledged <= transfer.size
        confirmed = transfer.acknowledged
        if ended is not None:
            assert transfer.outcome is ended, "an end is final"
            assert not blocks, "nothing is sent after the end"
        elif transfer.outcome is None:
            assert now <= transfer.deadline or piece.kind % 2 == REPLY, "it is always known when to look again"
        elif transfer.outcome is Outcome.FINISHED:
            assert transfer.acknowledged == transfer.size


def _sent(transfer: Transfer, terms: Terms, blocks: range) -> None:
    """What is to be sent is a window's, and has a form on the wire."""
    assert len(blocks) <= terms.window
    assert not blocks or 0 <= blocks.start <= blocks[-1] <= transfer.last
    for number in blocks[:2]:
        packet = encode_data(number, b"") if number else encode_oack(terms.accepted)
        assert len(packet) <= 512


def seeds() -> Iterator[bytes]:
    """A size probe, a whole transfer in lock-step, and one with windows, a loss and silence."""
    request = REQUEST % (1468, 4)
    yield write(Piece(3, 9, request), Piece(REPLY, 1, b"\0\5\0\x08User aborted\0"))
    acks = [Piece(REPLY, 1, b"\0\4" + number.to_bytes(2, "big")) for number in range(8)]
    yield write(Piece(3, 9, b"\0\1grub/grub.cfg\0octet\0"), *acks)
    yield write(Piece(9, 9, request), acks[0], acks[2], Piece(EXPIRE, 20, b""), acks[2], acks[6], acks[7])
    yield write(Piece(9, 9, REQUEST % (8, 64)), acks[0], *(Piece(EXPIRE, 255, b"") for _ in range(6)))
