"""The controller properties of an NVMe controller: what stands in BAR 0 before the doorbells.

Follows NVM Express Base 2.0 §3.1.3 (properties) and NVMe over PCIe Transport 1.0 §3.1 (doorbells at 1000h).
"""

import struct
from dataclasses import dataclass

from netboot.lab.drives.nvme.identify import VERSION

BAR_BYTES = 0x4000
DOORBELLS = 0x1000
ENTRIES = 1024
"""The longest queue, in entries."""
_CAP = (ENTRIES - 1) | 1 << 16 | 20 << 24 | 1 << 37  # contiguous queues, ready in 10 s, NVM command set


@dataclass(slots=True)
class Registers:
    """The properties that a PC writes, and the status it reads."""

    configuration: int = 0
    ready: bool = False
    fatal: bool = False
    shut_down: bool = False
    admin_sizes: int = 0
    admin_submission: int = 0
    admin_completion: int = 0
    masked: int = 0

    @property
    def enabled(self) -> bool:
        """CC.EN."""
        return bool(self.configuration & 1)

    @property
    def shutdown_wanted(self) -> bool:
        """CC.SHN."""
        return bool(self.configuration >> 14 & 3)

    @property
    def acceptable(self) -> bool:
        """Whether the controller can be enabled so: pages of 4096 bytes, NVM commands, admin queues that fit."""
        sizes = (self.admin_sizes & 0xFFF, self.admin_sizes >> 16 & 0xFFF)
        return not self.configuration >> 4 & 0x7F and all(1 <= size < ENTRIES for size in sizes)

    def read(self, offset: int, size: int) -> bytes:
        """What stands there; doorbells and what is reserved read as zeros."""
        status = self.ready | self.fatal << 1 | (2 << 2 if self.shut_down else 0)
        page = struct.pack(
            "<QIIIIIIIIQQ",
            _CAP, VERSION, self.masked, self.masked, self.configuration, 0, status, 0, self.admin_sizes,
            self.admin_submission, self.admin_completion,
        )  # fmt: skip
        return page[offset : offset + size].ljust(size, b"\0")

    def write(self, offset: int, data: bytes) -> bool:
        """Take what may be written, 4 or 8 bytes at once; whether CC was."""
        value = int.from_bytes(data, "little")
        low, high = value & 0xFFFFFFFF, value >> 32
        match offset:
            case 0x0C:
                self.masked |= low
            case 0x10:
                self.masked &= ~low
            case 0x14:
                self.configuration = low
                return True
            case 0x24:
                self.admin_sizes = low
            case 0x28 | 0x2C:
                self.admin_submission = _half(self.admin_submission, offset == 0x2C, data, low, high)
            case 0x30 | 0x34:
                self.admin_completion = _half(self.admin_completion, offset == 0x34, data, low, high)
            case _:
                pass
        return False


def _half(before: int, upper: bool, data: bytes, low: int, high: int) -> int:
    if len(data) == 8:
        return (low | high << 32) & ~0xFFF
    return (before & 0xFFFFFFFF | low << 32) if upper else (before & ~0xFFFFFFFF | low & ~0xFFF)


def doorbell(offset: int) -> tuple[int, bool] | None:
    """The queue whose doorbell lies there, and whether it is the completion queue's; None: there is none."""
    number, rest = divmod(offset - DOORBELLS, 4)
    if offset < DOORBELLS or rest:
        return None
    return number // 2, bool(number % 2)
