"""SCSI sense data, and the ATA registers that a disk's answer to an ATA command carries inside of it. Pure.

Sources: SPC-5 4.4 (descriptor format: response codes 72h and 73h; fixed format: 70h and 71h; sense-key specific
progress, the progress descriptor); SAT-4 12.2.2 (ATA PASS-THROUGH with CK_COND: the ATA Status Return descriptor, and
what of it fits into fixed format). In fixed format the upper halves of COUNT and LBA do not come, only whether they are
zero: SANITIZE's states are in such a half, so they are not told then. Linux 6.11 and later (libata-scsi.c) sends a
descriptor after success, and fixed format after an error unless the disk was told to use descriptors.
Not for: what the codes mean for an erase (`scsi_sanitize.py`, `ata_sanitize.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

NO_SENSE, RECOVERED, NOT_READY, MEDIUM_ERROR, HARDWARE_ERROR, ILLEGAL_REQUEST = range(6)
ABORTED_COMMAND: Final = 0xB
_FIXED, _DESCRIPTORS = (0x70, 0x71), (0x72, 0x73)
_SPECIFIC, _ATA_RETURN, _PROGRESS = 0x02, 0x09, 0x0A
"""Types of descriptors."""
_VALID: Final = 0x80
_ATA_TOLD: Final = (0x00, 0x1D)
"""ATA PASS THROUGH INFORMATION AVAILABLE."""
_ERROR, _FAULT = 1 << 0, 1 << 5
"""Of ATA's STATUS (ACS-4 6.2): ERR, and DF."""


@dataclass(frozen=True, slots=True)
class Sense:
    """The sense `key`, the additional sense code and its qualifier, and how much of what is at work is done: `progress`
    of 65,536, None when that is not told. `deferred`: it is about an earlier command."""

    key: int
    asc: int
    ascq: int
    progress: int | None = None
    deferred: bool = False

    @property
    def code(self) -> tuple[int, int]:
        """Additional sense code and qualifier."""
        return self.asc, self.ascq


@dataclass(frozen=True, slots=True)
class AtaRegisters:
    """The registers after an ATA command. `count` has 16 bits and `lba` 48 when they came `whole`; else 8 and 24."""

    status: int
    error: int
    device: int
    count: int
    lba: int
    whole: bool

    @property
    def failed(self) -> bool:
        """Whether the disk ended the command with an error."""
        return bool(self.status & (_ERROR | _FAULT))


def parse_sense(data: bytes) -> Sense | None:
    """The sense data, which may be followed by bytes that do not belong to it; None when it is none, or is cut short
    of its additional sense code."""
    if len(data) < 8:
        return None
    kind = data[0] & 0x7F
    deferred = kind in (0x71, 0x73)
    if kind in _DESCRIPTORS:
        return Sense(data[1] & 0xF, data[2], data[3], _told_progress(data), deferred)
    whole = data[: 8 + data[7]]
    if kind not in _FIXED or len(whole) < 14:
        return None
    key = whole[2] & 0xF
    told = len(whole) >= 18 and whole[15] & _VALID and key in (NO_SENSE, NOT_READY)
    return Sense(key, whole[12], whole[13], int.from_bytes(whole[16:18]) if told else None, deferred)


def ata_registers(data: bytes) -> AtaRegisters | None:
    """The registers in the sense data of an ATA PASS-THROUGH command; None when none came. For no other command: its
    INFORMATION field holds something else."""
    sense = parse_sense(data)
    if sense is None or sense.deferred:
        return None
    if data[0] & 0x7F in _DESCRIPTORS:
        found = next((one for one in _descriptors(data) if one[0] == _ATA_RETURN and len(one) == 14), None)
        # An adapter was seen (2009) to return the descriptor with nothing in it: no disk has a STATUS of 0.
        return _returned(found) if found is not None and found[13] else None
    about_ata = sense.code == _ATA_TOLD or sense.key == ABORTED_COMMAND
    if not data[0] & _VALID or not about_ata or not data[4]:
        return None
    lba = data[9] | data[10] << 8 | data[11] << 16
    return AtaRegisters(status=data[4], error=data[3], device=data[5], count=data[6], lba=lba, whole=False)


def _told_progress(data: bytes) -> int | None:
    for one in _descriptors(data):
        if one[0] == _SPECIFIC and len(one) == 8 and one[4] & _VALID and data[1] & 0xF in (NO_SENSE, NOT_READY):
            return int.from_bytes(one[5:7])
        # Another progress: it counts where it is about the same thing.
        if one[0] == _PROGRESS and len(one) == 8 and one[2:5] == bytes((data[1] & 0xF, data[2], data[3])):
            return int.from_bytes(one[6:])
    return None


def _descriptors(data: bytes) -> Iterator[bytes]:
    """Each descriptor with its two leading bytes; one that is cut off is shorter than its kind is. None that counts has
    less than eight bytes."""
    rest = data[8 : 8 + data[7]]
    while len(rest) >= 8:
        yield rest[: 2 + rest[1]]
        rest = rest[2 + rest[1] :]


def _returned(one: bytes) -> AtaRegisters:
    whole = bool(one[2] & 1)
    lower, upper = (one[5], one[7], one[9], one[11]), (one[4], one[6], one[8], one[10]) if whole else (0, 0, 0, 0)
    return AtaRegisters(
        status=one[13],
        error=one[3],
        device=one[12],
        count=int.from_bytes((lower[0], upper[0]), "little"),
        lba=int.from_bytes((*lower[1:], *upper[1:]), "little"),
        whole=whole,
    )
