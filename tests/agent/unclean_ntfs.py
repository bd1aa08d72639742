"""Leaves an NTFS as a Windows does that was cut off: with a journal that is in use.

Its $LogFile gets both of its restart pages, as ntfs-3g's `logfile.h` describes them: one client, NTFS, has it open, and
nothing says that the volume is clean. No Windows wrote them.
"""

import struct
import subprocess
from pathlib import Path
from typing import Final

from netboot.shared.process import run

_LOG_FILE: Final = "2"
"""The number of its inode."""
_PAGE: Final = 4096
_NONE: Final = 0xFFFF


def leave_unclean(device: Path, folder: Path) -> None:
    """Open the journal of this NTFS, and do not close it."""
    log = subprocess.check_output(["ntfscat", "--inode", _LOG_FILE, device])
    draft = folder / "journal"
    draft.write_bytes(2 * _restart_page(len(log)) + log[2 * _PAGE :])
    run(["ntfscp", "--inode", device, draft, _LOG_FILE])


def _restart_page(length: int) -> bytes:
    name = "NTFS".encode("utf-16-le")
    client = struct.pack("<QQHHH6xI128s", 0, 0, _NONE, _NONE, 0, len(name), name)
    bits = 67 - length.bit_length()
    area = struct.pack("<QHHHHIHHQIHHII", 0, 1, _NONE, 0, 0, bits, 48 + len(client), 48, length, 0, 48, 64, 1, 0)
    head = struct.pack("<4sHHQIIHHHH16x", b"RSTR", 30, 9, 0, _PAGE, _PAGE, 48, 1, 1, 1)
    page = bytearray((head + area + client).ljust(_PAGE, b"\0"))
    for sector in range(_PAGE // 512):  # each ends with the number of this update, and what was there stands before all
        end = 512 * sector + 510
        page[32 + 2 * sector : 34 + 2 * sector] = page[end : end + 2]
        page[end : end + 2] = b"\x01\x00"
    return bytes(page)
