"""A real agent asks over the real WebSocket, and is answered at its keyboard, on the page, or by nobody."""

from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from netboot.records.record import Record
from netboot.workshop.greeting import Workshop
from tests.agent.terminals import displays_in
from tests.workshop.asked import QUESTION
from tests.workshop.asking_agent import asking_pc
from tests.workshop.conftest import new_workshop, row_of
from tests.workshop.player import eventually, serving
from tests.workshop.test_stage_questions import ANNE, asks, events, shown


@pytest.mark.parametrize("by", ["keyboard", "page"])
async def test_a_real_agent_asks_and_is_answered_at_its_keyboard_or_on_the_page(
    workshop: Workshop, server: TestServer, tmp_path: Path, by: str
) -> None:
    with displays_in(tmp_path) as (screen, serial):
        async with asking_pc(server, tmp_path) as asking:
            await eventually(lambda: asks(workshop))
            serial.take()
            assert f"1: {QUESTION.choices[0].words.en}\r\n" in serial.text
            if by == "keyboard":
                screen.type("2\r")
            else:
                await workshop.commands.answer_stage(ANNE, row_of(workshop).visit, shown(workshop).key, "leave")
            await eventually(asking.visit.done)
            assert asking.answers == ["leave"]
        serial.take()
        assert f"question closed {by} leave" in serial.text
    (closed,) = events(workshop)
    given = events(workshop, "question-answered")
    assert (closed["how"], closed["choice"], closed["by"]) == (by, "leave", given[0]["by"] if given else "")
    assert bool(given) == (by == "page")


async def test_a_real_agent_asks_again_after_the_server_was_restarted_and_goes_on_alone_in_its_time(
    workshop: Workshop, record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netboot.agent.net.link.RETRY", (0.05,))
    with displays_in(tmp_path) as (_, serial):
        async with serving(workshop) as first, asking_pc(first, tmp_path, seconds=4) as asking:
            await eventually(lambda: asks(workshop))
            key = shown(workshop).key
            restarted = new_workshop(record)
            async with serving(restarted) as second:
                asking.move_to(second)
                await eventually(lambda: asks(restarted))
                assert shown(restarted).key == key
                await eventually(asking.visit.done)
            assert asking.answers == [None]
            serial.take()
            assert "question closed time-out" in serial.text
    (closed,) = events(workshop)
    assert (closed["how"], closed["choice"], closed["by"]) == ("time-out", "", "")
