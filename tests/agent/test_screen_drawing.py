"""How the PC's own screen is drawn: large letters, what fits, the font, what serial consoles get."""

from dataclasses import fields, replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.screen import view as screen_view
from netboot.agent.screen.banner import HEIGHT, banner
from netboot.agent.screen.consoles import marker, paint, serial_names
from netboot.agent.screen.draw import render, shown, spoken
from netboot.agent.screen.view import DiskLine, ScreenView, StageLine
from netboot.agent.screen.wording import ENGLISH, FRENCH, Words
from netboot.shared.language import Language
from netboot.shared.problems import Problem
from netboot.shared.sentences import SENTENCES
from netboot.shared.stages.erase import Verdict
from netboot.shared.wording import StageState
from tests.agent.screen_views import HALF, PLAN, STAGES, erasure, finished_job, text_of
from tests.workshop.asked import LONGEST, question


def test_serial_consoles_get_only_what_is_new() -> None:
    view = screen_view.started(screen_view.planned(screen_view.first_view("en"), PLAN), "erase")
    running = screen_view.progressed(view, HALF)
    assert spoken(view, running) == ["Samsung S3Z1 50% 100 MB/s 9 min left"]
    assert spoken(running, replace(running, done=running.done + 1)) == []
    done = screen_view.finished(running, "erase", None, erasure("erased"))
    assert spoken(running, done) == ["Erasure: done", ENGLISH.next_soon]


def test_large_letters_have_their_accents() -> None:
    lines = banner("PRÊT", 30)
    assert len(lines) == HEIGHT
    assert [line.replace("█", "#") for line in lines[:2]] == ["             .'.", "####  ####  ##### #####"]


def test_letters_are_twice_as_large_where_there_is_room() -> None:
    lines = banner("PRÊT", 80, 12)
    assert len(lines) == 2 * HEIGHT
    assert lines[0].strip() == "██"
    assert lines[2] == lines[3] == "████████    ████████    ██████████  ██████████"


@pytest.mark.parametrize(
    ("word", "width", "height"), [("PRÊT", 20, 25), ("PRÊT", 80, 5), ("日本", 80, 25), ("", 80, 25)]
)
def test_a_word_that_does_not_fit_or_has_other_letters_is_not_drawn(word: str, width: int, height: int) -> None:
    assert banner(word, width, height) == []


def test_every_large_word_can_be_drawn() -> None:
    for text in (FRENCH, ENGLISH):
        for word in (
            text.stopped_word,
            text.ready_word,
            text.erased_word,
            text.doubtful_word,
            text.percent.format(100),
        ):
            lines = banner(word, 76)
            assert len(lines) in (HEIGHT - 1, HEIGHT)
            assert all(shown(line) == line for line in lines)


@pytest.mark.parametrize("text", [FRENCH, ENGLISH])
def test_every_word_is_in_the_console_font(text: Words) -> None:
    for field in fields(text):
        phrase = getattr(text, field.name)
        assert phrase
        assert shown(phrase) == phrase


LINE = st.text(max_size=300)
VIEWS = st.builds(
    ScreenView,
    language=st.sampled_from(get_args(Language)),
    headline=LINE,
    advice=LINE,
    machine=LINE,
    profile=LINE,
    stages=st.lists(
        st.builds(StageLine, st.sampled_from(STAGES), st.sampled_from(get_args(StageState))), max_size=16
    ).map(tuple),
    part=LINE,
    done=st.integers(0, 2**63),
    total=st.integers(0, 2**63),
    rate=st.floats(0, 1e18),
    problem=LINE,
    big=LINE,
    hostname=LINE,
    disks=st.lists(st.builds(DiskLine, LINE, st.sampled_from(get_args(Verdict))), max_size=64).map(tuple),
    over=st.booleans(),
)


@given(VIEWS, st.integers(1, 300), st.integers(1, 100))
def test_whatever_there_is_to_show_it_fits_and_has_no_control_characters(
    view: ScreenView, width: int, height: int
) -> None:
    lines = render(view, width, height)
    assert len(lines) == height
    assert all(len(line) <= width and (line.isprintable() or not line) for line in lines)
    assert all(line.isprintable() for line in spoken(None, view))


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("language", get_args(Language))
def test_every_problem_is_shown_whole_on_80_by_25(code: str, language: Language) -> None:
    long = "Samsung SSD 860 EVO 250GB S3Z1NB0K 250.1 GB"
    values = dict.fromkeys(("disk", "master", "controller", "error", "setting", "disks"), long)
    problem = Problem(code, values)  # type: ignore[arg-type]  # parametrised over the codes themselves
    view = replace(finished_job(language), machine=long)
    text = " ".join(text_of(screen_view.stopped(view, problem)).split())
    assert shown(" ".join(problem.sentence(language).split())) in text


def test_a_screen_is_replaced_line_by_line() -> None:
    assert paint(["one", "two"]) == "\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K\x1b[J"


def test_screens_are_no_serial_consoles() -> None:
    assert serial_names("tty0 ttyS0 hvc0 tty1\n") == ("ttyS0", "hvc0")
    assert serial_names("../../etc/passwd") == ()


def test_a_marker_is_one_ascii_line_with_the_kernels_stamp() -> None:
    assert marker("stage erase done 12.3 s", 12.345678) == "[   12.345678] netboot: stage erase done 12.3 s"
    assert marker("é", 0.0).isascii()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_longest_question_stands_on_the_smallest_screen_with_every_answer_and_what_to_do(
    language: Language,
) -> None:
    text = FRENCH if language == "fr" else ENGLISH
    view = screen_view.started(screen_view.planned(screen_view.first_view(language), PLAN), "erase")
    view = screen_view.line_is(screen_view.progressed(view, HALF), "no-cable")
    for typed in (0, 9, -1):
        asked = screen_view.typed(screen_view.asked(view, LONGEST, 600), typed)
        lines = render(asked)
        assert len(lines) == 25
        said = " ".join(" ".join(lines).split())
        assert LONGEST.text.of(language) in said
        for number, choice in enumerate(LONGEST.choices, 1):
            assert f"{number} {choice.words.of(language)}" in said
        assert text.answer_limit.format("10 min") in said
    assert text.answer_wrong.format(9) in said


def test_nothing_that_a_question_says_moves_the_screen_or_a_serial_line() -> None:
    before = screen_view.first_view("en")
    view = screen_view.asked(before, question(text="a\x1b[2Jb\u202ec\rd", words=("e\x07f", "g\u200b\nh")), 600)
    for line in (*render(view), *spoken(before, view)):
        assert line.isprintable()
        assert "\u202e" not in line
