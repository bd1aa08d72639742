"""A second place for blobs: the tests' own device, to see that the store asks for no folder. No workshop's."""

import io
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO

from netboot.store import StoreBusyError


class MemoryBlobs:
    """Blobs in this process's memory: a `BlobStore` that has no files."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._writers = 0

    def open(self, name: str) -> BinaryIO:
        """As BlobStore says."""
        try:
            return io.BytesIO(self._blobs[name])
        except KeyError:
            raise FileNotFoundError(name) from None

    def put(self, name: str, data: bytes) -> None:
        """As BlobStore says."""
        with self.writing():
            self._blobs[name] = bytes(data)

    def put_soon(self, name: str, data: bytes) -> None:
        """As BlobStore says."""
        self.put(name, data)

    def sync(self) -> None:
        """Memory has no disk to wait for."""

    def exists(self, name: str) -> bool:
        """As BlobStore says."""
        return name in self._blobs

    def size(self, name: str) -> int:
        """As BlobStore says."""
        try:
            return len(self._blobs[name])
        except KeyError:
            raise FileNotFoundError(name) from None

    def list(self, prefix: str) -> list[str]:
        """As BlobStore says."""
        return sorted(name for name in self._blobs if name.startswith(f"{prefix}/"))

    def remove(self, name: str) -> int:
        """As BlobStore says."""
        try:
            return len(self._blobs.pop(name))
        except KeyError:
            raise FileNotFoundError(name) from None

    def rename(self, name: str, new: str) -> None:
        """As BlobStore says."""
        self._blobs[new] = self._blobs.pop(name)

    def require_space(self, wanted: int) -> None:
        """Memory is not counted."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """As BlobStore says."""
        with self._lock:
            self._writers += 1
        try:
            yield
        finally:
            with self._lock:
                self._writers -= 1

    def reading(self) -> AbstractContextManager[None]:
        """As BlobStore says; nobody deletes beside this thread."""
        return self.writing()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """As BlobStore says; for one thread."""
        with self._lock:
            if self._writers:
                raise StoreBusyError("the memory is being written to", hint="try again")
        yield

    def forget_unfinished(self) -> int:
        """Nothing is left: a put is one step."""
        return 0

    def path_of(self, name: str) -> None:
        """No blob has a file."""
