"""Takes one PC through the workshop: power-on, choice, erase, deploy, and a start from its own disk.

Everything is observed from outside the PC: its serial console, QEMU's counters, the image files of its disks. It
returns what it saw; the caller judges. Not for: the server (`service.py`), the report (`demo.py`).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from netboot.lab.disks import find_pattern
from netboot.lab.firmware import Firmware
from netboot.lab.machine import RunningPc, clear_cmos, power_on
from netboot.lab.network import Lan
from netboot.lab.pc import BootOrder, PcSpec
from netboot.lab.qmp import BlockStats
from netboot.lab.service import Service
from netboot.lab.witness import BOOT_ENTRY, SECURE_BOOT, boot_entry_label, witness
from netboot.shared.errors import NetbootError

BOOT_WITHIN: Final = 300.0
STAGE_WITHIN: Final = 1200.0
LOGIN_WITHIN: Final = 600.0
PLAN: Final = r"netboot: plan ([a-z ]*finish)\b"
"""Every plan ends with this stage; a line that is still arriving does not match."""
MENU_DRAWN: Final = 4.0
"""Seconds from the request for the menu to its being on the screen, with room for a busy host."""

Way = Literal["disk", "own entry", "removable path"]

Tell = Callable[[str], None]
"""Gets a few words at each step, for people."""

Choose = Callable[[RunningPc], Awaitable[None]]
"""What a person does once the PC is in the agent; nothing when the choice was made in the boot menu."""


@dataclass(frozen=True, slots=True)
class DiskWatch:
    """What QEMU counted on one disk, in bytes, and where old data was found (None: nowhere)."""

    serial: str
    size: int
    erase_read: int
    erase_written: int
    old_data_at: int | None
    deploy_read: int
    deploy_written: int


@dataclass(frozen=True, slots=True)
class Imaged:
    """What was seen up to the end of the job. Times are seconds since power-on."""

    mac: str
    firmware: Firmware
    hello: float
    off: float
    stages: dict[str, float]
    secure_boot: bool
    disks: tuple[DiskWatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """One start of an imaged PC from its disk alone: by which way, seconds to the login prompt.

    `entry` is the label of the firmware's boot entry that started it, as the started system read it; None on BIOS.
    """

    way: Way
    login: float
    secure_boot: bool
    entry: str | None = None
    problem: str = ""


@dataclass(slots=True)
class _Marks:
    """QEMU's counters at the stages' ends."""

    at: dict[str, dict[str, BlockStats]] = field(default_factory=dict)


async def reach_menu(service: Service, pc: RunningPc, *, since: int = 0) -> None:
    """Wait until this PC's boot menu is on its screen; `since` leaves out that many entries of the server's log."""
    await service.wait_for_log(rf"{pc.mac} reads its boot menu", BOOT_WITHIN, since=since)
    await asyncio.sleep(MENU_DRAWN)


async def press(pc: RunningPc, keys: Sequence[str]) -> None:
    """Type keys at the pace of a person."""
    for key in keys:
        await pc.qmp.send_keys([key])
        await asyncio.sleep(0.4)


def keys_to(entry: int, *, confirm: bool) -> tuple[str, ...]:
    """The keys that pick an entry of the boot menu (0: the local disk), and say yes where it asks once more."""
    return (*(["down"] * entry), "ret", *(["down", "ret"] if confirm else []))


async def image(
    lan: Lan,
    service: Service,
    spec: PcSpec,
    keys: Sequence[str],
    choose: Choose | None = None,
    tell: Tell = lambda words: None,
) -> Imaged:
    """Switch a PC on, pick in its menu, and follow its job until it powers itself off. Raises NetbootError.

    The PC is held still at the end of the erase while its disks are searched for old data, so that nothing is written
    in between.
    """
    async with power_on(lan, spec) as pc:
        await reach_menu(service, pc)
        await press(pc, keys)
        hello = await pc.console.wait_for(r"netboot: hello", BOOT_WITHIN)
        tell(f"in the agent after {hello:.0f} s")
        if choose is not None:
            await choose(pc)
        marks: dict[str, dict[str, BlockStats]] = {}
        old_data_at: dict[str, int | None] = {}
        await pc.console.wait_for(PLAN, STAGE_WITHIN)
        planned = re.findall(PLAN, pc.console.text)[-1].split()
        for stage in planned:
            tell(f"stage {stage} done after {await _stage_ends(pc, stage):.0f} s")
            if stage == "erase":
                await pc.qmp.execute("stop")
                for disk in spec.disks:
                    old_data_at[disk.serial] = await asyncio.to_thread(find_pattern, disk.path)
                marks[stage] = await pc.block_stats()
                await pc.qmp.execute("cont")
            elif stage == "deploy":
                marks[stage] = await pc.block_stats()
        off = await pc.wait_off(STAGE_WITHIN)
        return Imaged(
            mac=pc.mac,
            firmware=spec.firmware,
            hello=hello,
            off=off,
            stages={name: float(s) for name, s in re.findall(r"netboot: stage (\w+) done ([\d.]+) s", pc.console.text)},
            secure_boot="secure boot on" in pc.console.text,
            disks=_watched(spec, marks, old_data_at),
        )


async def start_from_disk(lan: Lan, spec: PcSpec, hostname: str, way: Way) -> Started:
    """Start the PC from its disk alone, with no network; for the removable path its firmware's variables are new."""
    alone = replace(spec, network=False, boot=BootOrder.FIRMWARE, extra=(*spec.extra, *witness()))
    if way == "removable path":
        clear_cmos(lan, alone)
    async with power_on(lan, alone) as pc:
        try:
            login = await pc.console.wait_for(rf"\b{re.escape(hostname)} login:", LOGIN_WITHIN)
            await pc.console.wait_for(SECURE_BOOT, LOGIN_WITHIN)
            await pc.console.wait_for(BOOT_ENTRY, LOGIN_WITHIN)
        except NetbootError as error:
            return Started(way, 0.0, secure_boot=False, problem=str(error))
        text = pc.console.text
        return Started(way, login, secure_boot="lab: secure boot on" in text, entry=boot_entry_label(text))


async def _stage_ends(pc: RunningPc, stage: str) -> float:
    """Seconds since power-on at which the stage is done. Raises NetbootError when it failed."""
    ended = await pc.console.wait_for(rf"netboot: (stage {stage} (done|failed)|stopped)", STAGE_WITHIN)
    if re.search(r"netboot: (stage \w+ failed|stopped)", pc.console.text):
        raise NetbootError(f"the stage {stage} of {pc.spec.name} failed", hint=pc.console.tail(30))
    return ended


def _watched(
    spec: PcSpec, marks: dict[str, dict[str, BlockStats]], old_data_at: dict[str, int | None]
) -> tuple[DiskWatch, ...]:
    watched = []
    for disk in spec.disks:
        erase = marks["erase"][disk.serial] if "erase" in marks else BlockStats(0, 0, 0)
        deploy = marks["deploy"][disk.serial] if "deploy" in marks else erase
        watched.append(
            DiskWatch(
                serial=disk.serial,
                size=disk.size,
                erase_read=erase.bytes_read,
                erase_written=erase.bytes_written,
                old_data_at=old_data_at.get(disk.serial),
                deploy_read=deploy.bytes_read - erase.bytes_read,
                deploy_written=deploy.bytes_written - erase.bytes_written,
            )
        )
    return tuple(watched)
