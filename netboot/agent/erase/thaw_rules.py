"""When the PC is suspended so that a frozen disk thaws, and when it is left alone. Pure: no I/O, no clock.

Only where a disk's first method is refused until it is thawed: it costs a quarter of a minute and, on some PCs, a wake
that fails. Never more than once a visit, nor in the one after an erase that was cut off. Never while a disk of this PC,
to be erased or not, is at an erase of its own or has failed at one: in ATA's SD3 it aborts the flush that the kernel
sends before it sleeps (ACS-4 4.17). And never while a disk that has a password is open: its power goes, and it wakes
locked (SEC4), by a word that nobody here knows; TCG's locks close with the power as well.
Sources: ACS-4 4.16 (Security), 4.17 (Sanitize Device); Linux, Documentation/admin-guide/pm/sleep-states.rst.
Not for: which methods a frozen disk refuses (`shared/thawing.py`), suspending (`agent/erase/sleep.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from netboot.shared.inventory import Disk
from netboot.shared.thawing import NotTried


@dataclass(frozen=True, slots=True)
class SleepAbility:
    """Whether a PC can suspend to memory (S3), which takes its disks' power, has a clock that wakes it, and has slept
    since it was started."""

    memory: bool
    clock: bool
    slept: bool = False


def why_not_thaw(
    disks: Sequence[Disk], pc: SleepAbility, *, allowed: bool, slept: bool, cut: bool = False
) -> NotTried | None:
    """Why this PC is not suspended for a disk that is frozen; None where it is.

    `disks` are all of the PC, with what they say of themselves now; `slept`: it was suspended in this visit; `cut`: its
    last erase was cut off, so that a PC which does not wake is not suspended again at its next start.
    """
    if not allowed:
        return "not-allowed"
    if slept or pc.slept:
        return "once"
    if cut:
        return "cut"
    if not pc.memory:
        return "no-sleep"
    if not pc.clock:
        return "no-clock"
    reasons = {_against(disk) for disk in disks}
    order: tuple[NotTried, ...] = ("under-way", "password", "not-told")
    return next((reason for reason in order if reason in reasons), None)


def _against(disk: Disk) -> NotTried | None:
    """What this disk says against taking its power away."""
    can = disk.can
    if can.opal is not None and can.opal.owned:
        return "password"
    if disk.transport == "nvme":
        if can.nvme_sanitize is None:
            return "not-told"
        return _at_work(can.nvme_sanitize.state) if can.nvme_sanitize.supported else None
    if not disk.ata:
        return None
    security, sanitize = can.ata_security, can.ata_sanitize
    if security is None or sanitize is None:
        return "not-told"
    if sanitize.supported and (against := _at_work(sanitize.state)) is not None:
        return against
    return "password" if security.enabled and not security.locked else None


def _at_work(state: str | None) -> NotTried | None:
    if state is None:
        return "not-told"
    return "under-way" if state in ("running", "failed") else None
