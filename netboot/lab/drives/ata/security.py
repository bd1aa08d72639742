"""The Security feature set of a disk: passwords, locking, freezing and who may order an erase.

ACS-3, “Security feature set” with its states SEC1, SEC2, SEC4, SEC5 and SEC6 (the other three are without power), and
“SECURITY …” commands. Software Settings Preservation: Serial ATA, restated in HC580 10.15.
Not for: the erase itself; an accepted SECURITY ERASE UNIT only says which one.
"""

import struct
from typing import Final

import msgspec
from msgspec.structs import replace

from netboot.lab.drives.ata.command import ABORTED, DONE, SECTOR, Command, Op, Reply
from netboot.lab.drives.ata.model import AtaModel

PASSWORD_BYTES: Final = 32
ATTEMPTS: Final = 5
FACTORY_MASTER: Final = 0xFFFE
"""The master password identifier of a disk whose master password is still its maker's."""
_DATA: Final = struct.Struct("<H32sH")


class SecurityKept(msgspec.Struct, frozen=True):
    """What outlasts a power cut. `user`: the user password, None while there is none; `maximum`: the security level."""

    user: bytes | None = None
    master: bytes = b"netboot lab drive".ljust(PASSWORD_BYTES, b"\0")
    identifier: int = FACTORY_MASTER
    maximum: bool = False


class Security:
    """One disk's security state; `kept` is its part that lasts."""

    def __init__(self, model: AtaModel, kept: SecurityKept) -> None:
        self.kept = kept
        self._model = model
        self.power_on()

    def power_on(self) -> None:
        """A power-on reset: to SEC4 where there is a user password, else to SEC1."""
        self.locked = self.enabled
        self.frozen = False
        self.attempts = ATTEMPTS

    def hardware_reset(self) -> None:
        """A COMRESET: as a power-on reset, unless settings are preserved."""
        if not self._model.settings_preserved:
            self.power_on()

    @property
    def enabled(self) -> bool:
        """Whether there is a user password."""
        return self.kept.user is not None

    @property
    def status(self) -> int:
        """IDENTIFY DEVICE word 128."""
        if not self._model.security:
            return 0
        bits = (True, self.enabled, self.locked, self.frozen, not self.attempts, self._model.enhanced_erase)
        return sum(bit << number for number, bit in enumerate(bits)) | self.kept.maximum << 8

    def execute(self, command: Command, previous: int) -> Reply | None:
        """Carry out a command of this feature set that came after the command `previous`.

        None: a SECURITY ERASE UNIT with the right password; `wants_enhanced` says which, and `erased` has to be called
        when it has succeeded.
        """
        if not self._model.security:
            return ABORTED
        if command.op == Op.SECURITY_FREEZE_LOCK:
            if self.locked:
                return ABORTED
            self.frozen = True
            return DONE
        if self.frozen:
            return ABORTED
        if command.op == Op.SECURITY_ERASE_PREPARE:
            return DONE
        if len(command.data) != SECTOR:
            return ABORTED
        control, password, identifier = _DATA.unpack_from(command.data)
        master = bool(control & 1)
        match command.op:
            case Op.SECURITY_SET_PASSWORD:
                return self._set(password, identifier, master=master, maximum=bool(control & 0x100))
            case Op.SECURITY_UNLOCK:
                return self._unlock(password, master=master)
            case Op.SECURITY_DISABLE_PASSWORD:
                return self._disable(password, master=master)
            case Op.SECURITY_ERASE_UNIT:
                refused = previous != Op.SECURITY_ERASE_PREPARE or not self.attempts
                refused |= not self._knows(password, master=master)
                refused |= wants_enhanced(command) and not self._model.enhanced_erase
                return ABORTED if refused else None
        return ABORTED

    def erased(self) -> None:
        """A SECURITY ERASE UNIT has succeeded: to SEC1. The master password stays as it is."""
        self.kept = replace(self.kept, user=None)
        self.locked = False

    def _set(self, password: bytes, identifier: int, *, master: bool, maximum: bool) -> Reply:
        if self.locked:
            return ABORTED
        if master:
            kept = identifier in (0, 0xFFFF)
            self.kept = replace(self.kept, master=password, identifier=self.kept.identifier if kept else identifier)
        else:
            self.kept = replace(self.kept, user=password, maximum=maximum)
        return DONE

    def _unlock(self, password: bytes, *, master: bool) -> Reply:
        if not self.attempts or not self.enabled:
            return ABORTED
        # At level Maximum the master password erases, and does nothing else.
        if (master and self.kept.maximum) or not self._knows(password, master=master):
            # The counter counts while the disk is locked only.
            self.attempts -= self.locked
            return ABORTED
        self.locked = False
        return DONE

    def _disable(self, password: bytes, *, master: bool) -> Reply:
        if self.locked or not self.enabled or (master and self.kept.maximum):
            return ABORTED
        if not self._knows(password, master=master):
            return ABORTED
        self.kept = replace(self.kept, user=None)
        return DONE

    def _knows(self, password: bytes, *, master: bool) -> bool:
        return password == (self.kept.master if master else self.kept.user)


def wants_enhanced(command: Command) -> bool:
    """Whether a SECURITY ERASE UNIT asks for the enhanced erase."""
    return bool(command.data[0] & 2)


def erase_time_word(minutes: int) -> int:
    """IDENTIFY DEVICE words 89 and 90: minutes in steps of two; bit 15 tells the extended format (ACS-3)."""
    return minutes // 2 if minutes <= 508 else 0x8000 | min(minutes // 2, 0x7FFE)
