"""Customising: `agent/customise/`, which asks the server for the master's manifest alone.

What only this PC may know came sealed with the order.
"""

from netboot.agent.at_work import AtWork
from netboot.agent.customise.stage import run_customise
from netboot.agent.deploy.fetch import server_source
from netboot.agent.failures import StageFailed
from netboot.shared.private_files import NONE, SealError
from netboot.shared.problems import Problem
from netboot.shared.stages.customise import Customise, CustomiseResult


async def run(order: Customise, at_work: AtWork) -> CustomiseResult:
    """Make the master on the ordered disk this PC's own. Raises StageFailed."""
    try:
        private = at_work.private() if order.settings.wifi else NONE
    except SealError as error:
        raise StageFailed(Problem("customise", {"error": str(error)})) from error
    async with server_source(at_work.server, 1) as source:
        return await run_customise(
            order,
            source=source,
            public_key=at_work.public_key,
            progress=at_work.progress,
            held_up=at_work.held_up,
            read_disks=at_work.disks_as_answered(order.answered),
            this_boot=at_work.this_boot,
            private=private,
        )
