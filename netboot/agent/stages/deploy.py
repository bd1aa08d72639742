"""The deploy: `agent/deploy/`, with the server as the source of its chunks."""

from netboot.agent.at_work import AtWork
from netboot.agent.deploy.fetch import server_source
from netboot.agent.deploy.stage import FLIGHTS, run_deploy
from netboot.shared.stages.deploy import Deploy, DeployResult


async def run(order: Deploy, at_work: AtWork) -> DeployResult:
    """Write the master to the ordered disk and read it back. Raises StageFailed."""
    async with server_source(at_work.server, FLIGHTS) as source:
        return await run_deploy(
            order,
            source=source,
            public_key=at_work.public_key,
            progress=at_work.progress,
            held_up=at_work.held_up,
            journal=at_work.journal,
            read_disks=at_work.disks_as_answered(order.answered),
            this_boot=at_work.this_boot,
            begins=at_work.begins,
        )
