"""How long a drive still erases itself: by what it announced and by how far it came, and late once that is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.erase.firmware.drive_time import doing
from netboot.agent.progress import Doing


@pytest.mark.parametrize(
    ("at", "announced", "permille", "left", "late"),
    [
        (0.0, 7200, None, 7200.0, False),
        (600.0, 7200, None, 6600.0, False),
        (600.0, 7200, 49, 6600.0, False),  # too early to say
        (600.0, 7200, 500, 6600.0, False),  # ahead of what it announced: it may stand at its end
        (600.0, 7200, 50, 11400.0, False),  # slower than it announced
        (7210.0, 7200, 900, 7210.0 / 9, False),
        (7211.0, 7200, 900, 7211.0 / 9, True),
        (7211.0, 7200, None, None, True),
        (60.0, None, None, None, False),
        (60.0, None, 49, None, False),
        (60.0, None, 500, 60.0, False),
        (60.0, 0, 750, 20.0, False),
        (60.0, None, 1000, 0.0, False),
    ],
)
def test_what_is_left_is_the_drives_own_word(
    at: float, announced: int | None, permille: int | None, left: float | None, late: bool
) -> None:
    assert doing(at, announced, permille) == Doing("drive", left, late)


@given(st.floats(0, 1e9), st.integers(0, 10**9) | st.none(), st.integers(0, 1000) | st.none())
def test_it_is_never_less_than_nothing(at: float, announced: int | None, permille: int | None) -> None:
    left = doing(at, announced, permille).left
    assert left is None or left >= 0
