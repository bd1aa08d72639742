"""A job on the PC's own screen, as the tests of the screen begin with it."""

from netboot.agent.screen import view as screen_view
from netboot.agent.screen.draw import render
from netboot.agent.screen.view import ScreenView
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.inventory import DiskId
from netboot.shared.language import Language
from netboot.shared.protocol import Plan, StageProgress
from netboot.shared.stages import Result, StageName
from netboot.shared.stages.customise import CustomiseResult
from netboot.shared.stages.erase import EraseResult, Erasure, Verdict

STAGES: tuple[StageName, ...] = ("check", "erase", "deploy", "customise", "finish")
PLAN = Plan(job="j1", profile={"fr": "École", "en": "School"}, stages=STAGES)
HALF = StageProgress(job="j1", stage="erase", done=50_000_000_000, total=100_000_000_000, rate=1e8, part="Samsung S3Z1")


def erasure(verdict: Verdict) -> EraseResult:
    disk = DiskId(serial="S3Z1", size=1)
    return EraseResult(erasures=(Erasure(disk=disk, model="Samsung", evidence=Overwritten(), verdict=verdict),))


def finished_job(language: Language, verdict: Verdict = "erased") -> ScreenView:
    evidence: dict[StageName, Result] = {"erase": erasure(verdict), "customise": CustomiseResult(hostname="pc-0042")}
    view = screen_view.planned(screen_view.first_view(language), PLAN)
    for stage in STAGES[:-1]:
        view = screen_view.finished(screen_view.started(view, stage), stage, None, evidence.get(stage))
    return view


def text_of(view: ScreenView) -> str:
    return "\n".join(render(view))
