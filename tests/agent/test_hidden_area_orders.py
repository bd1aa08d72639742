"""Whether a disk took an order to give back what it hides, from what hdparm prints of it with --verbose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.answers.hidden_area_orders import parse_give_back
from netboot.agent.answers.order import Taken
from netboot.shared.given_back import Area
from tests.agent.recorded_answers import answer

ANSWERS: dict[str, tuple[Area, Taken]] = {
    "handed-set-max-done": ("max-address", "accepted"),
    "handed-set-max-refused": ("max-address", "refused"),
    "handed-set-max-refused-whole": ("max-address", "refused"),
    "handed-set-max-none": ("max-address", "not-told"),
    "handed-accessible-max-done": ("max-address", "accepted"),
    "handed-accessible-max-refused": ("max-address", "refused"),
    "handed-dco-restore-done": ("overlay", "accepted"),
    "handed-dco-restore-refused": ("overlay", "refused"),
    "handed-dco-restore-none": ("overlay", "not-told"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_only_what_came_back_says_that_an_order_was_taken(name: str) -> None:
    area, taken = ANSWERS[name]
    text = answer(name)
    assert parse_give_back(text, area).taken == taken
    assert parse_give_back(text * 2, area).taken == "not-told", "one order is one exchange"
    other: Area = "overlay" if area == "max-address" else "max-address"
    assert parse_give_back(text, other).taken == "not-told"


def test_what_hdparm_complained_of_is_kept() -> None:
    assert parse_give_back(answer("handed-set-max-done"), "max-address").said == ""
    assert parse_give_back(answer("handed-dco-restore-refused"), "overlay").said.startswith("SG_IO: bad/missing sense")
    other = parse_give_back(answer("handed-dco-restore-refused"), "max-address")
    assert other.said.startswith("SG_IO: bad/missing sense"), "also where the order itself is not found"
    whole = parse_give_back(answer("handed-set-max-refused-whole"), "max-address").said
    assert whole == "SET_MAX_ADDRESS(_EXT) failed: Input/output error"


@given(st.text(max_size=300) | st.lists(st.sampled_from(answer("handed-set-max-done").splitlines())).map("\n".join))
def test_any_text_is_read(text: str) -> None:
    for area in ("max-address", "overlay"):
        order = parse_give_back(text, area)
        assert order.taken in ("accepted", "refused", "not-told")
        assert order.taken != "accepted" or " 37 00" in text
