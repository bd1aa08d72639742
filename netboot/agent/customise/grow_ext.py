"""Growing ext2, 3 and 4, unmounted, by resize2fs: no further than is safe for them (`shared/growth.py`).

It is checked before and after, and what went wrong is undone. Blocks.
"""

import tempfile
import time
from pathlib import Path
from typing import Final

from netboot.agent.customise.measure import head_of, length_of, unreadable
from netboot.shared.growth import SUPERBLOCK, ExtSize, SuperblockError, read_ext
from netboot.shared.process import ProgramError, run

_HOURS: Final = 4 * 3600.0
_LAZY: Final = Path("/sys/fs/ext4/features/lazy_itable_init")
"""There once the kernel's ext4 is loaded: resize2fs then leaves inode tables, GBs on a large disk, for it to write."""
_OLDEST_CLOCK: Final = 1_262_322_000
"""Before 2010 e2fsck takes no moment for true, and resize2fs then asks for another check, for ever."""


def grow_ext(device: Path, kind: str) -> None:
    """Check, grow as far as it stays whole, and check again; a growth that went wrong is undone."""
    _check(device)
    before = _read(device)
    blocks = min(length_of(device), before.largest) // before.block
    if blocks <= before.blocks:
        return
    if not _LAZY.exists():
        run(["modprobe", "--quiet", "ext4"], expect=None, timeout=60)
    with tempfile.TemporaryDirectory(prefix="netboot-undo-") as folder:
        # Without checksums, or a kernel that can write them later, it would hold the inode tables of a whole disk.
        # With other blocks than of 4 KiB resize2fs 1.47 itself leaves a wrong resize inode when it keeps an undo file.
        undoable = before.block == 4096 and before.checksums and _LAZY.exists()
        undo = Path(folder, "before") if undoable else None
        try:
            # The number is in the file system's own blocks.
            keeping = ("-z", str(undo)) if undo else ()
            run(["resize2fs", *keeping, device, str(blocks)], timeout=_HOURS)
            run(["e2fsck", "-f", "-n", device], timeout=_HOURS, env=_at_the_time_of(device))
        except ProgramError:
            if undo is not None and undo.exists():
                run(["e2undo", undo, device], timeout=_HOURS)
                _check(device)
            raise


def _check(device: Path) -> None:
    """A forced check, which resize2fs wants; what it corrects by itself is corrected (status 1)."""
    run(["e2fsck", "-f", "-p", device], expect=(0, 1), timeout=_HOURS, env=_at_the_time_of(device))


def _at_the_time_of(device: Path) -> dict[str, str]:
    """For e2fsck, a clock that is behind no moment that the file system names, whatever the PC's own says: resize2fs
    compares the time of the check with those."""
    return {"E2FSCK_TIME": str(max(int(time.time()), _read(device).touched, _OLDEST_CLOCK))}


def _read(device: Path) -> ExtSize:
    try:
        return read_ext(head_of(device)[SUPERBLOCK])
    except SuperblockError as error:
        raise unreadable(device, error) from error
