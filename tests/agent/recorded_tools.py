"""A drive's tools in the place of the real ones: they answer what those were recorded to print, in turn.

What is proven by them is which commands are given, in which order and for how long, and what is made of an answer; what
a drive makes of a command is seen on the lab's drives in whole PCs.
"""

from collections.abc import Callable, Sequence

import pytest

from netboot.agent.erase.firmware import programs
from netboot.shared.process import Completed, ProgramError

Answer = str | tuple[str, int] | None
"""What is printed, and the exit status; None: the program never ends."""


class RecordedTools:
    """Every tool that an erase by the drive runs. `calls` are all command lines, `limits` the seconds that each had;
    `on_call` is told each while its program runs."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.limits: list[float] = []
        self.on_call: Callable[[str], None] = lambda _: None
        self._said: dict[str, list[Answer]] = {}
        patch.setattr(programs, "run", self._run)

    def say(self, word: str, *answers: Answer) -> None:
        """To a command line with this word (before any "=") so is answered, each in its turn and the last for ever."""
        self._said[word] = list(answers)

    def _run(self, command: tuple[str, ...], *, expect: Sequence[int] | None = (0,), timeout: float = 600) -> Completed:
        self.calls.append(" ".join(command))
        self.limits.append(timeout)
        self.on_call(self.calls[-1])
        word = next((one for word in command if (one := word.partition("=")[0]) in self._said), None)
        if word is None:
            raise ProgramError(f"nothing was recorded for {self.calls[-1]}")
        answers = self._said[word]
        said = answers.pop(0) if len(answers) > 1 else answers[0]
        if said is None:
            raise ProgramError(f"{command[0]} did not end within {timeout:.0f} s")
        text, status = (said, 0) if isinstance(said, str) else said
        if expect is not None and status not in expect:
            raise ProgramError(f"{command[0]} ended with status {status}")
        return Completed(command, status, text, "", 0.0)
