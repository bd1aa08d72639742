"""The header and the description of a VMDK's sparse extent (VMware, Virtual Disk Format 1.1, “Hosted Sparse Extents”).

Pure. A VMDK is made of extents, each of which may be another file, and of a description that names them, as text. What
is taken in is one file with both in it: monolithicSparse, and streamOptimized, whose true header may stand at its end.
Not for: the tables (`vmdk.py`).
"""

import re
import struct
from dataclasses import dataclass
from typing import Final

from netboot.masters.formats.bounds import CONVERT, WHOLE, damaged, require_size
from netboot.shared.errors import NetbootError

SECTOR: Final = 512
ENTRIES: Final = 512
"""Grains that one grain table tells of: other numbers are not VMware's."""
DESCRIPTION: Final = (SECTOR, SECTOR + 10 * 1024)
"""Where qemu-img looks for the description, whatever the header says."""
FOOTER: Final = 3 * SECTOR
"""The last bytes of a file whose header stands at its end: a marker, the header, and the marker of the end."""

_HEADER: Final = struct.Struct("<4sII QQQQ I QQQ B4s H")
_MARKER: Final = struct.Struct("<QII")
_NEWLINES, _COPY, _ZEROED, _COMPRESSED, _MARKERS = 1 << 0, 1 << 1, 1 << 2, 1 << 16, 1 << 17
_AT_THE_END: Final = (1 << 64) - 1
_FOOTER_MARKER, _END_MARKER = 3, 0
_LARGEST_GRAIN: Final = 1 << 11
_KINDS: Final = ("monolithicSparse", "streamOptimized")
_SETTING: Final = re.compile(rb'^[ \t]*([\w.]+)[ \t]*=[ \t]*"?([^"\r\n]*?)"?[ \t]*\r?$', re.MULTILINE)
_EXTENT: Final = re.compile(rb"^[ \t]*(?:RW|RDONLY|NOACCESS)[ \t]+(\d{1,20})[ \t]+(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Header:
    """A sparse extent; all in bytes. `directory` and `copy` are where the grain directories stand, `first` is where
    grains may begin; `directory` is None when the header at the file's end counts."""

    size: int
    grain: int
    directory: int | None
    copy: int | None
    first: int
    description: tuple[int, int]
    compressed: bool
    zeroed: bool

    @property
    def tables(self) -> int:
        """How many grain tables the directory tells of."""
        return -(-self.size // (self.grain * ENTRIES))


def parse_header(data: bytes, name: str) -> Header:
    """The header in these bytes. Raises NetbootError for what is not taken in, or contradicts itself."""
    if len(data) < SECTOR:
        raise damaged(name, "it has no whole header")
    (
        magic, version, flags, capacity, grain, description_at, description_length, entries, copy_at, directory_at,
        overhead, unclean, newlines, algorithm,
    ) = _HEADER.unpack_from(data)  # fmt: skip
    if magic != b"KDMV":
        raise damaged(name, "it has no VMDK header")
    if version not in (1, 2, 3):
        raise NetbootError(f"{name} is a VMDK of version {version}, which is not known", hint=CONVERT)
    if flags & _NEWLINES and newlines != b"\n \r\n":
        raise NetbootError(f"{name} was copied as text, which changed it", hint="copy it again, as binary")
    if unclean:
        raise NetbootError(
            f"{name} was in use when it was copied", hint="shut the virtual machine down, then copy it again"
        )
    if not capacity:
        raise NetbootError(f"{name} is not whole: it only names the files of its disk", hint=WHOLE)
    if entries != ENTRIES or not 8 <= grain <= _LARGEST_GRAIN or grain & (grain - 1):
        raise damaged(name, f"its grains of {grain} sectors, {entries} to a table, are none of VMware's")
    if bool(flags & _COMPRESSED) != (algorithm == 1) or algorithm > 1:
        raise damaged(name, "it does not say how it is compressed")
    if algorithm and not flags & _MARKERS:
        raise NetbootError(f"{name} is compressed without markers, which is not read", hint=CONVERT)
    if not description_at or not description_length:
        raise _one_of_several(name)
    return Header(
        size=require_size(capacity * SECTOR, name),
        grain=grain * SECTOR,
        directory=None if directory_at == _AT_THE_END else directory_at * SECTOR,
        copy=copy_at * SECTOR if flags & _COPY else None,
        first=overhead * SECTOR,
        description=(description_at * SECTOR, (description_at + description_length) * SECTOR),
        compressed=bool(algorithm),
        zeroed=bool(flags & _ZEROED),
    )


def parse_footer(data: bytes, header: Header, name: str) -> Header:
    """The header that counts when it stands in the last FOOTER bytes of the file. Raises NetbootError."""
    cut = damaged(name, "its end is missing")
    if len(data) != FOOTER:
        raise cut
    for at, kind in ((0, _FOOTER_MARKER), (2 * SECTOR, _END_MARKER)):
        value, size, found = _MARKER.unpack_from(data, at)
        # How many sectors come after it may stand before the footer; the end has nothing after it.
        if size or found != kind or (value and kind == _END_MARKER):
            raise cut
    footer = parse_header(data[SECTOR : 2 * SECTOR], name)
    if footer.directory is None or (footer.size, footer.grain, footer.compressed) != (
        header.size, header.grain, header.compressed,
    ):  # fmt: skip
        raise damaged(name, "its beginning and its end contradict each other")
    return footer


def require_alone(text: bytes, name: str) -> None:
    """Refuse a description that names a parent. `text` may hold more than the description. Raises NetbootError."""
    # As qemu-img does, which looks for this word alone.
    at = text.find(b"parentFileNameHint")
    if at >= 0:
        other = text[at : at + 200].split(b"\n")[0].partition(b"=")[2].decode(errors="backslashreplace")
        raise NetbootError(f"{name} is not whole: it needs {other.strip()}", hint=WHOLE)


def require_description(text: bytes, header: Header, name: str) -> None:
    """Refuse a disk that is encrypted, has a parent, or is not the one extent in this file. Raises NetbootError."""
    text = text.partition(b"\0")[0]
    require_alone(text, name)
    if not text.strip():
        raise _one_of_several(name)
    settings = dict(_SETTING.findall(text))
    if any(key.lower().startswith(b"encryption") for key in settings):
        raise NetbootError(f"{name} is encrypted", hint="decrypt the virtual machine first, in VMware")
    if settings.get(b"parentCID", b"").lower() != b"ffffffff":
        raise NetbootError(f"{name} is not whole: it needs the disk that it was made from", hint=WHOLE)
    kind = settings.get(b"createType", b"").decode(errors="backslashreplace")
    if kind not in _KINDS:
        raise NetbootError(f"{name} is a VMDK of the kind {kind!r}, which is not read", hint=WHOLE)
    extents = [(int(sectors) * SECTOR, kind) for sectors, kind in _EXTENT.findall(text)]
    if len(extents) != 1 or extents[0][1] != b"SPARSE":
        raise NetbootError(f"{name} is not whole: its disk is in {len(extents)} files", hint=WHOLE)
    # The header's size may be rounded up to whole grains.
    if not extents[0][0] <= header.size < extents[0][0] + header.grain:
        raise damaged(name, f"its disk has {header.size} bytes, or {extents[0][0]}")


def _one_of_several(name: str) -> NetbootError:
    return NetbootError(
        f"{name} is one of several files of a disk: it does not describe it", hint=f"with all of them, {WHOLE}"
    )
