"""The log stays short under a flood and says what it left out."""

import logging
from pathlib import Path

import pytest

from netboot.records.record import open_record
from netboot.serve.logs import BURST, LASTING, TRACE, Throttle, set_up_logs


class Written:
    """A throttle with a clock of its own; keeps the lines that pass."""

    def __init__(self) -> None:
        self.now = 0.0
        self.throttle = Throttle(lambda: self.now)
        self.lines: list[logging.LogRecord] = []

    def say(self, message: str, *values: object, level: int = logging.INFO, trace: bool = False) -> None:
        what = (ValueError, ValueError("no"), None) if trace else None
        record = logging.LogRecord("netboot.tftp", level, __file__, 1, message, values, what)
        if self.throttle.filter(record):
            self.lines.append(record)

    def count(self, message: str) -> int:
        return sum(line.msg == message for line in self.lines)


def test_a_thousand_lines_a_second_of_one_kind_become_a_burst_and_a_few_a_second() -> None:
    written = Written()
    for number in range(10_000):
        written.now = number / 1000
        written.say("refused %s", number)
    assert BURST <= len(written.lines) <= BURST + 10 * LASTING + 1


def test_another_kind_of_line_is_written_meanwhile() -> None:
    written = Written()
    for _ in range(10_000):
        written.say("refused %s")
    written.say("ready")
    assert written.count("ready") == 1


def test_the_first_line_after_a_gap_says_how_many_were_left_out() -> None:
    written = Written()
    for _ in range(BURST + 50):
        written.say("refused %s")
    written.now = 10.0
    for _ in range(2):
        written.say("refused %s")
    assert [getattr(line, "left_out", 0) for line in written.lines[-2:]] == [50, 0]


def test_tracebacks_are_long_and_so_there_are_fewer() -> None:
    written = Written()
    for _ in range(BURST):
        written.say("failed", trace=True)
    assert len(written.lines) == BURST // TRACE


def test_whoever_debugs_reads_every_line() -> None:
    written = Written()
    for _ in range(BURST * 2):
        written.say("packet %s", level=logging.DEBUG)
    assert len(written.lines) == BURST * 2


def test_made_up_kinds_of_lines_are_forgotten() -> None:
    written = Written()
    for number in range(5000):
        written.say(f"line {number}")
    assert len(written.throttle._kinds) <= 512


def test_a_command_that_opens_a_record_says_nothing_of_its_schema_but_the_steps_it_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    try:
        set_up_logs("info", "text")
        with open_record(tmp_path / "record.sqlite"):
            made = capsys.readouterr().err.splitlines()
        with open_record(tmp_path / "record.sqlite"):
            again = capsys.readouterr().err
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
    assert made
    assert all("Running upgrade" in line for line in made)
    assert again == ""
