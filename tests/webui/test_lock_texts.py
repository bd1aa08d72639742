"""What the page says of frozen disks and hidden areas."""

from typing import get_args

import pytest

from netboot.shared.given_back import GiveBackOrder, GivenBack
from netboot.shared.language import Language
from netboot.shared.thawing import NotTried, Thawing
from netboot.webui.lock_texts import given_back_rows, thawing_text

GIB = 1 << 30
ORDER = GiveBackOrder(area="max-address", command="hdparm -Np4194304 /dev/sda", accepted="yes")


def test_each_outcome_of_a_frozen_disk_has_its_own_words_in_both_languages() -> None:
    outcomes = [
        *(Thawing(tried=False, thawed=False, not_tried=why) for why in get_args(NotTried)),
        *(Thawing(tried=True, thawed=thawed, slept=5.2) for thawed in (True, False, None)),
        Thawing(tried=True, thawed=False),
    ]
    said = [thawing_text(one, language) for language in get_args(Language) for one in outcomes]
    assert len(set(said)) == len(said)
    assert thawing_text(Thawing(tried=True, thawed=True, slept=5.2), "en") == "the PC slept for 5 s: thawed"


@pytest.mark.parametrize(
    ("size", "language", "first"),
    [
        (2 * GIB, "en", "1.0 GB more given back"),
        (2 * GIB, "fr", "1,0 Go de plus rendus"),
        (GIB, "en", "nothing of it was given back"),
        (0, "fr", "rien n'en a été rendu"),
    ],
)
def test_how_much_came_back_is_told_with_each_order(size: int, language: Language, first: str) -> None:
    back = GivenBack(visible=GIB // 512, native=2 * GIB // 512, real="not-told", orders=(ORDER,), size=size)
    said = given_back_rows(back, GIB + 73_741_824, language)
    assert said[0].startswith(first)
    assert said[1].startswith(ORDER.command)
    assert len(said) == 2
