"""The Sanitize Device feature set of a disk: its states, and what SANITIZE STATUS EXT says of them.

ACS-3, “Sanitize Device feature set” and “SANITIZE DEVICE”; SD0 to SD4 as HC580 10.20.3 restates them. Where that says
that a hardware reset thaws a frozen disk, and T13/e09134r1 that only a power-on reset may, the latter goes.
"""

from enum import IntEnum, StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from netboot.lab.drives import erasing
from netboot.lab.drives.ata.command import ABORTED, Command, Error, Reply, failure
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.erasing import Erasing, Fill


class Feature(IntEnum):
    """The FEATURE field, which tells SANITIZE DEVICE's commands apart."""

    STATUS = 0x0000
    CRYPTO = 0x0011
    BLOCK = 0x0012
    OVERWRITE = 0x0014
    FREEZE = 0x0020
    ANTIFREEZE = 0x0040


KEYS: Final = {
    Feature.CRYPTO: int.from_bytes(b"Cryp"),
    Feature.BLOCK: int.from_bytes(b"BkEr"),
    Feature.FREEZE: int.from_bytes(b"FrLk"),
    Feature.ANTIFREEZE: int.from_bytes(b"Anti"),
}
"""What the LBA field has to hold, so that no stray command erases."""
OVERWRITE_KEY: Final = int.from_bytes(b"OW")
"""The same for an overwrite, in LBA bits 47 to 32; its pattern is in bits 31 to 0."""

SUCCEEDED: Final = 1 << 15
IN_PROGRESS: Final = 1 << 14
FROZEN: Final = 1 << 13
ANTIFROZEN: Final = 1 << 12
"""The bits of the COUNT field that tell the state."""
NO_PROGRESS: Final = 0xFFFF
"""What stands where the progress would while nothing is in progress."""
CLEAR_FAILED: Final = 1 << 0
FAILURE_MODE: Final = 1 << 4
DEFINITIVE_END: Final = 1 << 6
INVERT: Final = 1 << 7
"""The bits of the COUNT field that a host may set."""


class Reason(IntEnum):
    """SANITIZE DEVICE ERROR REASON, in LBA bits 7 to 0."""

    NOT_REPORTED = 0
    UNSUCCESSFUL = 1
    UNSUPPORTED = 2
    FROZEN = 3
    ANTIFROZEN = 4


class Lasting(StrEnum):
    """The states that a power cut does not end; SD1 and SD4 become SD0."""

    IDLE = "SD0"
    OPERATION = "SD2"
    FAILED = "SD3"


class SanitizeKept(msgspec.Struct, frozen=True):
    """What outlasts a power cut. `succeeded`: the last operation did; `may_exit`: it was given FAILURE MODE."""

    state: Lasting = Lasting.IDLE
    succeeded: bool = False
    may_exit: bool = False
    erasing: Erasing | None = None


