"""The bounded texts and numbers that messages, manifests and the record have in common."""

from typing import Annotated

from msgspec import Meta

from netboot.shared.inventory import DiskId

Token = Annotated[str, Meta(max_length=128, pattern=r"^[0-9A-Za-z_-]*\Z")]


Identifier = Annotated[
    str,
    Meta(max_length=64, pattern=r"^[0-9A-Za-z._-]*\Z", description="letters, digits, dot, hyphen, underscore"),
]


Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


Hostname = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")]


Answered = Annotated[tuple[DiskId, ...], Meta(max_length=128)]
"""Those of the ordered disks that no sign shows to be the PC's own, and of which a person said that they are."""


Moment = Annotated[float, Meta(ge=0, le=1e12)]
"""Seconds since the epoch: whatever a clock can be set to, and no more."""


At = Annotated[float, Meta(ge=0, le=1e10)]
"""Seconds since the PC's start, by a clock that nobody sets (CLOCK_MONOTONIC)."""


def one_line(text: str) -> str:
    """The text as a manifest's lines hold it: printable, not empty, at most 120 letters."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:120].strip() or "?"
