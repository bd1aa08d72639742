"""The store's folder: chunks named by the SHA-256 of their plain bytes, signed manifests, and masters by name.

    chunks/ab/abcdef….zst   one zstd frame, its plain length in its header
    manifests/<digest>      signed manifests, as manifest.py describes them
    masters/<name>          the digest of the master's current manifest, as text
    drafts/                 files on their way: whole and synced before they are renamed into place

Every file is written once and never changed, so that readers need no lock and HTTP can send it straight from disk.
Writers, and whoever has a draft, hold the store's lock shared; `upkeep.py` holds it alone when it deletes.
Not for: making chunks (`masters/chunking.py`), deleting and checking (`upkeep.py`). Sizes are bytes.
"""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import zstandard
from nacl.signing import SigningKey

from netboot.files.data_folder import make_private
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import (
    CHUNK_LIMIT,
    MASTER_NAME,
    ForeignManifestError,
    Manifest,
    ManifestError,
    digest_of,
    parse_own,
    parse_signed,
    sign,
)

LEVEL: Final = 9
"""zstd's level. On a Debian root in pieces of 1 MiB, one core: level 3 leaves 60.4 % at 305 MB/s, level 9 59.2 % at
86 MB/s, level 19 56.9 % at 4 MB/s; a master is packed once and sent to hundreds of PCs, but must be packed today."""
SPARE: Final = 256 * 1024 * 1024
"""What a write leaves free on the store's disk, in bytes."""

