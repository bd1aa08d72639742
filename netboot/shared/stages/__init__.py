"""The stages of a job: their names, what is ordered of each, and what each proves."""

from typing import Literal, cast

from netboot.shared.stages.check import Check, CheckResult
from netboot.shared.stages.customise import Customise, CustomiseResult
from netboot.shared.stages.deploy import Deploy, DeployResult
from netboot.shared.stages.erase import Erase, EraseResult
from netboot.shared.stages.finish import Finish
from netboot.shared.stages.memory import Memory, MemoryResult

StageName = Literal["check", "memory", "erase", "deploy", "customise", "finish"]
Stage = Check | Memory | Erase | Deploy | Customise | Finish
Result = CheckResult | MemoryResult | EraseResult | DeployResult | CustomiseResult


def stage_name(stage: Stage) -> StageName:
    """The name of an ordered stage."""
    return cast(StageName, type(stage).__struct_config__.tag)
