"""Turns each event of the visit into a new view of the PC's screen, and shows it on the displays.

One object a visit; it is the `Display` of `agent/visit.py`. Not for: what a view looks like (`draw.py`).
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from netboot.agent.net.line_watch import Line
from netboot.agent.screen import view as screen_view
from netboot.agent.screen.consoles import Consoles
from netboot.agent.screen.draw import render, spoken
from netboot.agent.screen.view import ScreenView
from netboot.shared.inventory import Inventory
from netboot.shared.language import Language
from netboot.shared.problems import Problem
from netboot.shared.protocol import Plan, StageProgress
from netboot.shared.stage_question import How, StageQuestion
from netboot.shared.stages import Result, StageName
from netboot.shared.stages.finish import EndAction

REDRAW: Final = 10.0
"""Seconds after which the screen is drawn again, whatever wrote over it."""


class Screen:
    """The PC's displays during one visit. `page` is the address of the page, "" when it is not known; `home`: there is
    none, the way to the PC's disk is looked for; `alone`: nor is there one without a server."""

    def __init__(
        self,
        consoles: Consoles,
        language: Language,
        inventory: Inventory | None = None,
        *,
        page: str = "",
        home: bool = False,
        alone: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._consoles = consoles
        self._page = page
        self._clock = clock
        self._home_at: float | None = None
        self._answer_by: float | None = None
        self._began: dict[StageName, float] = {}
        self._said: ScreenView | None = None
        self._view = (
            screen_view.seeking_home(language) if home else screen_view.first_view(language, inventory, alone=alone)
        )
        self._show(self._view)

    async def keep(self) -> None:
        """Redraw from time to time, until cancelled."""
        while True:
            await asyncio.sleep(REDRAW)
            self.refresh()

    def refresh(self) -> None:
        """Draw again, with the time that is left now."""
        if self._home_at is not None:
            self._show(screen_view.waiting(self._view, max(0.0, self._home_at - self._clock()), self._page))
        elif self._answer_by is not None:
            self._show(screen_view.waits_for_answer(self._view, max(0.0, self._answer_by - self._clock())))
        else:
            self._show(self._view)

    def at_menu(self, inventory: Inventory) -> None:
        """Nothing is at work: a PC without a server stands at its menu."""
        self._show(screen_view.first_view(self._view.language, inventory, alone=True))

    def heard(self, url: str) -> None:
        """A PC that was told no server has heard one."""
        self._consoles.mark(f"heard the server {url}")
        self._show(screen_view.joining(self._view))

    def server_moved(self, before: str, now: str) -> None:
        """The server answers at another address; the page, if it was at the old one, went with it."""
        self._consoles.mark(f"server moved to {now}")
        page = urlsplit(self._page)
        if page.hostname == before:
            self._page = page._replace(netloc=page.netloc.replace(before, now, 1)).geturl()
            self.refresh()

    def line_is(self, line: Line) -> None:
        """The line to the server was lost, or is back."""
        self._consoles.mark(f"line {line}")
        self._show(screen_view.line_is(self._view, line))

    def welcomed(self, machine: str, left: Problem | None = None) -> None:
        """The server knows this PC, as `machine`, and what is left undone in it."""
        self._consoles.mark("hello")
        if left is not None:
            self._consoles.mark(f"left undone {left.code}")
        self._show(screen_view.welcomed(self._view, machine, left))

    def waiting(self, seconds: float) -> None:
        """No profile was chosen yet; after `seconds` the PC goes home."""
        self._consoles.mark("waiting")
        self._home_at = self._clock() + seconds
        self.refresh()

    def planned(self, plan: Plan) -> None:
        """A job has come."""
        self._home_at = None
        self._consoles.mark(f"plan {' '.join(plan.stages)}")
        self._show(screen_view.planned(self._view, plan))

    def started(self, stage: StageName) -> None:
        """A stage has begun."""
        self._home_at = None
        self._began[stage] = self._clock()
        self._consoles.mark(f"stage {stage} started")
        self._show(screen_view.started(self._view, stage))

    def progressed(self, progress: StageProgress) -> None:
        """A stage has come further."""
        self._show(screen_view.progressed(self._view, progress))

    def asked(self, question: StageQuestion, seconds: float) -> None:
        """A stage asks something, and waits for so long."""
        self._consoles.mark(f"question {question.id}")
        self._answer_by = self._clock() + seconds
        self._show(screen_view.asked(self._view, question, seconds))

    def typed(self, number: int) -> None:
        """The number of an answer stands on the keyboard's line, or nothing, or what is none."""
        if number != self._view.typed:
            self._show(screen_view.typed(self._view, number))

    def code_typed(self, code: str, *, read: bool) -> None:
        """A code from a label is being typed, or was `read`: then one more answer gives it."""
        self._show(screen_view.code_typed(self._view, code, read=read))

    def question_closed(self, how: How, choice: str) -> None:
        """An answer counts, or nobody gave one."""
        self._consoles.mark(f"question closed {how} {choice}")
        self._answer_by = None
        self._show(screen_view.question_closed(self._view, how, choice))

    def finished(self, stage: StageName, problem: Problem | None, result: Result | None) -> None:
        """A stage has ended, well or with a problem."""
        seconds = self._clock() - self._began.pop(stage, self._clock())
        outcome = f"failed {seconds:.1f} s {problem.code}" if problem else f"done {seconds:.1f} s"
        self._consoles.mark(f"stage {stage} {outcome}")
        self._show(screen_view.finished(self._view, stage, problem, result))

    def stopped(self, problem: Problem) -> None:
        """The job cannot go on; the PC waits for a person."""
        self._home_at = None
        self._consoles.mark(f"stopped {problem.code}")
        self._show(screen_view.stopped(self._view, problem))

    def no_way_home(self, problem: Problem) -> None:
        """The firmware cannot be shown the way to the PC's own disk; this stays on the screen."""
        self._consoles.mark(f"no way home {problem.code}")
        self._show(screen_view.no_way_home(self._view, problem))

    def leaving(self, action: EndAction, problem: Problem | None) -> None:
        """The end of the visit."""
        self._home_at = None
        self._consoles.mark(f"leaving {action}")
        self._show(screen_view.leaving(self._view, action, problem))

    def leaving_unkept(self) -> None:
        """The PC is switched off though its evidence is not kept."""
        self._consoles.mark("leaving without evidence")
        self._show(screen_view.leaving_unkept(self._view))

    def _show(self, view: ScreenView) -> None:
        self._view = view
        for line in spoken(self._said, view):
            self._consoles.say(line)
        self._said = view
        self._consoles.draw(render(view, *self._consoles.size()), "red" if view.problem or view.left else "white")
