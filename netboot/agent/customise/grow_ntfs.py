"""Growing NTFS, unmounted, by ntfsresize (ntfs-3g 2022.10.3), which checks all of it before it writes anything.

It refuses a volume that Windows is to check, but not one that Windows left hibernated: that is asked here. Afterwards
Windows checks the volume once at its next start (chkdsk), because ntfsresize tells it to; so a volume that is to be
checked, and fills its partition, has been grown already. Blocks.
"""

from pathlib import Path
from typing import Final

from netboot.agent.customise.measure import head_of, length_of, unreadable
from netboot.shared.errors import NetbootError
from netboot.shared.growth import NtfsSize, SuperblockError, read_ntfs
from netboot.shared.process import run

_HOURS: Final = 4 * 3600.0
_YES: Final = "y\n"
"""Not --force, which would also grow what is to be checked."""


def grow_ntfs(device: Path, kind: str) -> None:
    """Grow to the whole partition, and look through it again. Raises NetbootError; nothing was written then, unless
    the disk failed."""
    before = _read(device)
    wanted = min(length_of(device), before.largest)
    # Besides its clusters a volume has the sector behind them, the boot sector's copy.
    if wanted < before.size + 2 * before.cluster:
        return
    probed = run(["ntfs-3g.probe", "--readwrite", device], expect=None, timeout=600)
    if probed.status != 0:
        raise NetbootError(
            f"{device.name}: Windows did not shut this NTFS down (ntfs-3g.probe ended with {probed.status})",
            hint="shut Windows down (shutdown /s /f /t 0) and make the master again",
        )
    run(["ntfsresize", "--no-progress-bar", "--size", str(wanted), device], stdin=_YES, timeout=_HOURS)
    run(["ntfsfix", "--no-action", device], timeout=_HOURS)
    # Forced, because it is to be checked by Windows now.
    run(["ntfsresize", "--info", "--force", "--no-progress-bar", device], timeout=_HOURS)


def _read(device: Path) -> NtfsSize:
    try:
        return read_ntfs(head_of(device))
    except SuperblockError as error:
        raise unreadable(device, error) from error
