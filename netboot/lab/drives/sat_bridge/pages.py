"""What a disk behind a bridge says of itself in SCSI's words: INQUIRY and its pages, MODE SENSE (SAT-4 §8, §10)."""

import struct
from typing import Final

from netboot.lab.drives.ata.model import AtaModel

_VENDOR: Final = "ATA"
"""SAT-4 §8.1.2; by it tools know that there is an ATA disk behind the bridge."""
_CACHING: Final = 0x08
_ALL: Final = 0x3F


def inquiry(model: AtaModel) -> bytes:
    """Standard INQUIRY data: a direct access device, SPC-4, with a queue."""
    names = _text(_VENDOR, 8) + _text(model.name, 16) + _text(model.firmware.strip()[-4:], 4)
    return bytes([0, 0, 6, 2, 31 + 60, 0, 0, 2]) + names + bytes(60)


def vital_page(page: int, model: AtaModel, identify: bytes, sectors: int) -> bytes | None:
    """A vital product data page; None: there is none of this number."""
    del sectors
    bodies = {
        0x80: _text(model.serial.rjust(20), 20),
        0x83: _designators(model),
        0x89: _ata_information(identify),
        0xB0: bytes(60),
        0xB1: struct.pack(">HBB56x", model.rotation, 0, 3),
    }
    if page == 0x00:
        body = bytes([0x00, *bodies])
    elif page in bodies:
        body = bodies[page]
    else:
        return None
    return struct.pack(">BBH", 0, page, len(body)) + body


def mode_sense(page: int, identify: bytes, *, long: bool) -> bytes | None:
    """MODE SENSE (6) or, where `long`, (10): the caching page, and no block descriptor; None: no such page."""
    if page not in (_CACHING, _ALL):
        return None
    enabled = struct.unpack_from("<H", identify, 2 * 85)[0] >> 5 & 1
    caching = bytes([_CACHING, 18, enabled << 2]).ljust(20, b"\0")
    if long:
        return struct.pack(">H6x", 6 + len(caching)) + caching
    return bytes([3 + len(caching), 0, 0, 0]) + caching


def _designators(model: AtaModel) -> bytes:
    """The world wide name where there is one, and SAT's own: vendor, model and serial number."""
    name = _text(_VENDOR, 8) + _text(model.name, 40) + _text(model.serial, 20)
    t10 = bytes([0x02, 0x01, 0, len(name)]) + name
    return (bytes([0x01, 0x03, 0, 8]) + model.wwn.to_bytes(8) if model.wwn else b"") + t10


def _ata_information(identify: bytes) -> bytes:
    """Who translates, the disk's signature, and all of IDENTIFY DEVICE (SAT-4 §10.3.5)."""
    bridge = _text("NETBOOT", 8) + _text("LAB SAT BRIDGE", 16) + _text("1", 4)
    signature = bytes([0x34, 0, 0x50, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1]).ljust(20, b"\0")
    return bytes(4) + bridge + signature + bytes([0xEC, 0, 0, 0]) + identify


def _text(text: str, length: int) -> bytes:
    return text.encode("ascii", "replace").ljust(length)[:length]
