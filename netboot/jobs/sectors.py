"""Which sectors a disk has when it gets a master: its own, or those that a Format gives it, where the profile says so.

Known before anything is erased. A drive that is formatted loses all that it holds, so it holds nothing beside this
disk; and how large it is afterwards it does not tell, so it has to be large enough by what it is now. Pure.
Not for: which disk gets the master (`target.py`).
"""

from netboot.jobs.erase_policy import share_a_drive
from netboot.jobs.job import MasterNeeds
from netboot.jobs.profile import Profile
from netboot.shared.disk_abilities import SectorSize
from netboot.shared.inventory import BIOS_SECTOR, Disk, Inventory
from netboot.shared.stages.deploy import DeployOptions


def formats_sectors(profile: Profile) -> bool:
    """Whether an NVMe drive may be given the sectors that the master is made for."""
    return profile.options_for(DeployOptions).sectors == "format"


def sectors_for(disk: Disk, inventory: Inventory, master: MasterNeeds, *, formats: bool) -> SectorSize | None:
    """Of how many bytes the disk's sectors are when it gets the master: its own, else, where it `formats`, those that
    it can be given; None when the master fits neither, or this firmware starts neither."""
    for size in (disk.logical_sector, *(_offered(disk, inventory, master) if formats else ())):
        if master.covers(size) is not None and (inventory.firmware.mode != "bios" or size == BIOS_SECTOR):
            return 512 if size == 512 else 4096
    return None


def _offered(disk: Disk, inventory: Inventory, master: MasterNeeds) -> tuple[SectorSize, ...]:
    can = disk.can.nvme_format
    if disk.transport != "nvme" or can is None or not can.supported:
        return ()
    if any(share_a_drive(disk, other) for other in inventory.disks):
        return ()
    return tuple(size for size in can.sectors if disk.id.size // size * size >= master.disk)
