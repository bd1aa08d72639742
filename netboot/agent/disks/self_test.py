"""Has a disk run its short self-test by smartctl(8), and reads what it says of its health before and after.

The test goes on inside the disk while it answers; one that is at work already is left alone. A result counts only when
it is this test's: it was seen at work, or the disk's log of tests has changed. A test that has not ended within the
time that the disk announces for it tells nothing. All of this blocks, and ends soon once `stop` is set.
Not for: what the answers mean (`smart_report.py`), which disks (`agent/stages/smart.py`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Final

from netboot.agent.disks.smart_report import (
    COMMAND_FAILED,
    COULD_NOT_ASK,
    SelfTestState,
    SmartReport,
    read_report,
    self_test_state,
)
from netboot.shared.long_programs import KEPT, Answer, Done, Failed, NotTold, Working, follow, poll
from netboot.shared.process import Completed, ProgramError
from netboot.shared.stages.smart import SelfTest

ASKING: Final = 60.0
"""Seconds that one answer may take: a dying disk tries a sector again and again."""
EVERY: Final = 10.0
"""Seconds between two looks at the test, each of which holds it up a little."""
GRACE: Final = 30.0
"""Seconds beyond what a disk announces, for these looks."""

_NAMESPACE: Final = re.compile(r"(nvme\d+)n\d+")
_ALL: Final = ("smartctl", "--json=c", "--all")
_START: Final = ("smartctl", "--json=c", "--test=short")
_STATUS: Final = ("smartctl", "--json=c", "--capabilities", "--log=selftest")

Tell = Callable[[int], None]
"""Told how many percent of the test are done; called in the thread that waits."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the disk says after its test, how that ended, and why there is no result."""

    report: SmartReport
    self_test: SelfTest
    why: str = ""


def device_of(name: str) -> str:
    """The device that is asked for the disk of this name: an NVMe controller answers for all its namespaces."""
    namespace = _NAMESPACE.fullmatch(name)
    return f"/dev/{namespace[1] if namespace else name}"


def _words(command: tuple[str, ...], device: str) -> tuple[str, ...]:
    # All namespaces, in so many words: many drives refuse their log of self-tests to one of them (smartctl 7.4).
    kind = ("--device=nvme,0xffffffff",) if device.startswith("/dev/nvme") else ()
    return (*command, *kind, device)


def ask_and_test(device: str, tell: Tell, stop: Event, *, every: float = EVERY) -> Told:
    """Run the short self-test, where the disk has one, and ask it all that it says. Never raises ProgramError."""
    before = _ask(device, stop)
    if not before.asked:
        return Told(before, "not-told")
    state = self_test_state(before)
    if state.able is False:
        return Told(before, "none")
    if state.running:
        return Told(before, "not-told", "a self-test of before is still at work")
    result, why = _run(device, state, tell, stop, every)
    return Told(_ask(device, stop), result, why)


def _ask(device: str, stop: Event) -> SmartReport:
    try:
        done = _answer(_words(_ALL, device), stop)
    except ProgramError as error:
        return SmartReport({}, 0, error.message[:256])
    return read_report(done.stdout, done.status)


def _answer(command: tuple[str, ...], stop: Event) -> Completed:
    return follow(command, lambda _: None, timeout=ASKING, stop=stop, expect=None, longest=KEPT)


def _run(device: str, before: SelfTestState, tell: Tell, stop: Event, every: float) -> tuple[SelfTest, str]:
    watch = Watch(before)
    limit = before.minutes * 60 + GRACE
    try:
        started = _answer(_words(_START, device), stop)
        if started.status & (COULD_NOT_ASK | COMMAND_FAILED):
            said = read_report(started.stdout, started.status).said
            return "not-told", said or "the self-test could not be started"
        poll(
            _words(_STATUS, device),
            watch.judge,
            lambda working: tell(int(working.percent or 0)),
            every=every,
            timeout=limit,
            stop=stop,
            asking=ASKING,
            patience=int(limit / every) + 2,  # only the time ends it: a disk may be slow to say that it has begun
        )
    except ProgramError as error:
        return watch.ended, "" if watch.ended == "failed" else error.message
    return watch.ended, ""


@dataclass(slots=True)
class Watch:
    """Reads one look after another at a test that was begun; `ended` is its result."""

    before: SelfTestState
    seen: bool = False
    ended: SelfTest = field(default="not-told", init=False)

    def judge(self, done: Completed) -> Answer:
        """What one look says."""
        report = read_report(done.stdout, done.status)
        state = self_test_state(report)
        if state.running:
            self.seen = True
            return Working(state.percent)
        if not self.seen and state.log == self.before.log:
            return NotTold(report.said or "no sign of the self-test")
        if not report.asked:
            return NotTold(report.said)
        self.ended = state.ended
        return Done() if state.ended == "passed" else Failed("the self-test did not pass")
