"""The format of the file in which a master goes to another workshop: written and read as a stream, once. Pure.

    magic      "netboot-bundle1\\n"
    opening    three parts, each 4 bytes of length (big-endian) and as many bytes:
               head      JSON: who writes, with the public key (Ed25519); which version the reader is to have already
               manifest  the master's signed manifest, as shared/manifest.py has it, signed by that key
               lengths   4 bytes (big-endian) for each chunk of the manifest, in the order in which it first stands
                         there: how long its zstd frame is in this file; 0: left out, the reader has it
    signature  64 bytes, by that key, over "netboot-bundle1 opening\\n" and the SHA-256 of all bytes before
    frames     those that are not left out, one behind the other
    end        the SHA-256 of all bytes before, and 64 bytes: that key's signature over "netboot-bundle1 end\\n" and it

So the length of the whole file is known from its opening, nothing of it is used before its signature is checked, and a
file that was cut lacks its end. No name of a file stands in it. Whatever a file says, what is held of it in memory is
bounded: 16 MiB of manifest, as much of lengths, one frame at a time.
Not for: whose key that is (`auth/known_workshops.py`), what the chunks hold (`store/`).
"""

import hashlib
import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from netboot.shared.errors import NetbootError
from netboot.shared.fields import Digest, Identifier
from netboot.shared.manifest import (
    CHUNK_LIMIT,
    LENGTH_LIMIT,
    ForeignManifestError,
    Line,
    Manifest,
    ManifestError,
    MasterName,
    parse_signed,
)

MAGIC: Final = b"netboot-bundle1\n"
HEAD_LIMIT: Final = 4096
FRAME_LIMIT: Final = CHUNK_LIMIT + 64 * 1024
"""Bytes of the longest frame: zstd makes what cannot be packed longer by one part in 256."""
_OPENING: Final = b"netboot-bundle1 opening\n"
_END: Final = b"netboot-bundle1 end\n"
_SIGNATURE: Final = 64
_SHA256: Final = 32
_END_LENGTH: Final = _SHA256 + _SIGNATURE
_AGAIN: Final = "copy it again, or have the other workshop write it again; nothing was taken in"


class BundleError(NetbootError):
    """A file that is no bundle, or one that is cut, damaged or contradicts itself."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint=_AGAIN)


class Since(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The version whose chunks are left out: what it is called where the file was written, its manifest's digest."""

    name: MasterName
    version: Annotated[Identifier, Meta(min_length=1)]
    manifest: Digest


class Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who wrote the file: a workshop's own name for itself, and its public key in hex."""

    format: Literal[1] = 1
    workshop: Line
    key: Digest
    since: Since | UnsetType = UNSET

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        return bytes.fromhex(self.key)


_head_decoder: Final = msgspec.json.Decoder(Head)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a bundle says before its frames, its signature checked. `lengths`: of each distinct chunk's frame, by its
    name, in the file's order; 0 where it is left out. `size`: bytes of the whole file."""

    head: Head
    manifest: Manifest
    lengths: Mapping[str, int]
    size: int

    @property
    def left_out(self) -> tuple[str, ...]:
        """The chunks that the reader must have already."""
        return tuple(sha256 for sha256, length in self.lengths.items() if not length)

    @property
    def here(self) -> tuple[tuple[str, int], ...]:
        """The chunks that are in the file, with the lengths of their frames."""
        return tuple((sha256, length) for sha256, length in self.lengths.items() if length)


def plain_lengths(manifest: Manifest) -> dict[str, int]:
    """The bytes of each distinct chunk, in the order in which it first stands there. Raises BundleError."""
    found: dict[str, int] = {}
    for chunk in manifest.every_chunk:
        if found.setdefault(chunk.sha256, chunk.length) != chunk.length:
            raise BundleError(f"its manifest gives the chunk {chunk.sha256} two lengths")
    return found


