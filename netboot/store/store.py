"""The store: chunks named by the SHA-256 of their plain bytes, signed manifests, and masters by name.

    chunks/ab/abcdef….zst   one zstd frame, its plain length in its header
    manifests/<digest>      signed manifests, as shared/manifest.py describes them
    masters/<name>          which of its manifests is current, and which was before: digests, as text (versions.py)
    lengths/<digest>     how long the frames of its chunks are (lengths.py)
    folders/…, served/…     which folders of profiles are kept, and given (parcels.py)
    builds/<inputs>         the digest of what a build made of these inputs, as text (in the builds' own store)

These are names of blobs (blobs.py). Chunks and manifests are written once and never changed. Writers, and whoever has a
draft, hold the store's lock shared; `upkeep.py` holds it exclusively when it deletes.

Against a power cut: chunks are put without a wait for the disk, all are synced before the manifest that names them is
put, and that is on the disk before a name leads to it. So what a master's name leads to is there whole. A cut before
that may leave damaged chunks which no manifest names; therefore no chunk is believed by its name alone: whoever would
skip writing one reads what is there (`has_chunk`, `put_chunk`, `put_frame`). A chunk that another import has put a
moment ago is read from memory, and synced by whichever of the two is published first.
Not for: making chunks (`masters/chunking.py`), deleting and checking (`upkeep.py`). Sizes are bytes.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final

import zstandard
from nacl.signing import SigningKey

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
from netboot.store.blobs import MANIFESTS, MASTERS, BlobStore, StoreError, read_blob
from netboot.store.folder import BlobFolder
from netboot.store.lengths import note_lengths
from netboot.store.lost_names import NONE, Found, find, require_manifests, require_names
from netboot.store.versions import Versions, read_versions

LEVEL: Final = 3
"""zstd's level, by what a workshop waits for: an import once, and each PC until its disk is written. Of a Debian,
level 9 saves 2 % of the bytes and takes four times as long; and a PC is done no sooner, since over a cable chunks come
faster than a disk takes what is in them."""

CHUNKS: Final = "chunks"
_FRAME: Final = ".zst"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(MASTER_NAME)


class FrameError(StoreError):
    """Bytes that are no zstd frame of one chunk, or of another chunk than they were named."""


class ForeignError(StoreError):
    """A manifest that was not signed with this workshop's key: no agent accepts it."""

    def __init__(self, message: str, *, digest: str) -> None:
        super().__init__(
            message,
            hint="put the signing.key that it was made with back from a backup; or build or import this master again",
        )
        self.digest = digest


