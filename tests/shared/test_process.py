"""Running other programs: their output comes back, and nobody waits longer than the time limit."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netboot.shared.process import ProgramError, run, with_all_it_starts


@pytest.fixture
def frozen(tmp_path: Path) -> Iterator[Path]:
    """A folder of a frozen file system: whoever writes there sleeps in the kernel, and no signal wakes them."""
    image, folder = tmp_path / "disk", tmp_path / "mounted"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    run(["mkfs.ext4", "-q", image])
    run(["mount", "-o", "loop", image, folder])
    try:
        run(["fsfreeze", "--freeze", folder])
        yield folder
        run(["fsfreeze", "--unfreeze", folder])
    finally:
        _unmount(folder)


def _unmount(folder: Path) -> None:
    """What slept there wakes at the thaw and only then dies of its signal: the kernel lets go a moment later."""
    until = time.monotonic() + 20
    while run(["umount", folder], expect=None).status:
        assert time.monotonic() < until, f"{folder} stays busy"
        time.sleep(0.1)


@pytest.mark.root
def test_a_program_that_no_signal_ends_keeps_nobody_waiting(frozen: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ProgramError, match="touch did not end within 1 s"):
        run(["touch", frozen / "file"], timeout=1)
    assert time.monotonic() - started < 30


def test_a_pipe_that_a_child_s_child_holds_keeps_nobody_waiting() -> None:
    started = time.monotonic()
    with pytest.raises(ProgramError, match="sh did not end within 1 s"):
        run(["sh", "-c", "sleep 60 & echo $$"], timeout=1)
    assert time.monotonic() - started < 30


def test_a_program_gets_its_input_and_its_output_comes_back() -> None:
    done = run(["sh", "-c", "cat; echo more >&2; exit 3"], stdin="words\n", expect=(3,))
    assert (done.status, done.stdout, done.stderr) == (3, "words\n", "more\n")


def test_a_program_that_takes_no_input_may_leave_it() -> None:
    assert run(["true"], stdin="x" * (1 << 20)).status == 0


def test_what_a_program_that_failed_said_stands_in_the_error() -> None:
    with pytest.raises(ProgramError, match="sh ended with status 4") as raised:
        run(["sh", "-c", "echo why >&2; exit 4"])
    assert "why" in raised.value.hint


def test_a_program_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(ProgramError, match="not on this machine") as raised:
        run(["no-such-program-anywhere"])
    assert "./run setup" in raised.value.hint


def test_a_program_that_a_signal_ended_says_so() -> None:
    assert run(["sh", "-c", "kill -TERM $$"], expect=None).status == -signal.SIGTERM


BESIDE = """
set -e
mount --make-rshared /
mkdir here; mount -t tmpfs there here
"$@" timeout 20 sh -c 'while grep -q " - tmpfs there " /proc/self/mountinfo; do sleep 0.1; done; echo gone' > told &
until [ -e told ]; do sleep 0.1; done
sleep 0.5
umount here
wait
cat told
"""


@pytest.mark.root
def test_what_is_unmounted_beside_a_program_with_a_namespace_of_its_own_is_unmounted_there_too(tmp_path: Path) -> None:
    beside = ["unshare", "--mount", "sh", "-c", BESIDE, "sh", *with_all_it_starts([])]
    assert run(beside, cwd=tmp_path, timeout=30).stdout == "gone\n"
