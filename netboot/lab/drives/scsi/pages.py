"""What a SCSI disk says of itself: INQUIRY and its pages, MODE SENSE, LOG SENSE, the commands that it knows, its grown
defects (SPC-5, SBC-4). Pure."""

import struct
from collections.abc import Iterator, Mapping
from typing import Final

from netboot.lab.drives.scsi.sanitize import EXIT_FAILURE_MODE, SERVICE_ACTIONS
from netboot.lab.drives.scsi.spec import ScsiModel

_VENDOR: Final = "NETBOOT"
_CACHING, _ALL = 0x08, 0x3F
SUPPORTED_PAGES, WRITE_ERRORS, READ_ERRORS = 0x00, 0x02, 0x03
_UNCORRECTED: Final = 0x0006
_FROM_INDEX: Final = 4
"""Defects as cylinder, head and bytes from index: 8 bytes each."""
COMMANDS: Final[dict[int, int]] = {
    0x00: 6, 0x03: 6, 0x12: 6, 0x1A: 6, 0x1B: 6, 0x1E: 6, 0x25: 10, 0x28: 10, 0x2A: 10, 0x35: 10, 0x37: 10, 0x4D: 10,
    0x5A: 10, 0x88: 16, 0x8A: 16, 0x91: 16, 0xA0: 12, 0xB7: 12,
}  # fmt: skip
"""The operation codes that have no service action, with the length of their CDB."""
SANITIZE, MAINTENANCE_IN, SERVICE_ACTION_IN = 0x48, 0xA3, 0x9E
REPORT_OPERATION_CODES, READ_CAPACITY_16 = 0x0C, 0x10


def inquiry(model: ScsiModel) -> bytes:
    """Standard INQUIRY data: a direct access device, SPC-5, with a queue."""
    names = ascii_field(_VENDOR, 8) + ascii_field(model.name, 16) + ascii_field(model.firmware, 4)
    return bytes([0, 0, 7, 2, 31 + 60, 0, 0, 2]) + names + bytes(60)


def vital_page(page: int, model: ScsiModel) -> bytes | None:
    """A vital product data page; None: there is none of this number."""
    names = ascii_field(_VENDOR, 8) + ascii_field(model.name, 16) + ascii_field(model.serial, 20)
    return vital_data(page, vital_pages(model.serial, names, model.wwn, model.rotation))


def vital_pages(serial: str, names: bytes, wwn: int, rotation: int) -> dict[int, bytes]:
    """The bodies of the pages that any disk has, by number; `names`: its T10 designator, vendor first."""
    t10 = bytes([0x02, 0x01, 0, len(names)]) + names
    naa = bytes([0x01, 0x03, 0, 8]) + wwn.to_bytes(8) if wwn else b""
    return {
        0x80: ascii_field(serial.rjust(20), 20),
        0x83: naa + t10,
        0xB0: bytes(60),
        0xB1: struct.pack(">HBB56x", rotation, 0, 3),
    }


def vital_data(page: int, bodies: Mapping[int, bytes]) -> bytes | None:
    """One of these vital product data pages, or the list of them, with its head; None: there is none of this number."""
    if page == 0x00:
        body = bytes([0x00, *bodies])
    elif page in bodies:
        body = bodies[page]
    else:
        return None
    return struct.pack(">BBH", 0, page, len(body)) + body


def mode_sense(page: int, *, long: bool, write_cache: bool = True) -> bytes | None:
    """MODE SENSE (6) or, where `long`, (10): the caching page, and no block descriptor; None: no such page."""
    if page not in (_CACHING, _ALL):
        return None
    caching = bytes([_CACHING, 18, write_cache << 2]).ljust(20, b"\0")
    if long:
        return struct.pack(">H6x", 6 + len(caching)) + caching
    return bytes([3 + len(caching), 0, 0, 0]) + caching


def log_page(page: int, uncorrected: int) -> bytes | None:
    """LOG SENSE: the error counters of reads; writes that fail are not counted. None: no such page."""
    match page:
        case 0x00:
            body = bytes([SUPPORTED_PAGES, WRITE_ERRORS, READ_ERRORS])
        case 0x02 | 0x03:
            count = uncorrected if page == READ_ERRORS else 0
            body = struct.pack(">HBBQ", _UNCORRECTED, 0x03, 8, count)
        case _:
            return None
    return struct.pack(">BBH", page, 0, len(body)) + body


def defects(grown: int, *, long: bool, wants_grown: bool) -> bytes:
    """READ DEFECT DATA (10) or, where `long`, (12): the grown list, whose places nobody is told."""
    listed = grown if wants_grown else 0
    told = (0x08 if wants_grown else 0) | _FROM_INDEX
    head = struct.pack(">BBHI", 0, told, 0, 8 * listed) if long else struct.pack(">BBH", 0, told, 8 * listed)
    return head + bytes(8 * listed)


def operation_codes(model: ScsiModel, options: int, code: int, action: int) -> bytes | None:
    """REPORT SUPPORTED OPERATION CODES, of all or of one; None: not with these options."""
    listed = list(_operation_codes(model))
    if options == 0:
        body = b"".join(
            struct.pack(">BxHxBH", one, service or 0, int(service is not None), length)
            for one, service, length in listed
        )
        return struct.pack(">I", len(body)) + body
    found = next((one for one in listed if one[0] == code and (options == 1 or (one[1] or 0) == action)), None)
    if options > 3 or (options == 1 and found is not None and found[1] is not None):
        return None
    if found is None:
        return bytes([0, 1, 0, 0])
    usage = bytes([code, found[1] or 0]).ljust(found[2], b"\xff")
    return struct.pack(">BBH", 0, 3, found[2]) + usage


def _operation_codes(model: ScsiModel) -> Iterator[tuple[int, int | None, int]]:
    yield from ((code, None, length) for code, length in COMMANDS.items())
    if model.sanitize:
        actions = [action for action, kind in SERVICE_ACTIONS.items() if kind in model.sanitize]
        yield from ((SANITIZE, action, 10) for action in (*actions, EXIT_FAILURE_MODE))
    yield SERVICE_ACTION_IN, READ_CAPACITY_16, 16
    yield MAINTENANCE_IN, REPORT_OPERATION_CODES, 12


def ascii_field(text: str, length: int) -> bytes:
    """So many bytes of ASCII, filled with spaces (SPC-5 4.3.1)."""
    return text.encode("ascii", "replace").ljust(length)[:length]
