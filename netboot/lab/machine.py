"""Powers on a PC of the lab, observes it, and switches it off again whatever happens.

Not for: what a PC is (pc.py) or what it boots.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from netboot.lab.child import Child
from netboot.lab.console import Console
from netboot.lab.firmware import Firmware, FirmwareFiles, clear_variables, firmware_files
from netboot.lab.network import Lan
from netboot.lab.pc import DiskSpec, PcPaths, PcSpec, command, disk_name, image_name
from netboot.lab.qemu_root import make_qemu_root
from netboot.lab.qmp import BlockStats, Qmp
from netboot.shared.errors import NetbootError

_START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class _Emulator:
    """The words that start QEMU, what they need in the environment, and the firmware that goes with it."""

    program: tuple[str, ...]
    environment: Mapping[str, str]
    firmware: FirmwareFiles


@dataclass(frozen=True, slots=True)
class RunningPc:
    """A PC that is on: its console, its monitor, its process, and its port on the switch (None without one)."""

    spec: PcSpec
    console: Console
    qmp: Qmp
    program: Child
    tap: str | None

    @property
    def mac(self) -> str:
        """The address of its network card, lower case with colons."""
        return self.spec.mac

    @property
    def pid(self) -> int:
        """The number of its QEMU."""
        return self.program.pid

    @property
    def is_on(self) -> bool:
        """Whether it still has power."""
        return self.program.status is None

    async def wait_off(self, within: float) -> float:
        """Wait until the PC switched itself off; return the seconds since power-on. Raises NetbootError."""
        try:
            status = await asyncio.wait_for(self.program.wait(), within)
        except TimeoutError as error:
            raise NetbootError(
                f"the PC {self.spec.name} is still on after {within:.0f} s ({await self.qmp.state()})",
                hint=f"its console ended with:\n{self.console.tail()}",
            ) from error
        if status != 0:
            raise NetbootError(f"QEMU ended with status {status}", hint=f"it wrote:\n{self.program.tail()}")
        return self.console.seconds

    async def block_stats(self) -> dict[str, BlockStats]:
        """What each disk did since power-on, by its serial."""
        counted = await self.qmp.block_stats()
        return {disk.serial: counted[image_name(number)] for number, disk in enumerate(self.spec.disks)}

    async def throttle(self, serial: str, rate: int) -> None:
        """Let this disk do no more than `rate` bytes/s from now on, so that a test is in time; 0: as it can."""
        await self.qmp.throttle(image_name(self._number(serial)), rate)

    async def take_out(self, serial: str, within: float) -> None:
        """Take this disk out of its slot while the PC runs."""
        await self.qmp.take_out(disk_name(self._number(serial)), within)

    def _number(self, serial: str) -> int:
        return [disk.serial for disk in self.spec.disks].index(serial)

    def resets(self) -> int:
        """How often the guest has restarted itself since power-on."""
        return sum(1 for name, data in self.qmp.events if name == "RESET" and data.get("guest"))


def workshop_pc(number: int, firmware: Firmware, *disks: DiskSpec) -> PcSpec:
    """A PC with names, address and serials made from its number (1 to 200), the same in every run."""
    serial = f"LAB{number:05d}"
    return PcSpec(
        name=f"pc{number}",
        firmware=firmware,
        mac=f"52:54:00:77:00:{number:02x}",
        uuid=uuid5(NAMESPACE_URL, f"netboot-lab/{number}"),
        serial=serial,
        board_serial=f"B{serial}",
        disks=disks,
    )


def pc_paths(lan: Lan, spec: PcSpec) -> PcPaths:
    """The folder of a PC: its sockets, variables and disks; made when it is not there."""
    folder = lan.folder / "pcs" / spec.name
    folder.mkdir(parents=True, exist_ok=True)
    return PcPaths(folder)


def clear_cmos(lan: Lan, spec: PcSpec) -> None:
    """Make the PC's firmware forget its boot entries, as when its battery is pulled."""
    clear_variables(_emulator(spec).firmware, pc_paths(lan, spec).variables)


@asynccontextmanager
async def power_on(lan: Lan, spec: PcSpec) -> AsyncIterator[RunningPc]:
    """Switch a PC on; at exit its power is cut, if it is still on.

    Its firmware variables are those of its last power-on on this LAN, or a factory-new PC's. A PC that restarts
    stays on; one that switches itself off ends (RunningPc.wait_off). Raises NetbootError.
    """
    emulator = await asyncio.to_thread(_emulator, spec)
    paths = pc_paths(lan, spec)
    for disk in spec.disks:
        _check_image(disk)
    if not paths.variables.exists():
        clear_variables(emulator.firmware, paths.variables)
    async with AsyncExitStack() as stack:
        tap = None
        if spec.network:
            tap = await lan.tap()
            stack.push_async_callback(lan.remove_tap, tap)
        for stale in (paths.qmp, paths.console):
            stale.unlink(missing_ok=True)
        words = command(spec, emulator.firmware, paths, tap, emulator.program)
        program = await lan.spawn(lan.wire, words, name=spec.name, env=emulator.environment)
        await stack.enter_async_context(program)
        qmp = await _connect(program, paths)
        stack.callback(qmp.close)
        console = await Console.connect(paths.console, lan.log_path(f"{spec.name}-console"))
        stack.callback(console.close)
        console.state = qmp.state
        await qmp.cont()
        console.power_on()
        yield RunningPc(spec, console, qmp, program, tap)


def _emulator(spec: PcSpec) -> _Emulator:
    """The host's QEMU and firmware; for a PC with something that only a newer one knows, those."""
    if not spec.needs_newer_qemu:
        return _Emulator(("qemu-system-x86_64",), {}, firmware_files(spec.firmware))
    newer = make_qemu_root()
    return _Emulator(newer.program, newer.environment, firmware_files(spec.firmware, newer.folder))


async def _connect(program: Child, paths: PcPaths) -> Qmp:
    """Connect to the monitor as soon as QEMU has made it; a QEMU that ended at once says why."""
    until = time.monotonic() + _START_SECONDS
    while not (paths.qmp.is_socket() and paths.console.is_socket()):
        program.must_run()
        if time.monotonic() > until:
            raise NetbootError(f"QEMU does not start the PC {program.name}", hint=f"it wrote:\n{program.tail()}")
        await asyncio.sleep(0.02)
    return await Qmp.connect(paths.qmp)


def _check_image(disk: DiskSpec) -> None:
    size = disk.path.stat().st_size if disk.path.exists() else None
    if size != disk.size:
        raise NetbootError(
            f"the image {disk.path} of disk {disk.serial} has {size or 'no'} bytes, not {disk.size}",
            hint="make it first: netboot.lab.disks.create_used or create_empty",
        )
