"""The formats of virtual disks that an import unpacks, one module each, all with the same three functions.

A header is read and judged here before qemu-img sees the file: it may name other files, or promise what the file does
not hold. The modules that end in `_header` parse it, and are pure. Not for: which format a file has
(`masters/file_format.py`), and gzip, xz, bzip2 and zstd (`masters/packed.py`), which pack any of these.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from netboot.masters.file_format import DiskFormat
from netboot.masters.formats import qcow2, vdi, vhd, vhdx, vmdk
from netboot.survey.disk_file import DiskFile


class Format(Protocol):
    """What a module of this package offers. Each function raises NetbootError, with what to do."""

    def read_header(self, head: bytes, file: DiskFile) -> int:
        """The disk's size in bytes; refuses a file that is not whole by itself. `head` is its first HEAD bytes."""

    def require_whole(self, file: DiskFile) -> None:
        """Refuses a file that lacks something its header or its tables tell of."""

    def unpack(self, file: DiskFile, raw: Path) -> None:
        """Write the disk to `raw`, sparse. Raises ProgramError."""


FORMATS: Final[Mapping[DiskFormat, Format]] = {"qcow2": qcow2, "vmdk": vmdk, "vdi": vdi, "vhd": vhd, "vhdx": vhdx}
