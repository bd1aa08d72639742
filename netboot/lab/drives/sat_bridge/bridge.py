"""A SATA disk behind the bridge, as a target of the virtio SCSI host."""

from collections.abc import Mapping

from netboot.lab.drives.ata.attached import Attached
from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.sat_bridge.spec import Registers
from netboot.lab.drives.sat_bridge.translate import Ending, translate
from netboot.lab.drives.virtio_scsi.target import Answer


class BridgedDisk:
    """One disk, as virtio_scsi.target.ScsiTarget; `handing` is what becomes of its registers."""

    def __init__(self, attached: Attached, handing: Registers) -> None:
        self._attached = attached
        self._handing = handing
        self._ending: Ending | None = None

    @property
    def busy(self) -> bool:
        """Whether the disk is at a command."""
        return self._attached.disk.busy

    def execute(self, cdb: bytes, data: bytes, now: float) -> Answer | None:
        """Translate it, and give the disk what it becomes."""
        becomes = translate(cdb, data, self._attached.disk, self._handing)
        if isinstance(becomes, Answer):
            return becomes
        reply = self._attached.execute(becomes.command, now)
        if reply is not None:
            return becomes.ending(reply)
        self._ending = becomes.ending
        return None

    def work(self, now: float) -> Answer | None:
        """Let the disk go on."""
        reply, ending = self._attached.work(now), self._ending
        if reply is None or ending is None:
            return None
        self._ending = None
        return ending(reply)

    def due(self, now: float) -> float | None:
        """When the disk has something to do."""
        return self._attached.disk.due(now)

    def forget(self) -> None:
        """Nobody waits for the command's end; the disk goes on with it."""
        self._ending = None

    def status(self, now: float) -> Mapping[str, object]:
        """What the disk is at."""
        return self._attached.status(now)

    def behave(self, behaviour: Behaviour) -> None:
        """The disk behaves otherwise from now on."""
        self._attached.behave(behaviour)

    def power_on(self, now: float) -> None:
        """The PC was switched on."""
        self._attached.power_on(now)

    def power_off(self, now: float) -> None:
        """The PC's power is gone."""
        self._attached.power_off(now)

    def bus_reset(self, now: float) -> None:
        """The bus was reset."""
        self._attached.bus_reset(now)
