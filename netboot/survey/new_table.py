"""A changed partition table written to a disk: a power cut leaves the old one, or one from which the new one is made.

The text is sfdisk's (`places.py`). A GPT has its copy, and sfdisk writes both. A dos table with logical partitions is a
chain of sectors, of which sfdisk writes the first one first: cut there, it leads to where nothing is. So sfdisk makes
that table in a file with holes, and its sectors come to the disk from the last to the first, which alone leads to
the others. Where the first logical partition stays, its sector is new before the first one says how long all of them
are: from what is there then, the same table is made again. Not for: what the table says. Blocks; needs root.
"""

import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.survey.loop import writable_loop_device

_SFDISK: Final = (
    "sfdisk",
    "--quiet",
    "--no-reread",
    "--no-tell-kernel",
    "--wipe",
    "never",
    "--wipe-partitions",
    "never",
)
_SIGNATURE: Final = slice(440, 446)
"""Of the first sector: what Windows knows a disk by. sfdisk makes it zeros in a GPT's."""
_ENTRIES: Final = range(446, 510, 16)
_EXTENDED: Final = (0x05, 0x0F, 0x85)
_MOST: Final = 128


def write_table(device: Path, text: str, *, table: Literal["gpt", "dos"], sector: int) -> None:
    """Give the device the table that `text` says, of the kind that it has. Raises NetbootError."""
    try:
        fd = os.open(device, os.O_RDWR | os.O_CLOEXEC)
        try:
            first = os.pread(fd, sector, 0)
            if table == "dos":
                for at, data in reversed(_made(text, first, os.lseek(fd, 0, os.SEEK_END), sector)):
                    _write(fd, at, data)
                return
            run([*_SFDISK, device], stdin=text, timeout=60)
            now = bytearray(os.pread(fd, sector, 0))
            now[_SIGNATURE] = first[_SIGNATURE]
            _write(fd, 0, bytes(now))
        finally:
            os.close(fd)
    except OSError as error:
        raise NetbootError(f"{device.name}: {error}", hint="deploy the master again") from error


def set_length(device: Path, number: int, sectors: int | None = None) -> None:
    """Let this partition be so many sectors long, None: up to what is behind it or the disk's end. Raises
    NetbootError."""
    length = "+" if sectors is None else str(sectors)
    run([*_SFDISK, "--partno", str(number), device], stdin=f",{length}\n", timeout=60)


def _made(text: str, first: bytes, size: int, sector: int) -> list[tuple[int, bytes]]:
    """The sectors of a dos table as sfdisk makes them for a disk of this size and this first sector, by where they are,
    the first one first."""
    with tempfile.NamedTemporaryFile(prefix="netboot-table-") as file:
        file.truncate(size)
        file.write(first)
        file.flush()
        with writable_loop_device(Path(file.name), sector=sector) as device:
            run([*_SFDISK, device], stdin=text, timeout=60)
        return sorted((at, os.pread(file.fileno(), sector, at)) for at in _chain(file.fileno(), sector))


def _chain(fd: int, sector: int) -> Iterator[int]:
    """Where the sectors of a dos table are: its first, and one for each logical partition."""
    yield 0
    base = at = _next(os.pread(fd, sector, 0))
    for _ in range(_MOST):
        if not at:
            return
        yield at * sector
        behind = _next(os.pread(fd, sector, at * sector))
        at = base + behind if behind else 0


def _next(data: bytes) -> int:
    """The sector in which the next one begins by this one: the extended partition; 0 where there is none."""
    entries = (struct.unpack_from("<4xB3xI", data, at) for at in _ENTRIES)
    return next((start for kind, start in entries if kind in _EXTENDED), 0)


def _write(fd: int, at: int, data: bytes) -> None:
    if os.pread(fd, len(data), at) == data:
        return
    if os.pwrite(fd, data, at) != len(data):
        raise NetbootError("the partition table was written in part only", hint="deploy the master again")
    os.fsync(fd)
