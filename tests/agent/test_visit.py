"""What the PC shows of a hello that was refused, and of the welcome that follows."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from netboot.agent.net.link import Link
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.progress import Progress
from netboot.agent.questions import Ask
from netboot.agent.reports import Reports
from netboot.agent.screen import view as screen_view
from netboot.agent.screen.consoles import Consoles
from netboot.agent.screen.display import Screen
from netboot.agent.visit import RunOne, Visit
from netboot.shared.problems import Problem
from netboot.shared.protocol import VERSION, FromServer, Hello, Leave, Plan, RunStage, Stay, Welcome
from netboot.shared.stages import Stage
from netboot.shared.stages.check import Check
from tests.workshop.asked import CHOICES, TEXT
from tests.workshop.conftest import pc

WELCOME = Welcome(version=VERSION, visit="v1", token="t1", machine="LENOVO M720q", wait=900.0, number=0)
CROWDED = Stay(problem=Problem("crowded"))


async def seen_after(
    folder: Path,
    *messages: FromServer,
    leave: bool = True,
    set_clock: Callable[[float], None] | None = None,
    run_one: RunOne | None = None,
) -> list[str]:
    """The marks of a visit to which the server says this; with `leave` it then lets the PC go home."""

    def hello() -> Hello:
        return Hello(version=VERSION, boot="boot-1", inventory=pc())

    async def nothing(stage: Stage, progress: Progress, ask: Ask, _: bytes) -> None:
        return None

    marks: list[str] = []
    with Consoles(folder) as consoles, pytest.MonkeyPatch.context() as patch:
        patch.setattr(consoles, "mark", marks.append)
        reports = Reports()
        link = Link(ServerPlace("http://192.0.2.2"), hello, reports, lambda token: None, lambda: None)
        for message in (*messages, *([Leave(action="disk")] if leave else [])):
            link.inbox.put_nowait(message)
        async with asyncio.TaskGroup() as tasks:
            visit = Visit(link, reports, run_one or nothing, Screen(consoles, "en"), set_clock=set_clock)
            assert await visit.run(tasks) == "disk"
    return marks


async def test_a_pc_that_was_refused_waits_for_a_choice_once_it_is_welcome(tmp_path: Path) -> None:
    marks = await seen_after(tmp_path, CROWDED, WELCOME)
    assert marks == ["stopped crowded", "hello", "waiting", "leaving disk"]
    marks = await seen_after(tmp_path, WELCOME, CROWDED, WELCOME, WELCOME)
    assert marks == ["hello", "waiting", "stopped crowded", "hello", "waiting", "hello", "leaving disk"]


async def test_without_a_choice_from_the_page_the_pc_goes_home_after_the_time_it_was_told(tmp_path: Path) -> None:
    impatient = Welcome(version=VERSION, visit="v1", token="t1", machine="LENOVO M720q", wait=0.1, number=0)
    marks = await seen_after(tmp_path, impatient, leave=False)
    assert marks == ["hello", "waiting", "leaving disk"]


async def test_a_question_that_a_stage_left_open_goes_with_it(tmp_path: Path) -> None:
    left: list[asyncio.Task[str | None]] = []

    async def leaves_it_open(stage: Stage, progress: Progress, ask: Ask, _: bytes) -> None:
        left.append(asyncio.create_task(ask(TEXT, CHOICES, 600)))
        await asyncio.sleep(0.01)

    order = RunStage(job="j1", stage=Check())
    marks = await seen_after(tmp_path, WELCOME, order, run_one=leaves_it_open)
    assert await asyncio.wait_for(left[0], 5) is None
    said = [" ".join(mark.split()[:2]) for mark in marks]
    assert said.index("stage check") < said.index("question closed"), said
    assert [mark for mark in marks if mark.startswith("question closed")] == ["question closed withdrawn "]


def test_a_stage_that_went_on_during_a_refusal_shows_again() -> None:
    plan = Plan(job="j1", profile={"fr": "Effacer", "en": "Erase"}, stages=("check", "erase", "finish"))
    working = screen_view.started(screen_view.planned(screen_view.first_view("en"), plan), "erase")
    refused = screen_view.stopped(working, CROWDED.problem)
    assert refused.problem
    assert screen_view.welcomed(refused, "") == working
    between = screen_view.stopped(screen_view.finished(working, "erase", None, None), Problem("denied"))
    assert screen_view.welcomed(between, "") == between
