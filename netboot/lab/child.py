"""A long-running program in one namespace of the lab: started, waited for, and ended by its process id.

The program dies with this process (PR_SET_PDEATHSIG, set by setpriv) and writes to a log file of its own.
Not for: programs that are run to their end; those go through netboot/shared/process.py.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from netboot.lab.runs import NAMESPACES
from netboot.shared.errors import NetbootError
from netboot.shared.process import Command


class Child:
    """One program that runs; `async with` ends it. `log` is the file with all it wrote."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @property
    def pid(self) -> int:
        """The number of the program itself: the wrappers before it exec, they do not fork."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, minus the signal's number for one that was killed; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for the program's end and return its status."""
        return await self._process.wait()

    def kill(self) -> None:
        """SIGKILL, as a power cut would; does nothing when it has ended."""
        if self.status is None:
            self._process.kill()

    async def stop(self, grace: float = 5) -> int:
        """SIGTERM, then SIGKILL after `grace` seconds. Returns the status."""
        if self.status is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), grace)
            except TimeoutError:
                self.kill()
        return await self._process.wait()

    def tail(self, lines: int = 20) -> str:
        """The last lines of its log."""
        return "\n".join(self.output().splitlines()[-lines:])

    async def wait_for_output(self, words: str, within: float) -> None:
        """Wait until the program has written `words`, for at most `within` seconds.

        Raises NetbootError, with the end of its log, when time runs out or the program ends before.
        """
        until = asyncio.get_running_loop().time() + within
        while words not in self.output():
            self.must_run()
            if asyncio.get_running_loop().time() > until:
                raise NetbootError(
                    f"{self.name} did not write {words!r} within {within:.0f} s", hint=f"it wrote:\n{self.tail()}"
                )
            await asyncio.sleep(0.05)

    def output(self) -> str:
        """All that the program has written so far."""
        return self.log.read_text(errors="replace")

    def must_run(self) -> None:
        """Raise NetbootError with the end of its log when the program has ended."""
        if self.status is not None:
            raise NetbootError(f"{self.name} ended with status {self.status}", hint=f"it wrote:\n{self.tail()}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def command_in(namespace: str, command: Command, sockets: Sequence[int] = ()) -> tuple[str, ...]:
    """The command line that runs `command` in a namespace, ended with its parent, and given `sockets` as fd 3, 4…"""
    hand_over: tuple[str, ...] = ()
    if sockets:
        hand_over = (sys.executable, "-m", "netboot.lab.hand_over", ",".join(map(str, sockets)))
    return (
        "setpriv",
        *("--pdeathsig", "KILL"),
        "nsenter",
        f"--net={NAMESPACES / namespace}",
        *hand_over,
        *(os.fspath(word) for word in command),
    )


async def start(
    namespace: str,
    command: Command,
    *,
    name: str,
    log: Path,
    pass_fds: Sequence[int] = (),
    env: Mapping[str, str] | None = None,
) -> Child:
    """Start `command` in `namespace`, its output going to `log`; see Lan.spawn, which also ends it."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command_in(namespace, command, pass_fds),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=tuple(pass_fds),
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
            # A Ctrl+C at the keyboard is for the owner alone, which then ends its children in order.
            start_new_session=True,
        )
    return Child(name, process, log)
