"""The registers of a virtio device on PCI, with the queues behind them (virtio 1.2 §4.1.4). Pure but for the queues."""

import struct
from collections.abc import Callable
from typing import Final

from netboot.lab.drives.virtio_scsi.virtqueue import MOST, Queue

BAR: Final = 0
BAR_BYTES: Final = 0x4000
_COMMON, _ISR, _NOTIFY, _DEVICE = 0x0000, 0x1000, 0x2000, 0x3000
_VERSION_1: Final = 1 << 32
_NOTIFY_MULTIPLIER: Final = 4
_COMMON_CONFIG: Final = struct.Struct("<IIIIHHBBHHHHHQQQHH")
_FEATURE_SELECT, _STATUS, _QUEUE_SELECT = 0, 20, 22


def capabilities() -> tuple[bytes, ...]:
    """The vendor capabilities that say where the registers are, each without its first two bytes (§4.1.4)."""
    areas = ((1, _COMMON, 0x1000, b""), (3, _ISR, 0x1000, b""), (4, _DEVICE, 0x1000, b""))
    notify = (2, _NOTIFY, 0x1000, struct.pack("<I", _NOTIFY_MULTIPLIER))
    return tuple(
        struct.pack("<BBBBHII", 16 + len(more), kind, BAR, 0, 0, offset, size) + more
        for kind, offset, size, more in (*areas, notify)
    )


class Registers:
    """What the driver reads and writes; `notified` are queues that it rang since they were last looked at."""

    def __init__(self, queues: int, device: bytes, reset: Callable[[], None]) -> None:
        """`device` is the device's own configuration; `reset` is called when the driver resets it."""
        self._count = queues
        self._device = device
        self._told = reset
        self.reset()

    def reset(self) -> None:
        """As at power-on."""
        self.queues = [Queue() for _ in range(self._count)]
        self.notified: set[int] = set()
        self._select = [0, 0]
        self._config_vector = 0xFFFF
        self._queue = 0
        self.status = 0

    def read(self, offset: int, size: int) -> bytes:
        """Any bytes of them."""
        if offset < _ISR:
            return self._common()[offset : offset + size].ljust(size, b"\0")
        if offset >= _DEVICE:
            return self._device[offset - _DEVICE : offset - _DEVICE + size].ljust(size, b"\0")
        return bytes(size)

    def write(self, offset: int, data: bytes) -> None:
        """A field or half of one, as drivers write them (§4.1.3.1)."""
        value = int.from_bytes(data, "little")
        if _NOTIFY <= offset < _DEVICE:
            self.notified.add(value & 0xFFFF)
        elif offset < _ISR:
            self._write(offset, value)

    def _write(self, offset: int, value: int) -> None:
        queue = self._selected()
        match offset:
            case 0 | 8:
                self._select[offset // 8] = value
            case 16:
                self._config_vector = value
            case 20 if not value:
                self.reset()
                self._told()
            case 20:
                self.status = value
            case 22:
                self._queue = value
            case _ if queue is not None:
                _write_queue(queue, offset, value)

    def _selected(self) -> Queue | None:
        return self.queues[self._queue] if self._queue < self._count else None

    def _common(self) -> bytes:
        queue = self._selected() or Queue(size=0)
        offered = _VERSION_1 >> 32 * self._select[0] & 0xFFFFFFFF if self._select[0] < 2 else 0
        return _COMMON_CONFIG.pack(
            self._select[0],
            offered,
            self._select[1],
            0,
            self._config_vector,
            self._count,
            self.status,
            0,
            self._queue,
            queue.size,
            queue.vector,
            queue.enabled,
            self._queue,
            queue.descriptors,
            queue.driver,
            queue.device,
            0,
            0,
        )


def _write_queue(queue: Queue, offset: int, value: int) -> None:
    match offset:
        case 24 if 0 < value <= MOST:
            queue.size = value
        case 26:
            queue.vector = value
        case 28:
            queue.enabled = bool(value & 1)
        case 32 | 36:
            queue.descriptors = _half(queue.descriptors, offset - 32, value)
        case 40 | 44:
            queue.driver = _half(queue.driver, offset - 40, value)
        case 48 | 52:
            queue.device = _half(queue.device, offset - 48, value)


def _half(number: int, at: int, value: int) -> int:
    """A number of 64 bits with its low (0) or high (4) half written."""
    shift = 8 * at
    return number & ~(0xFFFFFFFF << shift) | (value & 0xFFFFFFFF) << shift
