"""What `fsck.fat -n` (dosfstools) said of a FAT: nothing, a trifle, or damage. Pure.

Its status is 1 for all of these. A PC that is switched off while it runs leaves the dirty bit; many systems leave
clusters that belong to no file, a stale count of the free ones, a boot sector other than its copy, a label in one place
only. Of any of these no file misses a byte. A line that is not known here counts as damage.
Not for: running it (`condition.py`).
"""

import re
from typing import Final

_DIRTY: Final = re.compile(r"Dirty bit is set\..*")
_TRIFLES: Final = tuple(
    re.compile(line)
    for line in (
        r"fsck\.fat \d.*",
        r"Automatically removing dirty bit\.",
        r"FATs differ but appear to be intact\.",
        r"Using first FAT\.",
        r"Reclaimed \d+ unused clusters? \(\d+ bytes\).*",
        r"Free cluster summary (wrong|uninitialized) \(.*\)",
        r"Auto-(correcting|setting)\.",
        r"There are differences between boot sector and its backup\.",
        r"This is mostly harmless\. Differences: .*",
        r"\d+:[0-9a-f]{2}/[0-9a-f]{2}(, \d+:[0-9a-f]{2}/[0-9a-f]{2})*,?",
        r"(, )?\.\.\.",
        r"Not automatically fixing this\.",
        r"(Label|Volume label|There is no label in boot sector|Label in boot sector) .*",
        r"Auto-(removing|copying|changing|setting) .*",
        r"Leaving filesystem unchanged\.",
        r"\S+: \d+ files, \d+/\d+ clusters",
    )
)
_SUMMARY: Final = re.compile(r"\S+: \d+ files, \d+/\d+ clusters")


def fat_damage(printed: str) -> str:
    """The first line of what it printed that tells of damage; "" when there is none and it came to its end."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    for line in lines:
        if not _DIRTY.fullmatch(line) and not any(trifle.fullmatch(line) for trifle in _TRIFLES):
            return line[:200]
    return "" if lines and _SUMMARY.fullmatch(lines[-1]) else "it came to no end"


def was_left_dirty(printed: str) -> bool:
    """Whether the FAT says that it was not shut down."""
    return any(_DIRTY.fullmatch(line.strip()) for line in printed.splitlines())
