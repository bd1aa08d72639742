"""The SMART stage, as agent and server speak of it: each disk's short self-test, and what it says of its own health."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from netboot.shared.inventory import DiskId, Text
from netboot.shared.stages.kind import Evidence, Kind, Options, Order

Failing = Literal["go-on", "stop"]
Verdict = Literal["good", "worn", "failing", "not-told"]
SelfTest = Literal["passed", "failed", "not-told", "none"]
"""`none`: this disk has no self-test."""

Short = Annotated[str, Meta(max_length=64)]
Number = Annotated[int, Meta(ge=0, le=2**53)]
"""Of sectors, errors, hours, percent: a drive may count further than it has any of them."""
Byte = Annotated[int, Meta(ge=0, le=255)]

ATTRIBUTES: Final = 64
"""Attributes of one disk, at most."""


class SmartOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the job when a disk is *failing*."""

    failing: Failing = "go-on"


class Smart(Order, frozen=True, kw_only=True, tag="smart"):
    """Have these disks test themselves, and read what they say. Nothing is written to a disk."""

    disks: Annotated[tuple[DiskId, ...], Meta(max_length=128)]
    failing: Failing = "go-on"


class Attribute(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that a drive counts: an ATA attribute, with its `id`, or a figure of an NVMe or SCSI log.

    `value` is the drive's own mark for it, which falls towards `threshold`; `failed` says whether it is there now, or
    was. `prefailure`: the drive takes that for a sign that it is about to fail, not only that it is old.
    """

    name: Short
    raw: Short
    id: Byte = 0
    value: Byte | None = None
    worst: Byte | None = None
    threshold: Byte | None = None
    failed: Literal["", "now", "past"] = ""
    prefailure: bool = False


class DiskHealth(Struct, frozen=True, kw_only=True):
    """What one disk says of itself; None is what it does not say.

    `passed` is its own word on its health, `warning` NVMe's critical warnings, a bit each. `reallocated`, `pending` and
    `uncorrectable` count sectors or errors, whatever the drive counts. `used` is the share of its life that is over and
    `spare` what is left of its spare blocks, in percent; less than `least_spare` is too little. `said` is why there is
    no more, in the tool's words. `verdict` is the server's.
    """

    disk: DiskId
    model: Text = ""
    passed: bool | None = None
    self_test: SelfTest = "not-told"
    warning: Byte | None = None
    reallocated: Number | None = None
    pending: Number | None = None
    uncorrectable: Number | None = None
    used: Byte | None = None
    spare: Byte | None = None
    least_spare: Byte | None = None
    hours: Number | None = None
    attributes: Annotated[tuple[Attribute, ...], Meta(max_length=ATTRIBUTES)] = ()
    said: Text = ""
    verdict: Verdict = "not-told"


class SmartResult(Evidence, frozen=True, kw_only=True, tag="smart"):
    """What each disk that was ordered says, in that order."""

    disks: Annotated[tuple[DiskHealth, ...], Meta(max_length=128)]


KIND: Final = Kind(order=Smart, result=SmartResult, writes=False, options=SmartOptions)
