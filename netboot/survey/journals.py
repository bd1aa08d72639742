"""Whether a file system has an unreplayed journal: then a map of its used blocks cannot be trusted.

partclone ignores the journal of XFS, and in some cases ext4's: blocks that only the journal says are in use would be
left out. Not for: replaying a journal; the PC that gets the master does that.
"""

import re
import struct
from pathlib import Path
from typing import Final

from netboot.shared.process import run

EXT_SUPERBLOCK: Final = (1024, 2048)
"""Where an ext file system has its superblock, in bytes."""
_MAGIC: Final = (0x38, b"\x53\xef")
_STATE: Final = struct.Struct("<H")
_INCOMPATIBLE: Final = struct.Struct("<I")
_STATE_AT, _INCOMPATIBLE_AT = 0x3A, 0x60
_VALID, _ERRORS, _NEEDS_RECOVERY = 0x1, 0x2, 0x4
_XFS_STATE: Final = re.compile(r"^\s*log tail: .* state: <(\w+)>", re.MULTILINE)

_UNCLEAN: Final = "it was not shut down cleanly"


def ext_map_problem(superblock: bytes) -> str:
    """Why the map of an ext2, 3 or 4 with this superblock cannot be trusted; "" when it can."""
    at, magic = _MAGIC
    if len(superblock) < _INCOMPATIBLE_AT + 4 or superblock[at : at + 2] != magic:
        return "its superblock cannot be read"
    (state,) = _STATE.unpack_from(superblock, _STATE_AT)
    (incompatible,) = _INCOMPATIBLE.unpack_from(superblock, _INCOMPATIBLE_AT)
    if incompatible & _NEEDS_RECOVERY or not state & _VALID:
        return _UNCLEAN
    return "it has errors (e2fsck)" if state & _ERRORS else ""


def xfs_map_problem(device: Path) -> str:
    """Why the map of the XFS on this device cannot be trusted; "" when it can. Raises ProgramError."""
    log_print = run(["xfs_logprint", "-t", device], expect=None, timeout=600).stdout
    state = _XFS_STATE.search(log_print)
    if state is None:
        return "its log cannot be read"
    return "" if state[1] == "CLEAN" else _UNCLEAN
