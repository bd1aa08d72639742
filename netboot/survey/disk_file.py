"""An open disk, an image or a PC's own: a path for programs, and its bytes with the repairs of its table laid over.

The file is opened once. Programs get /proc/PID/fd/N, which is this very file even if its name is given to another, and
which no program takes for an option or a protocol: people call their files `-x.raw` and `2026-11-28T10:00.qcow2`.
Not for: which kind of file it is (`masters/file_format.py`). All values are bytes.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from netboot.shared.errors import NetbootError


@dataclass(frozen=True, slots=True)
class DiskFile:
    """An open file of `size` bytes, `written` to last (nanoseconds). `name` is for people, `path` for programs.

    `patches` are (offset, bytes) that count instead of the file's own, and may lie behind its end: what is added there,
    and not patched, is zeros.
    """

    name: str
    path: Path
    handle: int
    size: int
    written: int
    patches: tuple[tuple[int, bytes], ...] = ()

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`; fewer where the disk ends before."""
        parts = []
        at = start
        while at < end and (part := os.pread(self.handle, end - at, at)):
            parts.append(part)
            at += len(part)
        data = b"".join(parts)
        if not self.patches:
            return data
        return self._patched(data, start, end)

    def _patched(self, data: bytes, start: int, end: int) -> bytes:
        last = max(self.size, max(offset + len(data) for offset, data in self.patches))
        patched = bytearray(data)
        if start + len(data) >= self.size:
            patched += bytes(max(0, min(end, last) - start - len(data)))
        for offset, data in self.patches:
            first, behind = max(offset, start), min(offset + len(data), end)
            if first < behind:
                patched[first - start : behind - start] = data[first - offset : behind - offset]
        return bytes(patched)

    def require_unchanged(self) -> None:
        """Raises NetbootError when the file was written to since it was opened: it may be of two times then."""
        now = os.fstat(self.handle)
        if (now.st_size, now.st_mtime_ns) != (self.size, self.written):
            raise NetbootError(
                f"{self.name} was changed while it was read", hint="shut down what uses it, then import it again"
            )


@contextmanager
def open_disk(file: Path) -> Iterator[DiskFile]:
    """Open an image to read. Raises NetbootError when it is no file that can be read."""
    name = for_people(file)
    handle = _opened(file, name, "give a disk image's path")
    with _held(handle, name) as opened:
        yield opened


@contextmanager
def open_in(folder: int, file: str, name: str) -> Iterator[DiskFile]:
    """Open a file of an open folder to read, by its plain name; it is called `name`. Raises NetbootError when it is no
    file, or a link to one."""
    try:
        if "/" in file:
            raise ValueError("its name leads elsewhere")
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=folder)
    except (OSError, ValueError) as error:
        raise NetbootError(
            f"{name} is no file that can be read: {error}", hint="copy the folder again, whole"
        ) from error
    with _held(handle, name) as opened:
        yield opened


@contextmanager
def _held(handle: int, name: str) -> Iterator[DiskFile]:
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise NetbootError(f"{name} is no file", hint="give the path of a disk image, or - for standard input")
        yield DiskFile(name, Path(f"/proc/{os.getpid()}/fd/{handle}"), handle, status.st_size, status.st_mtime_ns)
    finally:
        os.close(handle)


@contextmanager
def open_device(device: Path, name: str, size: int) -> Iterator[DiskFile]:
    """Open a PC's own disk of `size` bytes to read, `name` for people. Raises NetbootError.

    A device does not say when it was written to: whoever claimed it keeps others away, and looks again.
    """
    handle = _opened(device, name, "check the disk's cables")
    try:
        yield DiskFile(name, Path(f"/proc/{os.getpid()}/fd/{handle}"), handle, size, 0)
    finally:
        os.close(handle)


def _opened(file: Path, name: str, hint: str) -> int:
    try:
        return os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NetbootError(f"{name} is no file that can be read: {reason}", hint=hint) from error


def for_people(file: Path) -> str:
    """The file's own name as one line of text, whatever bytes are in it."""
    text = os.fsencode(file.name or str(file)).decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
