"""PCs that were given work lately are remembered for so long, and so many of them."""

from netboot.records.recent_work import RecentWork


def test_what_was_noted_counts_for_as_long_as_it_lasts() -> None:
    now = [0.0]
    recent = RecentWork(lambda: now[0], lasts=10)
    recent.note(["a", "", "b"])
    assert recent.had(["x", "a"])
    assert not recent.had(["x", ""])
    now[0] = 9
    recent.note(["a"])
    now[0] = 10
    assert [recent.had([name]) for name in "ab"] == [True, False]


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    recent = RecentWork(lambda: 0.0, lasts=10, most=2)
    recent.note("abc")
    assert [recent.had([name]) for name in "abc"] == [False, True, True]
