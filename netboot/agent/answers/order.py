"""Whether a disk took an order, as the readers of tools' answers say it. Pure.

Not for: what became of the order, which only the disk's later answers tell.
"""

from dataclasses import dataclass
from typing import Final, Literal

from netboot.agent.text import one_line

Taken = Literal["accepted", "refused", "not-told"]
"""`not-told`: the order may be at work; only the disk's state can tell."""
_MOST: Final = 256


@dataclass(frozen=True, slots=True)
class Order:
    """Whether the order was `taken`; `said` is what the tool or the disk complained of, in one line, without any
    password."""

    taken: Taken
    said: str = ""


def in_short(*lines: str) -> str:
    """These lines as one, as long as evidence has room for."""
    return "; ".join(filter(None, (one_line(line).strip() for line in lines)))[:_MOST]
