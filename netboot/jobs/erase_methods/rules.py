"""What the server has to know of an erase method, whichever it is: the shape that each module of this folder fills."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from netboot.shared.contradictions import Reason
from netboot.shared.erase_methods.kind import MethodEvidence
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import Level, Medium

E = TypeVar("E", bound=MethodEvidence)


@dataclass(frozen=True, slots=True)
class MethodRules(Generic[E]):
    """One method, as the server orders and judges it.

    `suits`: whether this disk may be erased by it. `levels` is what it reaches on each medium once it is proven, each
    with its source beside it. `doubt` is why this evidence of an erased disk, made in so many seconds, is no proof:
    what no honest agent would have said, or what was not done; None for a proof. `left`: whether the evidence itself
    shows that something of the disk was left as it was.
    """

    suits: Callable[[Disk], bool]
    levels: Mapping[Medium, Level]
    doubt: Callable[[E, DiskId, float], Reason | Problem | None]
    left: Callable[[E, DiskId], bool]
