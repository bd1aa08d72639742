"""Frees the ordered disks of netboot's own passwords before any of them is erased, or given back what it hides.

A disk that somebody else's password locks stops the whole job here: nothing of the PC is erased, so that the person at
the bench decides first. One that cannot be claimed stops nothing: it has its own verdict later, and the others theirs.
Not for: the password itself (`password.py`), thawing (`ready.py`).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from netboot.agent.disks.claim import ReadDisks, RefusedError, claim
from netboot.agent.disks.disk_threads import start
from netboot.agent.erase.password import Password, take_off
from netboot.agent.failures import StageFailed
from netboot.shared.inventory import Disk, DiskId, label
from netboot.shared.problems import Code, Problem
from netboot.shared.stages.erase import DiskErase

log = logging.getLogger(__name__)

Unlock = Callable[[DiskErase, Disk], Password]
"""What becomes of a password on this disk. Blocks."""

_LOCKED: Final[dict[Password, Code]] = {"locked": "erase-locked", "untried": "erase-locked-untried"}


def unlock(order: DiskErase, disk: Disk) -> Password:
    """Take netboot's password off this disk, where the order knows it."""
    if not order.password:
        return "none"
    return take_off(disk, order.password, by_erase="ata-erase" in order.methods)


async def unlock_all(
    orders: Sequence[DiskErase], disks: Sequence[DiskId], read_disks: ReadDisks, unlock: Unlock = unlock
) -> list[bool]:
    """Of each order, whose disk is known as in `disks` now: whether a password of netboot's was taken off it.

    Raises StageFailed where a disk is locked by a password that is not netboot's.
    """
    found = await asyncio.gather(
        *(_unlocked(order, disk, read_disks, unlock) for order, disk in zip(orders, disks, strict=True))
    )
    for word, code in _LOCKED.items():
        names = [name for name, told in found if told == word]
        if names:
            raise StageFailed(Problem(code, {"disk": ", ".join(names)[:400]}))
    return [told == "gone" for _, told in found]


async def _unlocked(order: DiskErase, wanted: DiskId, read_disks: ReadDisks, unlock: Unlock) -> tuple[str, Password]:
    if not order.password:
        return "", "none"

    def work() -> tuple[str, Password]:
        try:
            disk, device = claim(wanted, read_disks)
        except RefusedError:
            return "", "not-told"
        try:
            return label(disk), unlock(order, disk)
        except Exception:  # a defect that one disk brings out stops no other
            log.exception("unlocking %s", wanted.text)
            return label(disk), "not-told"
        finally:
            device.close()

    # In threads of their own: disks that hang would use up those that the others need.
    return await start(work)
