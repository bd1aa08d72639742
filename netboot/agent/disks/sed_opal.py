"""Speaks to a drive's TPer through the kernel's own Opal driver (block/sed-opal.c): asks, and reverts by the PSID.

Linux is the tool here, by two requests on the block device, for NVMe and SATA drives alike. Looked at beside it:
- nvme-cli 2.13's `sed` does nothing but these same requests, for NVMe alone, asks for the code at a terminal (getpass),
  and prints the drive's answer as a number;
- sedutil 1.20.0 (Debian 13; its last release, of 2021) wants the code as an argument, where every process of the PC
  reads it, and its SATA path needs libata.allow_tpm=1;
- openSeaChest has no TCG command (its list keeps places for two "in another library").
Debian's kernel has CONFIG_BLK_SED_OPAL; the driver speaks to Opal 1 and 2. Linux asks a drive that says "not yet" again
and again, and for ever (opal_recv_check): no signal ends that, and whoever asks the drive anything else of its locks
waits for it. So a Revert is ordered by a program of its own (`psid_revert.py`), which holds the device's lock to its
end, and is left behind where that takes too long; nothing is asked of a drive whose lock is held.
Everything here blocks.
Sources: Linux 6.12, include/uapi/linux/sed-opal.h (struct opal_discovery of 16 bytes), block/sed-opal.c; systemd's
"Locking Block Device Access".
"""

import ctypes
import errno
import fcntl
import os
import struct
import sys
from pathlib import Path
from typing import Final

from netboot.shared.process import ProgramError, run

_DISCOVERY: Final = struct.Struct("=QQ")
_ROOM: Final = 4096
_DISCOVER: Final = 1 << 30 | _DISCOVERY.size << 16 | ord("p") << 8 | 239

STATUSES: Final = {
    0x01: "Not Authorized", 0x03: "SP Busy", 0x04: "SP Failed", 0x05: "SP Disabled", 0x06: "SP Frozen",
    0x07: "No Sessions Available", 0x0C: "Invalid Parameter", 0x0F: "TPer Malfunction", 0x10: "Transaction Failure",
    0x11: "Response Overflow", 0x12: "Authority Locked Out", 0x3F: "Fail",
}  # fmt: skip
"""Method status codes by their names in TCG Storage Architecture Core 2.01, §5.1.5."""
NOT_AUTHORIZED: Final = 0x01
LOCKED_OUT: Final = 0x12

REVERTING: Final = 1800.0
"""Seconds for a Revert, which announces no time: what an erase that announces none is given
(`agent/erase/firmware/follow_up.py`, UNTOLD)."""


def discovery(device: Path) -> bytes:
    """What the drive answers to Level 0 Discovery; b"" where the kernel knows no Opal drive there, or got no answer, or
    a Revert is going on.

    The kernel asked a drive once when it appeared, and speaks only to one that said then that it is one.
    """
    answer = ctypes.create_string_buffer(_ROOM)
    asked = bytearray(_DISCOVERY.pack(ctypes.addressof(answer), _ROOM))
    try:
        fd = _locked(device)
    except OSError:
        return b""
    try:
        size = fcntl.ioctl(fd, _DISCOVER, asked)
    except OSError:
        return b""
    finally:
        os.close(fd)
    return answer.raw[: max(0, min(size, _ROOM))]


def is_reverting(device: Path) -> bool:
    """Whether a Revert of this drive has not come back yet, whoever waits for it."""
    try:
        os.close(_locked(device))
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def psid_revert(device: Path, psid: str) -> int | None:
    """Have the drive go back to its factory state, its keys changed: 0 when it says so, else what Linux gives back: the
    drive's method status, a status of NVMe's, or the kernel's error as a negative number. None when nothing came back
    in REVERTING seconds: it may still be at it."""
    command = (sys.executable, "-m", "netboot.agent.disks.psid_revert", device)
    try:
        return int(run(command, stdin=psid, timeout=REVERTING).stdout)
    except ProgramError as error:
        return None if error.completed is None else -errno.EIO
    except ValueError:
        return -errno.EIO


def status_words(status: int) -> str:
    """What came back, for the record."""
    if status < 0:
        return f"the kernel: {os.strerror(-status)}"
    return STATUSES.get(status, f"status {status:#x}")


def _locked(device: Path) -> int:
    """The device, open, which no Revert is begun of meanwhile. Raises BlockingIOError while one is, OSError."""
    fd = os.open(device, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd
