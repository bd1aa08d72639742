"""The logs of a disk, for READ LOG (DMA) EXT and SMART READ LOG (ACS-3, “Log definitions”).

Those that libata (ata_identify_page_supported, ata_dev_config_trusted), smartctl -x and openSeaChest ask for. Of the
IDENTIFY DEVICE data log only what these read is filled in: a QWORD without its bit 63 says nothing.
"""

import struct
from enum import IntEnum
from typing import Final

from netboot.lab.drives.ata.command import SECTOR
from netboot.lab.drives.ata.model import AtaModel

_VALID: Final = 1 << 63


class Log(IntEnum):
    """A log's address."""

    DIRECTORY = 0x00
    SUMMARY_ERRORS = 0x01
    EXTENDED_ERRORS = 0x03
    STATISTICS = 0x04
    SELF_TESTS = 0x06
    EXTENDED_SELF_TESTS = 0x07
    IDENTIFY_DATA = 0x30


class Page(IntEnum):
    """A page of the IDENTIFY DEVICE data log."""

    SUPPORTED = 0x00
    COPY = 0x01
    CAPACITY = 0x02
    CAPABILITIES = 0x03
    SETTINGS = 0x04
    STRINGS = 0x05
    SECURITY = 0x06
    SERIAL_ATA = 0x08


_FILLED: Final = (
    Page.SUPPORTED, Page.COPY, Page.CAPACITY, Page.CAPABILITIES, Page.SETTINGS, Page.SECURITY, Page.SERIAL_ATA,
)  # fmt: skip
_GENERAL: Final[dict[int, int]] = {
    Log.EXTENDED_ERRORS: 1,
    Log.STATISTICS: 2,
    Log.EXTENDED_SELF_TESTS: 1,
    Log.IDENTIFY_DATA: Page.SERIAL_ATA + 1,
}
_SMART: Final[dict[int, int]] = {
    Log.SUMMARY_ERRORS: 1,
    Log.STATISTICS: 2,
    Log.SELF_TESTS: 1,
    Log.IDENTIFY_DATA: Page.SERIAL_ATA + 1,
}
"""How many pages each log has, for READ LOG EXT and for SMART READ LOG."""


def directory(*, general: bool) -> bytes:
    """Log 00h: the pages of every log, by its address; version 1."""
    pages = _GENERAL if general else _SMART
    return struct.pack("<256H", 1, *(pages.get(log, 0) for log in range(1, 256)))


def pages_of(log: int, *, general: bool) -> int:
    """How many pages a log has; 0: there is none."""
    if log == Log.DIRECTORY:
        return 1
    return (_GENERAL if general else _SMART).get(log, 0)


def summary_errors() -> bytes:
    """Log 01h of a disk that has noted no error."""
    return _checksummed(bytearray([1]).ljust(SECTOR, b"\0"))


def extended_errors() -> bytes:
    """Log 03h of a disk that has noted no error."""
    return _checksummed(bytearray([1]).ljust(SECTOR, b"\0"))


def statistics(page: int, *, hours: int, power_cycles: int) -> bytes:
    """Log 04h: the list of its pages, and page 01h, general statistics."""
    if page == 0:
        return struct.pack("<Q3B", 1, 2, 0, 1).ljust(SECTOR, b"\0")
    told = 0xC0 << 56
    return struct.pack("<QQQ", 1 << 16 | 1, told | power_cycles, told | hours).ljust(SECTOR, b"\0")


def identify_data(page: int, model: AtaModel, identify: bytes) -> bytes:
    """A page of log 30h of a disk that answers IDENTIFY DEVICE with `identify`; a page that it has not is all zeros."""
    if page == Page.COPY:
        return identify
    if page not in _FILLED:
        return bytes(SECTOR)
    data = bytearray(SECTOR)
    struct.pack_into("<Q", data, 0, _VALID | page << 16 | 1)
    if page == Page.SUPPORTED:
        struct.pack_into("<Q", data, 0, 1)
        data[8 : 9 + len(_FILLED)] = bytes([len(_FILLED), *_FILLED])
    elif page == Page.CAPABILITIES:
        # Bit 51: an overwrite takes DEFINITIVE ENDING PATTERN.
        struct.pack_into("<Q", data, 8, _VALID | model.sanitize_overwrite << 51)
    elif page == Page.SECURITY:
        words = struct.unpack("<256H", identify)
        struct.pack_into("<QQQQ", data, 8, *(_VALID | words[number] for number in (92, 128, 90, 89)))
        # No TCG storage here; whether all is encrypted.
        struct.pack_into("<QQ", data, 40, _VALID, _VALID | model.encrypts)
    return bytes(data)


def _checksummed(data: bytearray) -> bytes:
    data[SECTOR - 1] = -sum(data[: SECTOR - 1]) & 0xFF
    return bytes(data)
