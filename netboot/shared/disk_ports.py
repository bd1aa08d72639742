"""How a disk is spoken to, by what it hangs on: whose commands it may be given about its erase. Pure.

One rule for the agent, which gives them, and the server, which orders and judges. ATA's go only to disks on the PC's
own SATA and IDE ports: a USB bridge, a RAID or a SAS adapter may take one for another, cut it off in the middle, or
lose the registers of its answer (SAT-4 12.2.2). SCSI's go only to disks that speak SCSI themselves: what an adapter
makes of them for a SATA disk behind it nobody tells.
Not for: what the disk says that it can do (`disk_abilities.py`).
"""

from typing import Final

from netboot.shared.inventory import Disk

OWN_PORTS: Final = frozenset({"sata", "ata"})
"""Transports of the PC's own ports for ATA disks, as udev and the kernel name them."""
_SCSI_PORTS: Final = frozenset({"sas", "scsi", "virtio"})


def speaks_ata(disk: Disk) -> bool:
    """Whether a disk speaks ATA to the PC, whatever it hangs on: it may be asked, and not yet ordered."""
    return disk.ata or disk.transport in OWN_PORTS


def on_own_port(disk: Disk) -> bool:
    """Whether an ATA disk hangs on a port of the PC's own, and says who it is: it may be ordered to erase itself."""
    return disk.transport in OWN_PORTS and bool(disk.id.serial)


def speaks_scsi(disk: Disk) -> bool:
    """Whether a disk speaks SCSI itself: no USB stick, and no SATA disk behind an adapter."""
    return disk.transport in _SCSI_PORTS and not disk.ata
