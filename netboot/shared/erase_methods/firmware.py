"""An erase that the drive does by itself, as agent and server speak of it: what each such method's evidence holds.

Not a method: each module of this folder whose erase the drive does gives this a name of its own. It holds what was seen
and read, never what it comes to (`shared/firmware_verdict.py`).
Sources: NVM Express base specification 2.0, Sanitize and its log page (SPROG, SSTAT, SCDW10), Format NVM; ATA/ATAPI
Command Set ACS-4, Sanitize Device and Security feature sets.
"""

from typing import Annotated, Final, Literal, Self

from msgspec import Meta, Struct
from msgspec.structs import replace

from netboot.shared.disk_abilities import Seconds
from netboot.shared.erase_methods.kind import MethodEvidence, MethodKind
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.inventory import Count, Size, Text
from netboot.shared.language import Language
from netboot.shared.read_back import ALL

SEEN: Final = 64
"""States that are kept one by one, at most."""

FirmwareState = Literal["never", "idle", "running", "done", "failed", "not-told"]
"""What a drive says of its last erase. idle: nothing is at work, and how the last one ended it does not say."""
Accepted = Literal["yes", "no", "not-told"]
Resumed = Literal["", "running", "done"]
"""How the drive was found that an earlier boot had ordered to erase itself; "" for an order of this boot."""
Dword = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Span = Annotated[float, Meta(ge=0, le=1e7)]
"""Seconds since the order was given."""


class SeenState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the drive said at one moment; how far it was in thousandths, None when it did not tell."""

    at: Span
    state: FirmwareState
    permille: Annotated[int, Meta(ge=0, le=1000)] | None = None


class FirmwareErased(MethodEvidence, frozen=True, kw_only=True):
    """What was ordered of a drive, what it said meanwhile, and what reading it showed.

    `tool` and `command`: by what it was ordered, in which words; `said`: the tool's own last words where the order was
    not plainly accepted. `announced`: seconds that the drive said it takes. `waited`: one of before was still at work
    or had failed, and was brought to its end first. `shut`: before the order a lock of its own kept all of it from
    being written and read, and the disk said so. The drive's log before (after the marks were written) and after: the
    state; the first word of the command that it is of (`logged`; `ordered` is ours); whether it says that nothing was
    written since (`untouched`). None: not told. `to_mark`: marks that were to be written; `marked` those that were,
    and were read back before, of which `marks_left` were read afterwards, in part or whole, and `marks_unread` could
    not be. `compared`: places that held something else before, of which `unchanged` held the same afterwards, in part
    or whole. `sample`: how many per cent of the disk were to be read back past the PC's cache; `to_read` the bytes that
    this is, of which `read` were read and `unread` refused; `value`: the one byte that all of them had, None where they
    differed, and `pattern` the one that the order said they were to have, if it said one; `even`: how many of them were
    one and the same sector again and again; `elsewhere`: sectors of marks, or of what was compared, found anywhere.
    `media_errors`: what the drive counts of errors that lost data, before and after. `purged`: its own word that this
    purged it as IEEE 2883 means it. `resumed`: the order was given before a power cut, and is on the record; then
    `seconds` are those since it was found again.
    """

    tool: Text = ""
    command: Text = ""
    accepted: Accepted = "not-told"
    said: Text = ""
    announced: Seconds | None = None
    waited: bool = False
    shut: bool = False
    resumed: Resumed = ""
    states: Annotated[tuple[SeenState, ...], Meta(max_length=SEEN)] = ()
    state_before: FirmwareState = "not-told"
    state_after: FirmwareState = "not-told"
    ordered: Dword | None = None
    logged_before: Dword | None = None
    logged: Dword | None = None
    untouched_before: bool | None = None
    untouched: bool | None = None
    seconds: Span = 0.0
    to_mark: Count = 0
    marked: Count = 0
    marks_left: Count = 0
    marks_unread: Count = 0
    compared: Count = 0
    unchanged: Count = 0
    sample: Annotated[int, Meta(ge=1, le=100)] = ALL
    to_read: Size = 0
    read: Size = 0
    unread: Size = 0
    value: Annotated[int, Meta(ge=0, le=255)] | None = None
    even: Size = 0
    elsewhere: Size = 0
    pattern: Annotated[int, Meta(ge=1, le=254)] | None = None
    media_errors_before: Size | None = None
    media_errors: Size | None = None
    purged: bool | None = None
    overwritten: Overwritten | None = None
    """The overwrite that followed, where one was ordered."""

    @property
    def listed(self) -> int:
        """How many states and bad ranges it lists."""
        return len(self.states) + (self.overwritten.listed if self.overwritten else 0)

    def shortened(self, most: int) -> Self:
        """With the first of its states and the last, and then as many bad ranges as there is room for."""
        kept = self.states if len(self.states) <= most else (*self.states[: max(0, most - 1)], self.states[-1])
        after = self.overwritten.shortened(max(0, most - len(kept))) if self.overwritten else None
        return replace(self, states=kept, overwritten=after)


def kind_of(evidence: type[FirmwareErased], fr: str, en: str, *, short_fr: str, short_en: str) -> MethodKind:
    """What such a method's module says of itself."""
    name: dict[Language, str] = {"fr": f"{fr}, puis relecture", "en": f"{en}, then read back"}
    return MethodKind(evidence=evidence, name=name, short={"fr": short_fr, "en": short_en})
