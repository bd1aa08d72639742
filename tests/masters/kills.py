"""Processes that are killed (SIGKILL) at moments spread over all that they do."""

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress


def begun(command: list[str]) -> subprocess.Popen[bytes]:
    """Started, and past Python's own start: it has said what it does first."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def seconds_of(process: subprocess.Popen[bytes]) -> float:
    start = time.monotonic()
    out, _ = process.communicate()
    assert process.returncode == 0, out.decode()
    return time.monotonic() - start


def killed(process: subprocess.Popen[bytes], after: float) -> float | None:
    """How long it took when it came to its end before; None for one that was killed."""
    start = time.monotonic()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=after)
    lived = time.monotonic() - start
    process.send_signal(signal.SIGKILL)
    out, _ = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), out.decode()
    return lived if process.returncode == 0 else None


def moments(kills: int, seed: int) -> Iterator[float]:
    """Shares of the whole, one in each of as many equal parts, in no order."""
    source = random.Random(seed)
    return iter(source.sample([(number + source.random()) / kills for number in range(kills)], kills))


class Kills:
    """Moments spread over something that took `whole` seconds when it was timed.

    How fast the machine is changes meanwhile: where a kill comes too late, the time that it took is the whole from then
    on, and as long as none was a hit, moments are drawn once more, as many at the most.
    """

    def __init__(self, number: int, seed: int, whole: float) -> None:
        self.hits = self.done = 0
        self._number = number
        self._seed = seed
        self._whole = whole

    def __iter__(self) -> Iterator[float]:
        for seed in (self._seed, -self._seed):
            for share in moments(self._number, seed):
                if not self.hits or self.done < self._number:
                    yield share

    def kill(self, process: subprocess.Popen[bytes], share: float) -> None:
        self.done += 1
        lived = killed(process, share * self._whole)
        if lived is not None:
            self._whole = max(lived, self._whole / 2)
        elif self.done > self._number:
            self._whole *= 1.25
