"""What an honest agent can say of a disk that it erased; whatever else is said is no proof. Pure: no I/O, no clock.

Each rule is a fact of the agent's own code (`agent/erase/`, `agent/disks/disk_status.py`), so a report that breaks one
was not made by it, or was made of two. A property test makes such reports by machine.
Not for: a stage's outcome (`evidence.py`), the words of a reason (`contradictions.py`).
"""

import re
from collections.abc import Mapping
from typing import Final

from netboot.shared.contradictions import Reason
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import Erasure, Method

FASTEST: Final = 64e9
"""Bytes a second that no disk writes or reads: a PCIe 6.0 link of four lanes carries half of it."""
NOT_TOLD: Final = "not told"
"""What stands for where an ATA disk ends, when it does not say."""

_PATTERN: Final = re.compile(
    r"SHAKE-256\([0-9a-f]{64}\), 1048576 bytes repeated, "
    r"bytes 0-7 of every 512 replaced by the number of the repetition, big-endian"
)
_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_SECTORS: Final = ("visible_sectors", "native_sectors", "real_sectors")
_BEFORE: Final = frozenset(
    {"name", "serial", "wwn", "firmware", "size", "logical_sector", "hidden", "dco", "smart", *_SECTORS}
)
_AFTER: Final = _BEFORE | {"reach", "partitions"}
_ASKED: Final = ("name", "size", "logical_sector")
"""What is always told of a disk that was asked."""
_LASTING: Final = ("name", "serial", "wwn", "firmware", "size", "logical_sector", "visible_sectors")
"""What stays as it was through an erase."""
_ATA: Final = frozenset({"sata", "ata"})


def doubt(ordered: DiskId, method: Method, said: Erasure, *, known: Disk | None = None) -> Reason | None:
    """Why this report of an erased disk is not believed, or None. `known` is the disk as its PC's check found it."""
    size = ordered.size
    if not said.disk.same_as(ordered):
        return "other-disk"
    if said.problem is not None:
        return "with-problem"
    if said.method != method:
        return "method"
    if said.level != "clear":  # no overwrite is ever more
        return "level"
    if said.written != size or said.verified != size:
        return "amounts"
    if said.unwritten or said.unread or said.different or said.bad or said.more_bad:
        return "bad-ranges"
    if said.ended <= said.began or said.finished < said.started:
        return "times"
    if 2 * size > FASTEST * (said.ended - said.began):
        return "too-fast"
    if _PATTERN.fullmatch(said.pattern) is None:
        return "pattern"
    return _doubt_of_status(said, size, known)


def _doubt_of_status(said: Erasure, size: int, known: Disk | None) -> Reason | None:
    before, after = said.before, said.after
    if any(not status.get(name) for status in (before, after) for name in _ASKED):
        return "not-asked"
    if not (before.keys() <= _BEFORE and after.keys() <= _AFTER):
        return "unknown-words"
    for status in (before, after):
        found = _words(status, said.disk) or _sizes(status, size) or _end(status, known)
        if found is not None:
            return found
    if any(before.get(name) != after.get(name) for name in _LASTING):
        return "other-disk"
    return None


def _words(status: Mapping[str, str], disk: DiskId) -> Reason | None:
    if any(status.get(name, NOT_TOLD) != NOT_TOLD for name in ("hidden", "dco")):
        return "hidden"
    if status.get("smart", "passed") not in ("passed", "failed"):
        return "unknown-words"
    if status.get("serial", "") != disk.serial or status.get("wwn", "") != disk.wwn:
        return "other-disk"
    return None


def _sizes(status: Mapping[str, str], size: int) -> Reason | None:
    told = {name: status[name] for name in ("size", "logical_sector", *_SECTORS) if name in status}
    if any(_NUMBER.fullmatch(number) is None for number in told.values()):
        return "unknown-words"
    numbers = {name: int(number) for name, number in told.items()}
    sectors = [numbers[name] for name in _SECTORS if name in numbers]
    if numbers["size"] != size or numbers["logical_sector"] < 512 or size % numbers["logical_sector"]:
        return "other-size"
    if any(count * numbers["logical_sector"] > size for count in sectors):
        return "hidden"
    return "other-size" if any(count * numbers["logical_sector"] < size for count in sectors) else None


def _end(status: Mapping[str, str], known: Disk | None) -> Reason | None:
    """An ATA disk is always asked where it ends, and the answer is one of two: a number, or that it does not say."""
    if known is None:
        return None
    if int(status["logical_sector"]) != known.logical_sector or status.get("firmware", "") != known.firmware:
        return "other-disk"
    if not (known.ata or known.transport in _ATA):
        return None
    answers = (("native_sectors", "hidden"), ("real_sectors", "dco"))
    answered = "visible_sectors" in status and all((number in status) != (word in status) for number, word in answers)
    return None if answered else "not-asked"
