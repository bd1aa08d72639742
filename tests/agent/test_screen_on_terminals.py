"""The PC's own screen on real terminals, from the first line to the last key, and without any display."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netboot.agent.screen.consoles import Consoles
from netboot.agent.screen.display import Screen
from netboot.agent.screen.wording import FRENCH
from netboot.shared.inventory import Board, Firmware, Inventory, System
from netboot.shared.problems import Problem
from tests.agent.screen_views import HALF, PLAN, erasure
from tests.agent.terminals import Terminal, displays_in
from tests.workshop.asked import QUESTION


@pytest.fixture
def displays(tmp_path: Path) -> Iterator[tuple[Terminal, Terminal, Path]]:
    """The screen, a serial console, and the root they are under."""
    with displays_in(tmp_path) as (screen, serial):
        yield screen, serial, tmp_path


INVENTORY = Inventory(
    system=System(manufacturer="HP", product="EliteDesk"), board=Board(), firmware=Firmware(mode="uefi")
)


def test_a_whole_visit_on_real_terminals(displays: tuple[Terminal, Terminal, Path]) -> None:
    screen, serial, root = displays
    now = [100.0]
    with Consoles(root) as consoles:
        assert consoles.size() == (100, 30)
        shows = Screen(consoles, "fr", INVENTORY, page="http://box/", clock=lambda: now[0])
        steps: list[tuple[float, Callable[[], None]]] = [
            (100.0, lambda: shows.welcomed("HP EliteDesk CZC7")),
            (100.0, lambda: shows.waiting(600)),
            (160.0, shows.refresh),
            (160.0, lambda: shows.planned(PLAN)),
            (160.0, lambda: shows.started("erase")),
            (165.0, lambda: shows.progressed(HALF)),
            (172.3, lambda: shows.finished("erase", None, erasure("erased"))),
            (173.0, lambda: shows.stopped(Problem("no-disk"))),
            (174.0, lambda: shows.leaving("poweroff", None)),
        ]
        for moment, step in steps:
            now[0] = moment
            step()
            screen.take()
            serial.take()
    marks = [line.partition("] ")[2] for line in serial.text.split("\r\n") if "netboot: " in line]
    assert marks == [
        "netboot: hello",
        "netboot: waiting",
        "netboot: plan check erase deploy customise finish",
        "netboot: stage erase started",
        "netboot: stage erase done 12.3 s",
        "netboot: stopped no-disk",
        "netboot: leaving poweroff",
    ]
    assert "HP EliteDesk CZC7" in screen.text
    assert "d'ici 10 min" in screen.text
    assert "d'ici 9 min" in screen.text
    assert "50 %, 100 Mo/s, reste 9 min" in screen.text
    assert (root / "dev/kmsg").read_text().startswith("<7>netboot: ")


@pytest.mark.parametrize(
    ("page", "after"),
    [("https://10.77.0.2:8080", "https://10.77.0.9:8080"), ("http://box/", "http://box/")],
    ids=["at the server's address", "elsewhere"],
)
def test_a_server_that_moved_is_told_and_a_page_at_its_address_goes_with_it(
    displays: tuple[Terminal, Terminal, Path], page: str, after: str
) -> None:
    screen, serial, root = displays
    with Consoles(root) as consoles:
        shows = Screen(consoles, "en", INVENTORY, page=page, clock=lambda: 100.0)
        steps = [lambda: shows.waiting(600), lambda: shows.server_moved("10.77.0.2", "10.77.0.9"), shows.refresh]
        for step in steps:
            screen.take()
            screen.text = ""
            step()
        screen.take()
        serial.take()
    assert "netboot: server moved to 10.77.0.9" in serial.text
    assert after in screen.text


def test_a_pc_without_any_display_still_works(tmp_path: Path) -> None:
    with Consoles(tmp_path) as consoles:
        shows = Screen(consoles, "en")
        shows.welcomed("")
        shows.leaving("disk", None)
        assert consoles.size() == (80, 25)


def test_a_display_that_takes_no_more_text_is_not_waited_for(displays: tuple[Terminal, Terminal, Path]) -> None:
    _, _, root = displays
    with Consoles(root) as consoles:
        for _ in range(2000):
            consoles.say("x" * 100)


def test_what_is_left_undone_is_told_in_red_and_in_words_while_the_pc_waits(
    displays: tuple[Terminal, Terminal, Path],
) -> None:
    screen, serial, root = displays
    with Consoles(root) as consoles:
        shows = Screen(consoles, "fr", INVENTORY)
        shows.welcomed("HP EliteDesk", Problem("power-cut", {"stage": "erase"}))
        shows.waiting(600)
        for terminal in (screen, serial):
            terminal.take()
        assert "\x1b[31m" in screen.text
        for told in (screen.text, serial.text):
            assert "Effacement" in told
            assert "Rien n'est effacé" not in told
        shows.planned(PLAN)
        screen.text = ""
        screen.take()
        assert "\x1b[31m" not in screen.text, "the work is done anew"


def test_what_is_typed_is_told_before_it_counts_and_what_counts_after(
    displays: tuple[Terminal, Terminal, Path],
) -> None:
    screen, serial, root = displays
    now = [100.0]
    with Consoles(root) as consoles:
        shows = Screen(consoles, "fr", INVENTORY, clock=lambda: now[0])
        shows.planned(PLAN)
        shows.started("erase")
        steps: tuple[tuple[Callable[[], None], str], ...] = (
            (lambda: shows.asked(QUESTION, 600), FRENCH.answer_limit.format("10 min")),
            (lambda: shows.typed(2), "Réponse 2 : Non, laisser ce disque. Entrée pour la donner"),
            (lambda: shows.typed(0), FRENCH.answer_number),
            (lambda: shows.typed(-1), FRENCH.answer_wrong.format(2)),
            (lambda: shows.question_closed("keyboard", "leave"), "Réponse : Non, laisser ce disque"),
        )
        for step, said in steps:
            screen.take()
            serial.take()
            screen.text = serial.text = ""
            step()
            screen.take()
            serial.take()
            plain = " ".join(re.sub(r"\x1b\[[0-9;]*[HKJm]", " ", screen.text).split())
            assert said in plain
            if said != FRENCH.answer_number:
                assert said in serial.text
        shows.asked(QUESTION, 600)
        now[0] += 480
        screen.text = ""
        shows.refresh()
        screen.take()
        assert FRENCH.answer_limit.format("2 min") in screen.text
        shows.question_closed("time-out", "")
        screen.take()
        serial.take()
        assert FRENCH.no_answer in screen.text
        assert FRENCH.no_answer in serial.text
        shows.finished("erase", None, None)
        screen.text = ""
        shows.refresh()
        screen.take()
        assert FRENCH.no_answer not in screen.text
