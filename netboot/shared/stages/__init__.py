"""The stages of a job, in the order in which a job has them: the one list.

A stage's other parts are found by its name: what is ordered and what it proves in a module of this folder, its words
in `shared/sentences/`, who does it in `agent/stages/`, who orders and judges it in `jobs/stages/`.
"""

from collections.abc import Mapping
from functools import reduce
from importlib import import_module
from operator import or_
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from netboot.shared.stages.kind import Evidence, Kind, Order

StageName = Literal[
    "check",
    "memory",
    "smart",
    "capture",
    "erase",
    "deploy",
    "customise",
    "finish",
]


def _kind(name: StageName) -> Kind:
    kind = import_module(f"{__name__}.{name}").KIND
    if not isinstance(kind, Kind):
        raise TypeError(f"netboot/shared/stages/{name}.py has no KIND")
    for part in (kind.order, kind.result):
        if part is not None and part.__struct_config__.tag != name:
            raise TypeError(f"{part.__name__} of netboot/shared/stages/{name}.py has not its stage's name as its tag")
    return kind


KINDS: Final[Mapping[StageName, Kind]] = {name: _kind(name) for name in get_args(StageName)}

WRITING: Final = frozenset(name for name, kind in KINDS.items() if kind.writes)
"""The stages that write to a disk."""

SENDING: Final = frozenset(name for name, kind in KINDS.items() if kind.sends)
"""The stages by which what is on a disk leaves the PC."""

if TYPE_CHECKING:
    Stage = Order
    Result = Evidence
else:  # what a message may hold: one of these, told apart by its tag
    Stage = reduce(or_, (kind.order for kind in KINDS.values()))
    Result = reduce(or_, (kind.result for kind in KINDS.values() if kind.result is not None))


def stage_name(stage: Stage) -> StageName:
    """The name of an ordered stage."""
    return cast(StageName, type(stage).__struct_config__.tag)
