"""The interface of an erase method on the server: each module of this folder has one `MethodRules`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from netboot.shared.contradictions import Reason
from netboot.shared.erase_methods.kind import MethodEvidence
from netboot.shared.inventory import Disk
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase, Level, Medium

E = TypeVar("E", bound=MethodEvidence)


@dataclass(frozen=True, slots=True)
class MethodRules(Generic[E]):
    """One method, as the server orders and judges it.

    `suits`: whether this disk may be erased by it. `levels` is what it reaches on each medium once it is proven
    (`levels.py` has them all). `reason_to_doubt`: why this evidence of an erased disk, of this order and made in so
    many seconds, is no proof (an honest agent would not send it, or something was not done), or None. `left`: whether
    the evidence itself shows that a part of the disk was left as it was. `whole_drive`: it erases every disk of its
    drive, so that none may stand beside. `asks`: a person has to give something for it, so it is ordered only where a
    profile names it. `first_on`: media on which it goes before its place in the list.
    """

    suits: Callable[[Disk], bool]
    levels: Mapping[Medium, Level]
    reason_to_doubt: Callable[[E, DiskErase, float], Reason | Problem | None]
    left: Callable[[E, DiskErase], bool]
    whole_drive: bool = False
    asks: bool = False
    first_on: frozenset[Medium] = frozenset()
