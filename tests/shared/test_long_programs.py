"""Real programs that run long, hang, talk without end or leave children: they are followed, and none is left."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netboot.shared.long_programs import (
    KEPT,
    LONGEST,
    Answer,
    Done,
    Failed,
    NotTold,
    ProgramStoppedError,
    Working,
    follow,
    poll,
)
from netboot.shared.process import Completed, ProgramError

LONG = 60.0
"""Seconds that no test may take."""


def ignore(_: object) -> None:
    """For a test that looks at the end only."""


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid: int) -> bool:
    """Whether a process has ended; one that was just killed is waited for a moment."""
    until = time.monotonic() + 5
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def test_each_line_is_told_when_it_comes() -> None:
    told: list[tuple[str, float]] = []
    done = follow(
        ["sh", "-c", "echo one; sleep 0.5; echo two >&2; sleep 0.5; printf three"],
        lambda line: told.append((line, time.monotonic())),
        timeout=LONG,
    )
    assert [line for line, _ in told] == ["one", "two", "three"]
    assert told[1][1] - told[0][1] > 0.3
    assert told[2][1] - told[1][1] > 0.3
    assert (done.status, done.stdout, done.stderr) == (0, "one\nthree", "two")


def test_a_tool_that_writes_its_progress_over_itself_is_followed(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(1 << 20))
    told: list[str] = []
    follow(["badblocks", "-s", "-w", "-t", "0", str(disk)], told.append, timeout=LONG)
    assert any("% done" in line for line in told)
    assert all("\b" not in line for line in told)


def test_a_bad_end_is_an_error_with_the_last_words() -> None:
    with pytest.raises(ProgramError, match="sh ended with status 3") as raised:
        follow(["sh", "-c", "echo no such disk >&2; exit 3"], ignore, timeout=LONG)
    assert "no such disk" in raised.value.hint
    assert raised.value.completed is not None
    assert raised.value.completed.status == 3


def test_whoever_wants_any_status_is_given_it_and_a_signal_is_no_good_end() -> None:
    assert follow(["sh", "-c", "exit 3"], ignore, timeout=LONG, expect=None).status == 3
    assert follow(["sh", "-c", "kill -KILL $$"], ignore, timeout=LONG, expect=None).status == -signal.SIGKILL
    with pytest.raises(ProgramError, match="status -9"):
        follow(["sh", "-c", "kill -KILL $$"], ignore, timeout=LONG)


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(ProgramError, match="'no-such-tool' is not on this machine"):
        follow(["no-such-tool"], ignore, timeout=LONG)
    with pytest.raises(ProgramError, match="'no-such-tool' is not on this machine"):
        poll(["no-such-tool"], lambda _: Done(), ignore, every=1, timeout=LONG)


def test_a_time_out_ends_a_program_and_tells_its_last_words() -> None:
    told: list[str] = []
    with within(15), pytest.raises(ProgramError, match="sh did not end within 1 s") as raised:
        follow(["sh", "-c", "echo $$; exec sleep 600"], told.append, timeout=1)
    assert gone(int(told[0]))
    assert told[0] in raised.value.hint
    assert "could not be ended" not in raised.value.message


def test_a_program_that_ignores_being_asked_to_end_is_killed() -> None:
    told: list[str] = []
    with within(15), pytest.raises(ProgramError, match="did not end"):
        follow(["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.1; done"], told.append, timeout=2)
    assert gone(int(told[0]))


def test_a_program_may_end_itself_when_it_is_asked_to(tmp_path: Path) -> None:
    script = f"trap 'echo tidy > {tmp_path}/said; exit' TERM; while :; do sleep 0.1; done"
    with within(15), pytest.raises(ProgramError, match="did not end"):
        follow(["sh", "-c", script], ignore, timeout=2)
    assert (tmp_path / "said").read_text() == "tidy\n"


@pytest.mark.parametrize(("grace", "tidied"), [(0.2, False), (30.0, True)])
def test_it_has_as_long_to_tidy_up_as_it_is_given(tmp_path: Path, grace: float, tidied: bool) -> None:
    script = f"trap 'sleep 2; echo tidy > {tmp_path}/said; exit' TERM; echo $$; while :; do sleep 0.1; done"
    told: list[str] = []
    with within(15), pytest.raises(ProgramError, match="did not end"):
        follow(["sh", "-c", script], told.append, timeout=1, grace=grace)
    assert gone(int(told[0]))
    assert (tmp_path / "said").exists() == tidied


def test_output_without_end_is_bounded_and_the_time_out_holds() -> None:
    longest, count = 0, 0

    def tell(line: str) -> None:
        nonlocal longest, count
        longest, count = max(longest, len(line)), count + 1

    with within(15), pytest.raises(ProgramError, match="did not end"):
        follow(["yes", "x" * 50], tell, timeout=1)
    assert count > 1000
    assert longest == 50


def test_a_line_without_end_is_cut() -> None:
    told: list[str] = []
    with within(15), pytest.raises(ProgramError, match="did not end"):
        follow(["sh", "-c", "exec tr '\\0' x < /dev/zero"], told.append, timeout=1)
    assert told == ["x" * LONGEST]


def test_only_the_last_lines_are_kept() -> None:
    done = follow(["seq", "400000"], ignore, timeout=LONG)
    assert len(done.stdout) <= KEPT
    assert done.stdout.endswith("\n399999\n400000")


def test_what_a_program_said_just_before_its_end_is_all_told() -> None:
    told: list[str] = []
    follow(["seq", "9000"], told.append, timeout=LONG)
    assert told == [str(number) for number in range(1, 9001)]


def test_a_child_that_keeps_the_pipe_open_neither_holds_up_the_end_nor_lives_on() -> None:
    told: list[str] = []
    with within(15):
        done = follow(["sh", "-c", "sleep 600 & echo $!; echo end"], told.append, timeout=LONG)
    assert done.stdout.splitlines()[-1] == "end"
    assert gone(int(told[0]))


def test_a_child_that_left_the_group_and_talks_on_does_not_hold_up_the_end() -> None:
    told: list[str] = []
    try:
        with within(15):
            follow(["sh", "-c", "setsid sh -c 'echo $$; exec yes' & sleep 2"], told.append, timeout=LONG)
    finally:
        os.kill(int(told[0]), signal.SIGKILL)
    assert gone(int(told[0]))


def test_a_program_that_closed_its_output_is_still_waited_for() -> None:
    began = time.monotonic()
    with pytest.raises(ProgramError, match="status 4"):
        follow(["sh", "-c", "exec >&- 2>&-; sleep 0.7; exit 4"], ignore, timeout=LONG)
    assert time.monotonic() - began > 0.6


def test_it_can_ask_nobody_for_it_has_no_input_and_a_session_without_a_terminal() -> None:
    script = "read answer || echo nothing; echo $$; cut -d ' ' -f 6 /proc/$$/stat"
    said, pid, session = follow(["sh", "-c", script], ignore, timeout=LONG).stdout.splitlines()
    assert said == "nothing"
    assert session == pid


def test_whoever_sets_stop_ends_it() -> None:
    stop, told = threading.Event(), list[str]()

    def tell(line: str) -> None:
        told.append(line)
        stop.set()

    with within(15), pytest.raises(ProgramStoppedError, match="was stopped after"):
        follow(["sh", "-c", "echo $$; exec sleep 600"], tell, timeout=LONG, stop=stop)
    assert gone(int(told[0]))


def test_what_is_to_be_stopped_is_not_started(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(ProgramStoppedError, match="was not started"):
        follow(["touch", str(tmp_path / "done")], ignore, timeout=LONG, stop=stop)
    assert not (tmp_path / "done").exists()


def test_a_listener_that_fails_leaves_no_program_behind() -> None:
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        raise ValueError(line)

    with within(15), pytest.raises(ValueError, match=r"\d"):
        follow(["sh", "-c", "echo $$; exec sleep 600"], tell, timeout=LONG)
    assert gone(int(told[0]))


def test_no_descriptor_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        follow(["true"], ignore, timeout=LONG)
        with pytest.raises(ProgramError):
            follow(["sleep", "600"], ignore, timeout=0.1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_end_that_somebody_else_took_note_of_is_no_good_end() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel forgets how children end
    try:
        with within(15), pytest.raises(ProgramError, match="how sh ended is not known"):
            follow(["sh", "-c", "exit 1"], ignore, timeout=LONG)
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_program_is_killed_with_us() -> None:
    script = (
        "from netboot.shared.long_programs import follow\n"
        "follow(['sh', '-c', 'echo $$; exec sleep 600'], lambda line: print(line, flush=True), timeout=600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as ours:
        assert ours.stdout is not None
        pid = int(ours.stdout.readline())
        assert alive(pid)
        ours.kill()
    assert gone(pid)


async def test_a_stage_that_is_cancelled_ends_its_program() -> None:
    loop, stop = asyncio.get_running_loop(), threading.Event()
    told: asyncio.Queue[str] = asyncio.Queue()

    def tell(line: str) -> None:
        loop.call_soon_threadsafe(told.put_nowait, line)

    def work() -> None:
        with pytest.raises(ProgramStoppedError):
            follow(["sh", "-c", "echo $$; exec sleep 600"], tell, timeout=LONG, stop=stop)

    async def stage() -> None:
        try:
            await asyncio.to_thread(work)
        finally:
            stop.set()

    running = asyncio.create_task(stage())
    pid = int(await told.get())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.to_thread(gone, pid)


def counted(done: Completed) -> Answer:
    """Reads the status command of the tests below: a number of percent, an end, or anything."""
    match done.status, done.stdout:
        case 0, "end":
            return Done()
        case 0, text if text.isdigit():
            return Working(float(text))
        case 1, text:
            return Failed(text)
        case _:
            return NotTold(f"status {done.status}: {done.stdout}")


def answers(folder: Path, *lines: str) -> list[str]:
    """A status command that gives each of these answers, a shell command each, once, and the last one for ever."""
    cases = "".join(f"{number}) {line};; " for number, line in enumerate(lines[:-1], 1))
    count = folder / "count"
    count.touch()
    return ["sh", "-c", f"echo >> {count}; case $(wc -l < {count}) in {cases}*) {lines[-1]};; esac"]


def test_a_status_is_asked_again_until_it_says_done(tmp_path: Path) -> None:
    told: list[Working] = []
    command = answers(tmp_path, "echo 10", "echo 60", "echo end")
    done = poll(command, counted, told.append, every=0.05, timeout=LONG)
    assert (done.stdout, told) == ("end", [Working(10), Working(60)])


def test_a_failure_that_is_reported_is_an_error(tmp_path: Path) -> None:
    command = answers(tmp_path, "echo 10", "echo sanitize failed; exit 1")
    with pytest.raises(ProgramError, match="reports a failure: sanitize failed") as raised:
        poll(command, counted, ignore, every=0.05, timeout=LONG)
    assert raised.value.completed is not None


def test_an_empty_answer_is_never_done_and_some_in_a_row_end_the_asking(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="told nothing 3 times in a row"):
        poll(answers(tmp_path, "true"), counted, ignore, every=0.05, timeout=LONG)
    assert len((tmp_path / "count").read_text()) == 3


def test_a_status_command_that_fails_now_and_then_is_asked_again(tmp_path: Path) -> None:
    command = answers(tmp_path, "exit 7", "exit 7", "echo 50", "exit 7", "kill -KILL $$", "echo end")
    assert poll(command, counted, ignore, every=0.05, timeout=LONG).stdout == "end"


def test_a_status_command_that_hangs_is_ended_and_asked_again(tmp_path: Path) -> None:
    command = answers(tmp_path, "exec sleep 600", "echo end")
    with within(20):
        assert poll(command, counted, ignore, every=0.05, timeout=LONG, asking=2).stdout == "end"


def test_a_status_that_never_says_done_ends_at_the_time_out(tmp_path: Path) -> None:
    with within(20), pytest.raises(ProgramError, match="reported no end within 1 s"):
        poll(answers(tmp_path, "echo 10"), counted, ignore, every=0.1, timeout=1)


def test_a_long_answer_on_one_line_is_judged_whole() -> None:
    seen: list[int] = []

    def judge(done: Completed) -> Answer:
        seen.append(len(done.stdout))
        return Done()

    poll(["sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x"], judge, ignore, every=1, timeout=LONG)
    assert seen == [200000]


def test_one_program_is_followed_while_another_is_asked(tmp_path: Path) -> None:
    """As an erase tool that says nothing itself: the asking ends when the tool has."""
    ended, told = threading.Event(), list[Working]()
    progress = tmp_path / "progress"
    progress.write_text("0")

    def ask() -> None:
        with contextlib.suppress(ProgramStoppedError):
            poll(["cat", str(progress)], counted, told.append, every=0.05, timeout=LONG, stop=ended)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        follow(["sh", "-c", f"sleep 0.5; printf 50 > {progress}; sleep 0.7"], ignore, timeout=LONG)
    finally:
        ended.set()
        asking.join(LONG)
    assert not asking.is_alive()
    assert told[0] == Working(0)
    assert told[-1] == Working(50)


def test_whoever_sets_stop_ends_the_asking_at_once(tmp_path: Path) -> None:
    stop = threading.Event()
    with within(15), pytest.raises(ProgramStoppedError):
        poll(answers(tmp_path, "echo 10"), counted, lambda _: stop.set(), every=600, timeout=3600, stop=stop)
