"""Orders as the server gives them by default, every disk overwritten, and what comes of it."""

from netboot.jobs.drive_password import password_of
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import DiskErase, Erase, Erasure


def overwriting(*disks: DiskId | Disk, answered: tuple[DiskId, ...] = ()) -> Erase:
    """The order to overwrite these disks; a whole disk is one that says nothing of passwords."""
    known = [(disk.id, password_of(disk)) if isinstance(disk, Disk) else (disk, "") for disk in disks]
    orders = tuple(
        DiskErase(disk=disk, method="overwrite", level="clear", wanted="clear", hidden="remove", password=password)
        for disk, password in known
    )
    return Erase(disks=orders, answered=answered, thaw=True)


def ordered(disk: Disk) -> DiskErase:
    """The order to overwrite this one."""
    return DiskErase(disk=disk.id, method="overwrite", level="clear", wanted="clear")


def overwritten(erasure: Erasure) -> Overwritten:
    """What an overwrite says that it did."""
    assert isinstance(erasure.evidence, Overwritten)
    return erasure.evidence
