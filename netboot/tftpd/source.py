"""Where TFTP's files come from: names made safe, a folder that cannot be left, and bytes by block.

Firmware spells one name in many ways (`shimx64.efi`, `/shimx64.efi`, `//grubx64.efi`, `\\EFI\\x.efi`): `clean_name`
gives the one spelling that is looked up. Some firmware reads past the end of DHCP's option 67, and asks for
`shimx64.efi` followed by 0xFF or the next option: `names_within` gives the names it may have meant. Not for: which
names exist; the server gives a `Source` for that.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

Source = Callable[[str], Path | bytes | None]
"""A clean name ("grub/grub.cfg") to a file's path, or its content, or None. Called in the event loop: must not wait."""

MAX_NAME = 255
"""Characters of the longest name that is looked up."""

LETTERS_BEHIND = 16
"""Letters behind a name that may be junk too: an option's code and length can be such, or what a buffer held before."""

_NO_LETTER = re.compile(r"[^A-Za-z0-9._+/\\-]")
"""What no boot file has in its name: a byte that is not printable ASCII, a space, what a shell would ask about."""

READ_AHEAD = 256 * 1024
"""Bytes read from a file at a time."""


def clean_name(name: str) -> str | None:
    """A client's file name as a relative path with slashes, or None when it may not be looked up.

    None: empty, longer than MAX_NAME, with a control character, or with a `..` segment.
    """
    if len(name) > MAX_NAME or not name.isprintable():
        return None
    # Windows-like boot loaders ask with backslashes.
    segments = [segment for segment in name.replace("\\", "/").split("/") if segment not in ("", ".")]
    if not segments or ".." in segments:
        return None
    return "/".join(segments)


def leads_out(name: str) -> bool:
    """Whether a client's file name has a `..` segment."""
    return ".." in name.replace("\\", "/").split("/")


def names_within(name: str) -> Iterator[str]:
    """Clean names that a client may have meant by a name with junk behind it, the longest first.

    Nothing where all of it may be a name: `vmlinuz.sig` is another file than `vmlinuz`.
    """
    junk = _NO_LETTER.search(name)
    if junk is None:
        return
    for end in range(junk.start(), max(0, junk.start() - LETTERS_BEHIND), -1):
        cleaned = clean_name(name[:end])
        if cleaned is not None and not name[:end].endswith(("/", "\\")):
            yield cleaned


class FolderSource:
    """A Source over the regular files below one folder; symbolic links may not lead out of it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def __call__(self, name: str) -> Path | None:
        cleaned = clean_name(name)
        if cleaned is None:
            return None
        try:
            path = (self._root / cleaned).resolve()
            inside = path.is_relative_to(self._root) and path.is_file()
        except (OSError, RuntimeError):
            return None
        return path if inside else None


class ContentError(Exception):
    """A file cannot be opened or read; the text is for the client, and names no path."""


class Content:
    """A file, or bytes in memory, read by offset. Its size is fixed when it is opened.

    Boot files are few and lie in the page cache after the first PC, so a read copies memory; the kernel is told at
    the start to fetch the rest, so that the first PC's reads seldom wait either.
    """

    def __init__(self, origin: Path | bytes) -> None:
        """Raises ContentError when the path cannot be opened or is not a regular file."""
        self._file: int | None = None
        self._offset = 0
        if isinstance(origin, bytes):
            self._buffer = origin
            self.size = len(origin)
            return
        self._buffer = b""
        # Without O_NONBLOCK, opening a FIFO would hold up every transfer.
        try:
            self._file = os.open(origin, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise ContentError(f"the file cannot be opened: {error.strerror}") from error
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise ContentError("not a regular file")
        self.size = status.st_size
        os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_WILLNEED)

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, fewer at the end only.

        Raises ContentError, also when the file became shorter.
        """
        start = offset - self._offset
        if start >= 0:
            block = self._buffer[start : start + length]
            if len(block) == length:
                return block
        return self._read_on(offset, min(length, self.size - offset))

    def _read_on(self, offset: int, length: int) -> bytes:
        """Bytes that are not in the buffer, or not all of them: the rest is read from the file."""
        start = offset - self._offset
        if start < 0 or start + length > len(self._buffer):
            self._fill(offset, length)
            start = 0
        return self._buffer[start : start + length]

    def _fill(self, offset: int, length: int) -> None:
        if self._file is None:
            raise ContentError("the file is closed")
        try:
            self._buffer = os.pread(self._file, max(READ_AHEAD, length), offset)
        except OSError as error:
            raise ContentError(f"the file cannot be read: {error.strerror}") from error
        self._offset = offset
        if len(self._buffer) < length:
            raise ContentError("the file became shorter while it was sent")

    def close(self) -> None:
        """Let the file go; twice does no harm."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
