"""TCG Opal's Revert by the PSID of a drive's label, through the kernel (`agent/disks/sed_opal.py`).

Who the drive is and what else hangs on it is asked as its kind of drive is asked before any order. The drive answers at
its end; its word counts only if its Level 0 Discovery then says that its locks are off.
Sources: TCG Storage Opal SSC 2.01 §5.1.2.2 (Revert), §3.1.1.3 (the Locking feature's states); sedutil's manual of its
PSID revert: data is erased "if the Locking SP is active". On a drive whose locks nobody switched on nothing is ordered.
Not for: asking a person (`agent/erase/label_code.py`), what follows from an answer (`shared/firmware_verdict.py`).
"""

import os
from pathlib import Path
from typing import Final

from netboot.agent.answers.opal_discovery import parse_discovery
from netboot.agent.disks import sed_opal
from netboot.agent.erase.firmware.ata import AtaSanitize
from netboot.agent.erase.firmware.nvme import NvmeFormat
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered, Technique
from netboot.shared.disk_abilities import Opal
from netboot.shared.disk_ports import on_own_port
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk
from netboot.shared.stages.erase import DiskErase

_NVME: Final[Technique] = NvmeFormat(1)
_ATA: Final[Technique] = AtaSanitize("crypto")
_LAST_TRY: Final = frozenset({sed_opal.NOT_AUTHORIZED, sed_opal.LOCKED_OUT})


def speaks_opal(disk: Disk) -> bool:
    """Whether a disk is of a kind that may have TCG's locks, on a port of the PC's own."""
    return disk.transport == "nvme" or on_own_port(disk)


def locks_of(disk: Disk) -> Opal | None:
    """What the drive says of its locks now; None where it says nothing, or has none. Blocks."""
    return parse_discovery(sed_opal.discovery(_path(disk)))


def is_reverting(disk: Disk) -> bool:
    """Whether a Revert that was ordered of it, in this job or in one before, has not come back yet. Blocks."""
    return sed_opal.is_reverting(_path(disk))


class OpalRevert:
    """One try with this code. `wrong`: the drive did not take the code, or takes none any more."""

    tool = "Linux"
    proof = Proof(goes_on=False, even=False, opens=True)

    def __init__(self, code: str) -> None:
        self._code = code
        self.wrong = False

    def version(self) -> str:
        """The kernel, whose Opal driver speaks to the drive."""
        return f"Linux {os.uname().release} (sed-opal)"

    def is_this(self, disk: Disk) -> bool:
        """By the serial number that the drive tells."""
        return _kind(disk).is_this(disk)

    def beside(self, disk: Disk) -> Beside | None:
        """Every other namespace of the drive: a Revert is about all of it."""
        return _kind(disk).beside(disk)

    def look(self, disk: Disk) -> Look:
        """There is no word for how the last one ended, only for the locks as they are."""
        if is_reverting(disk):
            return Look("running")
        locks = locks_of(disk)
        return Look() if locks is None else Look("idle", shut=locks.shut)

    def order(self, disk: Disk, order: DiskErase) -> Ordered:
        """Give the drive its code; this blocks until it is done."""
        path = _path(disk)
        command = f"ioctl {path} IOC_OPAL_PSID_REVERT_TPR PSID"
        if is_reverting(disk):
            return Ordered(command, "not-told", "it has not answered an earlier one")
        before = locks_of(disk)
        if before is None:
            return Ordered(command, "no", "it tells nothing of its locks")
        if not before.owned:
            return Ordered(command, "no", "nobody has switched its locks on: a revert would erase nothing")
        status = sed_opal.psid_revert(path, self._code)
        if status is None:
            return Ordered(command, "not-told", f"it has not answered for {sed_opal.REVERTING:.0f} s")
        self.wrong = status in _LAST_TRY
        if status in sed_opal.STATUSES:
            return Ordered(command, "no", sed_opal.status_words(status))
        if status != 0:
            return Ordered(command, "not-told", sed_opal.status_words(status))
        after = locks_of(disk)
        if after is None:
            return Ordered(command, "not-told", "it tells nothing of its locks any more")
        if after.owned:
            return Ordered(command, "not-told", "it says that it did, and its locks are on")
        return Ordered(command, "yes")


def _kind(disk: Disk) -> Technique:
    return _NVME if disk.transport == "nvme" else _ATA


def _path(disk: Disk) -> Path:
    return Path("/dev") / disk.name
