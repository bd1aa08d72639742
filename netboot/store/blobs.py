"""What the store asks of where its bytes lie: a folder today (folder.py), an object store later.

A blob is a name with slashes, such as `manifests/<digest>`, and bytes. Reading raises what files raise:
FileNotFoundError when there is no such blob, another OSError when it cannot be read, so that *missing* and *cannot be
told* stay apart.
Not for: what the names mean and whether the bytes are right (`store.py`).
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from netboot.shared.errors import NetbootError


class StoreError(NetbootError):
    """Something asked of the store that it does not hold, or that no store could hold."""


class BlobStore(Protocol):
    """Where blobs lie. A name that is none raises StoreError, whatever is asked."""

    def open(self, name: str) -> BinaryIO:
        """This blob, for reading from its beginning. Raises OSError; FileNotFoundError when there is none."""

    def put(self, name: str, data: bytes) -> None:
        """Keep these bytes, in place of what had this name.

        When it returns they outlast a power cut; whoever reads meanwhile, or after it failed, finds the old bytes or
        the new, never a part. Raises StoreError.
        """

    def exists(self, name: str) -> bool:
        """Whether there is such a blob. Its bytes may be damaged."""

    def list(self, prefix: str) -> list[str]:
        """The whole names of all blobs below `prefix/`, in order. Raises OSError when that cannot be told."""

    def remove(self, name: str) -> int:
        """Delete this blob; the bytes of room that are free again. Raises OSError; FileNotFoundError for none."""

    def require_space(self, wanted: int) -> None:
        """Raises NetbootError when `wanted` more bytes would not fit, before a long work is begun."""

    def writing(self) -> AbstractContextManager[None]:
        """Held by whoever puts what belongs together, so that nobody deletes in between; by several at once."""

    def alone(self) -> AbstractContextManager[None]:
        """Held by whoever deletes. Raises StoreError at once while somebody is `writing`."""

    def forget_unfinished(self) -> int:
        """Remove what puts that were killed left, `alone` being held; the bytes that are free again."""

    def path_of(self, name: str) -> Path | None:
        """Where this blob's file is on this machine, or would be: for sendfile. None: it lies in no file, open it."""


def read_blob(blobs: BlobStore, name: str) -> bytes:
    """All bytes of this blob. Raises OSError; FileNotFoundError when there is none."""
    with blobs.open(name) as blob:
        return blob.read()
