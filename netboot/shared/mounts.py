"""What is mounted below a folder of ours (proc_pid_mounts(5)), and letting go of it before the folder is removed.

Not for: which disks of a PC are in use (`agent/disks/block_devices.py`).
"""

from contextlib import suppress
from pathlib import Path

from netboot.shared.errors import NetbootError
from netboot.shared.process import run


def mounts_below(folder: Path) -> list[str]:
    """The places below `folder` where something is mounted, in the order in which it was."""
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    places = [line.split(" ")[1].replace("\\040", " ") for line in lines]
    return [place for place in places if place.startswith(f"{folder.resolve()}/")]


def unmount_below(folder: Path) -> None:
    """Let go of what killed programs left mounted there. One that is in use stays."""
    for place in reversed(mounts_below(folder)):
        with suppress(NetbootError):
            run(["umount", place])
