"""A SCSI disk: takes one command after the other, and does what each comes to. Times are seconds of one clock.

A sanitize that is to be answered at its end keeps nobody waiting: meanwhile others are answered or refused at once, as
with one that was answered at its beginning (SBC-4 4.11).
"""

import struct
from dataclasses import dataclass
from typing import Final

import msgspec

from netboot.lab.drives import erasing
from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.eraser import catch_up, due
from netboot.lab.drives.medium import Medium, MediumError
from netboot.lab.drives.scsi import pages, sanitize
from netboot.lab.drives.scsi.sanitize import IMMED, Sanitizing
from netboot.lab.drives.scsi.spec import ScsiModel
from netboot.lab.drives.virtio_scsi import sense
from netboot.lab.drives.virtio_scsi.sense import CHECK_CONDITION, Key, Sense
from netboot.lab.drives.virtio_scsi.target import Answer

_TICK: Final = 0.25
"""How often, in seconds, an erase is let happen to the data."""
_LET_THROUGH: Final = frozenset(
    {0x03, 0x12, 0x1A, 0x25, 0x4D, 0x5A, 0xA0, pages.MAINTENANCE_IN, pages.SERVICE_ACTION_IN}
)
"""Commands that are carried out while a sanitize runs, or has failed (SBC-4 4.11)."""
_READS, _WRITES = (0x28, 0x88), (0x2A, 0x8A)
_UNWRITTEN: Final = Sense(Key.MEDIUM_ERROR, 0x0C, 0x02)
_DONE: Final = Answer()


class ScsiState(msgspec.Struct, frozen=True):
    """What a disk knows for ever; `grown` are the sectors that it replaced, `uncorrected` the reads that failed."""

    sanitizing: Sanitizing = Sanitizing()
    grown: int = 0
    uncorrected: int = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    answer: Answer
    until: float


