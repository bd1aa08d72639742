"""What is told of one drive's erase while it is under way, to the figure. On values alone: no drive is asked."""

from collections.abc import Sequence

import pytest

from netboot.agent.erase.firmware.account import Account
from netboot.agent.erase.firmware.follow_up import FollowUp
from netboot.agent.erase.firmware.technique import Look
from netboot.agent.progress import Doing
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.inventory import Disk, DiskId, label
from netboot.shared.protocol import Stuck

SIZE = 1_000_000
DISK = Disk(name="nvme0n1", id=DiskId(serial="S1", size=SIZE), model="SSD")
NAME = label(DISK)
RUNS = Look("running", 400)


class Screen:
    """All that was told."""

    def __init__(self) -> None:
        self.progress: list[tuple[int, int, str]] = []
        self.held_up: list[tuple[Stuck, ...]] = []
        self.does: list[Doing] = []

    def show(self, done: int, total: int, part: str = "") -> None:
        self.progress.append((done, total, part))

    def stuck(self, disks: Sequence[Stuck]) -> None:
        self.held_up.append(tuple(disks))

    @property
    def account(self) -> Account:
        return Account(DISK, SIZE, self.show, self.stuck, self.does.append, FirmwareErased(tool="nvme"))


def followed(*looks: tuple[float, Look], announced: int | None = None) -> FollowUp:
    follow = FollowUp(Look("never"), announced)
    for at, look in looks:
        follow.take(at, look)
    return follow


def test_what_is_told_is_kept_by_its_name_and_all_else_stays() -> None:
    account = Screen().account
    account.tell(accepted="yes")
    account.tell(marked=7)
    assert account.said == FirmwareErased(tool="nvme", accepted="yes", marked=7)


def test_how_far_it_is_counts_to_twice_the_disk_and_never_goes_back() -> None:
    screen = Screen()
    account = screen.account
    for share in (0.02, 0.5, 0.25, 1.0):
        account.show(share, 0.0)
    assert screen.progress == [(done, 2 * SIZE, NAME) for done in (40_000, 1_000_000, 1_000_000, 2_000_000)]
    assert screen.held_up == [()] * 4
    assert account.shown == 1.0


def test_one_that_stands_still_is_named_and_a_drive_by_itself_with_the_time_that_it_is_given() -> None:
    screen = Screen()
    screen.account.show(0.0, 3.0)
    screen.account.show(0.0, 4.0, left=9.0)
    screen.account.show(0.0, 0.0, left=9.0)
    assert screen.held_up == [
        (Stuck(disk=NAME, seconds=3.0),), (Stuck(disk=NAME, seconds=4.0, what="drive", left=9.0),), (),
    ]  # fmt: skip


def test_where_a_drive_is_at_work_its_own_figure_counts_and_the_time_that_it_announced() -> None:
    screen = Screen()
    screen.account.show_follow_up(followed((100.0, RUNS), announced=1000), 100.0, RUNS)
    # Its 40 % would be done in 150 s more; it announced 900 s more, and the longer counts.
    assert screen.does == [Doing("drive", 900.0)]
    assert screen.progress == [(432_000, 2 * SIZE, NAME)]
    assert screen.held_up == [()]


def test_without_an_announced_time_only_its_figure_counts_and_only_while_it_runs() -> None:
    screen = Screen()
    screen.account.show_follow_up(followed((100.0, RUNS)), 100.0, RUNS)
    screen.account.show_follow_up(followed((100.0, RUNS)), 100.0, Look("idle", 400))
    assert screen.does == [Doing("drive", 150.0), Doing("drive")]


@pytest.mark.parametrize(
    ("announced", "at", "stuck"),
    [(None, 20.0, False), (None, 20.5, True), (0, 20.5, True), (60, 60.0, False), (60, 60.5, True), (1, 20.5, True)],
)
def test_a_drive_is_told_as_stuck_beyond_a_while_and_beyond_what_it_announced(
    announced: int | None, at: float, stuck: bool
) -> None:
    screen, follow = Screen(), followed((0.0, RUNS), announced=announced)
    screen.account.show_follow_up(follow, at, RUNS)
    told = (Stuck(disk=NAME, seconds=at, what="drive", left=follow.left(at)),)
    assert screen.held_up == [told if stuck else ()]


def test_a_drive_without_a_figure_is_as_far_as_its_time_is_over() -> None:
    screen, look = Screen(), Look("running")
    screen.account.show_follow_up(followed((0.0, look), announced=100), 50.0, look)
    assert screen.progress == [(int((0.02 + 0.5 * 0.49) * 2 * SIZE), 2 * SIZE, NAME)]


def test_one_that_has_not_begun_does_not_stand_still() -> None:
    screen = Screen()
    screen.account.show_follow_up(followed((100.0, Look("never"))), 100.0, Look("never"))
    assert screen.held_up == [()]


def test_one_that_is_to_be_given_up_at_once_is_given_no_less_than_nothing() -> None:
    screen, follow = Screen(), followed((0.0, RUNS), announced=10)
    assert follow.left(500.0) < 0
    screen.account.show_follow_up(follow, 500.0, RUNS)
    assert screen.held_up == [(Stuck(disk=NAME, seconds=500.0, what="drive", left=0.0),)]
