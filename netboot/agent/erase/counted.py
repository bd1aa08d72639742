"""Asks a disk what it counts of its damage, and a tool what it lists for it, before and after an erase whatever its
method.

smartctl(8) finds out by itself how a disk is spoken to, also behind bridges that pass ATA on; openSeaChest_Erase is
asked only of disks on ports where nothing stands between: some bridges take what they do not know for something else.
Nothing raises, and a tool that fails, hangs or is missing has told nothing. Every call blocks.
Not for: what follows from it (`shared/out_of_reach.py`).
"""

from typing import Final

from netboot.agent.disks.abilities import is_scsi
from netboot.agent.disks.smart_report import disk_counts, read_report
from netboot.agent.erase.firmware.programs import erase_support
from netboot.shared.disk_counts import DiskCounts
from netboot.shared.inventory import Disk
from netboot.shared.process import ProgramError, run

_ASKING: Final = 60.0
"""Seconds: of several pages of a log, each may take as long as a command's own time-out."""
_ALL: Final = ("smartctl", "--json=c", "--all")
_PLAIN: Final = frozenset({"sata", "ata", "nvme", "sas", "scsi"})


def read_counts(disk: Disk) -> DiskCounts:
    """What the disk counts now."""
    try:
        # Its exit status is a set of bits about the disk's health, not about the call.
        done = run((*_ALL, f"/dev/{disk.name}"), expect=None, timeout=_ASKING)
    except ProgramError as error:
        return DiskCounts(said=error.message[:256])
    return disk_counts(read_report(done.stdout, done.status))


def read_support(disk: Disk) -> tuple[str, ...] | None:
    """What openSeaChest_Erase lists for this disk; None where no list came."""
    return erase_support(f"/dev/{disk.name}") if disk.transport in _PLAIN or is_scsi(disk) else None
