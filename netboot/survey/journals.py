"""Whether a file system has an unreplayed journal: then a map of its used blocks cannot be trusted.

partclone ignores the journal of XFS, and in some cases ext4's: blocks that only the journal says are in use would be
left out. Not for: replaying a journal; the PC that gets the master does that.
"""

import re
import struct
from pathlib import Path
from typing import Final

from netboot.shared.process import run

_MAGIC: Final = (0x38, b"\x53\xef")
_STATE: Final = struct.Struct("<H")
_INCOMPATIBLE: Final = struct.Struct("<I")
_STATE_AT, _INCOMPATIBLE_AT = 0x3A, 0x60
_VALID, _ERRORS, _NEEDS_RECOVERY = 0x1, 0x2, 0x4
_XFS_STATE: Final = re.compile(r"^\s*log tail: .* state: <(\w+)>", re.MULTILINE)

UNCLEAN: Final = "it was not shut down cleanly"


def has_journal_to_replay(superblock: bytes) -> bool:
    """Whether an ext3 or 4 with this superblock was switched off while it was mounted."""
    if not _is_ext(superblock):
        return False
    (incompatible,) = _INCOMPATIBLE.unpack_from(superblock, _INCOMPATIBLE_AT)
    return bool(incompatible & _NEEDS_RECOVERY)


def ext_map_problem(superblock: bytes) -> str:
    """Why the map of an ext2, 3 or 4 with this superblock cannot be trusted; "" when it can."""
    if not _is_ext(superblock):
        return "its superblock cannot be read"
    (state,) = _STATE.unpack_from(superblock, _STATE_AT)
    if has_journal_to_replay(superblock) or not state & _VALID:
        return UNCLEAN
    return "it is marked for a check" if state & _ERRORS else ""


def _is_ext(superblock: bytes) -> bool:
    at, magic = _MAGIC
    return len(superblock) >= _INCOMPATIBLE_AT + 4 and superblock[at : at + 2] == magic


def xfs_map_problem(device: Path) -> str:
    """Why the map of the XFS on this device cannot be trusted; "" when it can. Raises ProgramError."""
    log_print = run(["xfs_logprint", "-t", device], expect=None, timeout=600).stdout
    state = _XFS_STATE.search(log_print)
    if state is None:
        return "its log cannot be read"
    return "" if state[1] == "CLEAN" else UNCLEAN
