"""The memory test: `agent/hardware/memory_test.py`."""

from netboot.agent.at_work import AtWork
from netboot.agent.hardware.memory_test import run_memory
from netboot.shared.stages.memory import Memory, MemoryResult


async def run(order: Memory, at_work: AtWork) -> MemoryResult:
    """Test what memory is free. Raises StageFailed."""
    return await run_memory(order, at_work.progress)
