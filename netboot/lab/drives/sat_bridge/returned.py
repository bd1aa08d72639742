"""The registers that a passed ATA command ends with, in sense data (SAT-4 §12.2.2.7). Pure."""

from typing import Final

from netboot.lab.drives.ata.command import Reply
from netboot.lab.drives.virtio_scsi.sense import Key, Sense

_ATA_STATUS_RETURN: Final = 0x09
REGISTERS_FOLLOW: Final = Sense(Key.RECOVERED, 0x00, 0x1D)
"""ATA PASS-THROUGH INFORMATION AVAILABLE."""


def with_registers(sense: Sense, reply: Reply, *, extended: bool) -> bytes:
    """Descriptor format, with the registers of a passed command's end."""
    count, lba = reply.count.to_bytes(2, "big"), reply.lba.to_bytes(6, "little")
    device = 0x40 | (0 if extended else lba[3] & 0xF)
    high = (lba[3], lba[4], lba[5]) if extended else (0, 0, 0)
    descriptor = bytes(
        [
            _ATA_STATUS_RETURN, 12, int(extended), reply.error, count[0] if extended else 0, count[1],
            high[0], lba[0], high[1], lba[1], high[2], lba[2], device, reply.status,
        ]
    )  # fmt: skip
    return bytes([0x72, sense.key, sense.code, sense.qualifier, 0, 0, 0, len(descriptor)]) + descriptor
