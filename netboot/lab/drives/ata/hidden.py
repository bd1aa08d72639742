"""What hides the end of a disk: HPA, Accessible Max Address, and the Device Configuration Overlay.

ATA8-ACS and ACS-2, “Host Protected Area feature set”, “Device Configuration Overlay feature set”; ACS-3, “Accessible
Max Address Configuration feature set”. Not there: SET MAX's passwords (“HPA security extensions”), and of the overlay
all but the maximum address.
"""

import struct
from enum import IntEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from netboot.lab.drives.ata.command import ABORTED, DONE, SECTOR, Command, Error, Op, Reply, failure
from netboot.lab.drives.ata.model import AtaModel, Hiding

_MAX_28: Final = (1 << 28) - 1
_NON_VOLATILE: Final = 1
_SET_MAX_FREEZE: Final = 0x04
_SIGNATURE: Final = 0xA5


class Overlay(IntEnum):
    """The FEATURE field of DEVICE CONFIGURATION OVERLAY."""

    RESTORE = 0xC0
    FREEZE_LOCK = 0xC1
    IDENTIFY = 0xC2
    SET = 0xC3


class Accessible(IntEnum):
    """The FEATURE field of ACCESSIBLE MAX ADDRESS CONFIGURATION."""

    GET_NATIVE = 0x0000
    SET = 0x0001
    FREEZE = 0x0002


class HiddenKept(msgspec.Struct, frozen=True):
    """What outlasts a power cut, in sectors; None: nothing is hidden so."""

    overlay: int | None = None
    accessible: int | None = None


class HiddenAreas:
    """How much of a disk a host sees; `kept` is the part that lasts."""

    def __init__(self, model: AtaModel, sectors: int, kept: HiddenKept) -> None:
        """`sectors`: what the disk really has."""
        self.kept = kept
        self._model = model
        self._real = sectors
        self.power_on()

    def power_on(self) -> None:
        """A power-on reset: what was set for this once, and what was frozen, is forgotten."""
        self._volatile: int | None = None
        self._set_once = False
        self._frozen = False
        self._overlay_frozen = False

    def hardware_reset(self) -> None:
        """A COMRESET: undoes a volatile SET MAX, unless settings are preserved."""
        if not self._model.settings_preserved:
            self._volatile = None

    @property
    def native(self) -> int:
        """The sectors that the overlay leaves."""
        return self._real if self.kept.overlay is None else self.kept.overlay

    @property
    def accessible(self) -> int:
        """The sectors that a host reads and writes."""
        chosen = self.kept.accessible if self._volatile is None else self._volatile
        return self.native if chosen is None else min(chosen, self.native)

    def execute(self, command: Command, previous: int) -> Reply:
        """Carry out one of these feature sets' commands, which came after the command `previous`."""
        match command.op:
            case Op.ACCESSIBLE_MAX if self._model.hiding is Hiding.AMAC:
                return self._accessible_max(command)
            case Op.DCO if self._model.overlay:
                return self._overlay(command)
            case Op.READ_NATIVE_MAX | Op.READ_NATIVE_MAX_EXT | Op.SET_MAX | Op.SET_MAX_EXT:
                return self._protected_area(command, previous) if self._model.hiding is Hiding.HPA else ABORTED
        return ABORTED

    def _protected_area(self, command: Command, previous: int) -> Reply:
        match command.op:
            case Op.READ_NATIVE_MAX:
                return Reply(lba=min(self.native - 1, _MAX_28))
            case Op.READ_NATIVE_MAX_EXT:
                return Reply(lba=self.native - 1)
            case Op.SET_MAX if previous == Op.READ_NATIVE_MAX:
                return self._set_max(command)
            case Op.SET_MAX if command.feature == _SET_MAX_FREEZE:
                self._frozen = True
                return DONE
            case Op.SET_MAX_EXT if previous == Op.READ_NATIVE_MAX_EXT:
                return self._set_max(command)
        return ABORTED

    def _set_max(self, command: Command) -> Reply:
        if self._frozen:
            return ABORTED
        lasting = bool(command.count & _NON_VOLATILE)
        # One lasting SET MAX a power cycle; a second needs the next.
        if command.lba >= self.native or (lasting and self._set_once):
            return failure(Error.ID_NOT_FOUND)
        if lasting:
            self._set_once = True
            self._volatile = None
            self._keep(command.lba + 1)
        else:
            self._volatile = command.lba + 1
        return Reply(lba=command.lba)

    def _accessible_max(self, command: Command) -> Reply:
        match command.feature:
            case Accessible.GET_NATIVE:
                return Reply(lba=self.native - 1)
            case Accessible.SET if not self._frozen and not self._set_once:
                if command.lba >= self.native:
                    return failure(Error.ID_NOT_FOUND)
                self._set_once = True
                self._keep(command.lba + 1)
                return DONE
            case Accessible.FREEZE:
                self._frozen = True
                return DONE
        return ABORTED

    def _keep(self, sectors: int) -> None:
        self.kept = replace(self.kept, accessible=None if sectors == self.native else sectors)

    def _overlay(self, command: Command) -> Reply:
        hides = self.accessible != self.native
        match command.feature:
            case Overlay.IDENTIFY if not self._overlay_frozen:
                return Reply(data=self.overlay_data())
            case Overlay.FREEZE_LOCK if not self._overlay_frozen:
                self._overlay_frozen = True
                return DONE
            case Overlay.RESTORE if not (self._overlay_frozen or hides or self.kept.overlay is None):
                self.kept = replace(self.kept, overlay=None)
                return DONE
            case Overlay.SET if not (self._overlay_frozen or hides or self.kept.overlay is not None):
                return self._overlay_set(command.data)
        return ABORTED

    def _overlay_set(self, data: bytes) -> Reply:
        if len(data) != SECTOR or data[SECTOR - 2] != _SIGNATURE or sum(data) % 256:
            return ABORTED
        (last,) = struct.unpack_from("<Q", data, 6)
        if last >= self._real:
            return ABORTED
        if last + 1 < self._real:
            self.kept = replace(self.kept, overlay=last + 1)
        return DONE

    def overlay_data(self) -> bytes:
        """What DEVICE CONFIGURATION IDENTIFY returns: what the disk really has, whatever hides it."""
        words = [0] * 256
        words[0:3] = 2, 0x0007, 0x007F
        words[7] = 0x0003 | self._model.security << 3 | (self._model.hiding is Hiding.HPA) << 7 | 1 << 8
        words[8] = self._model.settings_preserved << 4
        data = bytearray(struct.pack("<256H", *words))
        struct.pack_into("<Q", data, 6, self._real - 1)
        return seal(data)


def seal(data: bytearray) -> bytes:
    """A sector with the signature A5h and a checksum in its last word, as IDENTIFY DEVICE word 255 has them."""
    data[SECTOR - 2] = _SIGNATURE
    data[SECTOR - 1] = -sum(data[: SECTOR - 1]) & 0xFF
    return bytes(data)
