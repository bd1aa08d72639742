"""A SATA disk of the lab on a clock that only the test moves, full of old data, and a host's commands for it."""

import struct
from pathlib import Path

from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.ata.command import DONE, SECTOR, Command, Error, Op, Reply
from netboot.lab.drives.ata.disk import AtaDisk, AtaState
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.ata.sanitize import KEYS, OVERWRITE_KEY, Feature
from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.medium import Medium

SECTORS = 2048
SERIAL = "LABSATA0001"
PASSWORD = b"netboot"


class AtaPlace:
    """The disk, its image and its clock. `power_cycle` makes a new disk of what the old one kept."""

    def __init__(
        self, folder: Path, behaviour: Behaviour | None = None, model: AtaModel | None = None, sectors: int = SECTORS
    ) -> None:
        self.image = folder / "disk.img"
        create_used(self.image, sectors * SECTOR, SERIAL)
        self.behaviour = behaviour or Behaviour(erase_seconds=10)
        self.model = model or AtaModel(serial=SERIAL)
        self.now = 1000.0
        self.medium = Medium(self.image, SECTOR, self.behaviour)
        self.disk = AtaDisk(self.model, self.behaviour, self.medium, AtaState())
        self.disk.power_on(self.now)

    def give(self, command: Command) -> Reply | None:
        """The command's end, None while the disk is busy with it."""
        return self.disk.execute(command, self.now)

    def do(self, op: Op, *, feature: int = 0, count: int = 0, lba: int = 0, data: bytes = b"") -> Reply:
        """A command that ends at once."""
        reply = self.give(Command(op, feature, count, lba, data))
        assert reply is not None, f"{op.name} is going on"
        return reply

    def wait(self, seconds: float) -> Reply | None:
        """Let time go by as a controller does: asking for work whenever it is due."""
        end = self.now + seconds
        while True:
            if (reply := self.disk.work(self.now)) is not None:
                return reply
            due = self.disk.due(self.now)
            if self.now >= end:
                return None
            self.now = min(end, self.now + max(0.001, due if due is not None else seconds))

    def power_cycle(self, off: float = 60) -> None:
        """The plug is pulled, and put in again later."""
        self.disk.power_off(self.now)
        state = self.disk.state
        self.now += off
        self.disk = AtaDisk(self.model, self.behaviour, self.medium, state)
        self.disk.power_on(self.now)

    def identify(self) -> tuple[int, ...]:
        """The words of IDENTIFY DEVICE."""
        data = self.do(Op.IDENTIFY_DEVICE).data
        assert sum(data) % 256 == 0
        assert data[510] == 0xA5
        return struct.unpack("<256H", data)

    def security(self) -> set[str]:
        """Word 128 in words."""
        names = ("supported", "enabled", "locked", "frozen", "expired", "enhanced")
        word = self.identify()[128]
        return {name for bit, name in enumerate(names) if word >> bit & 1} | ({"maximum"} if word >> 8 & 1 else set())

    def secure(self, op: Op, password: bytes = PASSWORD, *, control: int = 0, identifier: int = 0) -> Reply | None:
        """A SECURITY command with its sector of data."""
        data = struct.pack("<H32sH", control, password, identifier).ljust(SECTOR, b"\0")
        return self.give(Command(op, data=data))

    def erase_unit(self, password: bytes = PASSWORD, *, control: int = 0) -> Reply | None:
        """SECURITY ERASE PREPARE and UNIT."""
        prepared = self.do(Op.SECURITY_ERASE_PREPARE)
        return self.secure(Op.SECURITY_ERASE_UNIT, password, control=control) if prepared == DONE else prepared

    def sanitize(self, feature: Feature, *, count: int = 0, pattern: int = 0) -> Reply:
        """One of SANITIZE DEVICE's commands, with its key."""
        lba = OVERWRITE_KEY << 32 | pattern if feature is Feature.OVERWRITE else KEYS.get(feature, 0)
        return self.do(Op.SANITIZE, feature=feature, count=count, lba=lba)

    def old_data(self) -> int | None:
        """At which byte of the image the first old data stands."""
        return find_pattern(self.image)

    def sector(self, lba: int) -> bytes:
        """A sector as it stands in the image."""
        return self.image.read_bytes()[lba * SECTOR : (lba + 1) * SECTOR]


def aborted(reply: Reply | None) -> bool:
    """Whether a command was refused."""
    return reply is not None and reply.failed and reply.error == Error.ABORT
