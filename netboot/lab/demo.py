"""`./run demo`: virtual PCs are erased and imaged, from power-on to a booted master, with a report of what was seen.

The first PC's profile is picked in its boot menu; the others choose "inventory only" there, and a signed-in operator
picks their profile on the page. Nothing erases by default.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from netboot import bootfiles
from netboot.auth.server_keys import load_key
from netboot.files.assets import asset_folder
from netboot.files.cache_folder import default_cache_folder
from netboot.jobs.profile import Profile
from netboot.jobs.profiles import load_profiles, load_shipped
from netboot.jobs.shipped import left_out
from netboot.lab.building import start_building
from netboot.lab.disks import create_used
from netboot.lab.firmware import Firmware
from netboot.lab.journey import Imaged, Started, Way, image, keys_to, start_from_disk
from netboot.lab.machine import RunningPc, workshop_pc
from netboot.lab.network import Lan, open_lan
from netboot.lab.page_client import signed_in
from netboot.lab.pc import Bus, DiskSpec, PcSpec
from netboot.lab.runs import BASE, LEAST_ROOM, require_room
from netboot.lab.service import OPERATOR, Service, open_service
from netboot.masters.build import build_master
from netboot.records.record import open_record
from netboot.records.values import JobRow
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest
from netboot.store import Store

Say = Callable[[str], None]

PROFILE: Final = "wipe-and-debian"
MASTER: Final = "debian-minimal"
FIRMWARES: Final = (Firmware.BIOS, Firmware.UEFI, Firmware.SECURE_BOOT)
BUSES: Final = (Bus.SATA, Bus.NVME, Bus.VIRTIO)
WAYS: Final[Mapping[Firmware, tuple[Way, ...]]] = {
    Firmware.BIOS: ("disk",),
    Firmware.UEFI: ("own entry", "removable path"),
    Firmware.SECURE_BOOT: ("own entry", "removable path"),
    Firmware.UEFI_IA32: ("own entry", "removable path"),
}
"""How each is started again: UEFI by the boot entry that the agent wrote, then as a PC whose variables are new."""
MENU_TIMEOUT: Final = 45
"""Seconds: long enough for keys that a busy host sends late."""
DEAD_BATTERY: Final = "2005-01-01T00:00:00"
"""The year that many used PCs' clocks start from; e2fsck distrusts times in it (`agent/customise/grow.py`)."""
LARGER: Final = 512 << 20
"""Bytes by which the PCs' disks are larger than the master, so that growing is seen."""
DISK: Final = (1536 << 20) + LARGER
"""Bytes of each PC's disk, which is full of old data, as `images/debian-minimal.yaml` has it."""


Hands = Callable[[Service, str, str], Awaitable[None]]
"""An operator at the page: chooses a profile for a machine, both by their ids."""


async def by_forms(service: Service, profile: str, machine: str) -> None:
    """Choose with the page's own forms."""
    async with signed_in(service.page, OPERATOR, service.password) as client:
        await client.choose(profile, machine)


