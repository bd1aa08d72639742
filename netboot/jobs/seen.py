"""What a person saw of a PC when choosing for it on the page, and whether the PC is still like that. Pure.

A choice may wait for hours: meanwhile another PC may use the same names, or this one may get another disk. A choice
erases only the disks that the person saw. Not for: picks in the boot menu (the person stands at that PC), places in a
batch (nobody saw those PCs), who a PC is (`identity.py`).
"""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from netboot.jobs.identity import Key, Signs, contradicts
from netboot.shared.inventory import DiskId, gigabytes
from netboot.shared.problems import Problem


class Seen(Struct, frozen=True):
    """The PC's disks that may be written, and what its firmware and its fitted adapters said it is called."""

    disks: tuple[DiskId, ...]
    keys: tuple[Key, ...] = ()

    @property
    def digest(self) -> str:
        """What stands for all of it in a question that a person answers: 32 hexadecimal digits of its SHA-256."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:32]


def what_changed(before: Seen | None, now: Seen) -> Problem | None:
    """Why a choice that was made for `before` does not hold for `now`: then it is asked again. None when it holds.

    A disk more is one that nobody agreed to erase, and a disk less may still be in the PC, dead or hidden: both are
    told. None for `before`, a choice of which nobody knows what it was made for, holds for nothing.
    """
    if before is None or not _same_disks(before.disks, now.disks):
        return Problem("disks-changed", {"seen": _listed(before.disks if before else ()), "found": _listed(now.disks)})
    if contradicts(Signs(frozenset(before.keys)), Signs(frozenset(now.keys))):
        return Problem("pc-changed", {"seen": _names(before.keys), "found": _names(now.keys)})
    return None


def _same_disks(seen: Sequence[DiskId], now: Sequence[DiskId]) -> bool:
    left = list(seen)
    for disk in now:
        match = next((number for number, known in enumerate(left) if known == disk or known.same_as(disk)), None)
        if match is None:
            return False
        del left[match]
    return not left


def _listed(disks: Sequence[DiskId]) -> str:
    """Disks for a sentence; "–" for none."""
    names = (f"{disk.text} {gigabytes(disk.size)}".strip() for disk in disks)
    return ", ".join(names)[:400] or "–"


def _names(keys: Sequence[Key]) -> str:
    return ", ".join(key.value for key in keys if key.kind in ("system", "board", "mac"))[:400] or "–"