class ScsiDiskCore:
    """One disk with the power on, until `power_off`."""

    def __init__(self, model: ScsiModel, behaviour: Behaviour, medium: Medium, state: ScsiState) -> None:
        self._model, self._behaviour, self._medium = model, behaviour, medium
        self._sanitizing = state.sanitizing
        self._grown, self._uncorrected = state.grown, state.uncorrected
        self._waiting: _Waiting | None = None
        self._open = False

    @property
    def state(self) -> ScsiState:
        """What has to be kept now."""
        return ScsiState(self._sanitizing, self._grown, self._uncorrected)

    @property
    def busy(self) -> bool:
        """Whether a command is going on, so that the next has to wait."""
        return self._waiting is not None

    def behave(self, behaviour: Behaviour, medium: Medium) -> None:
        """Behave otherwise from now on; `medium` is the same data under this behaviour."""
        self._behaviour, self._medium = behaviour, medium

    def power_on(self, now: float) -> None:
        """Power came: a sanitize goes on."""
        self._sanitizing = sanitize.with_power(self._sanitizing, now)

    def power_off(self, now: float) -> None:
        """Power goes, whatever is going on."""
        self._advance(now, everything=True)
        self._medium.power_off()
        self._sanitizing = sanitize.without_power(self._sanitizing, self._behaviour, now)
        self.forget()

    def forget(self) -> None:
        """Nobody waits for a command's end any more."""
        self._waiting, self._open = None, False

    def execute(self, cdb: bytes, data: bytes, now: float) -> Answer | None:
        """Carry out a command; None: it takes its time, and `work` will return its end."""
        stands = sanitize.stands(self._sanitizing, self._behaviour, now)
        if stands is not None and cdb[0] not in _LET_THROUGH and not self._is_another_sanitize(cdb):
            return _check(stands)
        if cdb[0] in (*_READS, *_WRITES):
            return self._move(cdb, data, now)
        if cdb[0] == pages.SANITIZE and self._model.sanitize:
            return self._sanitize(cdb, data, now)
        return self._tell(cdb, stands)

    def work(self, now: float) -> Answer | None:
        """Go on with what is going on; returns the end of a command that `execute` left open."""
        before = self._sanitizing
        self._advance(now)
        if self._waiting is not None and self._waiting.until <= now:
            answer, self._waiting = self._waiting.answer, None
            return answer
        if self._open and before.work is not None and self._sanitizing.work is None:
            self._open = False
            stands = sanitize.stands(self._sanitizing, self._behaviour, now)
            return _DONE if stands is None else _check(stands)
        return None

    def due(self, now: float) -> float | None:
        """In how many seconds `work` has something to do; None: not before the next command."""
        work = self._sanitizing.work
        left = None if work is None else erasing.seconds_left(work, self._behaviour, now)
        times = [None if left is None else min(left, _TICK)]
        if self._waiting is not None:
            times.append(max(0.0, self._waiting.until - now))
        return min((seconds for seconds in times if seconds is not None), default=None)

    def sanitize_state(self, now: float) -> tuple[str, float | None]:
        """What the sanitize is at, and how far."""
        work = self._sanitizing.work
        return self._sanitizing.state, None if work is None else erasing.progress(work, self._behaviour, now)

    def _is_another_sanitize(self, cdb: bytes) -> bool:
        return cdb[0] == pages.SANITIZE and self._sanitizing.state is sanitize.State.FAILED

    def _sanitize(self, cdb: bytes, data: bytes, now: float) -> Answer | None:
        became = sanitize.order(self._sanitizing, cdb, data, self._model.sanitize, self._behaviour, now)
        if isinstance(became, Sense):
            return _check(became)
        self._medium.flush()
        self._sanitizing = became
        if cdb[1] & IMMED or became.work is None:
            return _DONE
        self._open = True
        return None

    def _move(self, cdb: bytes, data: bytes, now: float) -> Answer | None:
        long = cdb[0] in (0x88, 0x8A)
        lba = int.from_bytes(cdb[2:10] if long else cdb[2:6])
        count = int.from_bytes(cdb[10:14] if long else cdb[7:9])
        if lba + count > self._medium.sectors:
            return _check(sense.OUT_OF_RANGE)
        size = count * self._medium.sector
        answer = self._read(lba, count) if cdb[0] in _READS else self._write(lba, data[:size])
        takes = 0.0 if cdb[0] in _WRITES and self._medium.elides(data[:size]) else self._behaviour.command_takes(size)
        if not takes:
            return answer
        self._waiting = _Waiting(answer, now + takes)
        return None

    def _read(self, lba: int, count: int) -> Answer:
        try:
            return Answer(data=self._medium.read(lba, count) if count else b"")
        except MediumError:
            self._uncorrected += 1
            return _check(sense.UNREADABLE)

    def _write(self, lba: int, data: bytes) -> Answer:
        before = self._medium.remapped
        try:
            if data:
                self._medium.write(lba, data)
        except MediumError:
            return _check(_UNWRITTEN)
        self._grown += self._medium.remapped - before
        return _DONE

    def _tell(self, cdb: bytes, stands: Sense | None) -> Answer:
        told: bytes | None
        match cdb[0]:
            case 0x12 if cdb[1] & 1:
                told, room = pages.vital_page(cdb[2], self._model), int.from_bytes(cdb[3:5])
            case 0x12:
                told, room = pages.inquiry(self._model), int.from_bytes(cdb[3:5])
            case 0x03:
                said = stands or Sense(Key.NO_SENSE)
                told, room = (said.described if cdb[1] & 1 else said.fixed), cdb[4]
            case 0xA0:
                told, room = struct.pack(">II8x", 8, 0), int.from_bytes(cdb[6:10])
            case 0x1A | 0x5A as code:
                told = pages.mode_sense(cdb[2] & 0x3F, long=code == 0x5A)
                room = int.from_bytes(cdb[7:9]) if code == 0x5A else cdb[4]
            case 0x25:
                told, room = struct.pack(">II", min(self._medium.sectors - 1, 0xFFFFFFFF), self._medium.sector), 8
            case pages.SERVICE_ACTION_IN if cdb[1] & 0x1F == pages.READ_CAPACITY_16:
                told = struct.pack(">QI20x", self._medium.sectors - 1, self._medium.sector)
                room = int.from_bytes(cdb[10:14])
            case 0x4D:
                told, room = pages.log_page(cdb[2] & 0x3F, self._uncorrected), int.from_bytes(cdb[7:9])
            case 0x37 | 0xB7 as code:
                long, wants = code == 0xB7, bool(cdb[1 if code == 0xB7 else 2] & 0x08)
                told = pages.defects(self._grown, long=long, wants_grown=wants)
                room = int.from_bytes(cdb[6:10] if long else cdb[7:9])
            case pages.MAINTENANCE_IN if cdb[1] & 0x1F == pages.REPORT_OPERATION_CODES and self._model.lists_commands:
                told = pages.operation_codes(self._model, cdb[2] & 7, cdb[3], int.from_bytes(cdb[4:6]))
                room = int.from_bytes(cdb[6:10])
            case 0x00 | 0x1B | 0x1E:
                return _DONE
            case 0x35 | 0x91:
                self._medium.flush()
                return _DONE
            case _:
                return _check(sense.INVALID_OPCODE)
        return _check(sense.INVALID_FIELD) if told is None else Answer(data=told[:room])

    def _advance(self, now: float, *, everything: bool = False) -> None:
        """Let what is due happen to the data; all of it when nothing comes afterwards."""
        work = self._sanitizing.work
        if work is None:
            return
        whole, before = (self._medium,), self._medium.remapped
        done = catch_up(work, whole, self._behaviour, now)
        while everything and done.erased < due(done, whole, self._behaviour, now):
            done = catch_up(done, whole, self._behaviour, now)
        self._grown += self._medium.remapped - before
        self._sanitizing = msgspec.structs.replace(self._sanitizing, work=done)
        ending = erasing.ending(done, self._behaviour, now)
        if ending is not None and done.erased >= due(done, whole, self._behaviour, now):
            self._sanitizing = sanitize.ended(self._sanitizing, ending)


def _check(what: Sense) -> Answer:
    return Answer(CHECK_CONDITION, sense=what.fixed)
