"""Reads and writes of an NVMe drive of the lab: what a command does to the data, and how long it takes.

Follows NVM Command Set 1.0 §3.2.
"""

import struct
from collections.abc import Callable

from netboot.lab.drives.medium import Medium, MediumError
from netboot.lab.drives.nvme.command import ALL_NAMESPACES, Answer, Command, CommandError, Io, Status
from netboot.lab.drives.nvme.drive import NvmeDrive
from netboot.lab.drives.nvme.identify import MDTS, PAGE

Data = Callable[[int], bytes]
"""Fetches so many bytes of a command's data from the PC. Raises CommandError, DmaError."""


def seconds(drive: NvmeDrive, command: Command, data: Data) -> float:
    """How long a slow drive takes over this command: none where nothing is moved, and over what it elides.

    Raises CommandError, DmaError.
    """
    if command.opcode not in (Io.READ, Io.WRITE, Io.WRITE_ZEROES) or not 1 <= command.nsid <= len(drive.media):
        return 0
    medium = drive.media[command.nsid - 1]
    size = 0 if command.opcode == Io.WRITE_ZEROES else command.blocks * medium.sector
    takes = drive.behaviour.command_takes(size)
    if takes and command.opcode == Io.WRITE and drive.behaviour.elides_zeros and size <= PAGE << MDTS:
        return 0 if medium.elides(data(size)) else takes
    return takes


def run(drive: NvmeDrive, command: Command, data: Data) -> Answer:
    """Carry it out. Raises CommandError, DmaError."""
    if command.opcode == Io.FLUSH:
        return _flush(drive, command)
    if (status := drive.refuses()) is not None:
        raise CommandError(status)
    if command.opcode not in (Io.READ, Io.WRITE, Io.WRITE_ZEROES, Io.DATASET_MANAGEMENT):
        raise CommandError(Status.INVALID_OPCODE)
    medium = drive.medium(command.nsid)
    if drive.formatting and command.nsid in drive.formatting.nsids:
        raise CommandError(Status.FORMAT_IN_PROGRESS)
    if command.opcode == Io.DATASET_MANAGEMENT:
        return _manage(drive, medium, command, data)
    if command.lba + command.blocks > medium.sectors:
        raise CommandError(Status.LBA_OUT_OF_RANGE)
    size = command.blocks * medium.sector
    if size > PAGE << MDTS and command.opcode != Io.WRITE_ZEROES:
        raise CommandError(Status.INVALID_FIELD)
    if drive.opal:
        drive.opal.let_through(command.lba, command.blocks, medium.sector, reading=command.opcode == Io.READ)
        if command.opcode == Io.READ and (shadow := drive.opal.shadow(command.lba, command.blocks, medium.sector)):
            return Answer(data=shadow)
    try:
        return _transfer(drive, medium, command, data, size)
    except MediumError as error:
        drive.counters.media_errors += 1
        status = Status.UNRECOVERED_READ_ERROR if error.reading else Status.WRITE_FAULT
        raise CommandError(status, error.lba) from error


def _transfer(drive: NvmeDrive, medium: Medium, command: Command, data: Data, size: int) -> Answer:
    counters = drive.counters
    match command.opcode:
        case Io.READ:
            counters.reads += 1
            counters.sectors_read += size // 512
            return Answer(data=medium.read(command.lba, command.blocks))
        case Io.WRITE:
            written = data(size)
            drive.wrote()
            medium.write(command.lba, written)
            if command.words[2] & 1 << 30:  # Force Unit Access
                medium.flush()
        case _:
            drive.wrote()
            medium.write_zeroes(command.lba, command.blocks)
    counters.writes += 1
    counters.sectors_written += size // 512
    return Answer()


def _flush(drive: NvmeDrive, command: Command) -> Answer:
    for medium in drive.media if command.nsid == ALL_NAMESPACES else [drive.medium(command.nsid)]:
        medium.flush()
    return Answer()


def _manage(drive: NvmeDrive, medium: Medium, command: Command, data: Data) -> Answer:
    """Dataset Management: only Deallocate does anything."""
    count = (command.words[0] & 0xFF) + 1
    ranges = list(struct.iter_unpack("<IIQ", data(16 * count)))
    if any(start + length > medium.sectors for _, length, start in ranges):
        raise CommandError(Status.LBA_OUT_OF_RANGE)
    if command.words[1] & 1 << 2:
        for _, length, start in ranges:
            if drive.opal:
                drive.opal.let_through(start, length, medium.sector, reading=False)
        for _, length, start in ranges:
            medium.deallocate(start, length)
    return Answer()
