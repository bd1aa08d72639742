"""What an NVMe drive of the lab tells of itself: the structures of Identify, 4096 bytes each. Pure.

Follows NVM Express Base 2.0 §5.17 and NVM Command Set 1.0 §4.1.5, offsets from their figures; only what a 1.4 drive
has to fill in, or what its tests look at.
"""

import hashlib
import struct
from collections.abc import Sequence

from netboot.lab.drives.nvme.spec import NvmeSpec

PAGE = 4096
VERSION = 0x00010400
VENDOR = 0x4E56
MDTS = 7
"""Commands carry at most 2^7 pages: 512 KiB."""
ERROR_ENTRIES = 64
ASYNC_EVENTS = 4
SECTORS = (512, 4096)
"""The two LBA formats, by number."""


def controller(spec: NvmeSpec, capacity: int) -> bytes:
    """Identify Controller; `capacity` in bytes."""
    page = bytearray(PAGE)
    struct.pack_into("<HH", page, 0, VENDOR, VENDOR)
    page[4:24] = spec.serial.encode().ljust(20)
    page[24:64] = spec.model.encode().ljust(40)
    page[64:72] = spec.firmware.encode().ljust(8)
    page[77] = MDTS
    struct.pack_into("<I", page, 80, VERSION)
    page[111] = 1  # an I/O controller
    abilities = (spec.opal is not None) | spec.format << 1 | (spec.self_test_seconds is not None) << 4
    struct.pack_into("<HBBBBB", page, 256, abilities, 3, ASYNC_EVENTS - 1, 0b011, 0b100, ERROR_ENTRIES - 1)
    struct.pack_into("<HH", page, 266, 343, 353)  # warns at 70 °C, critical at 80 °C
    struct.pack_into("<Q", page, 280, capacity)
    struct.pack_into("<HB", page, 316, self_test_minutes(spec), 1)
    struct.pack_into("<I", page, 328, spec.sanicap)
    page[512], page[513] = 0x66, 0x44
    struct.pack_into("<I", page, 516, len(spec.namespaces))
    struct.pack_into("<H", page, 520, 0b1100)  # dataset management, write zeroes
    page[524] = spec.fna
    page[525] = spec.behaviour.write_cache
    name = f"nqn.2026-11.org.netboot-workshop:lab:{spec.serial.strip()}"
    page[768 : 768 + len(name)] = name.encode()
    struct.pack_into("<H", page, 2048, 500)  # 5 W
    return bytes(page)


def self_test_minutes(spec: NvmeSpec) -> int:
    """How long an extended self-test takes at most, in whole minutes; 0: there is none."""
    return 0 if spec.self_test_seconds is None else int(spec.self_test_seconds // 60) + 1


def namespace(spec: NvmeSpec, nsid: int, size: int, sector: int, percent_left: int | None) -> bytes:
    """Identify Namespace; `size` in bytes, `percent_left` of a Format that goes on."""
    page = bytearray(PAGE)
    struct.pack_into("<QQQ", page, 0, *([size // sector] * 3))
    page[25] = len(SECTORS) - 1
    page[26] = SECTORS.index(sector)
    page[32] = 0x80 | (percent_left or 0)
    # What a deallocated block reads as: zeros, when an erase leaves zeros too; else this drive does not say.
    page[33] = 1 if spec.behaviour.pattern.strip(b"\0") == b"" else 0
    struct.pack_into("<Q", page, 48, size)
    page[104:120] = _guid(spec, nsid)
    page[120:128] = _eui(spec, nsid)
    for number, bytes_ in enumerate(SECTORS):
        struct.pack_into("<I", page, 128 + 4 * number, (bytes_.bit_length() - 1) << 16)
    return bytes(page)


def descriptors(spec: NvmeSpec, nsid: int) -> bytes:
    """Namespace Identification Descriptor list: EUI-64 and NGUID."""
    eui, guid = _eui(spec, nsid), _guid(spec, nsid)
    return (bytes([1, 8, 0, 0]) + eui + bytes([2, 16, 0, 0]) + guid).ljust(PAGE, b"\0")


def active(spec: NvmeSpec, after: int) -> bytes:
    """The active namespaces with numbers above `after`."""
    return numbers([nsid for nsid in range(1, len(spec.namespaces) + 1) if nsid > after])


def numbers(values: Sequence[int]) -> bytes:
    """A list of 32-bit numbers."""
    return struct.pack(f"<{len(values)}I", *values).ljust(PAGE, b"\0")


def controllers(nsid_exists: bool) -> bytes:
    """The controller list: this one, 0."""
    return struct.pack("<HH", 1, 0).ljust(PAGE, b"\0") if nsid_exists else bytes(PAGE)


def _eui(spec: NvmeSpec, nsid: int) -> bytes:
    return b"\x02NB" + hashlib.sha256(f"{spec.serial}/{nsid}".encode()).digest()[:5]


def _guid(spec: NvmeSpec, nsid: int) -> bytes:
    return hashlib.sha256(f"{spec.serial}/{nsid}/guid".encode()).digest()[:8] + _eui(spec, nsid)
