"""IDENTIFY DEVICE: the 512 bytes in which a disk says what it is and how it stands (ACS-3, “IDENTIFY DEVICE”).

Words are those of a SATA disk without NCQ. What a host only finds there (hdparm -I, smartctl, openSeaChest, libata)
is filled in; words of feature sets that the disk has not are 0.
"""

import struct
from dataclasses import dataclass
from typing import Final

from netboot.lab.drives.ata.hidden import seal
from netboot.lab.drives.ata.model import AtaModel, Hiding
from netboot.lab.drives.ata.security import erase_time_word

MULTIPLE: Final = 16
"""Sectors that READ and WRITE MULTIPLE may move in one go."""
MAX_28: Final = (1 << 28) - 1
RANGES_BLOCKS: Final = 8
"""Blocks of 512 bytes, with 64 ranges each, that a TRIM may bring."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a disk stands just now. `sectors` are those that a host sees, `minutes` an erase takes, 0: not told."""

    sectors: int
    security: int
    identifier: int
    minutes: int
    write_cache: bool
    look_ahead: bool
    smart: bool
    multiple: int
    preserved: bool


def identify_device(model: AtaModel, standing: Standing) -> bytes:
    """The 512 bytes, sealed with their checksum."""
    w = [0] * 256
    w[0] = 0x0040
    w[1], w[3], w[6] = 16383, 16, 63
    w[10:20] = _text(model.serial, 10)
    w[23:27] = _text(model.firmware, 4)
    w[27:47] = _text(model.name, 20)
    w[47] = 0x8000 | MULTIPLE
    w[48] = 0x4000
    w[49] = 0x2F00
    w[50] = 0x4000
    w[53] = 0x0007
    w[54], w[55], w[56] = 16383, 16, 63
    w[57:59] = _split(min(16383 * 16 * 63, standing.sectors), 2)
    w[59] = _sanitize_word(model) | (0x0100 | standing.multiple if standing.multiple else 0)
    w[60:62] = _split(min(standing.sectors, MAX_28), 2)
    w[63], w[64] = 0x0007, 0x0003
    w[65:69] = [120] * 4
    # Reads of what was trimmed are always the same, and zeros.
    w[69] = (0x4020 if model.trim else 0) | 0x0008 | (0x0010 if model.encrypts else 0)
    w[76], w[77] = 0x000E, 0x0006
    w[78] = w[79] = 0
    if model.settings_preserved:
        w[78] = 0x0040
        w[79] = 0x0040 * standing.preserved
    w[80] = 0x0FF0
    _feature_sets(model, standing, w)
    w[88] = 0x407F
    w[89] = erase_time_word(standing.minutes) if model.security else 0
    w[90] = w[89] if model.enhanced_erase else 0
    w[92] = standing.identifier if model.security else 0
    w[100:104] = _split(standing.sectors, 4)
    w[105] = RANGES_BLOCKS if model.trim else 0
    w[106] = 0x4000 | (0x2000 | model.physical_exponent if model.physical_exponent else 0)
    w[108:112] = reversed(_split(model.wwn, 4))
    w[119] = w[120] = 0x4008 | (0x0100 if model.hiding is Hiding.AMAC else 0)
    w[128] = standing.security
    w[168] = 0x0003
    w[169] = int(model.trim)
    w[209] = 0x4000
    w[217] = model.rotation
    w[222] = 0x107F
    w[230:234] = w[100:104]
    return seal(bytearray(struct.pack("<256H", *w)))


def _feature_sets(model: AtaModel, standing: Standing, w: list[int]) -> None:
    """Words 82 to 84 say what the disk can, 85 to 87 what of it is on."""
    security, hpa = model.security << 1, (model.hiding is Hiding.HPA) << 10
    # NOP, READ and WRITE BUFFER are left out; power management, SMART, the cache and reading ahead are there.
    w[82] = 0x0069 | security | hpa
    w[83] = 0x7400 | model.overlay << 11
    w[84] = 0x4123 | 0x0040
    on = standing.smart << 0 | standing.write_cache << 5 | standing.look_ahead << 6
    w[85] = 0x0008 | on | (standing.security & 2) | hpa
    w[86] = 0xB400 | model.overlay << 11
    w[87] = w[84]
    if not model.wwn:
        w[84] &= ~0x0100
        w[87] &= ~0x0100


def _sanitize_word(model: AtaModel) -> int:
    """Word 59 bits 15 to 10."""
    if not model.sanitize:
        return 0
    operations = model.sanitize_crypto << 13 | model.sanitize_overwrite << 14 | model.sanitize_block << 15
    return 1 << 12 | operations | model.antifreeze << 10


def _text(text: str, words: int) -> list[int]:
    """An ATA string: padded with spaces, the first character of each word in its high byte."""
    return list(struct.unpack(f">{words}H", text.encode("ascii", "replace").ljust(2 * words)[: 2 * words]))


def _split(number: int, words: int) -> list[int]:
    """A number as words, the lowest first."""
    return [number >> 16 * place & 0xFFFF for place in range(words)]
