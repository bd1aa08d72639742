"""A port of the controller: its registers, its command list, and the disk behind it.

AHCI 1.3.1 §3.3 (port registers), §4.2 (system memory structures), §5.3 and §6.2 (what a port does with commands and
errors), §10.4 (resets). A disk without NCQ takes one command at a time; the others wait in PxCI.
"""

import struct
from enum import IntEnum
from typing import Final

from netboot.lab.drives.ahci import fis
from netboot.lab.drives.ata.attached import Attached
from netboot.lab.drives.ata.command import PIO_IN, Reply, Status
from netboot.lab.drives.guest_memory import DmaError, GuestMemory

SLOTS: Final = 32


class Reg(IntEnum):
    """A register's offset from its port's first."""

    CLB = 0x00
    CLBU = 0x04
    FB = 0x08
    FBU = 0x0C
    IS = 0x10
    IE = 0x14
    CMD = 0x18
    TFD = 0x20
    SIG = 0x24
    SSTS = 0x28
    SCTL = 0x2C
    SERR = 0x30
    SACT = 0x34
    CI = 0x38


class Cmd:
    """Bits of PxCMD."""

    START: Final = 1 << 0
    SPIN_UP: Final = 1 << 1
    POWER: Final = 1 << 2
    OVERRIDE: Final = 1 << 3
    RECEIVE: Final = 1 << 4
    RECEIVING: Final = 1 << 14
    RUNNING: Final = 1 << 15
    WRITABLE: Final = START | SPIN_UP | POWER | RECEIVE | 0xF << 28


class Cause:
    """Bits of PxIS and PxIE."""

    REGISTERS: Final = 1 << 0
    PIO_SETUP: Final = 1 << 1
    CONNECT: Final = 1 << 6
    FATAL: Final = 1 << 29
    TASK_FILE: Final = 1 << 30


_LINK_UP: Final = 0x133
"""PxSSTS: a device, at 6 Gb/s, active."""
_EXCHANGED: Final = 1 << 26
_PHY_CHANGED: Final = 1 << 16
_NOTHING_YET: Final = 0x7F
_BUSY: Final = Status.BUSY
_HEADER: Final = struct.Struct("<IIQ")
_PIECE: Final = struct.Struct("<QII")
_TABLE: Final = 0x80
_MOST: Final = 0x400000


