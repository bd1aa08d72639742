"""Speaks to a drive's TPer through the kernel's own Opal driver (block/sed-opal.c): asks, and reverts by the PSID.

Linux is the tool here, by two requests on the block device, for NVMe and SATA drives alike. Looked at beside it:
- nvme-cli 2.13's `sed` does nothing but these same requests, for NVMe alone, asks for the code at a terminal (getpass),
  and prints the drive's answer as a number;
- sedutil 1.20.0 (Debian 13; its last release, of 2021) wants the code as an argument, where every process of the PC
  reads it, and its SATA path needs libata.allow_tpm=1;
- openSeaChest has no TCG command (its list keeps places for two "in another library").
So the code goes from the question to the drive in this process's memory alone, and the drive's method status comes back
as it is: 0, or TCG Storage Architecture Core 2.01 §5.1.5's. Debian's kernel has CONFIG_BLK_SED_OPAL; the driver speaks
to Opal 1 and 2. Everything here blocks, for a while: Linux asks a drive that says "not yet" again and again, and for
ever (opal_recv_check), which no signal ends. A request that is not answered in time is left behind in its thread.
Sources: Linux 6.12, include/uapi/linux/sed-opal.h (struct opal_key of 264 bytes, struct opal_discovery of 16),
block/sed-opal.c.
"""

import ctypes
import errno
import fcntl
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

T = TypeVar("T")

_KEY: Final = struct.Struct("=BBB5x256s")
"""lr, key_len, key_type (0: the key is in here), key."""
_DISCOVERY: Final = struct.Struct("=QQ")
_ROOM: Final = 4096
_PSID_REVERT_TPR: Final = 1 << 30 | _KEY.size << 16 | ord("p") << 8 | 232
_DISCOVER: Final = 1 << 30 | _DISCOVERY.size << 16 | ord("p") << 8 | 239

STATUSES: Final = {
    0x01: "Not Authorized", 0x03: "SP Busy", 0x04: "SP Failed", 0x05: "SP Disabled", 0x06: "SP Frozen",
    0x07: "No Sessions Available", 0x0C: "Invalid Parameter", 0x0F: "TPer Malfunction", 0x10: "Transaction Failure",
    0x11: "Response Overflow", 0x12: "Authority Locked Out", 0x3F: "Fail",
}  # fmt: skip
"""Method status codes by their names in the Core specification."""
NOT_AUTHORIZED: Final = 0x01
LOCKED_OUT: Final = 0x12

ASKING: Final = 60.0
"""Seconds for Level 0 Discovery, which waits for a request that was left behind."""
REVERTING: Final = 1800.0
"""Seconds for a Revert, which announces no time: what an erase that announces none is given
(`erase/firmware/follow_up.py`, UNTOLD)."""


def discovery(device: Path) -> bytes:
    """What the drive answers to Level 0 Discovery; b"" where the kernel knows no Opal drive there, or got no answer.

    The kernel asked a drive once when it appeared, and speaks only to one that said then that it is one.
    """

    def ask() -> bytes:
        answer = ctypes.create_string_buffer(_ROOM)
        size = _request(device, _DISCOVER, bytearray(_DISCOVERY.pack(ctypes.addressof(answer), _ROOM)))
        return answer.raw[: max(0, min(size, _ROOM))]

    try:
        return _in_time(ask, ASKING) or b""
    except OSError:
        return b""


def psid_revert(device: Path, psid: str) -> int | None:
    """Have the drive go back to its factory state, its keys changed: 0 when it says so, else its method status, or the
    kernel's error as a negative number. None when it has not answered in REVERTING seconds: it may still be at it."""

    def ask() -> int:
        code = psid.encode("ascii")
        asked = bytearray(_KEY.pack(0, len(code), 0, code))
        try:
            return _request(device, _PSID_REVERT_TPR, asked)
        finally:
            asked[:] = bytes(len(asked))

    try:
        return _in_time(ask, REVERTING)
    except OSError as error:
        return -(error.errno or errno.EIO)


def status_words(status: int) -> str:
    """What came back, for the record."""
    if status < 0:
        return f"the kernel: {os.strerror(-status)}"
    return STATUSES.get(status, f"status {status:#x}")


def _in_time(ask: Callable[[], T], seconds: float) -> T | None:
    """What it comes to; None when that takes longer. Raises what it raises."""
    came: SimpleQueue[T | Exception] = SimpleQueue()

    def work() -> None:
        try:
            came.put(ask())
        except Exception as error:  # carried over to whoever waits
            came.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = came.get(timeout=seconds)
    except Empty:
        return None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _request(device: Path, number: int, asked: bytearray) -> int:
    fd = os.open(device, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return int(fcntl.ioctl(fd, number, asked))
    finally:
        os.close(fd)
