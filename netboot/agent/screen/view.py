"""The content of the PC's own screen, and how each event of the visit changes it. Pure; `draw.py` draws it.

`ScreenView` is complete: from one view alone the whole screen is drawn, so a lost redraw costs nothing.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

from netboot.agent.net.line_watch import Line
from netboot.agent.screen.wording import words
from netboot.shared.disk_progress import DiskProgress
from netboot.shared.erase_methods import KINDS
from netboot.shared.erase_outcome import fault_of
from netboot.shared.inventory import Inventory
from netboot.shared.language import Language
from netboot.shared.problems import Problem
from netboot.shared.protocol import Plan, StageProgress, Stuck
from netboot.shared.sentences.erase import LEVELS
from netboot.shared.stage_question import How, StageQuestion
from netboot.shared.stages import Result, StageName
from netboot.shared.stages.customise import CustomiseResult
from netboot.shared.stages.erase import EraseResult, Erasure, Verdict
from netboot.shared.stages.finish import EndAction
from netboot.shared.wording import StageState, stage_name, verdict_name

_LONGEST: Final = 1_000 * 3600.0
"""Seconds; a disk that has all but stopped would give more hours than a line can hold."""


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of the job and how far it is."""

    stage: StageName
    state: StageState = "waiting"


@dataclass(frozen=True, slots=True)
class DiskLine:
    """The verdict on one disk; `how` is by which method, and to which level, of one that is erased."""

    disk: str
    verdict: Verdict
    how: str = ""


