"""What openSeaChest_Erase lists as a drive's ways to be erased, with its word for each one's level. Pure.

Source: openSeaChest 24.08 (Debian 13) and opensea-operations, operations.c, print_Supported_Erase_Methods(). It is kept
as evidence in the tool's own words ("Purge", "Clear", "Clear, Possible Purge"): netboot's own table of levels decides.
Not for: choosing a method.
"""

import re
from dataclasses import dataclass
from typing import Final

from netboot.agent.text import one_line

_HEAD: Final = "Erase Methods supported by this drive"
_METHOD: Final = re.compile(r"^\s{0,2}(\d{1,2}) (\S.{0,39}?)\s+\(([A-Z][A-Za-z, ]{2,30})\)\s*$")
_MOST: Final = 16


@dataclass(frozen=True, slots=True)
class ListedErase:
    """One way to erase, and its level, both as the tool names them."""

    name: str
    level: str


def parse_erase_support(text: str) -> tuple[ListedErase, ...] | None:
    """From `openSeaChest_Erase --showEraseSupport`, fastest first; None when no list came, or it breaks off or counts
    otherwise than from 1 up."""
    _, head, rest = text.partition(_HEAD)
    if not head:
        return None
    found = [match for line in rest.splitlines() if (match := _METHOD.match(line)) is not None]
    if not found or len(found) > _MOST or [int(match[1]) for match in found] != list(range(1, len(found) + 1)):
        return None
    return tuple(ListedErase(one_line(match[2]), match[3]) for match in found)
