"""A SATA disk: takes one command after the other, and does what each comes to.

Ties the feature sets of this package to the data; which commands are let through while a sanitize runs or a password
locks is decided here (ACS-3, “Sanitize Device feature set” and “Security mode command actions”; HC580 10.20.2).
Times are seconds of one clock, given with each call. Not for: the wire; ahci/ asks one command at a time.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

import msgspec

from netboot.lab.drives import erasing
from netboot.lab.drives.ata import logs, transfer
from netboot.lab.drives.ata.command import ABORTED, DONE, Command, Op, Reply
from netboot.lab.drives.ata.hidden import HiddenAreas, HiddenKept
from netboot.lab.drives.ata.identify import MULTIPLE, Standing, identify_device
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.ata.part import Part
from netboot.lab.drives.ata.sanitize import Sanitize, SanitizeKept
from netboot.lab.drives.ata.security import Security, SecurityKept
from netboot.lab.drives.ata.smart import Health, Smart, SmartKept, Sub
from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.eraser import catch_up, due
from netboot.lab.drives.erasing import Ending, Erasing, Fill
from netboot.lab.drives.medium import Medium, MediumError

_TICK: Final = 0.25
"""How often, in seconds, an erase is let happen to the data."""

_LOGS_DURING_SANITIZE: Final = frozenset({logs.Log.IDENTIFY_DATA})
LOCKED_OUT: Final = (
    transfer.READS | transfer.WRITES | transfer.VERIFIES
    | {
        Op.DATA_SET_MANAGEMENT, Op.DCO, Op.FLUSH_CACHE, Op.FLUSH_CACHE_EXT, Op.SECURITY_DISABLE_PASSWORD,
        Op.SECURITY_FREEZE_LOCK, Op.SECURITY_SET_PASSWORD, Op.SET_MAX, Op.SET_MAX_EXT,
    }
)  # fmt: skip
"""What a disk that its password locks aborts; SANITIZE and ACCESSIBLE MAX ADDRESS see to theirs."""


class AtaState(msgspec.Struct, frozen=True):
    """What a disk knows for ever."""

    security: SecurityKept = SecurityKept()
    sanitize: SanitizeKept = SanitizeKept()
    hidden: HiddenKept = HiddenKept()
    smart: SmartKept = SmartKept()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A read or write that takes its time: how it will end, and when."""

    reply: Reply
    until: float


