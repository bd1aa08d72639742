"""TCG's locks on an NVMe drive of the lab: what Security Send and Receive carry, and what a locked range lets through.

Follows NVM Express Base 2.0 §5.25, §5.26 (SECP in bits 31:24 of Dword 10, SPSP in 23:8), NVM Command Set 1.0's Access
Denied for a range that is shut, TCG Storage Interface Interactions 1.08 (Sanitize and Format are denied meanwhile).
A Revert takes as long as any erase of the drive's; without power it is forgotten, and its locks stay.
What a PC says inside of it is in tcg/. Each lab drive keeps it for all of its namespaces: sectors are counted in each.
"""

from collections.abc import Sequence
from typing import Protocol

from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.eraser import catch_up, due, wait
from netboot.lab.drives.erasing import Ending, Erasing, Fill, begin, ending
from netboot.lab.drives.medium import Medium
from netboot.lab.drives.nvme.command import Command, CommandError, Status
from netboot.lab.drives.nvme.state import NvmeState
from netboot.lab.drives.tcg.discovery import LEVEL_0, discovery
from netboot.lab.drives.tcg.spec import OpalSpec
from netboot.lab.drives.tcg.tper import MethodStatus, Tper

SHADOW = 128 << 20
"""Bytes of the MBR table (Opal SSC 2.01 §4.3.5.4: at least so many)."""
_SHADOW_TEXT = b"netboot lab drive: the shadow of an MBR. "
_INFORMATION, _TCG = 0x00, 0x01
"""Security protocols."""


class Locked(Protocol):
    """The drive that has the locks."""

    behaviour: Behaviour
    state: NvmeState

    @property
    def media(self) -> Sequence[Medium]:
        """Its namespaces' data."""

    def reverted(self, status: str) -> None:
        """Told how a Revert has ended."""


class Opal:
    """The drive's locks. Their state is the spec's until a Revert. `reverting` is one that goes on."""

    def __init__(self, spec: OpalSpec, drive: Locked) -> None:
        self.reverting: Erasing | None = None
        self._spec = spec
        self._drive = drive
        self._tper = Tper(spec.psid, spec.tries, self._revert)

    @property
    def is_owned(self) -> bool:
        """Whether the Locking SP is activated."""
        return self._spec.owned and not self._drive.state.reverted

    @property
    def is_locked(self) -> bool:
        """Whether any range is shut."""
        return self.is_owned and bool(self._spec.locked)

    @property
    def is_shadowed(self) -> bool:
        """Whether the first sectors are the shadow's."""
        return self.is_owned and self._spec.shadow

    @property
    def state(self) -> dict[str, object]:
        """For tests."""
        return {"owned": self.is_owned, "locked": self.is_locked, "wrong": self._tper.wrong}

    def power_on(self) -> None:
        self._tper.power_on()

    def power_off(self) -> None:
        self.reverting = None

    def reset(self) -> None:
        self._tper.reset()

    def send(self, command: Command, data: bytes, now: float) -> None:
        """Security Send. Raises CommandError."""
        protocol, specific = _asked(command)
        if protocol != _TCG or not self._tper.send(specific, data, now):
            raise CommandError(Status.INVALID_FIELD)

    def receive(self, command: Command) -> bytes:
        """Security Receive: what fits into what the PC has room for. Raises CommandError."""
        protocol, specific = _asked(command)
        room = command.words[1]
        if protocol == _INFORMATION and specific == 0:
            listed = bytes([_INFORMATION, _TCG])
            data = (bytes(6) + len(listed).to_bytes(2, "big") + listed)[:room]
        elif protocol == _TCG and specific == LEVEL_0:
            sector = self._drive.media[0].sector
            data = discovery(
                owned=self.is_owned, locked=self.is_locked, shadow=self.is_shadowed, sector=sector
            )[:room]  # fmt: skip
        elif protocol == _TCG:
            data = self._tper.receive(specific, room)
        else:
            raise CommandError(Status.INVALID_FIELD)
        return data.ljust(room, b"\0")

    def let_through(self, lba: int, count: int, sector: int, *, reading: bool) -> None:
        """Raises CommandError where these sectors are shut: nothing of the command happens then."""
        if self.is_shadowed and lba < SHADOW // sector:
            if reading and lba + count <= SHADOW // sector:
                return
            raise CommandError(Status.ACCESS_DENIED, lba)
        if not self.is_locked:
            return
        for shut in self._spec.locked:
            if lba + count > shut.first and (not shut.count or lba < shut.first + shut.count):
                raise CommandError(Status.ACCESS_DENIED, max(lba, shut.first))

    def shadow(self, lba: int, count: int, sector: int) -> bytes | None:
        """What these sectors read as while the shadow is on; None: as themselves."""
        if not self.is_shadowed or lba >= SHADOW // sector:
            return None
        return (_SHADOW_TEXT * (count * sector // len(_SHADOW_TEXT) + 1))[: count * sector]

    def work(self, now: float) -> float | None:
        """Go on with a Revert; in how many seconds to come again, None: there is none, or it stands."""
        if self.reverting is None:
            return None
        drive, media = self._drive, self._drive.media
        self.reverting = catch_up(self.reverting, media, drive.behaviour, now)
        over = ending(self.reverting, drive.behaviour, now)
        if over is None or self.reverting.erased < due(self.reverting, media, drive.behaviour, now):
            return wait(self.reverting, media, drive.behaviour, now)
        self.reverting = None
        drive.reverted("success" if over is Ending.DONE else "fail")
        self._tper.reverted(MethodStatus.SUCCESS if over is Ending.DONE else MethodStatus.FAIL)
        return None

    def _revert(self, now: float) -> MethodStatus | None:
        drive = self._drive
        if self.reverting is not None:
            return MethodStatus.SP_BUSY  # its host has reset it since
        if drive.behaviour.erase in (Outcome.REFUSES, Outcome.FAILS):
            # One that fails has changed nothing that can be read: the locks stay.
            drive.reverted("fail")
            return MethodStatus.FAIL
        if not self.is_owned:
            drive.reverted("success")
            return MethodStatus.SUCCESS
        fill = Fill.PATTERN if self._spec.leaves == "zeros" else Fill.NOISE
        self.reverting = begin(fill, b"\0", drive.behaviour, now)
        return None


def _asked(command: Command) -> tuple[int, int]:
    """The security protocol, and what is specific to it."""
    return command.words[0] >> 24, command.words[0] >> 8 & 0xFFFF
