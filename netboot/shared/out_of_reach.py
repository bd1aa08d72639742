"""What an erase leaves out of its reach, by what the disk counts: sectors that it has replaced, or is about to.

A sector that goes bad is taken out of use, with what it holds, and another takes its address. No command that goes by
addresses comes there any more. So an overwrite, and each erase of which no text says that it reaches such sectors, is
no Clear on a disk that counts some, before or after: what they hold is not known, and the disk is *undetermined*. The
same where sectors still wait to be replaced after everything was written, and where an NVMe drive had to take from its
spare blocks meanwhile. What a disk never told is not held against it; what it told before, and not afterwards, is.

By public texts these reach them: ATA SANITIZE affects also "physical sectors that have become inaccessible" (ACS-4
4.17; WD Ultrastar DC HC310, specification 9.20), though one that cannot be reached does not make it fail; the enhanced
SECURITY ERASE UNIT overwrites "sectors that are no longer in use due to reallocation" (ACS-4 7.45); NVMe's Sanitize
works on all storage that held user data, retired blocks too (base specification 2.0, §8.21; its authors on
nvmexpress.org). SCSI's SANITIZE is the same operation for SBC-4 (4.11), and openSeaChest's table gives it the same
level. Of NVMe's Format and the normal SECURITY ERASE UNIT no text says so.
Pure. One rule for the agent's screen and the server's record.
"""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from netboot.shared.disk_counts import DiskCounts
from netboot.shared.erase_methods import Method
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import Erasure

REACH_REPLACED: Final[frozenset[Method]] = frozenset(
    {
        "nvme-sanitize-block", "nvme-sanitize-crypto", "nvme-sanitize-overwrite",
        "ata-sanitize-block", "ata-sanitize-crypto", "ata-sanitize-overwrite", "ata-erase-enhanced",
        "scsi-sanitize-block", "scsi-sanitize-crypto", "scsi-sanitize-overwrite",
    }
)  # fmt: skip
"""Methods that are meant to reach sectors which the disk has replaced."""


def as_counts_show(erasure: Erasure, name: str) -> Erasure:
    """The erasure, not *erased* where the disk counts what its method does not reach; `name` is the disk for people."""
    if erasure.verdict != "erased" or erasure.method in REACH_REPLACED:
        return erasure
    problem = _problem(erasure.counts_before or DiskCounts(), erasure.counts_after or DiskCounts(), name)
    if problem is None:
        return erasure
    return replace(erasure, verdict="undetermined", level="none", problem=problem)


def reaching_first(methods: Sequence[Method], counts: DiskCounts) -> tuple[Method, ...]:
    """The methods in the order in which this disk is best erased: where it counts replaced or pending sectors, those
    that reach them go before the others."""
    if not (counts.replaced or counts.pending):
        return tuple(methods)
    return tuple(sorted(methods, key=lambda method: method not in REACH_REPLACED))


def _problem(before: DiskCounts, after: DiskCounts, name: str) -> Problem | None:
    replaced = max(before.replaced or 0, after.replaced or 0)
    pending = after.pending or 0
    if replaced or pending:
        return Problem("erase-out-of-reach", {"disk": name, "replaced": str(replaced), "pending": str(pending)})
    if before.spare is not None and after.spare is not None and after.spare < before.spare:
        return Problem("erase-spare-taken", {"disk": name, "before": str(before.spare), "after": str(after.spare)})
    if _is_silent(before.replaced, after.replaced) or _is_silent(before.pending, after.pending):
        return Problem("erase-counts-lost", {"disk": name})
    return Problem("erase-counts-lost", {"disk": name}) if _is_silent(before.spare, after.spare) else None


def _is_silent(before: int | None, after: int | None) -> bool:
    return before is not None and after is None