class AtaDisk:
    """One disk with the power on, until `power_off`."""

    def __init__(self, model: AtaModel, behaviour: Behaviour, medium: Medium, state: AtaState) -> None:
        self.model = model
        self._behaviour = behaviour
        self._medium = medium
        self.security = Security(model, state.security)
        self.sanitize = Sanitize(model, behaviour, state.sanitize)
        self.hidden = HiddenAreas(model, medium.sectors, state.hidden)
        self.smart = Smart(model, state.smart)
        self.standby: bool
        self.settings_preserved: bool
        self._previous: int
        self._waiting: _Waiting | None
        self._unit: Erasing | None
        self._forget()

    def behave(self, behaviour: Behaviour, medium: Medium) -> None:
        """Behave otherwise from now on; `medium` is the same data under this behaviour."""
        self._behaviour = self.sanitize.behaviour = behaviour
        self._medium = medium

    @property
    def state(self) -> AtaState:
        """What has to be kept now."""
        return AtaState(self.security.kept, self.sanitize.kept, self.hidden.kept, self.smart.kept)

    def power_on(self, now: float) -> None:
        """A power-on reset."""
        self._forget()
        self.security.power_on()
        self.sanitize.power_on(now)
        self.hidden.power_on()
        self.smart.power_on()

    def power_off(self, now: float) -> None:
        """The power goes, whatever is going on; an erase by password ends where it is, and the disk stays locked."""
        if self._unit:
            self._unit = self._erase(self._unit, self._native, now, everything=True)
        if self.sanitize.kept.erasing:
            self._advance_sanitize(now, everything=True)
        self._medium.power_off()
        self.sanitize.power_off(now)
        self.smart.power_off(now)
        self._forget()

    def hardware_reset(self) -> None:
        """A COMRESET: ends the command that is going on, and little else."""
        self._waiting = None
        self._unit = None
        self._previous = Op.NOP
        self.security.hardware_reset()
        self.hidden.hardware_reset()
        if not self.settings_preserved:
            self._cache = self._look_ahead = True
        self.settings_preserved = self.model.settings_preserved

    @property
    def busy(self) -> bool:
        """Whether a command is going on, so that the next has to wait."""
        return self._waiting is not None or self._unit is not None

    def execute(self, command: Command, now: float) -> Reply | None:
        """Carry out a command; None: it takes its time, and `work` will return its end."""
        previous, self._previous = self._previous, command.op
        if command.op in transfer.READS | transfer.WRITES | transfer.VERIFIES:
            self.standby = False
        if (self.sanitize.in_progress or self.sanitize.failed) and not _passes_sanitize(command):
            return ABORTED
        if self.security.locked and command.op in LOCKED_OUT:
            return ABORTED
        if command.op in transfer.MOVES:
            reply = transfer.execute(command, self._medium, self.hidden.accessible, trims=self.model.trim)
            until = now + self._behaviour.command_takes(max(len(command.data), len(reply.data)))
            if until <= now:
                return reply
            self._waiting = _Waiting(reply, until)
            return None
        return self._control(command, previous, now)

    def work(self, now: float) -> Reply | None:
        """Go on with what is going on; returns the end of a command that `execute` left open."""
        if self.smart.due(now) == 0:
            self.smart.advance(now, self._health())
        if self.sanitize.kept.erasing:
            self._advance_sanitize(now)
        if self._waiting and self._waiting.until <= now:
            reply, self._waiting = self._waiting.reply, None
            return reply
        if self._unit:
            self._unit = self._erase(self._unit, self._native, now)
            return self._unit_ended(self._unit, now)
        return None

    def due(self, now: float) -> float | None:
        """In how many seconds `work` has something to do; None: not before the next command."""
        times = [self.smart.due(now)]
        for erase in (self._unit, self.sanitize.kept.erasing):
            left = erasing.seconds_left(erase, self._behaviour, now) if erase else None
            times.append(None if left is None else min(left, _TICK))
        if self._waiting:
            times.append(max(0, self._waiting.until - now))
        return min((seconds for seconds in times if seconds is not None), default=None)

    def identify(self) -> bytes:
        """The answer to IDENTIFY DEVICE."""
        announced = self._behaviour.erase_announces
        standing = Standing(
            sectors=self.hidden.accessible,
            security=self.security.status,
            identifier=self.security.kept.identifier,
            minutes=0 if announced is None else max(2, 2 * ceil(announced / 120)),
            write_cache=self._cache,
            look_ahead=self._look_ahead,
            smart=self.smart.kept.enabled,
            multiple=self._multiple,
            preserved=self.settings_preserved,
        )
        return identify_device(self.model, standing)

    def _forget(self) -> None:
        """What a disk does not know at power-on."""
        self.standby = False
        self.settings_preserved = self.model.settings_preserved
        self._previous = Op.NOP
        self._cache = self._look_ahead = True
        self._multiple = MULTIPLE
        self._waiting = None
        self._unit = None

    @property
    def _native(self) -> Part:
        """What an erase by password reaches: up to the native maximum, whatever a host hid (HC580 12.41)."""
        return Part(self._medium, self.hidden.native * self._medium.sector)

    def _control(self, command: Command, previous: int, now: float) -> Reply | None:
        match command.op:
            case Op.IDENTIFY_DEVICE:
                return Reply(data=self.identify())
            case Op.SANITIZE:
                return self.sanitize.execute(command, now, locked=self.security.locked)
            case Op.SMART:
                reply = self.smart.execute(command, now, self._health())
                return reply if reply else self._log(command.lba & 0xFF, 0, command.count, general=False)
            case Op.READ_LOG_EXT | Op.READ_LOG_DMA_EXT:
                page = command.lba >> 8 & 0xFF | command.lba >> 24 & 0xFF00
                return self._log(command.lba & 0xFF, page, command.count, general=True)
            case (
                Op.SECURITY_SET_PASSWORD | Op.SECURITY_UNLOCK | Op.SECURITY_ERASE_PREPARE | Op.SECURITY_ERASE_UNIT
                | Op.SECURITY_FREEZE_LOCK | Op.SECURITY_DISABLE_PASSWORD
            ):  # fmt: skip
                reply = self.security.execute(command, previous)
                return reply if reply else self._begin_unit(now)
            case Op.READ_NATIVE_MAX | Op.READ_NATIVE_MAX_EXT | Op.SET_MAX | Op.SET_MAX_EXT | Op.DCO | Op.ACCESSIBLE_MAX:
                if command.op == Op.ACCESSIBLE_MAX and self.security.locked:
                    return ABORTED
                return self.hidden.execute(command, previous)
            case Op.SET_FEATURES:
                return self._set_features(command)
            case Op.SET_MULTIPLE if command.count in (0, 1, 2, 4, 8, MULTIPLE):
                self._multiple = command.count
                return DONE
            case Op.FLUSH_CACHE | Op.FLUSH_CACHE_EXT:
                self._medium.flush()
                return DONE
            case Op.STANDBY_IMMEDIATE | Op.SLEEP:
                self._medium.flush()
                self.standby = True
                return DONE
            case Op.STANDBY | Op.IDLE | Op.IDLE_IMMEDIATE:
                return DONE
            case Op.CHECK_POWER_MODE:
                return Reply(count=0x00 if self.standby else 0xFF)
            case Op.DIAGNOSTIC:
                return Reply(error=1, count=1, lba=1)
        return ABORTED

    def _set_features(self, command: Command) -> Reply:
        match command.feature, command.count:
            case (0x03, _):
                pass
            case (0x02 | 0x82 as feature, _):
                self._cache = feature == 0x02
                self._medium.flush()
            case (0xAA | 0x55 as feature, _):
                self._look_ahead = feature == 0xAA
            case (0x10 | 0x90 as feature, 0x06) if self.model.settings_preserved:
                self.settings_preserved = feature == 0x10
            case _:
                return ABORTED
        return DONE

    def _log(self, log: int, page: int, count: int, *, general: bool) -> Reply:
        if not count or page + count > logs.pages_of(log, general=general):
            return ABORTED
        if log == logs.Log.DIRECTORY:
            return Reply(data=logs.directory(general=general))
        smart = self.smart.kept
        match log:
            case logs.Log.SUMMARY_ERRORS:
                data = logs.summary_errors()
            case logs.Log.EXTENDED_ERRORS:
                data = logs.extended_errors()
            case logs.Log.SELF_TESTS:
                data = self.smart.self_test_log()
            case logs.Log.EXTENDED_SELF_TESTS:
                data = self.smart.extended_self_test_log()
            case logs.Log.STATISTICS:
                told = {"hours": smart.hours, "power_cycles": smart.power_cycles}
                data = b"".join(logs.statistics(number, **told) for number in range(page, page + count))
            case _:
                identify = self.identify()
                pages = range(page, page + count)
                data = b"".join(logs.identify_data(number, self.model, identify) for number in pages)
        return Reply(data=data)

    def _begin_unit(self, now: float) -> Reply | None:
        """A SECURITY ERASE UNIT that may begin: the disk is busy until it is over."""
        if self._behaviour.erase is Outcome.REFUSES:
            return ABORTED
        self._unit = erasing.begin(Fill.PATTERN, self._behaviour.pattern, self._behaviour, now)
        return None

    def _unit_ended(self, unit: Erasing, now: float) -> Reply | None:
        ending = erasing.ending(unit, self._behaviour, now)
        if ending is None or unit.erased < due(unit, (self._native,), self._behaviour, now):
            return None
        self._unit = None
        if ending is Ending.FAILED:
            return ABORTED
        self.security.erased()
        return DONE

    def _advance_sanitize(self, now: float, *, everything: bool = False) -> None:
        """A sanitize operation reaches all of the medium, hidden or not."""
        kept = self.sanitize.kept
        if not kept.erasing:
            return
        whole = Part(self._medium, self._medium.size)
        done = self._erase(kept.erasing, whole, now, everything=everything)
        self.sanitize.kept = msgspec.structs.replace(kept, erasing=done)
        ending = erasing.ending(done, self._behaviour, now)
        if ending is not None and done.erased >= due(done, (whole,), self._behaviour, now):
            self.sanitize.ended(ending)

    def _erase(self, erase: Erasing, part: Part, now: float, *, everything: bool = False) -> Erasing:
        """Let what is due happen to the data; all of it when nothing comes afterwards."""
        done = catch_up(erase, (part,), self._behaviour, now)
        while everything and done.erased < due(done, (part,), self._behaviour, now):
            done = catch_up(done, (part,), self._behaviour, now)
        return done

    def _health(self) -> Health:
        failing = []
        for bad in self._behaviour.bad:
            try:
                self._medium.read(bad.first, bad.count)
            except MediumError as error:
                failing.append(error.lba)
        pending = self._medium.pending
        return Health(self._medium.remapped, pending, pending, min(failing, default=None))


def _passes_sanitize(command: Command) -> bool:
    """Whether a command is processed although a sanitize operation runs, or has failed."""
    match command.op:
        case Op.SMART:
            logs_only = command.feature == Sub.READ_LOG and command.lba & 0xFF in _LOGS_DURING_SANITIZE
            return command.feature == Sub.RETURN_STATUS or logs_only
        case Op.READ_LOG_EXT | Op.READ_LOG_DMA_EXT:
            return command.lba & 0xFF in _LOGS_DURING_SANITIZE
        case Op.SECURITY_UNLOCK | Op.IDENTIFY_DEVICE | Op.IDLE_IMMEDIATE | Op.SANITIZE:
            return True
    return False
