"""Texts of a PC that would look like others: right-to-left marks, characters of no width."""

import sys
import unicodedata
from html import unescape

import pytest
from aiohttp.test_utils import TestServer
from markupsafe import Markup
from msgspec.structs import replace

from netboot.webui.visible_text import AsItIs, visible_text
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person
from tests.workshop.conftest import ERASE, WIPE, disk, hello, pc, row_of
from tests.workshop.player import agent_on

TURNED = "S4EW\u202eNX0\u2066N\u200f1\u061c\u200b2\u2069"
NAMED = "S4EW⟨U+202E⟩NX0⟨U+2066⟩N⟨U+200F⟩1⟨U+061C⟩⟨U+200B⟩2⟨U+2069⟩"


def test_whatever_no_eye_sees_is_named() -> None:
    unseen = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
    for letter in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(letter) in unseen and letter not in "\t\n":
            assert visible_text(f"a{letter}b") == f"a⟨U+{ord(letter):04X}⟩b"


def test_letters_that_show_as_nothing_are_named_too() -> None:
    for letter in "\u034f\u115f\u1160\u17b4\u180b\u2800\u3164\ufe0f\uffa0\U000e0100":
        assert visible_text(f"a{letter}b") == f"a⟨U+{ord(letter):04X}⟩b"


@pytest.mark.parametrize("text", ["S4EWNX0N0001", "Écran – 1\u202f000\u00a0Go", "日本語", "a\tb\n", ""])
def test_an_honest_text_stays_as_it_is(text: str) -> None:
    assert visible_text(text) == text


def test_letters_that_go_to_the_left_move_nothing_beside_them() -> None:
    """By UAX #9 `WD-א 123` would be read `WD-123 א`, and two serials of one page in each other's places."""
    assert visible_text("WD-א 123 456ב, 1") == "WD-\u2068א\u2069 123 456\u2068ב\u2069, 1"
    assert visible_text("דיסק קשיח 1") == "\u2068דיסק קשיח\u2069 1"
    for letter in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.bidirectional(letter) in ("R", "AL", "AN") and unicodedata.category(letter) != "Cf":
            assert visible_text(letter) == f"\u2068{letter}\u2069"


def test_what_a_form_sends_back_and_what_is_html_already_are_left_alone() -> None:
    assert visible_text(AsItIs(TURNED)) == TURNED
    assert visible_text(Markup("<b>\u2068א\u2069</b>")) == Markup("<b>\u2068א\u2069</b>")
    assert visible_text(7) == 7


async def test_no_page_shows_what_a_pc_says_turned_round_nor_the_question_before_an_erase(
    server: TestServer, workshop: Workshop, operator: Person
) -> None:
    turned = pc(1, replace(disk(TURNED), model=TURNED), disk("S4EWNX0N0002"))
    turned = replace(
        turned, system=replace(turned.system, product=TURNED, manufacturer=TURNED, serial=TURNED, version=TURNED)
    )
    async with agent_on(server, hello(turned)):
        machine = row_of(workshop).machine
        asked = await operator.choose(machine, ERASE.id)
        shown = await operator.get(f"/machine/{machine}")
        assert f'<option value="{TURNED}">' in shown
        onto = await operator.choose(machine, WIPE.id, target=TURNED)
        pages = [asked, onto]
        for path in ("/", "/machines", f"/machine/{machine}", "/record"):
            pages.append(await operator.get(path))
        for html in map(unescape, pages):
            shown = html.replace(f'value="{TURNED}"', "")
            assert not [letter for letter in shown if unicodedata.bidirectional(letter) in FORCES]
        assert NAMED in asked
        await operator.say_yes(onto)
        begun = workshop.record.jobs.of_visit(row_of(workshop).visit)
        assert begun is not None
        assert begun.profile.id == WIPE.id


FORCES = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN")
