"""Suspends the PC to memory (ACPI S3) for a few seconds: its clock wakes it, by rtcwake(8).

"mem" is S3 only where the kernel offers "deep"; a PC that only idles ("s2idle") keeps its disks' power. Sources: Linux,
Documentation/admin-guide/pm/sleep-states.rst and Documentation/ABI/testing/sysfs-power; util-linux, rtcwake.c.
Not for: whether it is wanted (`thaw_rules.py`).
"""

import logging
import time
from pathlib import Path
from typing import Final

from netboot.agent.erase.thaw_rules import SleepAbility
from netboot.agent.host import Host
from netboot.shared.process import ProgramError, run

log = logging.getLogger(__name__)

SECONDS: Final = 5
"""From falling asleep to the clock's alarm: longer than disks and adapters take to go down."""
_LIMIT: Final = 90.0
"""Seconds awake that rtcwake may take: drivers go down and come up meanwhile."""
_A_MOMENT: Final = 1.0
"""Seconds: less is between two looks at two clocks."""
_KIND: Final = "sys/power/mem_sleep"


def sleep_ability(host: Host) -> SleepAbility:
    """What this PC's kernel says of it."""
    kinds = host.text(_KIND).replace("[", "").replace("]", "").split()
    # A kernel without this file knows S3 only.
    memory = "mem" in host.text("sys/power/state").split() and ("deep" in kinds or not kinds)
    return SleepAbility(memory=memory, clock=host.exists("sys/class/rtc/rtc0/wakealarm"), slept=_asleep() > _A_MOMENT)


def sleep(root: Path = Path("/")) -> float:
    """Suspend, and return after the PC woke: for how many seconds it slept, 0 where it did not. Blocks."""
    before = _asleep()
    try:
        kind = root / _KIND
        if kind.exists():
            kind.write_text("deep", encoding="ascii")
        run(("rtcwake", "--mode", "mem", "--seconds", str(SECONDS)), timeout=_LIMIT)
    except (OSError, ProgramError) as error:
        log.warning("this PC did not suspend: %s", error)
    return round(max(0.0, _asleep() - before), 1)


def _asleep() -> float:
    """How long this PC has slept since its start: CLOCK_BOOTTIME counts that, CLOCK_MONOTONIC does not."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
