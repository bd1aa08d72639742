"""Commands that move sectors or look at them: READ, WRITE, READ VERIFY, DATA SET MANAGEMENT (ACS-3, same names)."""

import struct
from typing import Final

from netboot.lab.drives.ata.command import ABORTED, DONE, EXTENDED, SECTOR, Command, Error, Op, Reply, failure
from netboot.lab.drives.ata.identify import RANGES_BLOCKS
from netboot.lab.drives.medium import Medium, MediumError

READS: Final = frozenset(
    {
        Op.READ_SECTORS, Op.READ_SECTORS_EXT, Op.READ_DMA, Op.READ_DMA_EXT, Op.READ_MULTIPLE, Op.READ_MULTIPLE_EXT,
    }
)  # fmt: skip
WRITES: Final = frozenset(
    {
        Op.WRITE_SECTORS, Op.WRITE_SECTORS_EXT, Op.WRITE_DMA, Op.WRITE_DMA_EXT, Op.WRITE_MULTIPLE,
        Op.WRITE_MULTIPLE_EXT, Op.WRITE_DMA_FUA_EXT, Op.WRITE_MULTIPLE_FUA_EXT,
    }
)  # fmt: skip
VERIFIES: Final = frozenset({Op.READ_VERIFY, Op.READ_VERIFY_EXT})
MOVES: Final = READS | WRITES | VERIFIES | {Op.DATA_SET_MANAGEMENT}
_TRIM: Final = 1


def sectors_of(command: Command) -> int:
    """How many sectors a command of this module is about: a count of 0 is the greatest."""
    return command.count or (65536 if command.op in EXTENDED else 256)


def execute(command: Command, medium: Medium, sectors: int, *, trims: bool = True) -> Reply:
    """Carry out one of `MOVES` on a disk of which a host sees that many sectors."""
    if command.op == Op.DATA_SET_MANAGEMENT:
        return _trim(command, medium, sectors) if trims else ABORTED
    count = sectors_of(command)
    if command.lba + count > sectors:
        return failure(Error.ID_NOT_FOUND, lba=command.lba)
    try:
        if command.op in WRITES:
            if len(command.data) != count * SECTOR:
                return ABORTED
            medium.write(command.lba, command.data)
            if command.op in (Op.WRITE_DMA_FUA_EXT, Op.WRITE_MULTIPLE_FUA_EXT):
                medium.flush()
            return DONE
        data = medium.read(command.lba, count)
    except MediumError as error:
        # A disk has no word for a sector that it cannot write; those that give up say that they do not find it.
        return failure(Error.UNCORRECTABLE if error.reading else Error.ID_NOT_FOUND, lba=error.lba)
    return Reply(data=data) if command.op in READS else DONE


def _trim(command: Command, medium: Medium, sectors: int) -> Reply:
    """Forget ranges of sectors: they read as zeros, the data is where it was. All ranges are right, or none is."""
    if not command.feature & _TRIM or not 0 < len(command.data) <= RANGES_BLOCKS * SECTOR:
        return ABORTED
    ranges = [(entry & (1 << 48) - 1, entry >> 48) for (entry,) in struct.iter_unpack("<Q", command.data)]
    if any(lba + count > sectors for lba, count in ranges if count):
        return failure(Error.ID_NOT_FOUND)
    for lba, count in ranges:
        if count:
            medium.deallocate(lba, count)
    return DONE
