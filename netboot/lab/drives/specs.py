"""Every kind of lab drive: its spec, as JSON has it (`kind` tells them apart), and how it is made."""

import msgspec

from netboot.lab.drives.ahci.hba import Hba
from netboot.lab.drives.ahci.port import Port
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import Attached
from netboot.lab.drives.control import Controlled
from netboot.lab.drives.nvme.controller import NvmeController
from netboot.lab.drives.nvme.drive import NvmeDrive
from netboot.lab.drives.nvme.spec import NvmeSpec
from netboot.lab.drives.sat_bridge.bridge import BridgedDisk
from netboot.lab.drives.sat_bridge.spec import BridgeSpec
from netboot.lab.drives.scsi.attached import AttachedScsi
from netboot.lab.drives.scsi.spec import ScsiSpec
from netboot.lab.drives.virtio_scsi.host import VirtioScsiHost

Spec = NvmeSpec | AhciSpec | BridgeSpec | ScsiSpec
"""One drive, or one controller with its drives."""


def parse_spec(data: bytes) -> Spec:
    """A spec in JSON. Raises msgspec.DecodeError, msgspec.ValidationError."""
    read: Spec = msgspec.json.decode(data, type=Spec)
    return read


def make(spec: Spec) -> Controlled:
    """The drive, without power; its images are there. Raises OSError, ValueError, msgspec.ValidationError."""
    match spec:
        case NvmeSpec():
            return NvmeController(NvmeDrive(spec))
        case AhciSpec():
            return Hba([Port(Attached(disk)) for disk in spec.disks])
        case BridgeSpec():
            return VirtioScsiHost([BridgedDisk(Attached(disk), spec.registers) for disk in spec.disks])
        case ScsiSpec():
            return VirtioScsiHost([AttachedScsi(disk) for disk in spec.disks])
