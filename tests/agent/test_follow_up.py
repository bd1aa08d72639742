"""Following a drive that erases itself: it is waited for while it moves, and given up when it stands still."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.erase.firmware.follow_up import GRACE, MARGIN, SILENCE, UNTOLD, FollowUp
from netboot.agent.erase.firmware.technique import Look
from netboot.shared.disk_abilities import LONGEST
from netboot.shared.erase_methods.firmware import SEEN

OLD = Look("done", logged=2)


def followed(follow: FollowUp, looks: "list[tuple[float, Look]]") -> tuple[str, float]:
    """The state and the moment at which it ended; "" when it goes on."""
    for at, look in looks:
        if follow.take(at, look) == "ended":
            return follow.state, at
    return "", 0.0


def test_one_that_runs_and_ends_is_followed_to_its_end() -> None:
    follow = FollowUp(OLD, 20)
    looks = [(0.1, OLD), (1.0, Look("running", 0)), (5.0, Look("running", 400)), (12.0, Look("done", logged=2))]
    assert followed(follow, looks) == ("done", 12.0)
    assert [(seen.at, seen.state, seen.permille) for seen in follow.states] == [
        (0.1, "done", None), (1.0, "running", 0), (5.0, "running", 400), (12.0, "done", None),
    ]  # fmt: skip


def test_the_end_of_the_one_before_is_not_taken_for_this_ones() -> None:
    """A log that says for a moment what it said before the order."""
    follow = FollowUp(OLD, 20)
    assert follow.take(0.2, OLD) == "go-on"
    assert follow.take(GRACE, OLD) == "go-on"
    assert follow.take(GRACE + 0.1, OLD) == "ended"
    assert follow.state == "done", "and the verdict says that it was not seen"
    assert [seen.at for seen in follow.states] == [0.2], "the same word is kept once"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Look("done", logged=2, untouched=True), Look("done", logged=2, untouched=True)),
        (Look("done", logged=2, untouched=False), Look("done", logged=2, untouched=False)),
        (Look("done", logged=2, untouched=False), Look("done", logged=2)),
        (Look("done", logged=2), Look("done", logged=2, untouched=True)),
        (Look("done"), Look("done")),
        (Look("done"), Look("done", logged=2)),
    ],
)
def test_a_log_that_shows_no_change_is_not_yet_the_end(before: Look, after: Look) -> None:
    assert FollowUp(before, 2).take(0.2, after) == "go-on"


@pytest.mark.parametrize(
    "before",
    [
        Look("never"), Look("idle", logged=2), Look("failed", logged=2), Look("done", logged=4),
        Look("done", logged=2, untouched=False),
    ],
)  # fmt: skip
def test_a_quick_one_that_changed_the_log_has_ended(before: Look) -> None:
    assert FollowUp(before, 2).take(0.2, Look("done", logged=2, untouched=True)) == "ended"


def test_one_that_fails_has_ended() -> None:
    assert followed(FollowUp(OLD, 20), [(1.0, Look("running", 10)), (2.0, Look("failed", 10))]) == ("failed", 2.0)
    assert followed(FollowUp(OLD, 20), [(1.0, Look("failed"))]) == ("failed", 1.0)


def test_a_disk_that_ran_and_is_at_rest_has_ended_and_how_it_does_not_say() -> None:
    assert followed(FollowUp(OLD, 20), [(1.0, Look("running")), (2.0, Look("idle"))]) == ("idle", 2.0)


def test_never_sanitised_after_the_order_is_no_end_for_a_while_and_then_it_is_told_so() -> None:
    follow = FollowUp(Look("never"), 20)
    assert follow.take(1.0, Look("never")) == "go-on"
    assert follow.take(GRACE + 1, Look("never")) == "ended"
    assert follow.state == "never"


@pytest.mark.parametrize("announced", [0, 20, 600, 7200])
def test_one_that_stands_still_is_given_up_after_what_it_announced_and_a_margin(announced: int) -> None:
    """As an Intel 660p does, at 655 of 65535 (nvme-cli #752)."""
    follow = FollowUp(OLD, announced)
    patience = announced + MARGIN
    assert follow.take(1.0, Look("running", 9)) == "go-on"
    assert follow.take(patience, Look("running", 9)) == "go-on"
    assert follow.take(patience + max(announced, MARGIN) + 2, Look("running", 9)) == "ended"
    assert follow.state == "running"


@pytest.mark.parametrize("announced", [LONGEST, LONGEST + 1, 2**32 - 1])
def test_one_that_stands_still_is_not_waited_for_without_end_whatever_it_announced(announced: int) -> None:
    follow = FollowUp(OLD, announced)
    assert follow.take(1.0, Look("running", 9)) == "go-on"
    assert follow.left(1.0) == LONGEST + MARGIN - 1.0
    assert follow.take(LONGEST + MARGIN, Look("running", 9)) == "go-on"
    assert follow.take(LONGEST + MARGIN + 1.0, Look("running", 9)) == "ended"
    assert follow.state == "running"


def test_one_that_takes_longer_than_anything_may_be_announced_is_waited_for_while_it_moves() -> None:
    follow = FollowUp(OLD, 2**32 - 1)
    assert followed(follow, [(LONGEST / 2 * step, Look("running", step)) for step in range(1, 1000)]) == ("", 0.0)


def test_how_long_it_stands_still_is_counted_from_when_it_moved() -> None:
    follow = FollowUp(OLD, 600)
    for at, permille in ((10.0, None), (100.0, 1), (300.0, 2)):
        assert follow.take(at, Look("running", permille)) == "go-on"
        assert follow.still(at) == 0.0, "it moved"
    assert follow.take(340.0, Look("running", 2)) == "go-on"
    assert follow.still(341.0) == 41.0
    assert follow.left(341.0) == 559.0
    assert follow.take(900.0, Look("running", 2)) == "go-on", "that is as long as it announced"
    assert follow.left(900.0) == 0.0
    assert follow.take(900.5, Look("running", 2)) == "ended"


def test_one_that_announced_nothing_and_tells_no_progress_has_half_an_hour_and_more() -> None:
    follow = FollowUp(OLD, None)
    assert follow.take(1.0, Look("running")) == "go-on"
    assert follow.left(1.0) == UNTOLD + MARGIN - 1.0
    assert follow.take(UNTOLD + MARGIN, Look("running")) == "go-on"
    assert follow.take(UNTOLD + MARGIN + 2, Look("running")) == "ended"


def test_one_that_moves_on_is_waited_for_however_long_it_takes() -> None:
    follow = FollowUp(OLD, 10)
    assert followed(follow, [(100.0 * step, Look("running", step)) for step in range(1, 1000)]) == ("", 0.0)
    assert len(follow.states) == SEEN
    assert follow.states[-1].permille == 999, "the newest is always among those that are kept"


def test_one_that_goes_back_and_forth_does_not_move_on() -> None:
    follow = FollowUp(OLD, 0)
    looks = [(1.0 + step, Look("running", 500 + step % 2)) for step in range(1000)]
    state, at = followed(follow, looks)
    assert state == "running"
    assert at < 2 * MARGIN + 5


def test_one_that_falls_silent_tells_nothing() -> None:
    follow = FollowUp(OLD, 3600)
    assert follow.take(1.0, Look("running", 10)) == "go-on"
    assert follow.take(SILENCE, Look()) == "go-on"
    assert follow.take(SILENCE + 1.0, Look()) == "go-on"
    assert follow.take(SILENCE + 1.5, Look()) == "ended"
    assert follow.state == "not-told"
    assert [(seen.at, seen.state) for seen in follow.states] == [(1.0, "running"), (SILENCE, "not-told")]
    assert FollowUp(OLD, 3600).state == "not-told", "nobody has looked yet"


def test_the_share_is_the_drives_own_or_else_by_its_time() -> None:
    follow = FollowUp(OLD, 100)
    assert follow.share(50.0) == 0.5
    assert follow.share(1000.0) == 0.95
    follow.take(60.0, Look("running", 250))
    assert follow.share(60.0) == 0.25
    assert FollowUp(OLD, None).share(50.0) == 0.0
    untold = FollowUp(OLD, 100)
    untold.take(60.0, Look("running"))
    assert untold.share(70.0) == 0.7


def test_a_long_one_is_looked_at_less_often() -> None:
    assert [FollowUp(OLD, None).pause(at) for at in (0.0, 100.0, 1000.0)] == [0.2, 5.0, 10.0]


LOOKS = st.builds(
    Look,
    state=st.sampled_from(["never", "idle", "running", "done", "failed", "not-told"]),
    permille=st.one_of(st.none(), st.integers(0, 1000)),
    logged=st.sampled_from([None, 2, 4]),
)


@given(st.lists(LOOKS, min_size=1), st.one_of(st.none(), st.integers(0, 2**32 - 1)))
def test_whatever_a_drive_says_the_newest_is_told_and_the_pause_is_short(
    looks: list[Look], announced: int | None
) -> None:
    follow = FollowUp(OLD, announced)
    for number, look in enumerate(looks):
        step = follow.take(float(number), look)
        assert 0.1 < follow.pause(float(number)) <= 10.0
        assert len(follow.states) <= SEEN
        if step == "ended":
            assert follow.state in (look.state, "not-told")
            return
