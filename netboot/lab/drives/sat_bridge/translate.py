"""The translation: SCSI commands become ATA commands of one disk, and their ends become SCSI's (SAT-4 §7 to §12).

Not there: UNMAP and WRITE SAME (this bridge passes no TRIM), SCSI's own SANITIZE and security protocols.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from netboot.lab.drives.ata.command import EXTENDED, SECTOR, Command, Error, Op, Reply
from netboot.lab.drives.ata.disk import AtaDisk
from netboot.lab.drives.ata.transfer import WRITES, sectors_of
from netboot.lab.drives.sat_bridge.pages import inquiry, mode_sense, vital_page
from netboot.lab.drives.sat_bridge.returned import REGISTERS_FOLLOW, with_registers
from netboot.lab.drives.sat_bridge.spec import Registers
from netboot.lab.drives.virtio_scsi import sense
from netboot.lab.drives.virtio_scsi.sense import CHECK_CONDITION, Sense
from netboot.lab.drives.virtio_scsi.target import Answer


class Scsi(IntEnum):
    """Operation codes that the bridge knows."""

    TEST_UNIT_READY = 0x00
    REQUEST_SENSE = 0x03
    INQUIRY = 0x12
    MODE_SENSE_6 = 0x1A
    START_STOP_UNIT = 0x1B
    PREVENT_ALLOW = 0x1E
    READ_CAPACITY = 0x25
    READ_10 = 0x28
    WRITE_10 = 0x2A
    SYNCHRONIZE_CACHE = 0x35
    MODE_SENSE_10 = 0x5A
    ATA_16 = 0x85
    READ_16 = 0x88
    WRITE_16 = 0x8A
    SYNCHRONIZE_CACHE_16 = 0x91
    SERVICE_ACTION_IN = 0x9E
    REPORT_LUNS = 0xA0
    ATA_12 = 0xA1


_READ_CAPACITY_16: Final = 0x10
_CK_COND: Final = 0x20


Ending = Callable[[Reply], Answer]
"""Makes a SCSI command's end of the end of the ATA command that it became."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A SCSI command that became this ATA command."""

    command: Command
    ending: Ending


def translate(cdb: bytes, data: bytes, disk: AtaDisk, registers: Registers) -> Answer | Passed:
    """What a SCSI command, of at least 16 bytes, comes to: an answer at once, or an ATA command for the disk."""
    match cdb[0]:
        case Scsi.ATA_12 | Scsi.ATA_16 if registers is not Registers.REFUSED:
            return _pass(cdb, data, registers)
        case Scsi.INQUIRY if cdb[1] & 1:
            page = vital_page(cdb[2], disk.model, disk.identify())
            return _cut(page, int.from_bytes(cdb[3:5])) if page is not None else _check(sense.INVALID_FIELD)
        case Scsi.INQUIRY:
            return _cut(inquiry(disk.model), int.from_bytes(cdb[3:5]))
        case Scsi.REPORT_LUNS:
            return _cut(struct.pack(">II8x", 8, 0), int.from_bytes(cdb[6:10]))
        case Scsi.REQUEST_SENSE:
            return _cut((_unready(disk) or Sense(sense.Key.NO_SENSE)).fixed, cdb[4])
        case Scsi.TEST_UNIT_READY:
            unready = _unready(disk)
            return _check(unready) if unready else Answer()
        case Scsi.PREVENT_ALLOW:
            return Answer()
        case Scsi.READ_CAPACITY:
            return Answer(data=struct.pack(">II", min(disk.hidden.accessible - 1, 0xFFFFFFFF), SECTOR))
        case Scsi.SERVICE_ACTION_IN if cdb[1] & 0x1F == _READ_CAPACITY_16:
            capacity = struct.pack(">QIBB18x", disk.hidden.accessible - 1, SECTOR, 0, disk.model.physical_exponent)
            return _cut(capacity, int.from_bytes(cdb[10:14]))
        case Scsi.MODE_SENSE_6 | Scsi.MODE_SENSE_10:
            return _mode(cdb, disk)
        case Scsi.START_STOP_UNIT if not cdb[4] & 1:
            return Passed(Command(Op.STANDBY_IMMEDIATE), lambda reply: _end(reply, disk))
        case Scsi.START_STOP_UNIT:
            return Answer()
        case Scsi.SYNCHRONIZE_CACHE | Scsi.SYNCHRONIZE_CACHE_16:
            return Passed(Command(Op.FLUSH_CACHE_EXT), lambda reply: _end(reply, disk))
        case Scsi.READ_10 | Scsi.WRITE_10:
            return _move(cdb[0], int.from_bytes(cdb[2:6]), int.from_bytes(cdb[7:9]), data, disk)
        case Scsi.READ_16 | Scsi.WRITE_16:
            return _move(cdb[0], int.from_bytes(cdb[2:10]), int.from_bytes(cdb[10:14]), data, disk)
    return _check(sense.INVALID_OPCODE)


