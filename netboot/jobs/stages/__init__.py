"""The stages of a job as the server knows them: one module a stage, named as the stage is, with its RULES."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, get_args

from netboot.jobs.stages.rules import StageRules
from netboot.shared.stages import StageName


def _rules(name: StageName) -> StageRules[Any, Any]:
    rules = import_module(f"{__name__}.{name}").RULES
    if not isinstance(rules, StageRules):
        raise TypeError(f"netboot/jobs/stages/{name}.py has no RULES")
    return rules


STAGES: Final[Mapping[StageName, StageRules[Any, Any]]] = {name: _rules(name) for name in get_args(StageName)}
