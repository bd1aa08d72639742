"""The rate and the time left of each of several disks, by a clock that is given."""

from netboot.agent.meter import WINDOW, Meter
from netboot.agent.progress import DiskAt, Doing
from netboot.shared.disk_progress import DISKS
from netboot.shared.protocol import StageProgress, decode_from_agent, encode


def told(meter: Meter, now: float, *disks: DiskAt) -> StageProgress:
    meter.disks(disks)
    meter(sum(disk.done for disk in disks), sum(disk.total for disk in disks))
    progress = meter.read(now)
    assert progress is not None
    assert decode_from_agent(encode(progress)) == progress
    return progress


def at(name: str, step: str, done: int, total: int = 2000, left: float | None = None, late: bool = False) -> DiskAt:
    return DiskAt(name, Doing(step, left, late), done, total)  # type: ignore[arg-type]  # a test's shorthand


def test_each_disk_has_its_own_time_left_and_the_speeds_add_up() -> None:
    meter = Meter("job", "erase")
    told(meter, 0.0, at("FAST", "writing", 0), at("SLOW", "writing", 0), at("LAST", "waiting", 0))
    now = told(meter, 2.0, at("FAST", "writing", 400), at("SLOW", "writing", 20), at("LAST", "waiting", 0))
    assert [(one.disk, one.permille, one.left, one.more) for one in now.disks] == [
        ("FAST", 200, 8.0, False),
        ("SLOW", 10, 198.0, False),
        ("LAST", 0, None, False),
    ]
    assert now.rate == 210.0


def test_a_drive_that_erases_itself_has_its_own_time_and_no_speed() -> None:
    meter = Meter("job", "erase")
    told(meter, 0.0, at("DRIVE", "drive", 0, left=60.0))
    now = told(meter, 2.0, at("DRIVE", "drive", 900, left=58.0, late=True))
    (one,) = now.disks
    assert (one.step, one.permille, one.left, one.more, one.late) == ("drive", 450, 58.0, True, True)
    assert now.rate == 0.0


def test_a_new_step_is_not_measured_by_the_one_before() -> None:
    meter = Meter("job", "erase")
    told(meter, 0.0, at("DRIVE", "drive", 0, left=60.0))
    told(meter, 1.0, at("DRIVE", "drive", 1000, left=0.0))
    assert told(meter, 1.5, at("DRIVE", "reading", 1000)).disks[0].left is None
    now = told(meter, 3.5, at("DRIVE", "reading", 1100))
    assert (now.disks[0].left, now.rate) == (18.0, 50.0)


def test_one_that_stands_still_has_no_time_left_to_tell() -> None:
    meter = Meter("job", "erase")
    told(meter, 0.0, at("HUNG", "writing", 0))
    told(meter, 1.0, at("HUNG", "writing", 500))
    now = told(meter, 1.0 + 2 * WINDOW, at("HUNG", "writing", 500))
    assert (now.disks[0].left, now.rate) == (None, 0.0)


def test_more_disks_than_a_message_holds_are_cut() -> None:
    many = [at(f"D{number}", "waiting", 0) for number in range(DISKS + 1)]
    assert len(told(Meter("job", "erase"), 0.0, *many).disks) == DISKS
