"""Log pages of an NVMe drive of the lab, from plain values. Pure.

Follows NVM Express Base 2.0 §5.16.1.2 (Error Information, 01h), .3 (SMART / Health Information, 02h), .4 (Firmware
Slot Information, 03h), .7 (Device Self-test, 06h); Sanitize Status is in sanitize.py.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from netboot.lab.drives.nvme.identify import ERROR_ENTRIES
from netboot.lab.drives.nvme.spec import NvmeSpec
from netboot.lab.drives.nvme.state import Counters, SelfTest

_TEMPERATURE = 273 + 38
_RESULTS = 20


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One command that failed, `number` of all that this drive has known; `field` is its completion's."""

    number: int
    queue: int
    command: int
    field: int
    lba: int
    nsid: int


@dataclass(frozen=True, slots=True)
class RunningTest:
    """A self-test that goes on: `code` 1 short or 2 extended, `percent` done."""

    code: int
    percent: int


def errors(entries: Sequence[ErrorEntry]) -> bytes:
    """The newest first, up to 64."""
    page = b"".join(
        struct.pack(
            "<QHHHHQI", entry.number, entry.queue, entry.command, entry.field, 0xFFFF, entry.lba, entry.nsid
        ).ljust(64, b"\0")
        for entry in sorted(entries, key=lambda entry: -entry.number)[:ERROR_ENTRIES]
    )
    return page.ljust(64 * ERROR_ENTRIES, b"\0")


def smart(spec: NvmeSpec, counters: Counters) -> bytes:
    """The health of the whole drive."""
    page = bytearray(512)
    struct.pack_into("<BHBBB", page, 0, 0, _TEMPERATURE, 100, 10, spec.percentage_used)
    values = (
        -(-counters.sectors_read // 1000),
        -(-counters.sectors_written // 1000),
        counters.reads,
        counters.writes,
        0,
        counters.power_cycles,
        int(counters.power_on_seconds // 3600),
        counters.unsafe_shutdowns,
        counters.media_errors,
        counters.errors,
    )
    for number, value in enumerate(values):
        page[32 + 16 * number : 48 + 16 * number] = value.to_bytes(16, "little")
    struct.pack_into("<H", page, 200, _TEMPERATURE)
    return bytes(page)


def firmware(spec: NvmeSpec) -> bytes:
    """One slot, read-only and active."""
    page = bytearray(512)
    page[0] = 1
    page[8:16] = spec.firmware.encode().ljust(8)
    return bytes(page)


def self_tests(running: RunningTest | None, results: Sequence[SelfTest]) -> bytes:
    """What goes on, and the newest 20 results, the newest first."""
    head = bytes([running.code, running.percent]) if running else bytes(2)
    page = head.ljust(4, b"\0")
    for result in results[:_RESULTS]:
        # Bits 0 and 1 say that the namespace and the failing block are valid.
        valid = 0b11 if result.lba is not None else 0
        page += struct.pack(
            "<BBBBQIQ", result.code << 4 | result.result, 0, valid, 0, result.hours, result.nsid, result.lba or 0
        ).ljust(28, b"\0")
    # An entry without a test says Fh.
    return page + b"".join(b"\x0f".ljust(28, b"\0") for _ in range(_RESULTS - len(results[:_RESULTS])))
