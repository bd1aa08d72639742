"""TCG Opal's Revert on the PC: a person gives the code, `firmware/engine.py` does it, `firmware/opal.py` orders.

A code that the drive refuses is asked for once more, and the disk marked anew: the order of before changed nothing.
"""

from typing import Final

from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.firmware.opal import OpalRevert, speaks_opal
from netboot.agent.erase.label_code import TRIES, asked
from netboot.agent.progress import NO_BEGINS, Begins, Does, HeldUp, Progress, nobody
from netboot.agent.questions import Ask
from netboot.agent.questions import nobody as asks_nobody
from netboot.shared.erase_methods import KINDS, Method
from netboot.shared.inventory import Disk, label
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase, Erasure


class RevertByLabel:
    """The method; `ask` is how a person is asked for the code."""

    name: Method = "opal-revert"

    def __init__(self, ask: Ask = asks_nobody) -> None:
        self._ask = ask

    def asking(self, ask: Ask) -> "RevertByLabel":
        """The same, which asks so."""
        return RevertByLabel(ask)

    def suits(self, disk: Disk) -> bool:
        """Whether a disk is of a kind that may have such locks."""
        return not disk.read_only and speaks_opal(disk)

    def work(self, size: int) -> int:
        """As of every erase by the drive itself."""
        return 2 * size

    async def run(
        self, order: DiskErase, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp = nobody,
        does: Does = nobody, begins: Begins = NO_BEGINS,
    ) -> Erasure:  # fmt: skip
        """Ask for the code, and have the disk erase itself by it. Never raises for what the disk does."""
        name = label(disk)
        erasure = Erasure(
            disk=disk.id,
            model=disk.model,
            evidence=KINDS[self.name].evidence(),
            verdict="not-erased",
            problem=Problem("erase-opal-locked", {"disk": name}),
        )
        for tries in range(TRIES):
            code = await asked(self._ask, disk, tries)
            if not code:
                break
            technique = OpalRevert(code)
            engine = FirmwareErase(self.name, technique, speaks_opal)
            erasure = await engine.run(order, disk, device, progress, held_up, does, begins)
            if not technique.wrong:
                break
            wrong = Problem("erase-opal-wrong", {"disk": name, "tries": str(tries + 1)})
            erasure = replace(erasure, problem=wrong)
        return erasure


METHOD: Final = RevertByLabel()
