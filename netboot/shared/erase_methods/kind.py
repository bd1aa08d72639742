"""What an erase method is made of, whichever it is: what each module of this folder says of its own in KIND."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Self

from msgspec import Meta, Struct

from netboot.shared.inventory import Size, Text
from netboot.shared.language import Language

SPEEDS: Final = 64
"""Parts of a disk of which its evidence tells the speed, at most."""


class MethodEvidence(Struct, frozen=True, kw_only=True):
    """What one method did to one disk; its tag is the method's name.

    Each field has a default, and with all of them: nothing was done. `tool` is the program that did it, with its
    version; `speeds` how fast equal parts of the disk were read back, from its first byte to its last, in bytes a
    second. Both are empty in evidence of an agent that did not tell them yet.
    """

    tool: Text = ""
    speeds: Annotated[tuple[Size, ...], Meta(max_length=SPEEDS)] = ()

    @property
    def listed(self) -> int:
        """How many parts of the disk it lists one by one, of which one message holds only so many."""
        return 0

    def shortened(self, most: int) -> Self:
        """The same, with no more than `most` of those."""
        return self


@dataclass(frozen=True, slots=True)
class MethodKind:
    """The struct of its evidence, and its name for people; `short` is for a screen's line."""

    evidence: type[MethodEvidence]
    name: Mapping[Language, str]
    short: Mapping[Language, str]
