"""The SMART stage: every ordered disk tests itself, side by side, and says how it is. Nothing is written to any."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final

from netboot.agent.at_work import AtWork
from netboot.agent.disks.listing import find
from netboot.agent.disks.self_test import Told, ask_and_test, device_of
from netboot.agent.disks.smart_report import health
from netboot.agent.progress import Progress
from netboot.shared.inventory import Disk, label
from netboot.shared.stages.smart import ATTRIBUTES, DiskHealth, Smart, SmartResult

ATTRIBUTES_IN_ALL: Final = 1024
"""Of all disks together, in one message."""


async def run(order: Smart, at_work: AtWork) -> SmartResult:
    """What each ordered disk says; one that says nothing is *not told*, and stops nothing."""
    present = await asyncio.to_thread(at_work.read_disks)
    disks = [find(wanted, present) for wanted in order.disks]
    devices = {device_of(disk.name): disk for disk in disks if isinstance(disk, Disk)}
    tested = dict(zip(devices, await _tested(devices, at_work.progress), strict=True))
    most = min(ATTRIBUTES, ATTRIBUTES_IN_ALL // max(1, len(disks)))
    return SmartResult(
        disks=tuple(
            _health(disk, tested[device_of(disk.name)], most)
            if isinstance(disk, Disk)
            else DiskHealth(disk=wanted, said=disk.sentence("en")[:256])
            for wanted, disk in zip(order.disks, disks, strict=True)
        )
    )


def _health(disk: Disk, tested: Told, most: int) -> DiskHealth:
    return health(disk, tested.report, tested.self_test, tested.why, most)


async def _tested(devices: dict[str, Disk], progress: Progress) -> Sequence[Told]:
    """Each device's test in a thread of its own; they are given up when the stage is."""
    loop, stop, share = asyncio.get_running_loop(), Event(), _Share(devices, progress)

    def test(device: str) -> Told:
        def tell(percent: int) -> None:
            loop.call_soon_threadsafe(share.tell, device, percent)

        done = ask_and_test(device, tell, stop)
        tell(100)
        return done

    if not devices:
        return ()
    share.tell(next(iter(devices)), 0)
    with ThreadPoolExecutor(len(devices)) as threads:
        try:
            return await asyncio.gather(*(loop.run_in_executor(threads, test, device) for device in devices))
        finally:
            stop.set()


class _Share:
    """Adds up how far the tests are, in percent of one; names a disk that is still at work."""

    def __init__(self, devices: dict[str, Disk], progress: Progress) -> None:
        self._devices = devices
        self._progress = progress
        self._done = dict.fromkeys(devices, 0)

    def tell(self, device: str, percent: int) -> None:
        self._done[device] = max(self._done[device], min(100, percent))
        at_work = next((label(disk) for name, disk in self._devices.items() if self._done[name] < 100), "")
        self._progress(sum(self._done.values()), 100 * len(self._devices), at_work)
