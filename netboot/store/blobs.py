"""The interface of a blob store, in which the store keeps its bytes: a folder today (folder.py), an object store later.

A blob is bytes under a name with slashes, such as `manifests/<digest>`. Reading raises what files raise:
FileNotFoundError when there is no such blob, another OSError when it cannot be read, so that *missing* and *unreadable*
are never confused.
Not for: what the names mean and whether the bytes are right (`store.py`).
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from netboot.shared.errors import NetbootError


class StoreError(NetbootError):
    """The store has no such thing, could not keep it, or what it has is damaged."""


class StoreFullError(StoreError):
    """There is no room for it."""


class StoreBusyError(StoreError):
    """Somebody else holds the lock; it is free again when they have ended."""


MANIFESTS: Final = "manifests"
MASTERS: Final = "masters"
"""The blobs that say which versions a master has."""


class BlobStore(Protocol):
    """Where blobs are kept. Every method raises StoreError for a name that is not valid."""

    def open(self, name: str) -> BinaryIO:
        """This blob, for reading from its beginning. Raises OSError; FileNotFoundError when there is none."""

    def put(self, name: str, data: bytes) -> None:
        """Keep these bytes, in place of what had this name.

        When it returns they outlast a power cut; whoever reads meanwhile, or after it failed, finds the old bytes or
        the new, never a part. Raises StoreError.
        """

    def put_soon(self, name: str, data: bytes) -> None:
        """Keep these bytes as `put` does, but they outlast a power cut only once `sync` has returned: one before that
        may leave a part of them under this name. Raises StoreError.
        """

    def sync(self) -> None:
        """When it returns, whatever `exists` and was put or removed until now outlasts a power cut. Raises StoreError.

        What was put since it last returned is then lost, whoever put it, until it is put once more: a disk tells of a
        failed write only once.
        """

    def exists(self, name: str) -> bool:
        """Whether there is such a blob, and it is not lost. Its bytes may be damaged."""

    def size(self, name: str) -> int:
        """The length of this blob, without a look into it. Raises OSError; FileNotFoundError when `exists` says no."""

    def list(self, prefix: str) -> list[str]:
        """The whole names of all blobs below `prefix/`, in order. Raises OSError when that cannot be told."""

    def remove(self, name: str) -> int:
        """Delete this blob; returns the bytes freed. Raises OSError; FileNotFoundError when there is none."""

    def rename(self, name: str, new: str) -> None:
        """Give this blob another name, in one step. Raises OSError; FileNotFoundError when there is none."""

    def require_space(self, wanted: int) -> None:
        """Raises StoreFullError when `wanted` more bytes would not fit, before a long work is begun."""

    def writing(self) -> AbstractContextManager[None]:
        """A shared lock, held while blobs that belong together are put, so that nobody deletes in between."""

    def reading(self) -> AbstractContextManager[None]:
        """The shared lock of `writing`, for who does not wait: raises StoreBusyError at once while somebody deletes."""

    def exclusive(self) -> AbstractContextManager[None]:
        """The exclusive lock, for whoever deletes. Raises StoreError at once while somebody is `writing`."""

    def forget_unfinished(self) -> int:
        """Remove what killed puts left half written; returns the bytes freed. Call it with `exclusive` held."""

    def path_of(self, name: str) -> Path | None:
        """The path of this blob's file, for sendfile, whether or not it is there. None: blobs here are not files."""


def read_blob(blobs: BlobStore, name: str) -> bytes:
    """All bytes of this blob. Raises OSError; FileNotFoundError when there is none."""
    with blobs.open(name) as blob:
        return blob.read()
