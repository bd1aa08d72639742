"""A SCSI disk in a PC, as a target of the virtio SCSI host: image, what it knows for ever, power, journal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.journal import Journal
from netboot.lab.drives.medium import Medium
from netboot.lab.drives.scsi.disk import ScsiDiskCore, ScsiState
from netboot.lab.drives.scsi.spec import ScsiDisk
from netboot.lab.drives.state import StateFile
from netboot.lab.drives.virtio_scsi.target import Answer

SECTOR: Final = 512
_NOT_TOLD: Final = frozenset({0x28, 0x2A, 0x88, 0x8A})


class AttachedScsi:
    """One disk, as virtio_scsi.target.ScsiTarget; its journal has every command but reads and writes."""

    def __init__(self, spec: ScsiDisk) -> None:
        """Opens the image and what stands beside it; no power yet. Raises OSError, ValueError, ValidationError."""
        self._spec = spec
        self._image = Path(spec.image)
        self._file = StateFile(self._image, ScsiState(grown=spec.grown))
        self._journal = Journal(self._image)
        self._medium = Medium(self._image, SECTOR, spec.behaviour)
        self._disk = ScsiDiskCore(spec.model, spec.behaviour, self._medium, self._file.now)

    @property
    def busy(self) -> bool:
        """Whether the disk is at a command."""
        return self._disk.busy

    def execute(self, cdb: bytes, data: bytes, now: float) -> Answer | None:
        """Give the disk a command; what it then knows is kept before anybody is told."""
        answer = self._disk.execute(cdb, data, now)
        self._file.change(self._disk.state)
        if cdb[0] not in _NOT_TOLD:
            ends = {} if answer is None else {"status": answer.status, "sense": answer.sense.hex()}
            self._journal.add({"command": f"{cdb[0]:02x}h", "cdb": cdb[:16].hex(), **ends})
        return answer

    def work(self, now: float) -> Answer | None:
        """Let the disk go on."""
        answer = self._disk.work(now)
        self._file.change(self._disk.state)
        return answer

    def due(self, now: float) -> float | None:
        """When the disk has something to do."""
        return self._disk.due(now)

    def forget(self) -> None:
        """Nobody waits for the command's end."""
        self._disk.forget()

    def status(self, now: float) -> Mapping[str, object]:
        """What the disk is at, for a test that asks."""
        state, progress = self._disk.sanitize_state(now)
        return {"serial": self._spec.model.serial, "busy": self._disk.busy, "sanitize": state, "progress": progress}

    def behave(self, behaviour: Behaviour) -> None:
        """Behave otherwise from now on, until this process ends."""
        self._medium.close()
        self._medium = Medium(self._image, SECTOR, behaviour)
        self._disk.behave(behaviour, self._medium)

    def power_on(self, now: float) -> None:
        """The PC was switched on."""
        self._disk.power_on(now)
        self._file.change(self._disk.state)

    def power_off(self, now: float) -> None:
        """The PC's power is gone."""
        self._disk.power_off(now)
        self._file.change(self._disk.state)

    def bus_reset(self, now: float) -> None:
        """The bus was reset: what goes on goes on."""
        del now
        self._disk.forget()