class Writer:
    """Writes a bundle: the opening at once, then `frame` for each chunk that is not left out, in order, then `end`."""

    def __init__(self, write: Callable[[bytes], object], key: SigningKey) -> None:
        self._write = write
        self._key = key
        self._sha256 = hashlib.sha256()
        self.at = 0
        """How many bytes were written."""

    def opening(self, head: Head, signed_manifest: bytes, lengths: Collection[int]) -> None:
        """Everything before the frames."""
        self._put(MAGIC)
        for part in (msgspec.json.encode(head), signed_manifest, struct.pack(f">{len(lengths)}I", *lengths)):
            self._put(struct.pack(">I", len(part)) + part)
        self._put(self._key.sign(_OPENING + self._sha256.digest()).signature)

    def frame(self, frame: bytes) -> None:
        """The next chunk's."""
        self._put(frame)

    def end(self) -> None:
        """What tells the file from one that was cut."""
        digest = self._sha256.digest()
        self._put(digest + self._key.sign(_END + digest).signature)

    def _put(self, data: bytes) -> None:
        self._sha256.update(data)
        self._write(data)
        self.at += len(data)


class Reader:
    """Reads a bundle from `read`, which gives at most as many bytes as it is asked for, and b"" at the end."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._sha256 = hashlib.sha256()
        self.at = 0
        """How many bytes were read."""

    def opening(self) -> Opening:
        """Everything before the frames. Raises BundleError."""
        if self._take(len(MAGIC)) != MAGIC:
            raise BundleError("this is no master of another workshop (netboot master export writes them)")
        head_text = self._part(HEAD_LIMIT, "head")
        signed_manifest = self._part(LENGTH_LIMIT, "manifest")
        lengths = self._part(LENGTH_LIMIT, "list of lengths")
        digest = self._sha256.digest()
        head = _head(head_text)
        _require_signed(head, _OPENING + digest, self._take(_SIGNATURE))
        try:
            manifest = parse_signed(signed_manifest, head.public_key)
        except ForeignManifestError as error:
            raise BundleError("its manifest is signed by another key than the file") from error
        except ManifestError as error:
            raise BundleError(f"its manifest cannot be read; netboot may be newer there than here: {error}") from error
        frames = _lengths(lengths, plain_lengths(manifest))
        return Opening(head, manifest, frames, self.at + sum(frames.values()) + _END_LENGTH)

    def frames(self, opening: Opening) -> Iterator[tuple[str, bytes]]:
        """Each chunk's name with its frame, which is not looked into. Raises BundleError."""
        for sha256, length in opening.here:
            yield sha256, self._take(length)

    def end(self, opening: Opening) -> None:
        """Raises BundleError when the file is not whole, or goes on."""
        digest = self._sha256.digest()
        if self._take(_SHA256) != digest:
            raise BundleError("its end does not belong to what stands before it: it is damaged")
        _require_signed(opening.head, _END + digest, self._take(_SIGNATURE))
        if self._read(1):
            raise BundleError("it goes on behind its end")

    def _part(self, limit: int, name: str) -> bytes:
        length = int.from_bytes(self._take(4))
        if length > limit:
            raise BundleError(f"its {name} is said to have {length} bytes; at most {limit} are read")
        return self._take(length)

    def _take(self, length: int) -> bytes:
        taken = bytearray()
        while len(taken) < length:
            piece = self._read(min(length - len(taken), 1 << 20))
            if not piece:
                raise BundleError(f"it is cut short: it ends after {self.at + len(taken)} bytes")
            taken += piece
        self._sha256.update(taken)
        self.at += length
        return bytes(taken)


def _head(text: bytes) -> Head:
    try:
        head = _head_decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BundleError(f"its head cannot be read: {str(error)[:200]}") from error
    if msgspec.json.encode(head) != text:
        raise BundleError("its head is not written in its one form")
    return head


def _lengths(data: bytes, chunks: Mapping[str, int]) -> dict[str, int]:
    if len(data) != 4 * len(chunks):
        raise BundleError(f"it tells the lengths of {len(data) / 4:g} frames, and its master has {len(chunks)} chunks")
    lengths = struct.unpack(f">{len(chunks)}I", data)
    if max(lengths) > FRAME_LIMIT:
        raise BundleError(f"a frame is said to have {max(lengths)} bytes; at most {FRAME_LIMIT} are read")
    return dict(zip(chunks, lengths, strict=True))


def _require_signed(head: Head, signed: bytes, signature: bytes) -> None:
    try:
        VerifyKey(head.public_key).verify(signed, signature)
    except (CryptoError, ValueError) as error:
        raise BundleError("it is not signed by the key that it names: it is damaged, or was changed") from error
