"""A drive of the lab's own on the bench: a program that is there before a PC is switched on and after it is off.

What it is and how it behaves is its spec (netboot/lab/drives/). It goes from one PC to the next, or back into the same
one, as a drive does; what it remembers without power stands beside its images. It ends with the LAN at the latest.
Not for: QEMU's own disks, which are images without a will of their own (pc.py).
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from netboot.lab.child import Child
from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.control import tell
from netboot.lab.drives.specs import Spec
from netboot.lab.network import Lan
from netboot.shared.errors import NetbootError
from netboot.shared.process import Command

_START_SECONDS = 30
_LONGEST_SOCKET = 107 - len(".control")


class BenchDrive:
    """One drive, or one controller with its drives; made by `drive_on_bench`."""

    def __init__(self, spec: Spec, program: Child) -> None:
        self.spec = spec
        self.program = program

    @property
    def socket(self) -> Path:
        """Where a PC finds it: a `PcSpec` has it in `drives`."""
        return Path(self.spec.socket)

    def log(self) -> str:
        """All that its program has written so far."""
        return self.program.output()

    async def answers(self) -> bool:
        """Whether it is there for a PC."""
        try:
            await asyncio.to_thread(tell, self.socket, do="status")
        except OSError:
            return False
        return True

    async def status(self) -> Mapping[str, object]:
        """What it is at, in its own words. Raises NetbootError."""
        return await self._tell(do="status")

    async def behave(self, behaviour: Behaviour) -> None:
        """Give it other manners. Raises NetbootError."""
        await self._tell(do="behave", behaviour=msgspec.to_builtins(behaviour))

    async def cut_power(self) -> None:
        """Pull its own power plug while its PC goes on. Raises NetbootError."""
        await self._tell(do="power-off")

    async def give_power(self) -> None:
        """Plug it in again. Raises NetbootError."""
        await self._tell(do="power-on")

    async def _tell(self, **asked: object) -> Mapping[str, object]:
        try:
            return await asyncio.to_thread(tell, self.socket, **asked)
        except (OSError, ValueError) as error:
            self.program.must_run()
            raise NetbootError(f"the drive {self.program.name} does not obey: {error}", hint=self.log()) from error


@asynccontextmanager
async def drive_on_bench(lan: Lan, spec: Spec) -> AsyncIterator[BenchDrive]:
    """Put a drive on the bench, ready for a PC; its images exist. It goes at exit, what it remembers stays.

    Raises NetbootError when its spec or an image is wrong.
    """
    socket = Path(spec.socket)
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        raise NetbootError(f"{socket} is too long for a socket", hint="put it into the LAN's folder: bench_path")
    written = socket.with_name(f"{socket.name}.json")
    written.write_bytes(msgspec.json.format(msgspec.json.encode(spec)))
    for stale in (socket, socket.with_name(f"{socket.name}.control")):
        stale.unlink(missing_ok=True)
    words: Command = [sys.executable, "-m", "netboot.lab.drives", written]
    program = await lan.spawn(lan.wire, words, name=socket.stem)
    drive = BenchDrive(spec, program)
    async with program:
        until = asyncio.get_running_loop().time() + _START_SECONDS
        while not await drive.answers():
            program.must_run()
            if asyncio.get_running_loop().time() > until:
                raise NetbootError(f"the drive {program.name} does not start", hint=drive.log())
            await asyncio.sleep(0.05)
        yield drive


def bench_path(lan: Lan, name: str) -> Path:
    """Where the socket of a drive of this name goes; its images may stand beside it."""
    folder = lan.folder / "bench"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.sock"
