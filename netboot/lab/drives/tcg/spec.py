"""What an Opal drive of the lab is, and how its former owner left it."""

from typing import Annotated, Literal

import msgspec


class LockedRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`count` sectors from `first` on that are locked for reading and writing; 0: to the end."""

    first: Annotated[int, msgspec.Meta(ge=0)] = 0
    count: Annotated[int, msgspec.Meta(ge=0)] = 0


class OpalSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One TPer. `psid` is what stands on the drive's label.

    `owned`: its Locking SP was activated by a former owner; `locked` are the ranges that are shut at power-on, none of
    them for one that lets everybody in. `shadow`: the MBR shadow is on, so that its first 128 MiB read as the shadow.
    `tries`: wrong PSIDs that it takes from one power-on to the next (TryLimit). `leaves`: what a changed key leaves:
    noise, or zeros where the drive forgets its mapping as well. How a Revert ends is `behaviour.erase`'s.
    """

    psid: Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[0-9A-Z]+\Z")]
    owned: bool = True
    locked: tuple[LockedRange, ...] = (LockedRange(),)
    shadow: bool = False
    tries: Annotated[int, msgspec.Meta(ge=1)] = 5
    leaves: Literal["noise", "zeros"] = "noise"
