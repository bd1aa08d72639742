"""A PCI function as its own registers describe it, and what a kind of drive has to be for the transport.

Follows PCI Local Bus 3.0 §6.1 (configuration header), §6.2.5 (BARs) and §6.8.2 (MSI-X). QEMU's client keeps BARs,
interrupt routing and the MSI-X table itself; the rest is asked here. MSI-X is the only interrupt: no pin, no MSI.
Without PCI Express' capability, so that a guest sees no link and no extended space.
"""

import struct
from collections.abc import Sequence
from typing import Protocol

from netboot.lab.drives.guest_memory import GuestMemory

CONFIG_BYTES = 256
MSIX_BAR = 2
"""The BAR with the MSI-X table (at 0) and its pending bits (at 0x800), 4 KiB; a drive keeps its own out of it."""
MSIX_BAR_BYTES = 0x1000
_PBA = 0x800
_MSIX = 0x40
_VENDORS = 0x60


class ConfigSpace:
    """The configuration space: what never changes, and the few bits that the PC may write."""

    def __init__(
        self,
        *,
        vendor: int,
        device: int,
        class_code: int,
        bars: dict[int, int],
        vectors: int,
        vendor_capabilities: Sequence[bytes] = (),
    ) -> None:
        """`class_code` is 24 bits (0x010802: NVMe). `bars` gives sizes in bytes (a power of two), by number: one of
        an even number has 64 bits and takes the next as well, one of an odd number has 32. `vendor_capabilities` (ID
        09h) come without their first two bytes.
        """
        data = bytearray(CONFIG_BYTES)
        struct.pack_into("<HHHH", data, 0, vendor, device, 0, 0x10)  # status: there are capabilities
        data[8] = 1
        data[9:12] = class_code.to_bytes(3, "little")
        self._writable = bytearray(CONFIG_BYTES)
        self._writable[4:6] = b"\x46\x05"  # memory, bus master, parity, SERR, no INTx
        for number, size in {**bars, MSIX_BAR: MSIX_BAR_BYTES}.items():
            # MSI-X's has 32 bits: EDK2's PciBusDxe counts one of 64 bits once, and its AHCI driver then misses BAR 5.
            wide = number % 2 == 0 and number != MSIX_BAR
            struct.pack_into("<I", data, 0x10 + 4 * number, 0b100 if wide else 0)
            mask = (1 << 64) - size if wide else (1 << 32) - size
            self._writable[0x10 + 4 * number : 0x18 + 4 * number if wide else 0x14 + 4 * number] = mask.to_bytes(
                8 if wide else 4, "little"
            )
        struct.pack_into("<HH", data, 0x2C, vendor, device)
        data[0x34] = _MSIX
        self._writable[0x3C] = 0xFF  # the line, which firmware only notes down
        struct.pack_into("<BBHII", data, _MSIX, 0x11, 0, vectors - 1, MSIX_BAR, _PBA | MSIX_BAR)
        self._writable[_MSIX + 3] = 0xC0
        last, at = _MSIX, _VENDORS
        for capability in vendor_capabilities:
            data[last + 1] = at
            data[at : at + 2 + len(capability)] = b"\x09\0" + capability
            last, at = at, at + (2 + len(capability) + 3) // 4 * 4
        self._factory = bytes(data)
        self._data = data

    def read(self, offset: int, size: int) -> bytes:
        """`size` bytes; past the end all bits are set, as where nothing answers."""
        return bytes(self._data[offset : offset + size]).ljust(size, b"\xff")

    def write(self, offset: int, data: bytes) -> None:
        """Take what may be written, bit by bit; the rest stays."""
        for at, value in zip(range(offset, min(offset + len(data), CONFIG_BYTES)), data, strict=False):
            mask = self._writable[at]
            self._data[at] = self._data[at] & ~mask | value & mask

    def reset(self) -> None:
        """As at power-on."""
        self._data[:] = self._factory


class Bus(Protocol):
    """What a function finds on its bus while its PC is on."""

    @property
    def memory(self) -> GuestMemory:
        """The PC's memory."""

    def interrupt(self, vector: int) -> None:
        """Tell the PC; nothing happens where it does not listen to this vector."""


class PciFunction(Protocol):
    """A kind of drive, as vfio_user.py carries it; everything runs in one thread, one call after the other.

    A call from the PC has to come back at once: what takes its time is begun, and completed in `work`, since QEMU
    stands still until a read or write of a register is answered. Times are seconds of time.time().
    """

    config: ConfigSpace
    vectors: int
    bars: dict[int, int]
    """Sizes in bytes, by number; without MSI-X's."""

    def power_on(self, bus: Bus, now: float) -> None:
        """The PC was switched on: what stands in the state is known, nothing else."""

    def power_off(self, now: float) -> None:
        """The PC's power is gone: what was volatile is forgotten, what has to last is saved."""

    def reset(self, now: float) -> None:
        """The bus was reset, power stayed."""

    def read(self, bar: int, offset: int, size: int, now: float) -> bytes:
        """The PC reads a register; exactly `size` bytes."""

    def write(self, bar: int, offset: int, data: bytes, now: float) -> None:
        """The PC writes one."""

    def work(self, now: float) -> float | None:
        """Go on with what was begun; called after each message and when due, with or without a PC.

        Returns in how many seconds it has to be called again, None: when something has happened.
        """
