"""Several disks on the PC's screen: each with its own progress, the time that the slowest takes, failures at once."""

from msgspec.structs import replace

from netboot.agent.screen import view as screen_view
from netboot.agent.screen.draw import render, spoken
from netboot.agent.screen.view import ScreenView
from netboot.shared.disk_progress import DiskProgress
from netboot.shared.language import Language
from tests.agent.screen_views import HALF, PLAN, text_of

SSD = DiskProgress(disk="Samsung SSD 870 EVO 500GB S5Y1NJ0R123456 500.1 GB", step="drive", permille=300, left=600.0,
                   more=True)  # fmt: skip
HDD = DiskProgress(disk="WDC WD10EZEX-08WN4A0 WD-WCC6Y1234567 1.0 TB", step="writing", permille=125, left=7200.0)
BAD = DiskProgress(disk="TOSHIBA MQ01ABD050 X1234567T 500.1 GB", step="failed", permille=1000)
QUEUED = DiskProgress(disk="QUEUED 16.0 GB")


def at_work(language: Language, *disks: DiskProgress) -> ScreenView:
    view = screen_view.started(screen_view.planned(screen_view.first_view(language), PLAN), "erase")
    return screen_view.progressed(view, replace(HALF, disks=disks))


def test_each_disk_has_a_line_with_its_serial_and_size_and_the_failed_one_is_the_first() -> None:
    text = text_of(at_work("fr", QUEUED, SSD, HDD, BAD))
    lines = [line.strip() for line in text.splitlines() if "SN" in line or "Go" in line or "To" in line]
    assert [line.split("  ")[0] for line in lines] == [
        "échec",
        "30 %, reste au moins 10 min, s'efface lui-même",
        "12 %, reste 2 h 00 min, écriture",
        "attend son tour",
    ]
    for end in ("X1234567T 500,1 Go", "S5Y1NJ0R123456 500,1 Go", "WD-WCC6Y1234567 1,0 To", "QUEUED 16,0 Go"):
        assert any(line.endswith(end) for line in lines)


def test_the_stage_takes_as_long_as_its_slowest_disk_whatever_the_sum_says() -> None:
    assert "50 %, 100 Mo/s, reste 2 h 00 min" in text_of(at_work("fr", HDD, BAD))
    assert "50%, 100 MB/s, at least 2 h 00 min left" in text_of(at_work("en", SSD, HDD))
    assert "at least" not in text_of(at_work("en", replace(SSD, left=59.0)))
    assert "at least 1 min left" in text_of(at_work("en", replace(SSD, left=60.0)))
    late = replace(SSD, left=None, late=True)
    text = text_of(at_work("en", late))
    assert "left" not in text
    assert "30%, erases itself, longer than announced  " in text


def test_more_than_eight_are_counted() -> None:
    many = [replace(HDD, disk=f"D{number} 1.0 TB") for number in range(11)]
    text = text_of(at_work("en", *many))
    assert "and 3 more disks" in text
    assert text.count("writing") == 8


def test_a_narrow_screen_keeps_within_its_width() -> None:
    assert all(len(line) <= 30 for line in render(at_work("fr", SSD, HDD, BAD, QUEUED), 30, 25))


def test_a_serial_line_says_what_a_disk_is_at_when_that_changes() -> None:
    before = at_work("en", SSD, HDD)
    assert spoken(before, at_work("en", replace(SSD, permille=310), HDD)) == []
    after = at_work("en", replace(SSD, step="failed"), replace(HDD, step="reading", permille=500, left=60.0))
    assert spoken(before, after) == [
        f"{SSD.disk}: failed",
        f"{HDD.disk}: 50%, 1 min left, reading back",
    ]


def test_when_the_stage_is_over_the_lines_are_gone() -> None:
    view = screen_view.finished(at_work("en", SSD), "erase", None, None)
    assert view.at_work == ()
    assert "erases itself" not in text_of(view)
