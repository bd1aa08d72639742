"""An erase that was begun on a disk and whose end is not known yet: what is left of it when the power goes.

The agent tells it before the drive hears the order, and the server keeps it. With the next order about that disk the
server gives it back, while no end of it is on the record: so a drive that went on by itself is followed up, an
overwrite goes on where it was, and of what has to be done again it is told that it was cut short. Pure: shapes only.
Not for: marks as such (`agent/erase/firmware/markers.py`), what follows for the verdict (`shared/firmware_verdict.py`).
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from netboot.shared.disk_abilities import LONGEST, Seconds
from netboot.shared.erase_methods import Method
from netboot.shared.erase_methods.firmware import Dword, FirmwareState
from netboot.shared.fields import Moment
from netboot.shared.inventory import Count, DiskId, Size, Text

MISSING: Final = 256
"""Places without a mark that are listed at most; a disk with more is not followed up, but ordered anew."""

Found = Literal["followed", "resumed", "failed", "undone", "unclear"]
"""What became of it. followed: the drive went on by itself, and was followed to its end: the proof is of that order.
resumed: the overwrite went on from what was there. Else it was done again: the drive said that it had failed, nothing
of it was at work or done, or what was found proved nothing."""


class Begun(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One erase that was begun.

    `disk` is as the order calls it, `size` how many bytes it had when it was marked or written. `at` is when the server
    heard of it. `key`: of the marks, or of what an overwrite writes (hexadecimal). `done`: bytes that an overwrite had
    written when it last told. `password`: what the disk is locked by until it is erased.

    Of an erase by the drive: the `tool`, and the `command` as it is given; `taken`: the drive was heard to take it;
    `ordered`, `pattern` and the drive's log before, as in `FirmwareErased`. `missing`: the places, by their number,
    that took no mark. `announced`: for how many seconds the drive is waited for because it said that it takes so long;
    more than `LONGEST` is that.
    """

    disk: DiskId
    size: Size = 0
    method: Method
    at: Moment = 0.0
    key: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    done: Size = 0
    password: Annotated[str, Meta(max_length=32)] = ""
    tool: Text = ""
    command: Text = ""
    taken: bool = False
    ordered: Dword | None = None
    pattern: Annotated[int, Meta(ge=1, le=254)] | None = None
    state_before: FirmwareState = "not-told"
    logged_before: Dword | None = None
    untouched_before: bool | None = None
    announced: Seconds | None = None
    media_errors_before: Size | None = None
    missing: Annotated[tuple[Count, ...], Meta(max_length=MISSING)] = ()

    def __post_init__(self) -> None:
        # Not refused: what stands on a record has to be readable, whatever it says.
        if self.announced is not None:
            force_setattr(self, "announced", min(self.announced, LONGEST))


class Cut(Struct, frozen=True, kw_only=True):
    """What the proof of an erase says of one of before that was cut short: by which method and when, and what became of
    it."""

    method: Method
    at: Moment = 0.0
    found: Found