class Store:
    """One store: `folder` is its place on this machine, for drafts, and for the blobs too unless they lie in `blobs`.

    `accepts` is the public key (32 bytes) that its manifests must be signed with; None: signatures are not checked.
    """

    def __init__(self, folder: Path, *, accepts: bytes | None = None, blobs: BlobStore | None = None) -> None:
        self.folder = folder
        self._desk = BlobFolder(folder)
        self.blobs: BlobStore = self._desk if blobs is None else blobs
        self._accepts = accepts
        self._read: dict[str, Manifest] = {}

    def has_chunk(self, sha256: str) -> bool:
        """Whether this chunk is here whole: it is read, since a power cut may have left a part of it.

        False for what is no digest.
        """
        if not _DIGEST.fullmatch(sha256) or not self.blobs.exists(chunk_name(sha256)):
            return False
        try:
            self.get_chunk(sha256)
        except StoreError:
            return False
        return True

    def manifest(self, digest: str) -> Manifest:
        """The manifest of this digest. Raises StoreError, ForeignError when another key signed it."""
        cached = self._read.get(digest)
        if cached is not None:
            return cached
        name = manifest_name(digest)
        path = self._place(name)
        try:
            data = read_blob(self.blobs, name)
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
        return {name: versions.current for name, versions in self.all_versions().items()}

    def all_versions(self) -> dict[str, Versions]:
        """Each master's name and its versions, in order of the names; one whose versions cannot be told is left out."""
        found = {}
        for name in self._names():
            with suppress(StoreError):
                found[name] = self.versions_of(name)
        return found

    def every_name(self) -> list[str]:
        """As `names`, with those whose versions cannot be told. Raises StoreError where the names are lost."""
        require_names(self.blobs, self._found())
        return self._names()

    def versions(self, name: str) -> Versions | None:
        """The versions of this master, or None. Raises StoreError when `name` is no name, or they cannot be read."""
        return self._versions(_name(name))

    def versions_of(self, name: str) -> Versions:
        """As `versions`. Raises StoreError also where there are none, or they cannot be told: each is said as it is."""
        versions = self.versions(name)
        if versions is None:
            if self.blobs.exists(master_name(name)):
                raise self._untold(name)
            raise StoreError(f"the store has no master {name}", hint="netboot master list shows those it has")
        return versions

    def require_versions(self) -> dict[str, Versions]:
        """As `all_versions`, for whoever deletes what they do not name. Raises StoreError when one cannot be told."""
        require_names(self.blobs, self._found())
        if self.listed(CHUNKS):
            require_manifests(self.blobs, self._found())
        return {name: self.versions_of(name) for name in self._names()}

    def current(self, name: str) -> Manifest | None:
        """The current manifest of this master, or None. Raises StoreError when it is damaged or `name` is no name."""
        versions = self.versions(name)
        return None if versions is None else self.manifest(versions.current)

    def put_chunk(self, plain: bytes | memoryview) -> str:
        """Keep this chunk and return its name; `publish` syncs it. A copy that is there damaged is replaced."""
        sha256 = hashlib.sha256(plain).hexdigest()
        name = chunk_name(sha256)
        with suppress(OSError, StoreError):
            if self.blobs.exists(name) and unpack_chunk(read_blob(self.blobs, name)) == plain:
                return sha256
        self.blobs.put_soon(name, zstandard.ZstdCompressor(level=LEVEL).compress(plain))
        return sha256

    def put_frame(self, sha256: str, frame: bytes) -> None:
        """Keep a frame that was made elsewhere, its plain bytes checked against this name. Raises FrameError, or
        StoreError when it cannot be kept."""
        if hashlib.sha256(unpack_chunk(frame)).hexdigest() != sha256:
            raise FrameError(f"the frame of the chunk {sha256} is damaged", hint="build or import the master again")
        name = chunk_name(sha256)
        # One that is whole stays, however it was packed: it may be another master's, and is surely on the disk.
        if not self.has_chunk(sha256):
            self.blobs.put_soon(name, frame)

    def get_frame(self, sha256: str) -> bytes:
        """The zstd frame of this chunk as it lies there. Raises StoreError."""
        try:
            return read_blob(self.blobs, chunk_name(sha256))
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

    def publish(self, manifest: Manifest, key: SigningKey, *, instead_of: str = "") -> str:
        """Sign and keep a manifest whose chunks were all put, make it its master's current one, return its digest.

        The one that was current is kept as the version before. Raises StoreError when a chunk is missing, or could not
        be written, or another version than `instead_of` (where it is given) is current by then; ManifestError when the
        manifest contradicts itself.
        """
        signed = sign(manifest, key)
        digest = digest_of(signed)
        note_lengths(self.blobs, digest, {chunk.sha256: chunk_name(chunk.sha256) for chunk in manifest.every_chunk})
        self.blobs.sync()
        # After the sync: one of another import may have failed before it, and been told of our chunks as well.
        for chunk in manifest.every_chunk:
            if not self.blobs.exists(chunk_name(chunk.sha256)):
                raise StoreError(
                    f"the chunk {chunk.sha256} of {manifest.name} is missing",
                    hint="look at the disk that the store is on; then build or import it again",
                )
        with self._naming():
            versions = self._versions(manifest.name)
            if instead_of and (versions is None or versions.current != instead_of):
                raise StoreError(
                    f"{manifest.name} has another current version since: nothing was changed",
                    hint="make a smaller one of the current version",
                )
            if not self._names():
                self.blobs.put(NONE, b"")
            self.blobs.put(manifest_name(digest), signed)
            self._put_versions(manifest.name, Versions(digest) if versions is None else versions.after(digest))
            with suppress(OSError, StoreError):
                self.blobs.remove(NONE)
                self.blobs.sync()
        return digest

    def require_whole(self, digest: str) -> None:
        """Raises StoreError unless this manifest can be read, and every chunk of it, which is read too, is here."""
        manifest = self.manifest(digest)
        missing = sum(not self.has_chunk(sha256) for sha256 in {chunk.sha256 for chunk in manifest.every_chunk})
        if missing:
            raise StoreError(
                f"{manifest.name} {manifest.version} lacks {missing} chunks", hint="build or import it again"
            )

    def use(self, name: str, digest: str) -> None:
        """Make this version of a master its current one, in one step; the other stays as the version before.

        Whoever calls it asks `require_whole` first. Raises StoreError when it is none of its versions.
        """
        with self._naming():
            versions = self.versions_of(name)
            if digest not in versions.all:
                raise StoreError(f"{digest} is no version of {name}", hint=f"netboot master list shows {name}'s")
            self._put_versions(name, versions.after(digest))

    def forget_name(self, name: str) -> None:
        """Let go of a master and its versions; nothing else is deleted. Call it with `exclusive` held."""
        if self._names() == [name]:
            self.blobs.rename(master_name(name), NONE)
        else:
            self.blobs.remove(master_name(name))

    def forget_version(self, name: str, digest: str) -> None:
        """Let go of the version before; nothing is deleted yet. Raises StoreError when it is not that."""
        with self._naming():
            versions = self.versions_of(name)
            self._put_versions(name, versions.without(digest))

    def find_build(self, inputs: str) -> Manifest | None:
        """The manifest that a build made of these inputs (their digest), or None when it is not here whole."""
        try:
            return self.manifest(read_blob(self.blobs, _build_name(inputs)).decode("ascii").strip())
        except (OSError, UnicodeDecodeError, StoreError):
            return None

    def remember_build(self, inputs: str, manifest: Manifest) -> None:
        """Note that a build of these inputs makes this manifest. Raises StoreError."""
        self.blobs.put(_build_name(inputs), f"{manifest.digest}\n".encode("ascii"))

    def require_space(self, wanted: int) -> None:
        """Raises StoreFullError when `wanted` more bytes would not fit, before a long work is begun."""
        self._desk.require_space(wanted)
        self.blobs.require_space(wanted)

    def writing(self) -> AbstractContextManager[None]:
        """Held while chunks are put and until their manifest is published, so that none is deleted in between."""
        return self.blobs.writing()

    def reading(self) -> AbstractContextManager[None]:
        """Held from reading which version is current until a job that gets it is on the record: none is deleted then.

        Raises StoreBusyError at once while somebody deletes.
        """
        return self.blobs.reading()

    def exclusive(self) -> AbstractContextManager[None]:
        """The exclusive lock, for whoever deletes. Raises StoreError at once when a build or an import is at work."""
        return self.blobs.exclusive()

    @contextmanager
    def draft(self, suffix: str) -> Iterator[Path]:
        """A path for a temporary file or folder in the store's place on this machine, removed at the end."""
        with self.writing(), self._desk.draft(suffix) as path:
            yield path

    def forget_unfinished(self) -> int:
        """Remove what was left half made; returns the bytes freed. Call it with `exclusive` held."""
        return self._desk.forget_unfinished() + self.blobs.forget_unfinished()

    def listed(self, prefix: str) -> list[str]:
        """The names of all blobs below `prefix/`. Raises StoreError when one of its folders cannot be listed: that is
        never taken for an empty one."""
        try:
            return self.blobs.list(prefix)
        except OSError as error:
            raise StoreError(
                f"{error.filename or self._place(prefix)} cannot be listed: {error.strerror or error}",
                hint="nothing was deleted; look at the disk that the store is on, and at who may read it",
            ) from error

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Held while names are read and written. Raises StoreError where they are lost: a new one would hide that."""
        with self.writing(), self._desk.naming():
            require_names(self.blobs, self._found())
            yield

    def _found(self) -> Found:
        there = {"names": len(self._names()), "manifests": len(self.listed(MANIFESTS))}
        return find(self.blobs, **there, ever_named=self._desk.ever_named())

    def _names(self) -> list[str]:
        blobs = (blob.removeprefix(f"{MASTERS}/") for blob in self.listed(MASTERS))
        return [name for name in blobs if _NAME.fullmatch(name)]

    def _versions(self, name: str) -> Versions | None:
        try:
            return read_versions(read_blob(self.blobs, master_name(name)).decode("ascii"))
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        except OSError as error:
            raise self._untold(name, f"cannot be read: {error.strerror}") from error

    def _untold(self, name: str, why: str = "is damaged: it does not say which version is current") -> StoreError:
        return StoreError(
            f"{self._place(master_name(name))} {why}",
            hint="look at the disk that the store is on; build or import this master again, or remove it: "
            f"netboot master remove {name}",
        )

    def _put_versions(self, name: str, versions: Versions) -> None:
        self.blobs.put(master_name(name), versions.text().encode("ascii"))

    def _place(self, name: str) -> str:
        """Where this blob is, for people."""
        return str(self.blobs.path_of(name) or name)


def chunk_name(sha256: str) -> str:
    """The blob of this chunk: a zstd frame. Raises StoreError for what is no digest."""
    return f"{CHUNKS}/{_digest(sha256)[:2]}/{sha256}{_FRAME}"


def chunk_in(name: str) -> str:
    """The digest of the chunk whose blob has this name (the reverse of `chunk_name`); not checked."""
    return name.rpartition("/")[2].removesuffix(_FRAME)


def manifest_name(digest: str) -> str:
    """The blob of this manifest, signed. Raises StoreError for what is no digest."""
    return f"{MANIFESTS}/{_digest(digest)}"


def master_name(name: str) -> str:
    """The blob that says which manifests of this master are kept. Raises StoreError for what is no name."""
    return f"{MASTERS}/{_name(name)}"


def _build_name(inputs: str) -> str:
    return f"builds/{_digest(inputs)}"


def unpack_chunk(frame: bytes) -> bytes:
    """The plain bytes of one zstd frame and nothing behind it, at most CHUNK_LIMIT of them. Raises FrameError."""
    try:
        length = zstandard.frame_content_size(frame)
        if not 0 < length <= CHUNK_LIMIT:
            raise FrameError(f"a frame of {length} plain bytes is no chunk", hint="build or import the master again")
        return zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise FrameError(f"this is no zstd frame: {error}", hint="build or import the master again") from error


def _digest(text: str) -> str:
    if not _DIGEST.fullmatch(text):
        raise StoreError(f"{text[:80]!r} is no digest", hint="a digest has 64 digits of 0-9 and a-f")
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise StoreError(f"{text[:80]!r} is no name of a master", hint="use at most 64 of a-z, A-Z, 0-9, dot, - and _")
    return text
