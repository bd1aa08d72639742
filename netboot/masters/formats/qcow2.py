"""qcow2, QEMU's format (QEMU's docs/interop/qcow2.txt).

A qcow2 header may name other files of this machine, or a server, as the place of its data; qemu-img would open them. So
the header is read here first, and such a file refused.
Not for: which format a file has (`masters/file_format.py`).
"""

import struct
from pathlib import Path
from typing import Final

from netboot.masters.formats.bounds import WHOLE, damaged, require_size
from netboot.masters.formats.qemu_img import extents, require_checked, unpack_as
from netboot.shared.errors import NetbootError
from netboot.survey.disk_file import DiskFile

_BACKING_NAME: Final = struct.Struct(">QI")
_NUMBER: Final = struct.Struct(">I")
_LONG: Final = struct.Struct(">Q")
_TABLES: Final = struct.Struct(">IQ")
_CLUSTER_AT, _SIZE_AT, _CRYPT_AT, _TABLES_AT, _INCOMPATIBLE_AT = 20, 24, 32, 36, 72
_OFFSET: Final = 0x00FFFFFFFFFFFE00
_EXTERNAL_DATA: Final = 1 << 2


def read_header(head: bytes, file: DiskFile) -> int:
    """As `Format` says: refuses what needs other files, is encrypted, or is no qcow2 that is known."""
    name = file.name
    if len(head) < _INCOMPATIBLE_AT + 8 or head[:4] != b"QFI\xfb":
        raise NetbootError(f"{name} is cut short: it has no whole header", hint="copy it again")
    (version,) = _NUMBER.unpack_from(head, 4)
    if version not in (2, 3):
        raise NetbootError(f"{name} is a qcow2 of version {version}, which is not known", hint=WHOLE)
    at, length = _BACKING_NAME.unpack_from(head, 8)
    if at or length:
        other = head[at : at + min(length, 200)].decode(errors="backslashreplace")
        raise NetbootError(f"{name} is not whole: it needs {other!r}", hint=WHOLE)
    (incompatible,) = _LONG.unpack_from(head, _INCOMPATIBLE_AT) if version == 3 else (0,)
    if incompatible & _EXTERNAL_DATA:
        raise NetbootError(f"{name} is not whole: its data are in another file", hint=WHOLE)
    (cluster,) = _NUMBER.unpack_from(head, _CLUSTER_AT)
    if not 9 <= cluster <= 21:
        raise damaged(name, "it has clusters of no known size")
    (crypt,) = _NUMBER.unpack_from(head, _CRYPT_AT)
    if crypt:
        raise NetbootError(f"{name} is encrypted", hint="decrypt it first with qemu-img convert")
    (size,) = _LONG.unpack_from(head, _SIZE_AT)
    return require_size(size, name)


def require_whole(file: DiskFile) -> None:
    """As `Format` says. `qemu-img check` does not mind a last piece of the disk, or of its tables, that is cut."""
    if _ends(file) > file.size:
        raise damaged(file.name, "its tables lie behind its end")
    require_checked(file, "qcow2")
    # Where compressed clusters are it does not tell: those that are cut cannot be unpacked.
    ends = [one["offset"] + one["length"] for one in extents(file, "qcow2") if one["data"] and "offset" in one]
    if max(ends, default=0) > file.size:
        raise damaged(file.name, f"{max(ends) - file.size} bytes are missing at its end")


def _ends(file: DiskFile) -> int:
    """Where the last of the tables ends that tell where the disk's clusters are."""
    head = file.read(0, _TABLES_AT + _TABLES.size)
    cluster = int(_NUMBER.unpack_from(head, _CLUSTER_AT)[0])
    length, at = _TABLES.unpack_from(head, _TABLES_AT)
    end = int(at) + 8 * int(length)
    if end > file.size:
        return end
    entries = [int(entry) & _OFFSET for (entry,) in struct.iter_unpack(">Q", file.read(at, end))]
    return max(end, *(entry + (1 << cluster) for entry in entries if entry), 0)


def unpack(file: DiskFile, raw: Path) -> None:
    """As `Format` says."""
    unpack_as(file, raw, "qcow2")
