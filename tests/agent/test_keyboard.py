"""What is typed at a PC: on real pseudo-terminals, and by any device that sends bytes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.screen import view as screen_view
from netboot.agent.screen.draw import spoken
from netboot.agent.screen.keyboard import WRONG, Keyboard, TypedLine
from netboot.shared.language import Language
from netboot.shared.stage_question import is_code
from tests.agent.terminals import Terminal, displays_in
from tests.workshop.asked import QUESTION, question


class Noted:
    """All that was heard."""

    def __init__(self) -> None:
        self.entered: list[int] = []
        self.typed: list[int] = []

    def __call__(self, number: int, *, entered: bool, text: str = "") -> None:
        (self.entered if entered else self.typed).append(number)


@pytest.fixture
def pc(tmp_path: Path) -> Iterator[tuple[Terminal, Terminal, Path]]:
    with displays_in(tmp_path) as (screen, serial):
        yield screen, serial, tmp_path


async def heard(noted: Noted, count: int) -> None:
    """Until so many lines were ended."""
    async with asyncio.timeout(5):
        while len(noted.entered) < count:  # noqa: ASYNC110 — what is waited for is a terminal
            await asyncio.sleep(0.005)


def fed(data: bytes) -> list[int]:
    """The numbers of the lines that Enter ended."""
    return [number for number, entered, _ in TypedLine().feed(data) if entered]


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        (b"2\r", [2]),
        (b"2\n", [2]),
        (b"\r\n\r2\r", [2]),
        (b"1\x7f2\r", [2]),
        (b"1\b\r", []),
        ("é\r".encode(), [2]),
        ("é\r".encode("latin-1"), [2]),
        ("&\ré\r\"\r'\r(\r-\rè\r_\rç\r".encode(), [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (b"12\r", [WRONG]),
        (b"0\r", [WRONG]),
        (b" 1\r", [WRONG]),
        (b"yes\r1\r", [WRONG, 1]),
        (b"\x1b[4~\r", [WRONG]),  # the key 1 of a keypad without Num Lock
        (b"PC0X7Q01\r", [WRONG]),  # a reader of bar codes
        ("²\r١\r１\r".encode(), [WRONG, WRONG, WRONG]),  # digits to Python, no keys
        (b"\xff\xfe\r", [WRONG]),
    ],
)
def test_only_a_line_that_is_one_number_counts(typed: bytes, numbers: list[int]) -> None:
    assert fed(typed) == numbers


@pytest.mark.parametrize("key", ["é", "é".encode("latin-1"), "2"])
async def test_a_key_is_told_once_and_never_as_wrong_before(
    pc: tuple[Terminal, Terminal, Path], key: str | bytes
) -> None:
    screen, _, root = pc
    noted = Noted()
    with Keyboard(root).listen(noted):
        screen.type(key)
        async with asyncio.timeout(5):
            while not noted.typed:  # noqa: ASYNC110 — what is waited for is a terminal
                await asyncio.sleep(0.005)
        screen.type("\r")
        await heard(noted, 1)
    assert (noted.typed, noted.entered) == ([2], [2])


@given(st.binary(max_size=200))
def test_whatever_comes_a_line_is_a_number_or_wrong_and_no_more_of_it_is_kept(data: bytes) -> None:
    line = TypedLine()
    for number, _, text in line.feed(data):
        assert number in range(WRONG, 10)
        assert set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ?")
    assert len(line._line) <= 64


CODE = "LABPSID0123456789ABCDEFGHJKLMNPQ"


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        (f"{CODE}\r", [CODE]),
        (f"{CODE.lower()}\r", [CODE]),
        ("LABP-SID0 1234-5678\r", ["LABPSID012345678"]),
        ("LABPSID9\x7f8\r", ["LABPSID8"]),
        ("SHORT12\r", []),
        (f"{CODE}X\r", []),  # longer than any
        ("LABP&éSID\"'(0\r", []),  # digits without Shift on a French keyboard
        ("x" * 70 + "\r", []),
    ],
)
def test_a_line_can_be_the_code_of_a_label(typed: str, codes: list[str]) -> None:
    assert [text for _, entered, text in TypedLine().feed(typed.encode()) if entered and is_code(text)] == codes


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_serial_cable_that_sends_back_what_is_shown_answers_nothing(language: Language) -> None:
    before = screen_view.first_view(language)
    shown = screen_view.asked(before, QUESTION, 600)
    lines = spoken(before, shown)
    for number in (1, WRONG):
        typed = screen_view.typed(shown, number)
        lines += spoken(shown, typed) + spoken(typed, screen_view.question_closed(typed, "keyboard", "again"))
    assert len(lines) > 6
    assert set(fed("".join(f"{line}\r\n" for line in lines).encode())) == {WRONG}


def test_an_answer_that_is_a_number_itself_answers_nothing_when_it_comes_back() -> None:
    before = screen_view.first_view("en")
    asked = question(words=("1", "2\r\n2"))
    lines = spoken(before, screen_view.asked(before, asked, 600))
    assert set(fed("".join(f"{line}\r\n" for line in lines).encode())) == {WRONG}


async def test_screen_and_serial_console_answer_alike_and_what_was_typed_before_does_not(
    pc: tuple[Terminal, Terminal, Path],
) -> None:
    screen, serial, root = pc
    noted = Noted()
    screen.type("1\n")
    serial.type("1\n")
    screen.type("1")
    assert screen.echoes
    with Keyboard(root).listen(noted):
        assert not screen.echoes
        assert not serial.echoes
        screen.type("2\r")
        await heard(noted, 1)
        serial.type("3\r")
        await heard(noted, 2)
        screen.type("4")  # half a line on one is no beginning of the other's
        serial.type("5\r")
        await heard(noted, 3)
        assert noted.entered == [2, 3, 5]
        screen.type("\x03\x1a\r")  # Ctrl+C, Ctrl+Z
        await heard(noted, 4)
    assert noted.entered == [2, 3, 5, WRONG]
    assert screen.echoes
    assert serial.echoes
    screen.type("1\r")
    await asyncio.sleep(0.05)
    assert len(noted.entered) == 4


async def test_a_keyboard_that_goes_leaves_the_other_and_costs_nothing(pc: tuple[Terminal, Terminal, Path]) -> None:
    screen, serial, root = pc
    noted = Noted()
    with Keyboard(root).listen(noted):
        serial.hang_up()
        await asyncio.sleep(0.05)
        screen.type("1\r")
        await heard(noted, 1)
    assert noted.entered == [1]


async def test_what_is_no_terminal_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/tty1").write_text("1\n")
    noted = Noted()
    with Keyboard(tmp_path).listen(noted):
        await asyncio.sleep(0.05)
    assert noted.entered == []
