"""The check: the hardware is read again."""

import asyncio

from netboot.agent.at_work import AtWork
from netboot.agent.inventory import read_inventory
from netboot.shared.stages.check import Check, CheckResult


async def run(_: Check, at_work: AtWork) -> CheckResult:
    """The hardware as it is now."""
    return CheckResult(inventory=await asyncio.to_thread(read_inventory, at_work.boot_mac))