class Port:
    """One port with its disk; times are those of the disk."""

    def __init__(self, attached: Attached) -> None:
        self.attached = attached
        self._memory: GuestMemory | None = None
        self._unseen = False
        self.reset()

    def power_on(self, memory: GuestMemory, now: float) -> None:
        """The PC is on, with this memory."""
        self.attached.power_on(now)
        self._memory = memory
        self.reset()

    def power_off(self, now: float) -> None:
        """There is no PC any more."""
        self.attached.power_off(now)
        self._memory = None
        self.reset()

    def bus_reset(self, now: float) -> None:
        """The controller's bus was reset, and with it the controller."""
        self.attached.bus_reset(now)
        self.reset()

    def controller_reset(self) -> None:
        """The PC reset the controller: its links come up again."""
        self.attached.hardware_reset()
        self.reset()

    def reset(self) -> None:
        """As after a reset of the controller (§10.4.3): the link comes up again by itself."""
        self.interrupts = 0
        self.enabled = 0
        self._list = 0
        self._received = 0
        self._command = Cmd.SPIN_UP | Cmd.POWER
        self._control = 0
        self._errors = 0
        self._issued = 0
        self._slot: int | None = None
        self._frame = b""
        self._halted = False
        self._connect()

    @property
    def pending(self) -> bool:
        """Whether the PC has to be interrupted for this port."""
        return bool(self.read(Reg.IS) & self.enabled)

    def read(self, register: int) -> int:
        """A register's 32 bits; those that are not there are 0."""
        match register:
            case Reg.CLB | Reg.CLBU:
                return self._list >> (32 if register == Reg.CLBU else 0) & 0xFFFFFFFF
            case Reg.FB | Reg.FBU:
                return self._received >> (32 if register == Reg.FBU else 0) & 0xFFFFFFFF
            case Reg.IS:
                return self.interrupts | (Cause.CONNECT if self._errors & _EXCHANGED else 0)
            case Reg.CMD:
                running = Cmd.RUNNING if self._command & Cmd.START else 0
                receiving = Cmd.RECEIVING if self._command & Cmd.RECEIVE else 0
                return self._command | running | receiving | (self._slot or 0) << 8
        values: dict[int, int] = {
            Reg.IE: self.enabled,
            Reg.TFD: self._task_file,
            Reg.SIG: self._signature,
            Reg.SSTS: 0 if self._control & 0xF else _LINK_UP,
            Reg.SCTL: self._control,
            Reg.SERR: self._errors,
            Reg.CI: self._issued,
        }
        return values.get(register, 0)

    def write(self, register: int, value: int) -> None:
        """Write a register's 32 bits."""
        match register:
            case Reg.CLB:
                self._list = self._list & ~0xFFFFFFFF | value & ~0x3FF
            case Reg.CLBU:
                self._list = self._list & 0xFFFFFFFF | value << 32
            case Reg.FB:
                self._received = self._received & ~0xFFFFFFFF | value & ~0xFF
            case Reg.FBU:
                self._received = self._received & 0xFFFFFFFF | value << 32
            case Reg.IS:
                self.interrupts &= ~value
            case Reg.IE:
                self.enabled = value
            case Reg.CMD:
                self._set_command(value)
            case Reg.SCTL:
                self._set_control(value)
            case Reg.SERR:
                self._errors &= ~value
            case Reg.CI if self._command & Cmd.START:
                self._issued |= value

    def work(self, now: float) -> float | None:
        """Finish and begin what can be; says in how many seconds there is more to do."""
        reply = self.attached.work(now)
        if reply is not None and self._slot is not None:
            self._complete(reply)
        while self._issued and not self._halted and not self.attached.disk.busy:
            slot = (self._issued & -self._issued).bit_length() - 1
            try:
                self._begin(slot, now)
            except DmaError:
                self._stop(Cause.FATAL)
        return self.attached.disk.due(now)

    def _set_command(self, value: int) -> None:
        started = self._command & Cmd.START
        self._command = value & Cmd.WRITABLE
        if value & Cmd.OVERRIDE:
            self._task_file &= ~(Status.BUSY | Status.DATA_REQUEST)
        if started and not value & Cmd.START:
            # §5.3.2.1: an engine that stops forgets its commands; what the disk is at goes on.
            self._issued = 0
            self._slot = None
            self._halted = False
        if value & Cmd.RECEIVE and self._unseen:
            self._post(fis.RECEIVED_REGISTERS, fis.signature())
            self._unseen = False

    def _set_control(self, value: int) -> None:
        before, self._control = self._control & 0xF, value & 0xFFF
        if value & 0xF == 1 and before != 1:
            # COMRESET, for as long as this stands (§10.4.2).
            self.attached.hardware_reset()
            self._slot = None
            self._task_file = _NOTHING_YET
            self._signature = 0xFFFFFFFF
        elif before == 1 and not value & 0xF:
            self._connect()

    def _connect(self) -> None:
        """The link comes up, and the disk shows its signature."""
        self._errors |= _EXCHANGED | _PHY_CHANGED
        self._task_file = 0x0100 | fis.signature()[2]
        self._signature = fis.SIGNATURE
        self._unseen = not self._command & Cmd.RECEIVE
        if not self._unseen:
            self._post(fis.RECEIVED_REGISTERS, fis.signature())

    def _begin(self, slot: int, now: float) -> None:
        assert self._memory is not None
        header, _, table = _HEADER.unpack(self._memory.read(self._list + slot * 32, _HEADER.size))
        frame = self._memory.read(table, fis.COMMAND_BYTES)
        self._slot, self._frame = slot, frame
        if frame[0] != fis.HOST_TO_DEVICE:
            raise DmaError(f"a frame of type {frame[0]:#x} in slot {slot}")
        if not fis.is_command(frame):
            self._issued &= ~(1 << slot)
            self._slot = None
            if not fis.resets(frame):
                self._task_file = 0x0100 | fis.signature()[2]
                self._post(fis.RECEIVED_REGISTERS, fis.signature())
            return
        pieces = self._pieces(header >> 16, table)
        data = b"".join(self._memory.read(*piece) for piece in pieces) if header & 0x40 else b""
        self._task_file = self._task_file & 0xFF00 | _BUSY | Status.READY
        reply = self.attached.execute(fis.parse_command(frame, data), now)
        if reply is not None:
            self._complete(reply)

    def _complete(self, reply: Reply) -> None:
        """Bring a command's end to the PC: data, frame, registers, cause of an interrupt."""
        slot, op = self._slot, self._frame[2]
        assert slot is not None
        self._task_file = reply.error << 8 | reply.status
        try:
            self._move(slot, reply.data)
            if reply.data and op in PIO_IN:
                self._post(fis.RECEIVED_PIO, fis.pio_setup(reply, op))
                self.interrupts |= Cause.PIO_SETUP
            if not (reply.data and op in PIO_IN) or reply.failed:
                self._post(fis.RECEIVED_REGISTERS, fis.registers(reply, op))
                self.interrupts |= Cause.REGISTERS
        except DmaError:
            self._stop(Cause.FATAL)
            return
        if reply.failed:
            # §6.2.2.1: the command stays in PxCI, and no other is taken until the engine was stopped.
            self._stop(Cause.TASK_FILE)
            return
        self._issued &= ~(1 << slot)
        self._slot = None

    def _move(self, slot: int, data: bytes) -> None:
        """Write data to the command's pieces of memory, and how much there was of it."""
        assert self._memory is not None
        header, _, table = _HEADER.unpack(self._memory.read(self._list + slot * 32, _HEADER.size))
        done = 0
        if data:
            for address, size in self._pieces(header >> 16, table):
                part = data[done : done + size]
                if not part:
                    break
                self._memory.write(address, part)
                done += len(part)
        moved = done or sum(size for _, size in self._pieces(header >> 16, table)) * (header >> 6 & 1)
        self._memory.write(self._list + slot * 32 + 4, struct.pack("<I", moved & 0xFFFFFFFF))

    def _pieces(self, count: int, table: int) -> list[tuple[int, int]]:
        """The physical region descriptors of a command table: address and bytes (§4.2.3.3)."""
        assert self._memory is not None
        listed = self._memory.read(table + _TABLE, count * _PIECE.size)
        return [(address, (size & _MOST - 1) + 1) for address, _, size in _PIECE.iter_unpack(listed)]

    def _post(self, offset: int, frame: bytes) -> None:
        """Put a received frame into the port's area, where one is given."""
        if self._memory is not None and self._command & Cmd.RECEIVE:
            self._memory.write(self._received + offset, frame)

    def _stop(self, cause: int) -> None:
        self.interrupts |= cause
        self._halted = True
