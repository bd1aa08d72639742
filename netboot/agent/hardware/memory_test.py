"""The memory stage: as much of the PC's free memory as can be had is written, copied and compared by stressapptest(1).

Rounds of ROUND seconds, each of which fills and compares all of it anew, on all processors; a round with a wrong value
is the last. What the kernel and the agent themselves stand in is not tested: memtest86+, which the boot menu offers
where the firmware lets it start, has no system around it. Output is that of stressapptest 1.0.11 (Debian 13).
"""

import asyncio
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from netboot.agent.failures import StageFailed
from netboot.agent.progress import Progress
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem
from netboot.shared.process import Completed, run
from netboot.shared.stages.memory import Memory, MemoryResult

MIB: Final = 1 << 20
ROUND: Final = 20
"""Seconds of copying in one round; filling the memory before and comparing it after take a few more."""
KEPT_FREE: Final = 200 * MIB
"""Bytes left to the agent: its line to the server, udev, and the kernel's own needs."""
LEAST: Final = 64 * MIB
_GRACE: Final = 900
"""Seconds beyond ROUND after which a round is given up: an old PC fills 64 GiB in some minutes."""

_MOST_WRONG: Final = 1_000_000
"""More is not told apart: the message that carries it is bounded."""

_MEMINFO: Final = Path("/proc/meminfo")
_AVAILABLE: Final = re.compile(r"^MemAvailable:\s+(\d{1,15}) kB$", re.MULTILINE)
_COMPLETED: Final = re.compile(
    r"^Stats: Completed: (\d{1,9})\.\d+M in \S+ \S+, with (\d{1,15}) hardware incidents, \d+ errors$",
    re.MULTILINE,
)
_PASSED: Final = re.compile(r"^Status: PASS\b", re.MULTILINE)
_WRONG: Final = re.compile(r"^Hardware Error: (.*)$", re.MULTILINE)
_VALUES: Final = re.compile(r"\bread:(0x[0-9a-f]{1,16}),.* expected:(0x[0-9a-f]{1,16})")


@dataclass(frozen=True, slots=True)
class Round:
    """What one round says of itself: bytes copied and compared, how many values were wrong, its line on the first.

    Neither `wrong` nor `passed`: the tool itself failed, and nothing is known of the memory.
    """

    copied: int
    wrong: int
    first: str
    passed: bool


class RunRound(Protocol):
    """Tests `size` bytes of memory for `seconds` seconds. Blocks. Raises NetbootError."""

    def __call__(self, size: int, seconds: int) -> Completed: ...


def free_to_test(meminfo: str) -> int:
    """How many bytes of memory can be tested while the agent lives, a whole number of MiB; 0 when that is not known."""
    match = _AVAILABLE.search(meminfo)
    available = int(match[1]) * 1024 if match else 0
    return max(0, (available - KEPT_FREE) // MIB * MIB)


def parse_round(text: str) -> Round | None:
    """Read what stressapptest printed, without its timestamps; None when it did not come to its end."""
    completed = _COMPLETED.search(text)
    if completed is None:
        return None
    first_error = _WRONG.search(text)
    return Round(
        copied=int(completed[1]) * MIB,
        wrong=min(int(completed[2]), _MOST_WRONG),
        first=first_error[1][:256] if first_error else "",
        passed=_PASSED.search(text) is not None,
    )


def stress(size: int, seconds: int) -> Completed:
    """One round of stressapptest. Raises NetbootError when it cannot be started or hangs."""
    return run(
        [
            "stressapptest",
            *("-M", str(size // MIB)),
            *("-s", str(seconds)),
            "--no_timestamps",
        ],
        expect=None,
        timeout=seconds + _GRACE,
    )


async def run_memory(
    stage: Memory, progress: Progress, *, meminfo: Path = _MEMINFO, run_round: RunRound = stress
) -> MemoryResult:
    """Test for the ordered time, at least one round. Raises StageFailed, with the result once there is one."""
    size = free_to_test(await asyncio.to_thread(meminfo.read_text, encoding="ascii", errors="replace"))
    if size < LEAST:
        values = {"memory": f"{size // MIB} MiB", "needed": f"{(KEPT_FREE + LEAST) // MIB} MiB"}
        raise StageFailed(Problem("memory", values))
    rounds = max(1, round(stage.seconds / ROUND))
    began, copied = time.monotonic(), 0
    for number in range(1, rounds + 1):
        done = await _round(run_round, size)
        copied += done.copied
        result = MemoryResult(
            tested=size, copied=copied, rounds=number, seconds=time.monotonic() - began, wrong=done.wrong,
            first=done.first,
        )  # fmt: skip
        if done.wrong:
            raise StageFailed(_problem(done), result)
        progress(copied, copied * rounds // number)
    return result


async def _round(run_round: RunRound, size: int) -> Round:
    try:
        ended = await asyncio.to_thread(run_round, size, ROUND)
    except NetbootError as error:
        raise StageFailed(Problem("memory-untested", {"error": f"{error.message}: {error.hint}"[:300]})) from error
    done = parse_round(ended.stdout)
    if done is None or not (done.wrong or (done.passed and ended.status == 0)):
        output = (ended.stdout + ended.stderr).strip()[-200:]
        raise StageFailed(Problem("memory-untested", {"error": f"stressapptest ended with {ended.status}: {output}"}))
    return done


def _problem(done: Round) -> Problem:
    values = _VALUES.search(done.first)
    given = {"read": values[1], "expected": values[2]} if values else {}
    return Problem("memory-faulty", {"wrong": str(done.wrong), **given})
