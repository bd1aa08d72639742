"""Runs other programs, on the server and in the agent; nothing else in netboot starts one.

So logging and time limits are in one place: `run` here, and netboot/shared/long_programs.py for programs that run for
minutes or hours and report progress.
Not for: a shell. Command lines are lists, long options where the program has them.
"""

import contextlib
import logging
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netboot.shared.errors import NetbootError

log = logging.getLogger(__name__)

Command = Sequence[str | os.PathLike[str]]

_GRACE = 2.0
"""Seconds that a killed program has to be gone."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What a finished program left: its exit status and its output, as text."""

    command: tuple[str, ...]
    status: int
    stdout: str
    stderr: str
    seconds: float


class ProgramError(NetbootError):
    """A program is missing, ran too long, or ended with a status that was not expected."""

    def __init__(self, message: str, *, hint: str = "", completed: Completed | None = None) -> None:
        super().__init__(message, hint=hint)
        self.completed = completed


def ends_with_us(command: Command) -> list[str | os.PathLike[str]]:
    """The same program, killed when this process is (PR_SET_PDEATHSIG): one that would work on for hours."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *command]


def with_all_it_starts(command: Command) -> list[str | os.PathLike[str]]:
    """The same program, and with it end all programs that it starts and all that it mounts, however it ends.

    It has a namespace of processes and one of mounts. What is unmounted outside is unmounted in there too, where mounts
    are shared, as systemd has them: a copy of another's mount would keep that file system, and its disk, in use for as
    long as this runs. Needs root.
    """
    return ["unshare", "--mount", "--propagation=slave", "--mount-proc", "--pid", "--kill-child", "--", *command]


def in_words(command: Command) -> tuple[str, ...]:
    """The command's words as text."""
    return tuple(os.fspath(word) for word in command)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a program is given: this process's environment, the C locale, and `more`."""
    return {**os.environ, "LC_ALL": "C.UTF-8", **(more or {})}


def absent(program: str) -> ProgramError:
    """There is no such program."""
    return ProgramError(
        f"the program {program!r} is not on this machine", hint="run ./run setup, which installs what is missing"
    )


def unexpected(done: Completed) -> ProgramError:
    """A program ended with a status that was not expected: with its last words."""
    tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
    return ProgramError(
        f"{done.command[0]} ended with status {done.status}",
        hint=f"tried: {' '.join(done.command)}\n{tail}",
        completed=done,
    )


def run(
    command: Command,
    *,
    expect: Sequence[int] | None = (0,),
    timeout: float = 600,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: os.PathLike[str] | str | None = None,
) -> Completed:
    """Run a program to its end and return its output.

    `expect` names the exit statuses that are not an error (None: any); `timeout` is in seconds; `env` is added
    to this process's environment. Raises ProgramError.
    """
    words = in_words(command)
    started = time.monotonic()
    log.debug("run %s", " ".join(words))
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment(env),
            cwd=cwd,
        )
    except FileNotFoundError as error:
        raise absent(words[0]) from error
    try:
        out, err = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        _give_up(process)
        raise ProgramError(
            f"{words[0]} did not end within {timeout:.0f} s", hint=f"tried: {' '.join(words)}"
        ) from error
    except BaseException:
        _give_up(process)
        raise
    done = Completed(words, process.returncode, out, err, time.monotonic() - started)
    if expect is not None and done.status not in expect:
        raise unexpected(done)
    return done


def _give_up(process: subprocess.Popen[str]) -> None:
    """Kill the program, and wait for its end no longer than `_GRACE`: one that hangs in the kernel, on a disk that does
    not answer, cannot be killed, and what comes next must not hang with it."""
    process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        log.error("process %d does not end: it hangs in the kernel", process.pid)
