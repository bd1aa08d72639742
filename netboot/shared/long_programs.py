"""Programs that run for minutes or hours, such as erase and self-test tools: `follow` one's output, `poll` another.

The counterpart of netboot/shared/process.py. Both block: call them in a worker thread, and pass what they report to an
event loop by `call_soon_threadsafe`. To end them early, set their `stop`.

However it ends, the program's process group is killed; when this process dies, the program is (its own children are
not). A program that leaves its group by setsid(2) is not followed there. No signal ends a program that hangs in the
kernel, say on a device that does not answer: it is left after some seconds, and the error says so.
Not for: programs that end within seconds (`run`), or deciding what an answer means.
"""

import contextlib
import logging
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import IO, Final, Literal

from netboot.shared.output_lines import LineSplitter, Tail
from netboot.shared.process import (
    Command,
    Completed,
    ProgramError,
    absent,
    ends_with_us,
    environment,
    in_words,
    unexpected,
)

log = logging.getLogger(__name__)

LONGEST: Final = 4096
"""Bytes of one line that are told; the rest of it is left out."""
KEPT: Final = 1 << 20
"""Characters of the last lines that are kept of each stream."""
_GRACE: Final = 5.0
"""Seconds that a program has to end itself after SIGTERM, and to be gone after SIGKILL."""
_TICK: Final = 0.1
"""Seconds between two looks at the clock, at `stop` and at the program."""
_READ: Final = 1 << 16
_AT_THE_END: Final = 16
"""Reads of what a stream still holds when the program has ended: more than a pipe can."""


class ProgramStoppedError(ProgramError):
    """A program was ended because whoever started it asked for that."""


@dataclass(frozen=True, slots=True)
class Working:
    """It goes on; `percent` of it is done, None when that is not told."""

    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """It has come to its good end."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It has ended badly."""

    why: str


@dataclass(frozen=True, slots=True)
class NotTold:
    """What was answered says neither: never taken for an end."""

    why: str


