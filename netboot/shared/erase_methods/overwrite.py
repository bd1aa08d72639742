"""An overwrite, as agent and server speak of it: every sector written, then every sector read back and compared."""

from typing import Annotated, Final, Literal, Self

from msgspec import Meta, Struct
from msgspec.structs import replace

from netboot.shared.erase_methods.kind import MethodEvidence, MethodKind
from netboot.shared.inventory import Count, Size, Text

BAD_RANGES: Final = 256
"""Ranges of a disk that its evidence lists one by one, at most."""
MORE_BAD: Final = 1_000_000
"""And those beyond, which are counted up to this number."""

Took = Annotated[float, Meta(ge=0, le=1e7)]
BadPart = Literal["unwritten", "unread", "different"]


class BadRange(Struct, frozen=True, kw_only=True):
    """A part of a disk that refused to be written, refused to be read back, or gave back something else."""

    start: Size
    length: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    what: BadPart


class ZeroWrites(Struct, frozen=True, kw_only=True):
    """How many seconds the same places took for zeros and for the pattern; `elided`: for zeros so few that none are
    stored."""

    zeros: Took
    pattern: Took
    elided: bool


class Overwritten(MethodEvidence, frozen=True, kw_only=True, tag="overwrite"):
    """What was written and what reading back showed, in bytes; `pattern` is what a second program needs to check it.

    `unwritten`, `unread` and `different` count the bytes of the `bad` ranges, and of `more_bad` further ones that are
    not listed. `zero_writes`: whether this drive stores zeros, None where that was not tried. `resumed`: bytes that an
    overwrite of before, which was cut short, had written, and which were found so.
    """

    written: Size = 0
    verified: Size = 0
    unwritten: Size = 0
    unread: Size = 0
    different: Size = 0
    bad: Annotated[tuple[BadRange, ...], Meta(max_length=BAD_RANGES)] = ()
    more_bad: Count = 0
    pattern: Text = ""
    zero_writes: ZeroWrites | None = None
    resumed: Size = 0

    @property
    def listed(self) -> int:
        """How many bad ranges it lists."""
        return len(self.bad)

    def shortened(self, most: int) -> Self:
        """With `most` bad ranges at most; the others are counted."""
        more = min(MORE_BAD, self.more_bad + len(self.bad[most:]))
        return replace(self, bad=self.bad[:most], more_bad=more)


KIND: Final = MethodKind(
    evidence=Overwritten,
    name={
        "fr": "réécriture de tout le disque, puis relecture",
        "en": "the whole disk overwritten, then read back",
    },
    short={"fr": "réécriture", "en": "overwrite"},
)
