"""Frozen disks: which methods of erasing one has to be thawed for, and what was tried, as agent and server speak of it.

A PC's firmware freezes ATA's passwords (SECURITY FREEZE LOCK), seldom SANITIZE, so that no program sets one behind its
back. Only a power-on reset is sure to end it (ACS-4, SECURITY FREEZE LOCK, SANITIZE FREEZE LOCK EXT; a disk with SATA's
Software Settings Preservation stays frozen over a COMRESET). A PC that is suspended to memory (ACPI S3) takes power
from its disks and gives it back, mostly without that part of its firmware's start which froze them.
Pure. Not for: when it is tried (`agent/erase/thaw_rules.py`), suspending (`agent/erase/sleep.py`).
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from netboot.shared.disk_abilities import Abilities
from netboot.shared.erase_methods import Method

_BY_PASSWORD: Final[frozenset[Method]] = frozenset({"ata-erase", "ata-erase-enhanced"})
_BY_SANITIZE: Final[frozenset[Method]] = frozenset(
    {"ata-sanitize-block", "ata-sanitize-crypto", "ata-sanitize-overwrite"}
)

NotTried = Literal["not-allowed", "once", "cut", "under-way", "password", "not-told", "no-sleep", "no-clock"]
"""Why the PC was not suspended. not-allowed: the profile says so. once: it was, in this visit. cut: the
last erase of this PC was cut off, perhaps by a sleep from which it did not wake. under-way: a disk is at an erase, or
failed at one. password: a disk has one and is open, and would be locked by it when it wakes. not-told: one
does not say. no-sleep: this PC cannot. no-clock: nothing would wake it."""


class Thawing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A disk that was frozen when its erase was to begin. `tried`: the PC was suspended, which is tried of all its
    disks at once; `slept`: for how many seconds, 0 where it did not sleep. `thawed`: the disk said so afterwards; None
    where it said nothing. `not_tried`: why not."""

    tried: bool
    thawed: bool | None = None
    slept: Annotated[float, Meta(ge=0, le=1e7)] = 0.0
    not_tried: NotTried | None = None


def needs_thaw(method: Method, can: Abilities) -> bool:
    """Whether a disk that says this of itself refuses this method until it is thawed."""
    if method in _BY_PASSWORD:
        return can.ata_security is not None and can.ata_security.frozen
    if method in _BY_SANITIZE:
        return can.ata_sanitize is not None and can.ata_sanitize.state == "frozen"
    return False
