"""How fast parts of a disk went, from looks at a pass that come when they come."""

from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.erase.speed_profile import SHORTEST, SpeedProfile
from netboot.shared.erase_methods.kind import SPEEDS

MB = 10**6


def test_a_slow_place_shows_where_it_is() -> None:
    profile = SpeedProfile(100 * MB, 5.0, parts=10)
    now = 5.0
    for done in range(1, 101):
        now += 1.0 if 50 < done <= 60 else 0.1
        profile.note(done * MB, now)
    assert [round(speed / MB, 2) for speed in profile.speeds] == [10] * 5 + [1] + [10] * 4


def test_of_a_pass_that_was_cut_short_only_what_was_passed_is_told() -> None:
    profile = SpeedProfile(100 * MB, 0.0, parts=10)
    profile.note(35 * MB, 35.0)
    assert profile.speeds == (MB, MB, MB)


def test_a_short_pass_and_a_disk_of_nothing_tell_nothing() -> None:
    profile = SpeedProfile(100 * MB, 0.0)
    profile.note(100 * MB, SHORTEST - 0.1)
    assert profile.speeds == ()
    empty = SpeedProfile(0, 0.0)
    empty.note(0, 20.0)
    assert empty.speeds == ()


def test_a_part_that_took_no_time_is_as_fast_as_evidence_can_say() -> None:
    profile = SpeedProfile(2**59, 0.0, parts=2)
    profile.note(1, 10.0)
    profile.note(2**59, 10.0)
    assert profile.speeds[1] == 2**63 - 1


@given(st.integers(1, 2**50), st.lists(st.tuples(st.integers(0, 2**50), st.floats(0, 1e6)), max_size=40))
def test_whatever_is_looked_at_no_more_than_so_many_parts_are_told_and_none_is_negative(
    size: int, looks: list[tuple[int, float]]
) -> None:
    profile, now = SpeedProfile(size, 0.0), 0.0
    for done, later in looks:
        now += later
        profile.note(min(done, size), now)
    assert len(profile.speeds) <= SPEEDS
    assert all(speed >= 0 for speed in profile.speeds)
    assert all(speed < 2**63 for speed in profile.speeds)
