"""What the process that makes a master tells: its lines, and those of people as steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.masters.install_progress import InstallProgress
from netboot.masters.steps import Steps
from netboot.masters.work_lines import Made, Progress, Refused, progress, read_line


@pytest.mark.parametrize(
    ("line", "step", "percent"),
    [
        ("ecole: looking up packages", "looking-up", None),
        ("another build is at work; waiting for it", "waiting", None),
        ("ecole: nothing has changed since it was built; copying it", "copying", None),
        ("ecole: 312 packages to install", "downloading", None),
        ("ecole: installing Debian trixie (some minutes)", "downloading", None),
        ("ecole: making the disk", "making-disk", None),
        ("ecole: copying it to the store", "copying", None),
        ("unpacking school.img.xz (xz)", "unpacking", None),
        ("3 GiB of school.img.xz so far", "unpacking", None),
        ("partition 2 (ext4): checking", "checking", None),
        ("making it smaller: copying 1.2 GB", "shrinking", None),
        ("restoring partition 2", "restoring", None),
        ("partition 2 (ext4): taken as a whole, because", None, None),
        ("", None, None),
    ],
)
def test_each_line_says_which_step_it_is(line: str, step: str | None, percent: int | None) -> None:
    assert progress(line) == Progress(line, step, percent)  # type: ignore[arg-type]  # a step, by its name


def test_what_counts_its_way_is_told_in_hundredths() -> None:
    lines: list[str] = []
    steps = Steps("packing", 1000, lines.append)
    steps.reach(300)
    assert (progress(lines[-1]).step, progress(lines[-1]).percent) == ("packing", 30)
    install = InstallProgress(2)
    for line, step in (
        ("Get:1 http://deb.debian.org/debian trixie/main amd64 zstd amd64 1.5 [700 kB]", "downloading"),
        ("Unpacking zstd (1.5) ...", "installing"),
        ("Setting up zstd (1.5) ...", "setting-up"),
    ):
        told = progress(f"ecole: {install.feed(line)}")
        assert (told.step, told.percent) == (step, 50)


def test_the_end_is_read_and_another_programs_output_is_none_of_it() -> None:
    assert read_line('{"type":"refused","message":"no room","hint":"free some"}') == Refused("no room", "free some")
    made = '{"type":"made","digest":"d","name":"n","version":"1","licence":"MIT"}'
    assert read_line(made) == Made(digest="d", name="n", version="1", licence="MIT")
    for text in ("", "W: a warning of apt", "{}", '{"type":"made"}', "[1]"):
        assert read_line(text) is None


@given(st.text(max_size=4000))
def test_any_line_is_told_and_is_not_taken_for_an_end(text: str) -> None:
    told = progress(text)
    assert len(told.line) <= 2000
    assert told.percent is None or 0 <= told.percent <= 100
    assert not isinstance(read_line(text), Made)
