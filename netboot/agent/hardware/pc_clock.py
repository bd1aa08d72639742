"""The PC's clocks: the one with a battery (Documentation/ABI/testing/rtc-cdev, sysfs-class-rtc), and the kernel's.

A used PC's battery is often empty, and its clock then says 1980 or 2005. Programs that the agent starts, such as
e2fsck, rely on the time, so the kernel's clock is set from the server's at every welcome; the hardware clock is only
read and reported. Not for: measuring durations (CLOCK_MONOTONIC does, which never jumps).
"""

import logging
import time
from typing import Final

from netboot.agent.host import Host

log = logging.getLogger(__name__)

_CLOCKS: Final = "sys/class/rtc"
_MOST: Final = 10**12 - 1
APART: Final = 1.0
"""Seconds by which the kernel's clock may differ before it is set."""


def read_rtc(host: Host) -> int | None:
    """What the battery's clock says, in seconds since 1970; 0 for a date that makes no sense, None without a clock."""
    names = host.names(_CLOCKS)
    if not names:
        return None
    seconds = host.number(f"{_CLOCKS}/{names[0]}/since_epoch")
    return seconds if seconds <= _MOST else 0


def pc_clock() -> float:
    """What the PC's own clock says now, in seconds since 1970: the battery's, without one the kernel's."""
    seconds = read_rtc(Host())
    return float(seconds) if seconds is not None else min(max(0.0, time.time()), 1e12)


def set_clock(now: float) -> None:
    """Set the kernel's clock to `now`, seconds since 1970, unless it is right. What refuses is logged: root may."""
    offset = time.time() - now
    if abs(offset) < APART or not now:
        return
    try:
        time.clock_settime(time.CLOCK_REALTIME, now)
    except OSError as error:
        log.warning("the clock cannot be set: %s", error)
        return
    log.warning("the clock was wrong by %.0f s, and is the server's now", offset)
