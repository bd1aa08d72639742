"""The erase: `agent/erase/`."""

from netboot.agent.at_work import AtWork
from netboot.agent.erase.stage import run_erase
from netboot.shared.stages.erase import Erase, EraseResult


async def run(order: Erase, at_work: AtWork) -> EraseResult:
    """Erase the ordered disks. Raises StageFailed, with the evidence of all."""
    read_disks = at_work.disks_as_answered(order.answered)
    return await run_erase(
        order,
        read_disks,
        progress=at_work.progress,
        held_up=at_work.held_up,
        disks=at_work.progress.disks,
        this_boot=at_work.this_boot,
        ask=at_work.ask,
        begins=at_work.begins,
    )
