"""A SATA disk in a PC, whatever carries its commands: image, what it knows for ever, power, the PC's firmware."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from netboot.lab.drives.ata.command import SECTOR, Command, Op, Reply
from netboot.lab.drives.ata.disk import AtaDisk, AtaState
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.ata.transfer import MOVES
from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.journal import Journal
from netboot.lab.drives.medium import Medium
from netboot.lab.drives.state import StateFile

_NAMED = frozenset(Op)


class Freezes(StrEnum):
    """When the PC's firmware sends SECURITY FREEZE LOCK, so that nobody sets a password behind its back."""

    NEVER = "never"
    AT_START = "at-start"
    """At power-on, and not when the PC wakes from S3: suspending it thaws the disk, as it does with many PCs."""
    ALWAYS = "always"
    """When it wakes, too."""


class SataDisk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One disk, as its owner writes it: its image, which has its capacity, what it is, how it and its PC behave."""

    image: str
    model: AtaModel
    behaviour: Behaviour = Behaviour()
    freezes: Freezes = Freezes.NEVER


class Attached:
    """A disk with its power, its files, and a journal of the commands that came, but for reads and writes."""

    def __init__(self, spec: SataDisk) -> None:
        """Opens the image and what stands beside it; no power yet. Raises OSError, ValueError, ValidationError."""
        self._spec = spec
        self._image = Path(spec.image)
        self._file = StateFile(self._image, AtaState())
        self._journal = Journal(self._image)
        self._medium = Medium(self._image, SECTOR, spec.behaviour)
        self._command: Command | None = None
        self.disk = AtaDisk(spec.model, spec.behaviour, self._medium, self._file.now)

    def behave(self, behaviour: Behaviour) -> None:
        """Behave otherwise from now on, until this process ends."""
        self._medium.close()
        self._medium = Medium(self._image, SECTOR, behaviour)
        self.disk.behave(behaviour, self._medium)

    def status(self, now: float) -> Mapping[str, object]:
        """What the disk is at, for a test that asks."""
        sanitize = self.disk.sanitize.tell(now)
        return {
            "serial": self._spec.model.serial,
            "busy": self.disk.busy,
            "security": self.disk.security.status,
            "sanitize": self.disk.sanitize.kept.state,
            "sanitize_count": sanitize.count,
            "sanitize_progress": sanitize.lba,
            "sectors": self.disk.hidden.accessible,
        }

    def execute(self, command: Command, now: float) -> Reply | None:
        """Give the disk a command, as AtaDisk.execute has it; what it then knows is kept before anybody is told."""
        self._command = command
        reply = self.disk.execute(command, now)
        if reply is not None:
            self._ended(reply)
        return reply

    def work(self, now: float) -> Reply | None:
        """Let the disk go on, as AtaDisk.work has it."""
        reply = self.disk.work(now)
        if reply is not None:
            self._ended(reply)
        self._file.change(self.disk.state)
        return reply

    def hardware_reset(self) -> None:
        """A COMRESET."""
        self.disk.hardware_reset()
        self._command = None

    def power_on(self, now: float) -> None:
        """The PC was switched on."""
        self.disk.power_on(now)
        self._firmware(self._spec.freezes is not Freezes.NEVER, now)

    def power_off(self, now: float) -> None:
        """The PC's power is gone."""
        self.disk.power_off(now)
        self._command = None
        self._file.change(self.disk.state)

    def bus_reset(self, now: float) -> None:
        """The PCI bus was reset, as QEMU does when its PC restarts, and when it wakes from S3.

        A disk that was put into standby before had its power taken: so a PC does that sleeps in S3, while a system
        that restarts leaves its disks awake.
        """
        if self.disk.standby:
            self.disk.power_off(now)
            self.disk.power_on(now)
            self._firmware(self._spec.freezes is Freezes.ALWAYS, now)
        else:
            self.hardware_reset()
            self._firmware(self._spec.freezes is not Freezes.NEVER, now)

    def _firmware(self, freezes: bool, now: float) -> None:
        if freezes:
            self.execute(Command(Op.SECURITY_FREEZE_LOCK), now)
        self._file.change(self.disk.state)

    def _ended(self, reply: Reply) -> None:
        self._file.change(self.disk.state)
        command, self._command = self._command, None
        if command is None or (command.op in MOVES and command.op != Op.DATA_SET_MANAGEMENT):
            return
        name = Op(command.op).name.lower() if command.op in _NAMED else f"{command.op:02x}h"
        fields = {"feature": command.feature, "count": command.count, "lba": command.lba}
        ends = {"status": reply.status, "error": reply.error, "count_after": reply.count, "lba_after": reply.lba}
        self._journal.add({"command": name, **fields, **ends})
