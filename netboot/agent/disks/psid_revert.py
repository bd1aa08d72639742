"""`python3 -m netboot.agent.disks.psid_revert DEVICE`: has a drive revert by the PSID on its standard input, and prints
what came back: 0, a status, or the kernel's error as a negative number.

A program of its own, because one that a drive never answers cannot be ended: the agent can, and the PC with it. So the
code goes from the question to the drive in memory alone, and by no command line. It holds the device's lock to its end.
Source: Linux 6.12, include/uapi/linux/sed-opal.h (struct opal_key of 264 bytes).
Not for: what the status means (`sed_opal.py`).
"""

import errno
import fcntl
import os
import struct
import sys
from pathlib import Path
from typing import Final

_KEY: Final = struct.Struct("=BBB5x256s")
"""lr, key_len, key_type (0: the key is in here), key."""
_PSID_REVERT_TPR: Final = 1 << 30 | _KEY.size << 16 | ord("p") << 8 | 232


def revert(device: Path, psid: str) -> int:
    """Order it; blocks until the drive has answered. Raises nothing for what it answers."""
    code = psid.encode("ascii")
    asked = bytearray(_KEY.pack(0, len(code), 0, code))
    try:
        fd = os.open(device, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        return -(error.errno or errno.EIO)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        return int(fcntl.ioctl(fd, _PSID_REVERT_TPR, asked))
    except OSError as error:
        return -(error.errno or errno.EIO)
    finally:
        os.close(fd)


if __name__ == "__main__":
    sys.stdout.write(str(revert(Path(sys.argv[1]), sys.stdin.read())))