@dataclass(frozen=True, slots=True)
class PcReport:
    """What one PC did: what it was seen to do, what the record says, and its starts from the disk alone.

    `label` is that of the boot entry which the agent writes for this master.
    """

    imaged: Imaged
    job: JobRow
    starts: tuple[Started, ...]
    label: str

    @property
    def booted(self) -> bool:
        """Whether every start from the disk alone came by its way to the login prompt of the host that the job named.

        The way is judged by the firmware's own word: a removable path that stands in for the agent's entry is no start.
        """
        return bool(self.starts) and all(
            not start.problem and (start.entry == self.label) is (start.way == "own entry") for start in self.starts
        )

    def as_json(self) -> Mapping[str, object]:
        """The PC's part of the report."""
        return {
            "mac": self.imaged.mac,
            "firmware": self.imaged.firmware.value,
            "secure_boot": {
                "agent": self.imaged.secure_boot,
                "master": bool(self.starts) and all(start.secure_boot for start in self.starts),
            },
            "hostname": self.job.hostname,
            "seconds_to_hello": round(self.imaged.hello, 1),
            "seconds_to_off": round(self.imaged.off, 1),
            "stages": [
                {"stage": row.stage, "outcome": row.state, "seconds": round(row.seconds, 1)} for row in self.job.stages
            ],
            "erasures": [
                {"disk": row.evidence.disk.serial, "verdict": row.verdict, "method": row.evidence.method}
                for row in self.job.erasures
            ],
            "disks": [
                {
                    "serial": disk.serial,
                    "bytes": disk.size,
                    "erase_written": disk.erase_written,
                    "erase_read": disk.erase_read,
                    "old_data_after_erase": disk.old_data_at is not None,
                    "deploy_written": disk.deploy_written,
                    "deploy_read": disk.deploy_read,
                }
                for disk in self.imaged.disks
            ],
            "master": self.job.master_digest,
            "booted": self.booted,
            "starts": [
                {
                    "way": start.way,
                    "entry": start.entry,
                    "seconds_to_login": round(start.login, 1),
                    "problem": start.problem,
                }
                for start in self.starts
            ],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Every PC's report."""

    pcs: tuple[PcReport, ...]

    @property
    def all_booted(self) -> bool:
        """Whether the demo did what it is for."""
        return bool(self.pcs) and all(pc.booted for pc in self.pcs)

    def as_json(self) -> Mapping[str, object]:
        """One JSON object."""
        return {"pcs": [pc.as_json() for pc in self.pcs], "all_booted": self.all_booted}


@dataclass(frozen=True, slots=True)
class Ended:
    """A workshop whose PCs are done; its LAN and its server still stand."""

    lan: Lan
    service: Service
    manifest: Manifest
    specs: tuple[PcSpec, ...]
    report: Report


async def demo(*, pcs: int, keep: bool, say: Say) -> Report:
    """Run the demo. `say` gets its progress, a line at a time. Raises NetbootError."""
    async with run_workshop(pcs=pcs, say=say) as ended:
        if keep:
            say(f"Everything is kept: {ended.service.page} and {ended.lan.folder}. Press Enter to end.")
            await asyncio.to_thread(sys.stdin.readline)
        return ended.report


@asynccontextmanager
async def run_workshop(*, pcs: int, say: Say, hands: Hands = by_forms) -> AsyncIterator[Ended]:
    """Take PCs from power-on to a booted master; `hands` choose on the page. Raises NetbootError."""
    if not 1 <= pcs <= 32:
        raise NetbootError(f"{pcs} PCs are not possible", hint="give --pcs a number from 1 to 32")
    await asyncio.to_thread(require_room, BASE, pcs * DISK + LEAST_ROOM)
    masters, manifest = await asyncio.to_thread(prepare, say)
    async with open_lan() as lan, open_service(lan, masters, menu_timeout=MENU_TIMEOUT) as service:
        await start_building(lan)
        await service.start()
        say(f"The page is at {service.page}   name: {OPERATOR}   password: {service.password}")
        specs = tuple(new_pc(lan, number, manifest.disk + LARGER) for number in range(1, pcs + 1))
        say(f"Powering on {pcs} PCs: " + ", ".join(f"{spec.name} ({spec.firmware.value})" for spec in specs))
        async with asyncio.TaskGroup() as tasks:
            label = manifest.uefi.label if manifest.uefi else ""
            running = [tasks.create_task(_one(lan, service, hands, spec, label, say)) for spec in specs]
        yield Ended(lan, service, manifest, specs, Report(tuple(task.result() for task in running)))


def prepare(say: Say) -> tuple[Path, Manifest]:
    """The boot files and the small master, built unless they are there; returns the folder of key and store."""
    cache = default_cache_folder()
    try:
        bootfiles.load(cache / "bootfiles")
    except NetbootError:
        bootfiles.build(cache / "bootfiles", progress=say)
    folder = cache / "lab"
    store = Store(folder / "store")
    return folder, build_master(asset_folder("images") / f"{MASTER}.yaml", store, load_key(folder), progress=say)


def new_pc(lan: Lan, number: int, size: int) -> PcSpec:
    """A PC with one disk of `size` bytes full of old data; firmware and kind of disk go round.

    The clock of the first one has no battery any more.
    """
    kind = (number - 1) % len(FIRMWARES)
    serial = f"LABDISK{number:04d}"
    image_file = lan.folder / f"{serial}.img"
    create_used(image_file, size, serial)
    disk = DiskSpec(BUSES[kind], image_file, size, serial, wwn=0x5000_0000_0000_0000 + number)
    return replace(workshop_pc(number, FIRMWARES[kind], disk), clock=DEAD_BATTERY if number == 1 else "")


def menu_profiles(service: Service) -> tuple[Profile, ...]:
    """The profiles that have a line in this server's boot menu, in its order."""
    profiles = load_profiles(service.profiles)
    without_line = left_out(profiles, shipped=load_shipped(), had=Store(service.data / "store").names())
    return tuple(profile for profile in profiles if profile.id not in without_line)


def keys_for_profile(service: Service, name: str) -> tuple[str, ...]:
    """The keys that pick a profile in the boot menu, and say yes where it asks once more."""
    number, profile = next((n, p) for n, p in enumerate(menu_profiles(service), 1) if p.id == name)
    return keys_to(number, confirm=profile.writes)


def keys_for_inventory(service: Service) -> tuple[str, ...]:
    """The keys that pick "inventory only", which comes after the profiles."""
    return keys_to(len(menu_profiles(service)) + 1, confirm=False)


async def job_of(service: Service, mac: str) -> JobRow:
    """The newest job of this PC on the record. Raises NetbootError when there is none."""

    def read() -> JobRow | None:
        with open_record(service.data / "record.sqlite") as record:
            return next((row.job for row in record.machines.overview() if row.mac == mac), None)

    job = await asyncio.to_thread(read)
    if job is None:
        raise NetbootError(f"the record has no job of {mac}", hint=f"look into {service.data}")
    return job


async def _one(lan: Lan, service: Service, hands: Hands, spec: PcSpec, label: str, say: Say) -> PcReport:
    def tell(words: str) -> None:
        say(f"{spec.name}: {words}")

    if spec.name == "pc1":
        imaged = await image(lan, service, spec, keys_for_profile(service, PROFILE), tell=tell)
    else:

        async def choose(pc: RunningPc) -> None:
            await hands(service, PROFILE, await _machine_of(service, pc.mac))

        imaged = await image(lan, service, spec, keys_for_inventory(service), choose, tell)
    job = await job_of(service, imaged.mac)
    tell(f"imaged and off after {imaged.off:.0f} s; now from its own disk")
    starts = []
    for way in WAYS[spec.firmware]:
        start = await start_from_disk(lan, spec, job.hostname, way)
        by = f", by the firmware's entry {start.entry}" if start.entry is not None else ""
        say(
            f"{spec.name}, {way}: " + (start.problem or f"login prompt of {job.hostname} after {start.login:.0f} s{by}")
        )
        starts.append(start)
    return PcReport(imaged, job, tuple(starts), label)


async def _machine_of(service: Service, mac: str) -> str:
    def read() -> str:
        with open_record(service.data / "record.sqlite") as record:
            return next((row.id for row in record.machines.overview() if row.mac == mac), "")

    return await asyncio.to_thread(read)
