"""Does one stage of the plan: finds who does it, and hands over what they need."""

import asyncio
from dataclasses import dataclass, field

from netboot.agent import inventory as hardware
from netboot.agent.customise.stage import run_customise
from netboot.agent.deploy.fetch import server_source
from netboot.agent.deploy.stage import FLIGHTS, Journal, run_deploy
from netboot.agent.disks import listing as disks
from netboot.agent.disks.claim import as_answered
from netboot.agent.erase.stage import run_erase
from netboot.agent.hardware.memory_test import run_memory
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.progress import StageTold
from netboot.shared.stages import Result, Stage
from netboot.shared.stages.check import Check, CheckResult
from netboot.shared.stages.customise import Customise
from netboot.shared.stages.deploy import Deploy
from netboot.shared.stages.erase import Erase
from netboot.shared.stages.finish import Finish
from netboot.shared.stages.memory import Memory


@dataclass(frozen=True, slots=True)
class Stages:
    """`server` is where the boot HTTP server is, `public_key` the workshop's, which signs its masters."""

    server: ServerPlace
    public_key: bytes
    boot_mac: str
    journal: Journal = field(default_factory=Journal)

    async def run(self, stage: Stage, progress: StageTold) -> Result | None:
        """Do this stage and return its evidence. Raises StageFailed."""
        match stage:
            case Check():
                return CheckResult(inventory=await asyncio.to_thread(hardware.read_inventory, self.boot_mac))
            case Memory():
                return await run_memory(stage, progress)
            case Erase():
                read_disks = as_answered(disks.read_disks, stage.answered)
                return await run_erase(stage, read_disks, progress=progress, held_up=progress.held_up)
            case Deploy():
                async with server_source(self.server, FLIGHTS) as source:
                    return await run_deploy(
                        stage,
                        source=source,
                        public_key=self.public_key,
                        progress=progress,
                        held_up=progress.held_up,
                        journal=self.journal,
                        read_disks=as_answered(disks.read_disks, stage.answered),
                    )
            case Customise():
                async with server_source(self.server, 1) as source:
                    return await run_customise(
                        stage,
                        source=source,
                        public_key=self.public_key,
                        progress=progress,
                        held_up=progress.held_up,
                        read_disks=as_answered(disks.read_disks, stage.answered),
                    )
            case Finish():
                return None
