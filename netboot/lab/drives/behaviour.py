"""How a lab drive behaves: what its owner tells it in its spec, for one thing at a time.

Not for: what a drive is (size, model, which commands it knows); each kind has a spec of its own.
"""

from enum import StrEnum
from typing import Annotated

import msgspec


class Outcome(StrEnum):
    """What an erase by the drive's own firmware comes to, whichever command orders it."""

    GOOD = "good"
    """Done, and reported as it was."""
    FAILS = "fails"
    """Begins, then reports failure at `erase_stops_at`; what lies behind that is still there."""
    HANGS = "hangs"
    """Begins, then stands still at `erase_stops_at` for ever."""
    LIES = "lies"
    """Goes through all the motions, reports success and keeps every byte."""
    REFUSES = "refuses"
    """Says that it can, and refuses the command."""
    FORGETS = "forgets"
    """Loses an unfinished erase with its power: nothing is going on afterwards, nothing was ever ordered."""


class WithoutPower(StrEnum):
    """What an unfinished erase does while the PC is off."""

    GOES_ON = "goes-on"
    """As if the drive kept its supply: it may be over when the PC comes back."""
    WAITS = "waits"
    """As a drive must that lost its supply: it stands where it was and goes on at power-on."""


class Bad(StrEnum):
    """What is wrong with a sector."""

    UNREADABLE = "unreadable"
    """Reads fail whatever was written."""
    PENDING = "pending"
    """Reads fail until it is written, which remaps it."""
    UNWRITABLE = "unwritable"
    """Writes fail; what it holds is read."""
    DEAD = "dead"
    """Neither is read nor written."""


class BadSectors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`count` sectors from `first` on, in the drive's logical sectors."""

    first: Annotated[int, msgspec.Meta(ge=0)]
    kind: Bad
    count: Annotated[int, msgspec.Meta(ge=1)] = 1


_Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One drive's manners; the default is a good drive without delays.

    `erase_seconds` is what a whole erase takes. `erase_announces` is what the drive says that it takes, None: says
    nothing, or what that kind of drive cannot leave unsaid. `command_seconds` and `bytes_per_second` (0: as it can)
    make reads and writes slow. A drive that `elides_zeros` does not store a sector of zeros: it notes that it is
    zero, at no cost, and keeps what was there. `leaves` is the pattern, in hexadecimal, that a block erase or one by
    password leaves, from the first byte on. A volatile `write_cache` loses at a power cut what was not flushed.
    """

    erase: Outcome = Outcome.GOOD
    erase_seconds: _Seconds = 4
    erase_announces: _Seconds | None = None
    erase_stops_at: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.4
    without_power: WithoutPower = WithoutPower.GOES_ON
    command_seconds: _Seconds = 0
    bytes_per_second: Annotated[int, msgspec.Meta(ge=0)] = 0
    bad: tuple[BadSectors, ...] = ()
    elides_zeros: bool = False
    write_cache: bool = False
    leaves: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{2}){1,512}$")] = "00"

    @property
    def pattern(self) -> bytes:
        """What `leaves` says."""
        return bytes.fromhex(self.leaves)

    def command_takes(self, size: int) -> float:
        """How many seconds a read or write of `size` bytes takes."""
        return self.command_seconds + (size / self.bytes_per_second if self.bytes_per_second else 0)
