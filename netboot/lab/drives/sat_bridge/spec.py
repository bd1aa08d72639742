"""What a bridge of the lab and the disks behind it are, as their owner writes it."""

from enum import StrEnum
from typing import Annotated

import msgspec

from netboot.lab.drives.ata.attached import SataDisk


class Registers(StrEnum):
    """What becomes of the ATA registers that a passed command ends with (SAT-4 §12.2.2.7)."""

    GIVEN = "given"
    """All of them, in an ATA Status Return descriptor."""
    FIXED = "fixed"
    """Sense data of the fixed format without them: as QEMU's scsi-block and SAS3008 do (openSeaChest's issue 229)."""
    LOST = "lost"
    """Nothing at all: every passed command that the disk took ends well, and says no more."""
    REFUSED = "refused"
    """No ATA command is passed on."""


class BridgeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sat-bridge"):
    """One bridge, with a disk as each of its targets, from 0 on."""

    socket: str
    disks: Annotated[tuple[SataDisk, ...], msgspec.Meta(min_length=1, max_length=16)]
    registers: Registers = Registers.FIXED
