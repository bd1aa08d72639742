"""Unpacks what gzip (RFC 1952), xz (xz-file-format 1.2), bzip2 or zstd (RFC 8878) packed, as a stream, piece by piece.

Pure: bytes in, bytes out. Several members one after the other count as one, as these programs have it. Zeros behind the
last one are let pass where the program lets them (gzip's tapes, xz's padding). Anything else behind it is refused: a
part of the disk that was damaged looks like that.
Not for: what is inside, and where it goes (`spool.py`).
"""

import bz2
import lzma
import zlib
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

import zstandard

from netboot.masters.file_format import Packing
from netboot.shared.errors import NetbootError

PIECE: Final = 1 << 20
"""Bytes of a piece that is given out, of zstd's up to as many as 2 KiB can stand for: 64 MiB."""
_MEMORY: Final = 256 << 20
"""Bytes that unpacking may take: four times what `xz -9` asks for, twice what zstd allows without --long."""
_ZSTD_FED: Final = 2048
_ERRORS: Final = (zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError, OSError, ValueError)
_PADDED: Final = ("gzip", "xz")
_AGAIN: Final = "copy or download it again"


class _Member(Protocol):
    """One packed member. `feed` takes packed bytes; `rest` are those behind its end, None while it has not come."""

    rest: bytes | None

    def feed(self, data: bytes) -> Iterator[bytes]: ...


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self.rest: bytes | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            piece = self._stream.decompress(data, PIECE)
            yield piece
            data = self._stream.unconsumed_tail
            # A whole piece may leave some more inside.
            if self._stream.eof or not (data or len(piece) == PIECE):
                break
        if self._stream.eof:
            self.rest = self._stream.unused_data


class _Blocks:
    """xz and bzip2, which Python treats alike."""

    def __init__(self, stream: lzma.LZMADecompressor | bz2.BZ2Decompressor) -> None:
        self._stream = stream
        self.rest: bytes | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield self._stream.decompress(data, PIECE)
        while not (self._stream.eof or self._stream.needs_input):
            yield self._stream.decompress(b"", PIECE)
        if self._stream.eof:
            self.rest = self._stream.unused_data


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdDecompressor(max_window_size=_MEMORY).decompressobj()
        self.rest: bytes | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        # What comes out has no bound but the one of what goes in: a block of 128 KiB may stand in 4 bytes.
        for at in range(0, len(data), _ZSTD_FED):
            yield self._stream.decompress(data[at : at + _ZSTD_FED])
            if self._stream.eof:
                self.rest = self._stream.unused_data + data[at + _ZSTD_FED :]
                return


def unpacked(parts: Iterable[bytes], packing: Packing, name: str) -> Iterator[bytes]:
    """What is packed in these parts of one file, in pieces. Raises NetbootError as soon as something is wrong."""
    member: _Member | None = None
    members = zeros = 0
    for part in parts:
        data = part
        while data:
            if member is None:
                packed = data.lstrip(b"\0") if members and packing in _PADDED else data
                zeros += len(data) - len(packed)
                if not packed:
                    break
                data, member = packed, _start(packing)
            yield from _fed(member, data, packing, name, members)
            if member.rest is None:
                break
            data, member, members = member.rest, None, members + 1
    if member is not None:
        raise NetbootError(f"{name} is cut short: the end of what {packing} packed is missing", hint=_AGAIN)
    if packing == "xz" and zeros % 4:
        raise NetbootError(f"{name} is damaged: {zeros} zeros stand where xz has multiples of 4", hint=_AGAIN)


def _start(packing: Packing) -> _Member:
    match packing:
        case "gzip":
            return _Gzip()
        case "xz":
            return _Blocks(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY))
        case "bzip2":
            return _Blocks(bz2.BZ2Decompressor())
        case "zstd":
            return _Zstd()


def _fed(member: _Member, data: bytes, packing: Packing, name: str, members: int) -> Iterator[bytes]:
    try:
        for piece in member.feed(data):
            if piece:
                yield piece
    except _ERRORS as error:
        if "emory" in str(error):
            raise NetbootError(
                f"{name} takes more than {_MEMORY >> 20} MiB of memory to unpack", hint="unpack it first"
            ) from error
        where = f", behind the end of its part {members}" if members else ""
        raise NetbootError(f"{name} is damaged{where}: {packing} says {error}", hint=_AGAIN) from error
