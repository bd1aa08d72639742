"""What a disk behind a bridge says of itself in SCSI's words: INQUIRY and its pages, MODE SENSE (SAT-4 §8, §10)."""

import struct
from typing import Final

from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.scsi.pages import ascii_field, vital_data, vital_pages
from netboot.lab.drives.scsi.pages import mode_sense as scsi_mode_sense

_VENDOR: Final = "ATA"
"""SAT-4 §8.1.2; by it tools know that there is an ATA disk behind the bridge."""


def inquiry(model: AtaModel) -> bytes:
    """Standard INQUIRY data: a direct access device, SPC-4, with a queue."""
    names = ascii_field(_VENDOR, 8) + ascii_field(model.name, 16) + ascii_field(model.firmware.strip()[-4:], 4)
    return bytes([0, 0, 6, 2, 31 + 60, 0, 0, 2]) + names + bytes(60)


def vital_page(page: int, model: AtaModel, identify: bytes) -> bytes | None:
    """A vital product data page; None: there is none of this number."""
    names = ascii_field(_VENDOR, 8) + ascii_field(model.name, 40) + ascii_field(model.serial, 20)
    bodies = vital_pages(model.serial, names, model.wwn, model.rotation)
    return vital_data(page, dict(sorted({**bodies, 0x89: _ata_information(identify)}.items())))


def mode_sense(page: int, identify: bytes, *, long: bool) -> bytes | None:
    """MODE SENSE (6) or, where `long`, (10), with what IDENTIFY DEVICE says of the write cache; None: no such page."""
    enabled = struct.unpack_from("<H", identify, 2 * 85)[0] >> 5 & 1
    return scsi_mode_sense(page, long=long, write_cache=bool(enabled))


def _ata_information(identify: bytes) -> bytes:
    """Who translates, the disk's signature, and all of IDENTIFY DEVICE (SAT-4 §10.3.5)."""
    bridge = ascii_field("NETBOOT", 8) + ascii_field("LAB SAT BRIDGE", 16) + ascii_field("1", 4)
    signature = bytes([0x34, 0, 0x50, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1]).ljust(20, b"\0")
    return bytes(4) + bridge + signature + bytes([0xEC, 0, 0, 0]) + identify
