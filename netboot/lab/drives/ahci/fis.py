"""The frames between a controller and a SATA disk, as AHCI puts them into memory. Pure.

Serial ATA 3.x, “FIS types”: Register Host to Device (27h), Register Device to Host (34h), PIO Setup (5Fh).
"""

from typing import Final

from netboot.lab.drives.ata.command import EXTENDED, GOOD, SECTOR, Command, Op, Reply
from netboot.lab.drives.ata.transfer import WRITES, sectors_of

HOST_TO_DEVICE: Final = 0x27
COMMAND_BYTES: Final = 20
RECEIVED_PIO: Final = 0x20
RECEIVED_REGISTERS: Final = 0x40
"""Where the received frames stand in a port's area (AHCI 1.3.1 §4.2.1)."""
SIGNATURE: Final = 0x00000101
"""PxSIG of an ATA disk (AHCI 1.3.1 §3.3.9)."""
_INTERRUPT: Final = 0x40
_TO_HOST: Final = 0x20
_COMMAND: Final = 0x80
_SOFTWARE_RESET: Final = 0x04
_DEVICE: Final = 0x40


def is_command(frame: bytes) -> bool:
    """Whether a frame brings a command, and not only the Device Control field."""
    return bool(frame[1] & _COMMAND)


def resets(frame: bytes) -> bool:
    """Whether a frame without a command asks for a software reset."""
    return bool(frame[15] & _SOFTWARE_RESET)


def parse_command(frame: bytes, data: bytes) -> Command:
    """The command of a frame, with the data that the host lays out for it; what is more than it takes is left."""
    op = frame[2]
    if op in EXTENDED:
        feature, count = frame[3] | frame[11] << 8, frame[12] | frame[13] << 8
        lba = int.from_bytes(frame[4:7] + frame[8:11], "little")
    else:
        feature, count = frame[3], frame[12]
        lba = int.from_bytes(frame[4:7], "little") | (frame[7] & 0xF) << 24
    command = Command(op, feature, count, lba)
    if op in WRITES:
        wanted = sectors_of(command) * SECTOR
    else:
        wanted = count * SECTOR if op == Op.DATA_SET_MANAGEMENT else SECTOR
    return Command(op, feature, count, lba, data[:wanted])


def registers(reply: Reply, op: int) -> bytes:
    """Register Device to Host, with which a command ends."""
    lba = reply.lba.to_bytes(6, "little")
    device, high = (_DEVICE, lba[3:6]) if op in EXTENDED else (_DEVICE | lba[3] & 0xF, bytes(3))
    ends = bytes([0x34, _INTERRUPT, reply.status, reply.error, *lba[:3], device, *high, 0])
    return ends + reply.count.to_bytes(2, "little") + bytes(6)


def pio_setup(reply: Reply, op: int) -> bytes:
    """PIO Setup before the last of the data that goes to the host; it carries the status that follows (E_STATUS)."""
    ends = registers(reply, op)
    moved = len(reply.data) % SECTOR or SECTOR
    return (
        bytes([0x5F, _INTERRUPT | _TO_HOST, GOOD | 0x08])
        + ends[3:14]
        + bytes([0, reply.status])
        + moved.to_bytes(2, "little")
        + bytes(2)
    )


def signature() -> bytes:
    """Register Device to Host after a reset: the disk is there, its diagnostics found nothing."""
    return bytes([0x34, 0, GOOD, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0]).ljust(COMMAND_BYTES, b"\0")
