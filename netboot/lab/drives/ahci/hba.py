"""The controller itself: its generic registers, its ports, and when it interrupts (AHCI 1.3.1 §2, §3.1, §10.7)."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final

from netboot.lab.drives.ahci.port import SLOTS, Port
from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.guest_memory import DmaError
from netboot.lab.drives.pci import Bus, ConfigSpace

MAX_PORTS: Final = 32
ABAR: Final = 5
"""The BAR of the registers (§2.1.11)."""
_ABAR_BYTES: Final = 0x2000
_PORTS: Final = 0x100
_PORT_BYTES: Final = 0x80
_VENDOR: Final = 0x1B36
_DEVICE: Final = 0x0A0C
"""Red Hat's vendor number, which QEMU gives to its own devices; the device is ours alone."""
_CLASS: Final = 0x010601
"""Mass storage, Serial ATA, AHCI 1.0: what every driver goes by."""


class Reg(IntEnum):
    """A generic register's offset."""

    CAP = 0x00
    GHC = 0x04
    IS = 0x08
    PI = 0x0C
    VS = 0x10


class _Ghc:
    RESET: Final = 1 << 0
    INTERRUPTS: Final = 1 << 1
    AHCI: Final = 1 << 31


_CAPABILITIES: Final = 1 << 31 | 3 << 20 | 1 << 18 | 1 << 24 | SLOTS - 1 << 8
"""64-bit addresses, 6 Gb/s, AHCI only, Command List Override, 32 slots (§3.1.1)."""
_VERSION: Final = 0x00010301


class Hba:
    """The controller, as pci.PciFunction: one interrupt for all its ports."""

    vectors = 1
    bars: dict[int, int] = {ABAR: _ABAR_BYTES}  # noqa: RUF012 - pci.PciFunction's, never changed

    def __init__(self, ports: Sequence[Port]) -> None:
        """Ports from 0 on, at most `MAX_PORTS`, each with its disk."""
        if not 0 < len(ports) <= MAX_PORTS:
            raise ValueError(f"a controller has 1 to {MAX_PORTS} ports, not {len(ports)}")
        self.ports = tuple(ports)
        self.config = ConfigSpace(
            vendor=_VENDOR, device=_DEVICE, class_code=_CLASS, bars=self.bars, vectors=self.vectors
        )
        self._bus: Bus | None = None
        self._control = _Ghc.AHCI
        self._status = 0

    def status(self, now: float) -> Mapping[str, object]:
        """What each disk is at."""
        return {"disks": [port.attached.status(now) for port in self.ports]}

    def behave(self, behaviour: Behaviour) -> None:
        """All disks behave otherwise from now on."""
        for port in self.ports:
            port.attached.behave(behaviour)

    def power_on(self, bus: Bus, now: float) -> None:
        """The PC was switched on."""
        self._bus = bus
        self._forget()
        for port in self.ports:
            port.power_on(bus.memory, now)

    def power_off(self, now: float) -> None:
        """The PC's power is gone."""
        for port in self.ports:
            port.power_off(now)
        self._bus = None
        self._forget()

    def reset(self, now: float) -> None:
        """The bus was reset, power stayed; or the PC wakes from S3."""
        self._forget()
        for port in self.ports:
            port.bus_reset(now)

    def read(self, bar: int, offset: int, size: int, now: float) -> bytes:
        """Any bytes of the registers."""
        del bar, now
        first = offset & ~3
        words = [self._read(at) for at in range(first, offset + size, 4)]
        return b"".join(word.to_bytes(4, "little") for word in words)[offset - first : offset - first + size]

    def write(self, bar: int, offset: int, data: bytes, now: float) -> None:
        """Registers are written whole; less than that is left alone (§3: accesses are of 32 bits, aligned)."""
        del bar, now
        if offset % 4:
            return
        for at in range(0, len(data) - 3, 4):
            self._write(offset + at, int.from_bytes(data[at : at + 4], "little"))
        self._interrupt()

    def work(self, now: float) -> float | None:
        """Let every port go on."""
        due = [port.work(now) for port in self.ports]
        self._interrupt()
        return min((seconds for seconds in due if seconds is not None), default=None)

    def _read(self, offset: int) -> int:
        number, register = divmod(offset - _PORTS, _PORT_BYTES)
        if 0 <= number < len(self.ports):
            return self.ports[number].read(register)
        values: dict[int, int] = {
            Reg.CAP: _CAPABILITIES | len(self.ports) - 1,
            Reg.GHC: self._control,
            Reg.IS: self._status,
            Reg.PI: (1 << len(self.ports)) - 1,
            Reg.VS: _VERSION,
        }
        return values.get(offset, 0)

    def _write(self, offset: int, value: int) -> None:
        number, register = divmod(offset - _PORTS, _PORT_BYTES)
        if 0 <= number < len(self.ports):
            try:
                self.ports[number].write(register, value)
            except DmaError:
                return  # an area for received frames that is no memory: nothing is received
        elif offset == Reg.GHC and value & _Ghc.RESET:
            self._reset()
        elif offset == Reg.GHC:
            enabled = value & _Ghc.INTERRUPTS
            if enabled and not self._control & _Ghc.INTERRUPTS and self._status and self._bus:
                self._bus.interrupt(0)
            self._control = _Ghc.AHCI | enabled
        elif offset == Reg.IS:
            self._status &= ~value

    def _interrupt(self) -> None:
        """Note the ports that have a cause, and tell the PC of each that was not noted before."""
        pending = sum(port.pending << number for number, port in enumerate(self.ports))
        fresh = pending & ~self._status
        self._status |= pending
        if fresh and self._control & _Ghc.INTERRUPTS and self._bus:
            self._bus.interrupt(0)

    def _reset(self) -> None:
        self._forget()
        for port in self.ports:
            port.controller_reset()

    def _forget(self) -> None:
        self._control = _Ghc.AHCI
        self._status = 0