Answer = Working | Done | Failed | NotTold
Judge = Callable[[Completed], Answer]
"""Reads what a status command answered. Pure; it is given every exit status."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """One of a program's two outputs."""

    file: IO[bytes]
    lines: LineSplitter
    tail: Tail
    tell: Callable[[str], None]

    def read(self) -> bool:
        """Read once, without waiting, and tell the lines; False when there is nothing more."""
        try:
            data = os.read(self.file.fileno(), _READ)
        except BlockingIOError:
            return False
        self._tell(self.lines.feed(data))
        return bool(data)

    def finish(self) -> None:
        """Read what is still there and tell the last line."""
        for _ in range(_AT_THE_END):
            if not self.read():
                break
        self._tell(self.lines.end())

    def _tell(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.tail.add(line)
            self.tell(line)


def follow(
    command: Command,
    tell: Callable[[str], None],
    *,
    timeout: float,
    stop: Event | None = None,
    expect: Sequence[int] | None = (0,),
    longest: int = LONGEST,
    env: Mapping[str, str] | None = None,
    grace: float = _GRACE,
) -> Completed:
    """Run a program to its end; `tell` is called in this thread with each line of both its outputs as it comes.

    `timeout` is in seconds; `stop` ends it early; `expect` names the exit statuses that are not an error (None: any);
    `longest` is in bytes; `env` is added to this process's environment; `grace` is how many seconds it has to end
    itself, once it is told to. What is returned holds the last lines only,
    KEPT characters of each output. Raises ProgramError, ProgramStoppedError once `stop` is set, and whatever `tell`
    raises: the program is ended then too.
    """
    words = _installed_command(command)
    stop = stop or Event()
    if stop.is_set():
        raise ProgramStoppedError(f"{words[0]} was not started: it was to be stopped", hint=f"not run: {words}")
    log.debug("follow %s", " ".join(words))
    started = time.monotonic()
    process = subprocess.Popen(
        ends_with_us(words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(env),
        start_new_session=True,
    )
    files = [file for file in (process.stdout, process.stderr) if file is not None]
    streams = [_Stream(file, LineSplitter(longest), Tail(KEPT), tell) for file in files]
    try:
        try:
            ended = _watch(process.pid, streams, started + timeout, stop)
        finally:
            gone = _end(process, grace)
        for stream in streams:
            stream.finish()
    finally:
        for file in files:
            file.close()
    stdout, stderr = (stream.tail.text() for stream in streams)
    seconds = time.monotonic() - started
    if isinstance(ended, int):
        done = Completed(words, ended, stdout, stderr, seconds)
        if expect is not None and ended not in expect:
            raise unexpected(done)
        return done
    left = "" if gone else ", and could not be ended: it hangs in the kernel"
    hint = "\n".join([f"tried: {' '.join(words)}", *(stderr or stdout).splitlines()[-5:]])
    match ended:
        case "stopped":
            raise ProgramStoppedError(f"{words[0]} was stopped after {seconds:.0f} s{left}", hint=hint)
        case "too long":
            raise ProgramError(f"{words[0]} did not end within {timeout:.0f} s{left}", hint=hint)
        case "lost":
            raise ProgramError(f"how {words[0]} ended is not known", hint=hint)


def poll(
    command: Command,
    judge: Judge,
    tell: Callable[[Working], None],
    *,
    every: float,
    timeout: float,
    stop: Event | None = None,
    asking: float = 60,
    patience: int = 3,
) -> Completed:
    """Run a status command every `every` seconds until `judge` says that what it asks about is done.

    All times are in seconds: `timeout` for the whole, `asking` for one answer. `tell` is called in this thread with
    each sign of work. Returns the answer that said done. Raises ProgramError when it failed, when `patience` answers
    in a row told nothing, or when it takes too long; ProgramStoppedError once `stop` is set. What is asked about is
    not ended by any of these.
    """
    words = _installed_command(command)
    stop = stop or Event()
    deadline = time.monotonic() + timeout
    silent = 0
    while True:
        done, answer = _ask(words, judge, min(asking, max(1.0, deadline - time.monotonic())), stop)
        match answer:
            case Done() if done is not None:
                return done
            case Failed(why):
                raise ProgramError(
                    f"{words[0]} reports a failure: {why}", hint=f"asked: {' '.join(words)}", completed=done
                )
            case Working():
                silent = 0
                tell(answer)
            case NotTold(why):
                silent += 1
                log.warning("%s told nothing: %s", words[0], why)
                if silent >= patience:
                    raise ProgramError(
                        f"{words[0]} told nothing {silent} times in a row: {why}",
                        hint=f"asked: {' '.join(words)}",
                        completed=done,
                    )
        left = deadline - time.monotonic()
        if left <= 0:
            raise ProgramError(f"{words[0]} reported no end within {timeout:.0f} s", hint=f"asked: {' '.join(words)}")
        if stop.wait(min(every, left)):
            raise ProgramStoppedError(f"{words[0]} is no longer asked", hint=f"asked: {' '.join(words)}")


def _ask(words: Command, judge: Judge, seconds: float, stop: Event) -> tuple[Completed | None, Answer]:
    """One answer, and what it says; no answer in time is NotTold. A line may be as long as all: JSON is often one."""
    try:
        done = follow(words, lambda _: None, timeout=seconds, stop=stop, expect=None, longest=KEPT)
    except ProgramStoppedError:
        raise
    except ProgramError as error:
        return None, NotTold(error.message)
    return done, judge(done)


def _installed_command(command: Command) -> tuple[str, ...]:
    """The command's words. Raises ProgramError when there is no such program."""
    words = in_words(command)
    for name in (words[0], ends_with_us(())[0]):
        if shutil.which(name) is None:
            raise absent(os.fspath(name))
    return words


def _watch(
    pid: int, streams: Sequence[_Stream], deadline: float, stop: Event
) -> int | Literal["stopped", "too long", "lost"]:
    """Read until the program has ended, for its exit status (a signal's number below zero), or until it has to."""
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            os.set_blocking(stream.file.fileno(), False)
            selector.register(stream.file, selectors.EVENT_READ, stream)
        while True:
            for key, _ in selector.select(_TICK):
                if not key.data.read():
                    selector.unregister(key.fileobj)
            try:
                status = _status(pid)
            except ChildProcessError:
                return "lost"
            if status is not None:
                return status
            if stop.is_set():
                return "stopped"
            if time.monotonic() > deadline:
                return "too long"


def _status(pid: int) -> int | None:
    """How our child ended, None while it runs. It stays a zombie, so that its group's number goes to nobody else.

    Raises ChildProcessError when somebody else took the answer, which subprocess would call status 0.
    """
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if ended is None:
        return None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def _end(process: subprocess.Popen[bytes], grace: float) -> bool:
    """End the program, politely first, and kill what is left of its group; whether it is gone."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        if _status(process.pid) is None:
            os.killpg(process.pid, signal.SIGTERM)
            until = time.monotonic() + grace
            while _status(process.pid) is None and time.monotonic() < until:
                time.sleep(_TICK / 2)
        os.killpg(process.pid, signal.SIGKILL)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        log.error("process %d does not end: it hangs in the kernel", process.pid)
        return False
    return True
