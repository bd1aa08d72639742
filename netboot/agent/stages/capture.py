"""The capture: `agent/capture/`, sent to the server under the visit's token."""

from netboot.agent.at_work import AtWork
from netboot.agent.capture.stage import FLIGHTS, run_capture
from netboot.agent.capture.upload import capture_server
from netboot.shared.stages.capture import Capture, CaptureResult


async def run(order: Capture, at_work: AtWork) -> CaptureResult:
    """Have the server make a master of the ordered disk, which is only read. Raises StageFailed."""
    async with capture_server(at_work.server, order.job, at_work.token, FLIGHTS) as server:
        return await run_capture(
            order,
            server=server,
            progress=at_work.progress,
            held_up=at_work.held_up,
            read_disks=at_work.disks_as_answered(order.answered),
        )