class Sanitize:
    """One disk's sanitize state; `kept` is its part that lasts."""

    def __init__(self, model: AtaModel, behaviour: Behaviour, kept: SanitizeKept) -> None:
        self.kept = kept
        self._model = model
        self.behaviour = behaviour
        self.frozen = False
        self._antifreeze = False

    def power_on(self, now: float) -> None:
        """A power-on reset: an operation goes on, a frozen disk is not any more."""
        self.frozen = False
        self._antifreeze = False
        if self.kept.erasing:
            self.kept = replace(self.kept, erasing=erasing.power_came(self.kept.erasing, now))

    def power_off(self, now: float) -> None:
        """The power goes; an operation waits, goes on or is forgotten, as the disk behaves."""
        if self.kept.erasing:
            left = erasing.power_lost(self.kept.erasing, self.behaviour, now)
            self.kept = replace(self.kept, erasing=left) if left else SanitizeKept()

    @property
    def in_progress(self) -> bool:
        """Whether the disk is in SD2."""
        return self.kept.state is Lasting.OPERATION

    @property
    def failed(self) -> bool:
        """Whether the disk is in SD3."""
        return self.kept.state is Lasting.FAILED

    def execute(self, command: Command, now: float, *, locked: bool) -> Reply:
        """Carry out one of SANITIZE DEVICE's commands on a disk that its password locks, or not."""
        match command.feature:
            case _ if not self._model.sanitize:
                return ABORTED
            case Feature.STATUS:
                return self._status(command, now)
            case Feature.FREEZE | Feature.ANTIFREEZE:
                return self._freeze(command, now)
            case _:
                return self._begin(command, now, locked=locked)

    def tell(self, now: float) -> Reply:
        """The normal output of every command of this feature set."""
        count = SUCCEEDED * self.kept.succeeded | FROZEN * self.frozen | ANTIFROZEN * self._antifreeze
        if not self.in_progress or not self.kept.erasing:
            return Reply(count=count, lba=NO_PROGRESS)
        done = erasing.progress(self.kept.erasing, self.behaviour, now)
        return Reply(count=count | IN_PROGRESS, lba=min(int(done * 0x10000), 0xFFFF))

    def ended(self, how: erasing.Ending) -> None:
        """The operation is over: to SD4, or to SD3."""
        good = how is erasing.Ending.DONE
        state = Lasting.IDLE if good else Lasting.FAILED
        self.kept = SanitizeKept(state, succeeded=good, may_exit=self.kept.may_exit)

    def _status(self, command: Command, now: float) -> Reply:
        if self.failed:
            if not (command.count & CLEAR_FAILED and self.kept.may_exit):
                return _refused(Reason.UNSUCCESSFUL)
            self.kept = SanitizeKept()
        return self.tell(now)

    def _freeze(self, command: Command, now: float) -> Reply:
        if command.lba != KEYS[Feature(command.feature)] or self.in_progress or self.failed:
            return _refused(Reason.NOT_REPORTED)
        if command.feature == Feature.ANTIFREEZE:
            if not self._model.antifreeze:
                return _refused(Reason.UNSUPPORTED)
            if self.frozen:
                return _refused(Reason.FROZEN)
            self._antifreeze = True
        elif self._antifreeze:
            return _refused(Reason.ANTIFROZEN)
        else:
            self.frozen = True
        return self.tell(now)

    def _begin(self, command: Command, now: float, *, locked: bool) -> Reply:
        able: dict[int, bool] = {
            Feature.CRYPTO: self._model.sanitize_crypto,
            Feature.BLOCK: self._model.sanitize_block,
            Feature.OVERWRITE: self._model.sanitize_overwrite,
        }
        if not able.get(command.feature):
            return _refused(Reason.UNSUPPORTED)
        if self.frozen:
            return _refused(Reason.FROZEN)
        overwrites = command.feature == Feature.OVERWRITE
        key = command.lba >> 32 == OVERWRITE_KEY if overwrites else command.lba == KEYS[Feature(command.feature)]
        may_exit = bool(command.count & FAILURE_MODE)
        # An operation without FAILURE MODE that failed is not escaped from by one that has it.
        trapped = self.failed and not self.kept.may_exit and may_exit
        refuses = self.behaviour.erase is Outcome.REFUSES
        if locked or not key or self.in_progress or trapped or refuses:
            return _refused(Reason.NOT_REPORTED)
        passes = (command.count & 0xF or 16) if overwrites else 1
        fill = Fill.NOISE if command.feature == Feature.CRYPTO else Fill.PATTERN
        pattern = _last_pattern(command, passes) if overwrites else self.behaviour.pattern
        begun = erasing.begin(fill, pattern, self.behaviour, now, passes)
        self.kept = SanitizeKept(Lasting.OPERATION, may_exit=may_exit, erasing=begun)
        return self.tell(now)


def _last_pattern(command: Command, passes: int) -> bytes:
    """What an overwrite leaves: its pattern, inverted in every other pass when that was asked for."""
    pattern = command.lba & 0xFFFFFFFF
    if command.count & INVERT and not command.count & DEFINITIVE_END and passes % 2 == 0:
        pattern ^= 0xFFFFFFFF
    return pattern.to_bytes(4, "little")


def _refused(reason: Reason) -> Reply:
    return failure(Error.ABORT, lba=reason)
