"""The interface of an erase method on the server: each module of this folder has one `MethodRules`."""

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
    with its source beside it. `reason_to_doubt`: why this evidence of an erased disk, made in so many seconds, is no
    proof (an honest agent would not send it, or something was not done), or None. `left`: whether the evidence itself
    shows that a part of the disk was left as it was.
    """

    suits: Callable[[Disk], bool]
    levels: Mapping[Medium, Level]
    reason_to_doubt: Callable[[E, DiskId, float], Reason | Problem | None]
    left: Callable[[E, DiskId], bool]