_MAKE_ROOM: Final = (
    "delete masters that are no longer wanted (netboot master remove NAME), or give it a larger disk; "
    "then start the command again"
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(MASTER_NAME)


class StoreError(NetbootError):
    """Something asked of the store that it does not hold, or that no store could hold."""


class ForeignError(StoreError):
    """A manifest that this workshop's key did not sign: no agent accepts it, so it is no master."""

    def __init__(self, message: str, *, digest: str) -> None:
        super().__init__(
            message,
            hint="put the signing.key that it was made with back from a backup; or build or import this master again",
        )
        self.digest = digest


class Store:
    """One store. The folder is made when it is first written to.

    `accepts` is the public key (32 bytes) that its manifests must be signed with; None: signatures are not checked.
    """

    def __init__(self, folder: Path, *, accepts: bytes | None = None) -> None:
        self.folder = folder
        self._accepts = accepts
        self._read: dict[str, Manifest] = {}

    def chunk_path(self, sha256: str) -> Path | None:
        """The zstd frame of this chunk, or None when it is not here (or the name is none)."""
        path = self.chunk_file(sha256) if _DIGEST.fullmatch(sha256) else None
        return path if path is not None and path.is_file() else None

    def chunk_file(self, sha256: str) -> Path:
        """Where this chunk belongs. Raises StoreError for what is no digest."""
        return self.folder / "chunks" / _digest(sha256)[:2] / f"{sha256}.zst"

    def manifest_file(self, digest: str) -> Path:
        """Where this manifest belongs. Raises StoreError for what is no digest."""
        return self.folder / "manifests" / _digest(digest)

    def manifest(self, digest: str) -> Manifest:
        """The manifest of this digest. Raises StoreError, ForeignError when another key signed it."""
        known = self._read.get(digest)
        if known is not None:
            return known
        path = self.manifest_file(digest)
        try:
            data = path.read_bytes()
            manifest = parse_own(data) if self._accepts is None else parse_signed(data, self._accepts)
        except ForeignManifestError as error:
            raise ForeignError(f"{path}: {error}", digest=digest) from error
        except FileNotFoundError as error:
            raise StoreError(f"the store has no manifest {digest}", hint="netboot master list shows it all") from error
        except (OSError, ManifestError) as error:
            raise StoreError(f"{path}: {error}", hint="build or import this master again") from error
        if digest_of(data) != digest:
            raise StoreError(f"{path} is not the manifest it is named after", hint="build or import this master again")
        self._read[digest] = manifest
        return manifest

    def names(self) -> dict[str, str]:
        """Each master's name and the digest of its current manifest, in order of the names."""
        found = {}
        for path in _entries(self.folder / "masters"):
            digest = self._digest_of_master(path.name) if _NAME.fullmatch(path.name) else None
            if digest is not None:
                found[path.name] = digest
        return found

    def masters(self) -> tuple[Manifest, ...]:
        """The current manifest of every master, in order of the names. Raises StoreError when one is damaged."""
        return tuple(self.manifest(digest) for digest in self.names().values())

    def current(self, name: str) -> Manifest | None:
        """The current manifest of this master, or None. Raises StoreError when it is damaged or `name` is no name."""
        digest = self._digest_of_master(_name(name))
        return None if digest is None else self.manifest(digest)

    def put_chunk(self, plain: bytes) -> str:
        """Keep this chunk and return its name. A damaged copy that is there already is replaced."""
        sha256 = hashlib.sha256(plain).hexdigest()
        path = self.chunk_file(sha256)
        try:
            if unpack_chunk(path.read_bytes()) == plain:
                return sha256
        except (FileNotFoundError, StoreError):
            pass
        self._write(path, zstandard.ZstdCompressor(level=LEVEL).compress(plain))
        return sha256

    def put_frame(self, sha256: str, frame: bytes) -> None:
        """Keep a frame that another store made, its plain bytes checked against this name. Raises StoreError."""
        if hashlib.sha256(unpack_chunk(frame)).hexdigest() != sha256:
            raise StoreError(f"the frame of the chunk {sha256} is damaged", hint="build or import the master again")
        path = self.chunk_file(sha256)
        if not path.is_file() or path.read_bytes() != frame:
            self._write(path, frame)

    def get_frame(self, sha256: str) -> bytes:
        """The zstd frame of this chunk as it lies there. Raises StoreError."""
        try:
            return self.chunk_file(sha256).read_bytes()
        except OSError as error:
            raise StoreError(
                f"the chunk {sha256} cannot be read: {error.strerror}", hint="build or import the master again"
            ) from error

    def get_chunk(self, sha256: str) -> bytes:
        """The plain bytes of this chunk, checked against its name. Raises StoreError."""
        plain = unpack_chunk(self.get_frame(sha256))
        if hashlib.sha256(plain).hexdigest() != sha256:
            raise StoreError(f"the chunk {sha256} is damaged", hint="build or import the master again")
        return plain

    def publish(self, manifest: Manifest, key: SigningKey) -> str:
        """Sign and keep a manifest whose chunks are all here, make it its master's current one, return its digest.

        Raises StoreError when a chunk is missing, ManifestError when the manifest contradicts itself.
        """
        for chunk in manifest.chunks:
            if self.chunk_path(chunk.sha256) is None:
                raise StoreError(f"the chunk {chunk.sha256} of {manifest.name} is missing", hint="build it again")
        signed = sign(manifest, key)
        digest = digest_of(signed)
        self._write(self.manifest_file(digest), signed)
        self._write(self.folder / "masters" / _name(manifest.name), f"{digest}\n".encode())
        return digest

    def require_space(self, wanted: int) -> None:
        """Raises NetbootError when `wanted` more bytes would not fit, before a long work is begun."""
        with self._said():
            make_private(self.folder.parent)
            self.folder.mkdir(exist_ok=True)
            free = shutil.disk_usage(self.folder).free
        if free < wanted + SPARE:
            raise NetbootError(
                f"{self.folder} has {free >> 20} MiB free, and {(wanted + SPARE) >> 20} MiB are needed", hint=_MAKE_ROOM
            )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Held while chunks are put and until their manifest is published, so that none is deleted in between."""
        with self._lock(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Held by whoever deletes. Raises StoreError at once when a build or an import is at work."""
        with self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield

    @contextmanager
    def draft(self, suffix: str) -> Iterator[Path]:
        """A path for a temporary file or folder on the store's own disk, removed at the end."""
        drafts = self.folder / "drafts"
        with self.writing():
            with self._said():
                drafts.mkdir(parents=True, exist_ok=True)
            path = drafts / f"{secrets.token_hex(8)}{suffix}"
            try:
                yield path
            finally:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                path.unlink(missing_ok=True)

    def _digest_of_master(self, name: str) -> str | None:
        try:
            text = (self.folder / "masters" / name).read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        return text if _DIGEST.fullmatch(text) else None

    def _write(self, path: Path, data: bytes) -> None:
        with self.draft("") as draft, self._said():
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What the disk refuses, said to people. Raises StoreError."""
        try:
            yield
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            hint = _MAKE_ROOM if full else "look at the disk that the store is on, and at who may write to it"
            raise StoreError(f"{self.folder} cannot be written to: {error.strerror or error}", hint=hint) from error

    @contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        with self._said():
            make_private(self.folder.parent)
            self.folder.mkdir(exist_ok=True)
            handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, kind)
            except BlockingIOError as error:
                raise StoreError(
                    f"{self.folder} is being written to by a build or an import", hint="try again when it has ended"
                ) from error
            yield
        finally:
            os.close(handle)


def unpack_chunk(frame: bytes) -> bytes:
    """The plain bytes of one zstd frame, at most CHUNK_LIMIT of them. Raises StoreError."""
    try:
        length = zstandard.frame_content_size(frame)
        if not 0 < length <= CHUNK_LIMIT:
            raise StoreError(f"a frame of {length} plain bytes is no chunk", hint="build or import the master again")
        return zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError as error:
        raise StoreError(f"this is no zstd frame: {error}", hint="build or import the master again") from error


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _digest(text: str) -> str:
    if not _DIGEST.fullmatch(text):
        raise StoreError(f"{text[:80]!r} is no digest", hint="a digest has 64 digits of 0-9 and a-f")
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise StoreError(f"{text[:80]!r} is no name of a master", hint="use at most 64 of a-z, A-Z, 0-9, dot, - and _")
    return text