@dataclass(frozen=True, slots=True)
class ScreenView:
    """One screen. `headline` says what happens, `advice` what to do next, `big` is one word in large letters.

    `done` of `total` in bytes and `rate` in bytes/s show only while `total` is not 0; `at_work` is where each disk is
    that is erased. `left` is what is left undone in
    this PC from an earlier visit, until a job comes. `question` is what a stage asks, for `answer_within` seconds more;
    `typed` is what stands on the keyboard's line: an answer's number, 0 for nothing, less for what is none; `code` is
    what was typed of a code, `code_read` that it is whole and waits to be given. `alone`: this PC works without a
    server.
    """

    language: Language
    headline: str
    advice: str
    machine: str = ""
    profile: str = ""
    stages: tuple[StageLine, ...] = ()
    part: str = ""
    done: int = 0
    total: int = 0
    rate: float = 0.0
    at_work: tuple[DiskProgress, ...] = ()
    problem: str = ""
    left: str = ""
    big: str = ""
    hostname: str = ""
    disks: tuple[DiskLine, ...] = ()
    faults: tuple[str, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    question: StageQuestion | None = None
    answer_within: float = 0.0
    typed: int = 0
    code: str = ""
    code_read: bool = False
    answered: str = ""
    line: Line = "up"
    over: bool = False
    alone: bool = False

    @property
    def percent(self) -> int | None:
        """Whole percent, 100 only when all is done; None when there is nothing to count."""
        return min(100, self.done * 100 // self.total) if self.total > 0 else None

    @property
    def line_sentence(self) -> str:
        """That the line is lost, what to do, and what becomes of the work meanwhile; "" while it is there."""
        if self.line == "up":
            return ""
        text = words(self.language, alone=self.alone)
        running = next((line.stage for line in self.stages if line.state == "running"), None)
        lost = text.no_cable if self.line == "no-cable" else text.silent
        after = {None: "", "capture": text.waits, "deploy": text.waits, "customise": text.waits}.get(
            running, text.goes_on
        )
        return f"{lost} {after}".rstrip()


def first_view(language: Language, inventory: Inventory | None = None, *, alone: bool = False) -> ScreenView:
    """Before the server has answered, or without one."""
    text = words(language, alone=alone)
    machine = f"{inventory.system.manufacturer} {inventory.system.product}".strip() if inventory else ""
    return ScreenView(
        language=language, headline=text.connecting, advice=text.connecting_advice, machine=machine, alone=alone
    )


def joining(view: ScreenView) -> ScreenView:
    """A PC without a server has heard one, and is not alone any more."""
    text = words(view.language)
    return _plain(replace(view, alone=False), headline=text.connecting, advice=text.connecting_advice)


def seeking_home(language: Language) -> ScreenView:
    """The boot menu saw no disk, and the way to the PC's own is looked for."""
    text = words(language)
    return ScreenView(language=language, headline=text.seeking_home, advice=text.seeking_home_advice)


def no_way_home(view: ScreenView, problem: Problem) -> ScreenView:
    """None was found: why, and what to do."""
    text = words(view.language, alone=view.alone)
    view = _plain(view, headline=text.no_way_home, advice=text.no_way_home_advice)
    return replace(view, problem=problem.sentence(view.language), big=text.stopped_word)


def welcomed(view: ScreenView, machine: str, left: Problem | None = None) -> ScreenView:
    """The server has answered, and knows this PC as `machine`. A stage that went on while it did not shows again."""
    view = replace(view, machine=machine or view.machine, left=left.sentence(view.language) if left else "")
    running = next((line.stage for line in view.stages if line.state == "running"), None)
    return started(view, running) if view.problem and running else view


def waiting(view: ScreenView, seconds: float, page: str = "") -> ScreenView:
    """No profile was chosen yet; at the end of `seconds` the PC goes home. `page` is the page's address."""
    text = words(view.language, alone=view.alone)
    choose = text.waiting_page.format(page) if page else text.waiting_advice
    limit = (text.waiting_limit_left if view.left else text.waiting_limit).format(duration(seconds, view.language))
    headline, big = (text.left, text.left_word) if view.left else (text.waiting, text.waiting_word)
    return replace(_plain(view, headline=headline, advice=f"{choose}\n{limit}"), big=big)


def planned(view: ScreenView, plan: Plan) -> ScreenView:
    """A job has come."""
    text = words(view.language, alone=view.alone)
    profile = text.profile.format(plan.profile.get(view.language, "")) if plan.profile.get(view.language) else ""
    stages = tuple(StageLine(stage) for stage in plan.stages)
    view = replace(view, profile=profile, stages=stages, hostname="", disks=(), faults=(), over=False, left="")
    return _plain(view, headline=profile, advice=text.next_soon)


def started(view: ScreenView, stage: StageName) -> ScreenView:
    """A stage has begun."""
    text = words(view.language, alone=view.alone)
    view = _with_state(view, stage, "running")
    return _plain(view, headline=text.working.format(stage_name(stage, view.language)), advice=text.keep_on)


def progressed(view: ScreenView, progress: StageProgress) -> ScreenView:
    """A stage has come further."""
    return replace(
        view,
        done=progress.done,
        total=progress.total,
        rate=progress.rate,
        part=progress.part,
        stuck=progress.stuck,
        at_work=progress.disks,
        big="",
    )


def asked(view: ScreenView, question: StageQuestion, seconds: float) -> ScreenView:
    """A stage asks something, and waits for so long."""
    return replace(view, question=question, answer_within=seconds, typed=0, code="", code_read=False, answered="")


def waits_for_answer(view: ScreenView, seconds: float) -> ScreenView:
    """Of what is asked, so many seconds are left."""
    return replace(view, answer_within=seconds)


def typed(view: ScreenView, number: int) -> ScreenView:
    """Something else stands on the keyboard's line."""
    return replace(view, typed=number)


def code_typed(view: ScreenView, code: str, *, read: bool) -> ScreenView:
    """A code from a label is being typed, or was read; it is not given yet."""
    return replace(view, typed=0, code=code, code_read=read)


def question_closed(view: ScreenView, how: How, choice: str) -> ScreenView:
    """An answer counts, or there is none; what it was is told until something else is."""
    text = words(view.language, alone=view.alone)
    told = {"time-out": text.no_answer, "withdrawn": ""}.get(how, "")
    if view.question is not None and choice:
        told = text.answer_counts.format(view.question.words_of(choice, view.language))
    return replace(view, question=None, typed=0, code="", code_read=False, answered=told)


def line_is(view: ScreenView, line: Line) -> ScreenView:
    """The line to the server was lost, or is back."""
    return replace(view, line=line)


def finished(view: ScreenView, stage: StageName, problem: Problem | None, result: Result | None) -> ScreenView:
    """A stage has ended; its evidence is kept for the last screen. What the server stopped meanwhile stays stopped."""
    text = words(view.language, alone=view.alone)
    over = view.problem
    view = _with_state(view, stage, "failed" if problem else "done")
    if isinstance(result, EraseResult):
        lines = tuple(
            DiskLine(" ".join(part for part in (e.model, e.disk.text) if part), e.verdict, _how(e, view.language))
            for e in result.erasures
        )
        faults = [fault_of(erasure) for erasure in result.erasures if erasure.verdict != "erased"]
        told = tuple(fault.sentence(view.language) for fault in faults) if len(faults) > 1 else ()
        view = replace(view, disks=lines, faults=told)
    if isinstance(result, CustomiseResult):
        view = replace(view, hostname=result.hostname)
    view = _without_erased(view) if over else view
    if problem or over:
        return _stopped(view, problem.sentence(view.language) if problem else over)
    return _plain(view, headline=view.headline, advice=text.next_soon)


def stopped(view: ScreenView, problem: Problem) -> ScreenView:
    """The server lets the job go no further: why, and what to do.

    Where it says so right after the erase, and of something else than the agent found, it may not believe that a disk
    is erased, or have no proof of it: then none is called erased.
    """
    sentence = problem.sentence(view.language)
    begun = [line.stage for line in view.stages if line.state != "waiting"]
    unheard = sentence != view.problem and begun[-1:] == ["erase"]
    return _stopped(_without_erased(view) if unheard else view, sentence)


def leaving_unkept(view: ScreenView) -> ScreenView:
    """The last screen of a PC without a server whose evidence a person gave up: no disk is called erased by it."""
    text = words(view.language, alone=view.alone)
    view = _without_erased(_plain(view, headline=text.doubtful, advice=f"{text.not_kept}\n{text.poweroff}"))
    return replace(view, big=text.doubtful_word, over=True)


def leaving(view: ScreenView, action: EndAction, problem: Problem | None) -> ScreenView:
    """The last screen: the label's text, for whoever comes to fetch the PC."""
    text = words(view.language, alone=view.alone)
    goodbye = {"disk": text.home, "reboot": text.reboot, "poweroff": f"{text.poweroff}\n{text.unplug}"}[action]
    if view.alone and any(line.state == "done" for line in view.stages):
        goodbye = f"{goodbye}\n{text.kept}"
    if problem is not None:
        return replace(stopped(view, problem), advice=f"{text.stopped_advice}\n{goodbye}", over=True)
    view = _plain(view, headline=goodbye, advice=goodbye)
    if any(disk.verdict != "erased" for disk in view.disks):
        return replace(view, headline=text.doubtful, big=text.doubtful_word, over=True)
    if any(line.stage == "deploy" and line.state == "done" for line in view.stages):
        return replace(view, headline=text.ready, big=text.ready_word, over=True)
    if view.left:
        return replace(view, headline=text.left, big=text.left_word, over=True)
    if view.disks:
        return replace(view, headline=text.erased, big=text.erased_word, over=True)
    return replace(view, over=True)


def duration(seconds: float, language: Language) -> str:
    """A length of time as people say it, rounded up to whole minutes."""
    text = words(language)
    if seconds < 60:
        return text.less_than_a_minute
    minutes = math.ceil(min(seconds, _LONGEST) / 60)
    if minutes < 120:
        return text.minutes_left.format(minutes)
    return text.hours_left.format(minutes // 60, minutes % 60)


def verdict_line(line: DiskLine, language: Language) -> str:
    """A disk and its verdict in one line."""
    said = words(language).disk.format(line.disk, verdict_name(line.verdict, language))
    return f"{said} ({line.how})" if line.how else said


def _how(erasure: Erasure, language: Language) -> str:
    if erasure.verdict != "erased" or erasure.level == "none":
        return ""
    return f"{KINDS[erasure.method].short[language]}, {LEVELS[erasure.level][language]}"


def _stopped(view: ScreenView, sentence: str) -> ScreenView:
    text = words(view.language, alone=view.alone)
    view = _plain(view, headline=text.stopped, advice=text.stopped_advice)
    return replace(view, problem=sentence, big=text.stopped_word)


def _without_erased(view: ScreenView) -> ScreenView:
    return replace(view, disks=tuple(line for line in view.disks if line.verdict != "erased"))


def _with_state(view: ScreenView, stage: StageName, state: StageState) -> ScreenView:
    stages = tuple(replace(line, state=state) if line.stage == stage else line for line in view.stages)
    return replace(view, stages=stages)


def _plain(view: ScreenView, *, headline: str, advice: str) -> ScreenView:
    return replace(
        view, headline=headline, advice=advice, problem="", big="", part="", done=0, total=0, rate=0.0, stuck=(),
        at_work=(), answered="",
    )  # fmt: skip