def _move(scsi: int, lba: int, count: int, data: bytes, disk: AtaDisk) -> Answer | Passed:
    if lba + count > disk.hidden.accessible:
        return _check(sense.OUT_OF_RANGE)
    if not count:
        return Answer()
    if count > 65536:
        return _check(sense.INVALID_FIELD)
    reads = scsi in (Scsi.READ_10, Scsi.READ_16)
    op = Op.READ_DMA_EXT if reads else Op.WRITE_DMA_EXT
    command = Command(op, count=count & 0xFFFF, lba=lba, data=b"" if reads else data[: count * SECTOR])
    return Passed(command, lambda reply: _end(reply, disk))


def _end(reply: Reply, disk: AtaDisk) -> Answer:
    """The end of a command that was no ATA PASS-THROUGH (SAT-4 §11, by what the disk is at)."""
    if not reply.failed:
        return Answer(data=reply.data)
    if unready := _unready(disk):
        return _check(unready)
    if reply.error & Error.UNCORRECTABLE:
        return _check(sense.UNREADABLE)
    if reply.error & Error.ID_NOT_FOUND:
        return _check(sense.OUT_OF_RANGE)
    return _check(sense.LOCKED if disk.security.locked else sense.ABORTED)


def _unready(disk: AtaDisk) -> Sense | None:
    if disk.sanitize.in_progress:
        return sense.SANITIZING
    return sense.SANITIZE_FAILED if disk.sanitize.failed else None


def _pass(cdb: bytes, data: bytes, registers: Registers) -> Answer | Passed:
    """ATA PASS-THROUGH (12) and (16) (SAT-4 §12.2.2, §12.2.3)."""
    if cdb[0] == Scsi.ATA_16:
        extended, op = bool(cdb[1] & 1), cdb[14]
        feature, count = cdb[4], cdb[6]
        lba = cdb[8] | cdb[10] << 8 | cdb[12] << 16
        if extended:
            feature, count = feature | cdb[3] << 8, count | cdb[5] << 8
            lba |= cdb[7] << 24 | cdb[9] << 32 | cdb[11] << 40
        else:
            lba |= (cdb[13] & 0xF) << 24
    else:
        extended, op = False, cdb[9]
        feature, count = cdb[3], cdb[4]
        lba = cdb[5] | cdb[6] << 8 | cdb[7] << 16 | (cdb[8] & 0xF) << 24
    command = Command(op, feature, count, lba)
    wanted = sectors_of(command) * SECTOR if op in WRITES else SECTOR * (count if op == Op.DATA_SET_MANAGEMENT else 1)
    wants_registers = bool(cdb[2] & _CK_COND)
    return Passed(
        Command(op, feature, count, lba, data[:wanted]),
        lambda reply: _passed(reply, registers, extended=extended or op in EXTENDED, wanted=wants_registers),
    )


def _passed(reply: Reply, registers: Registers, *, extended: bool, wanted: bool) -> Answer:
    if not reply.failed and (not wanted or registers is Registers.LOST):
        return Answer(data=reply.data)
    what = sense.ABORTED if reply.failed else REGISTERS_FOLLOW
    if registers is Registers.GIVEN:
        return Answer(CHECK_CONDITION, reply.data, with_registers(what, reply, extended=extended))
    return Answer(CHECK_CONDITION, reply.data, what.fixed)


def _mode(cdb: bytes, disk: AtaDisk) -> Answer:
    data = mode_sense(cdb[2] & 0x3F, disk.identify(), long=cdb[0] == Scsi.MODE_SENSE_10)
    if data is None:
        return _check(sense.INVALID_FIELD)
    return _cut(data, int.from_bytes(cdb[7:9]) if cdb[0] == Scsi.MODE_SENSE_10 else cdb[4])


def _cut(data: bytes, room: int) -> Answer:
    return Answer(data=data[:room])


def _check(what: Sense) -> Answer:
    return Answer(CHECK_CONDITION, sense=what.fixed)
