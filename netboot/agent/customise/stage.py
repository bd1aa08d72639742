"""The customise stage: a deployed master becomes this PC's own system.

The partition table and one partition grow to the disk, the system gets its name and its identity, the firmware
its boot entry. Not for: what a master holds (`masters/`), or reading it back (`agent/deploy/stage.py`).
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from netboot.agent.boot.boot_entry import started_by_uefi, write_boot_entry
from netboot.agent.boot.removable_path import make_removable_path
from netboot.agent.customise.accounts import found_accounts
from netboot.agent.customise.grow import Growth, grow, growing
from netboot.agent.customise.installed_system import personalise, require_own
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.agent.customise.page_files import clear_page_files, look_at_page_files
from netboot.agent.customise.parcels import Fetch, fetch_listings
from netboot.agent.customise.root_folder import mounted_root
from netboot.agent.customise.windows import give_answer_file, has_answer_file, look_at_answer_file
from netboot.agent.customise.windows_files import look_in_windows, place_in_windows
from netboot.agent.deploy.awaited import Waits
from netboot.agent.deploy.master import fetch_manifest
from netboot.agent.deploy.source import ChunkSource, DamagedError, NotThereError, SilentError
from netboot.agent.disks.claim import ReadDisks, RefusedError, claim_as_ordered
from netboot.agent.disks.listing import read_disks as read_own_disks
from netboot.agent.disks.partitions import mounted, partition_device, quiet_disk, require_partition, show_partitions
from netboot.agent.failures import StageFailed
from netboot.agent.hardware.firmware import uefi_bits
from netboot.agent.host import Host
from netboot.agent.progress import HeldUp, Progress, nobody
from netboot.agent.this_boot import ThisBoot
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk, gigabytes, label
from netboot.shared.manifest import Chunk, Manifest, Partition, Root, UefiLoader
from netboot.shared.private_files import NONE, PrivateFiles
from netboot.shared.problems import Problem
from netboot.shared.stages.customise import Customise, CustomiseResult
from netboot.shared.stages.deploy import Named
from netboot.shared.uefi_start import loader_for, removable_path
from netboot.survey.logical_volumes import volume_device
from netboot.survey.named_growth import NotGrowingError, with_growing

log = logging.getLogger(__name__)

_STEPS = 2


async def run_customise(
    stage: Customise,
    *,
    source: ChunkSource,
    public_key: bytes,
    progress: Progress,
    held_up: HeldUp = nobody,
    read_disks: ReadDisks = read_own_disks,
    this_boot: ThisBoot | None = None,
    private: PrivateFiles = NONE,
) -> CustomiseResult:
    """Grow, name, and enter in the firmware. A firmware that refuses is a warning. Raises StageFailed."""
    try:
        async with Waits(held_up, source.awaited).told():
            manifest = await fetch_manifest(stage.manifest, stage.manifest[:12], source, public_key)
    except DamagedError as error:
        raise StageFailed(Problem("master-unsigned", {"master": stage.manifest[:12]})) from error
    except SilentError as error:
        raise StageFailed(Problem("server-silent", {"seconds": f"{error.seconds:.0f}"})) from error
    root = None if stage.as_is or stage.answer_file is not None else _root_of(manifest)
    windows = _windows_of(manifest) if stage.answer_file is not None and not stage.as_is else None
    disk = await asyncio.to_thread(_require_disk, stage, read_disks, this_boot)
    manifest = _with_growing(_as_on(disk, manifest), stage.grow)
    fetch = _fetches(source, asyncio.get_running_loop())
    work = _Work(stage, manifest, disk, Path("/dev") / disk.name, root, windows, private, fetch)
    progress(0, _STEPS, label(disk))
    async with Waits(held_up, source.awaited).told():
        result = await asyncio.to_thread(work.install)
    progress(1, _STEPS, label(disk))
    result = await asyncio.to_thread(work.enter, result)
    progress(_STEPS, _STEPS, label(disk))
    return result


def _fetches(source: ChunkSource, loop: asyncio.AbstractEventLoop) -> Fetch:
    """Fetches chunks for a thread, by the loop that the source belongs to."""

    def fetch(chunk: Chunk) -> bytes:
        data = bytearray(chunk.length)
        try:
            asyncio.run_coroutine_threadsafe(source.chunk(chunk, memoryview(data)), loop).result()
        except SilentError as error:
            raise StageFailed(Problem("server-silent", {"seconds": f"{error.seconds:.0f}"})) from error
        except (NotThereError, DamagedError) as error:
            raise NetbootError(
                f"a folder of the profile is not whole on the server: {error.name}", hint="restart the server"
            ) from error
        return bytes(data)

    return fetch


def _as_on(disk: Disk, manifest: Manifest) -> Manifest:
    """The master as it was written to a disk of these sectors. Raises StageFailed."""
    fitted = manifest.on_sectors(disk.logical_sector)
    if fitted is None:
        values = {"wanted": str(manifest.sector), "found": str(disk.logical_sector)}
        raise StageFailed(Problem("disk-sectors", {"master": manifest.name, "disk": label(disk), **values}))
    return fitted


def _with_growing(manifest: Manifest, named: Named | UnsetType) -> Manifest:
    """The master with the mark at what the profile names. Raises StageFailed: the server had judged it before."""
    try:
        return manifest if named is UNSET else with_growing(manifest, named)
    except NotGrowingError as error:
        values = {"master": manifest.name, "grow": str(named), "obstacle": error.obstacle}
        raise StageFailed(Problem("master-grow", values)) from error


def _require_disk(stage: Customise, read_disks: ReadDisks, this_boot: ThisBoot | None) -> Disk:
    """The ordered disk, which nobody else uses now. Raises StageFailed."""
    try:
        disk, device = claim_as_ordered(stage.target, read_disks, this_boot)
    except RefusedError as refused:
        raise StageFailed(refused.problem) from refused
    # The tools open it themselves, and its partitions cannot be mounted under a claim.
    device.close()
    return disk


@dataclass(frozen=True, slots=True)
class _Work:
    """The steps, each blocking, each raising StageFailed with what people are told."""

    stage: Customise
    manifest: Manifest
    disk: Disk
    path: Path
    root: Root | None
    """Where a Linux is, None where there is none, or it stays as it is."""
    windows: Partition | None
    """The partition of a Windows, None where there is none, or it stays as it is."""
    private: PrivateFiles
    fetch: Fetch

    def install(self) -> CustomiseResult:
        """Grow, personalise, and look again at what is on the disk: the evidence, without the boot entry."""
        with quiet_disk(self.path):
            try:
                self._answer()
            except (NetbootError, OSError) as error:
                raise _failed(error) from error
            growth = self._grow()
            try:
                result = self._system()
            except (NetbootError, OSError) as error:
                raise _failed(error) from error
        warning = None
        if growth.spare:
            values = {"partition": growth.partition, "disk": label(self.disk), "spare": gigabytes(growth.spare)}
            warning = Problem("filesystem-full-size", {**values, "size": gigabytes(growth.size)})
        return replace(result, grown=growth.size, warning=warning)

    def _grow(self) -> Growth:
        try:
            return grow(self.path, self.manifest)
        except NetbootError as error:
            partition = growing(self.manifest)
            name = partition_device(self.path, partition.number).name if partition else self.disk.name
            values = {"partition": name, "disk": label(self.disk), "error": _short(error)}
            raise StageFailed(Problem("filesystem", values)) from error

    def _answer(self) -> None:
        """Write what a Windows gets: what has grown Windows is to check first, and it can be written to no more."""
        if self.windows is not None and self.stage.answer_file is not None:
            show_partitions(self.path, (self.windows.number,))
            device = require_partition(self.path, self.windows)
            # It is written last: where it lies, all else does.
            if not has_answer_file(device, self.stage.answer_file):
                clear_page_files(device)
                place_in_windows(device, self.stage.settings, fetch_listings(self.stage.settings, self.fetch))
            give_answer_file(device, self.stage.answer_file)

    def _system(self) -> CustomiseResult:
        if self.root is not None:
            return self._personalise(self.root)
        if self.windows is None or self.stage.answer_file is None:
            return CustomiseResult(hostname=self.stage.hostname, as_is=True)
        device = require_partition(self.path, self.windows)
        parcels = fetch_listings(self.stage.settings, self.fetch)
        file = look_at_answer_file(device, self.stage.answer_file)
        found = (file, *look_in_windows(device, self.stage.settings, parcels))
        return CustomiseResult(
            hostname=self.stage.hostname,
            root=device.name,
            filesystem="ntfs",
            own=("hostname",),
            changed=tuple(one.path for one in found),
            found=found,
            forgotten=(look_at_page_files(device),),
        )

    def _personalise(self, where: Root) -> CustomiseResult:
        name, hostname = partition_device(self.path, where.partition.number).name, self.stage.hostname
        kind = where.filesystem.kind if where.filesystem is not None else ""
        parcels = fetch_listings(self.stage.settings, self.fetch)
        with (
            self._device_of(where) as device,
            mounted_root(device, kind) as (root, folder),
            InstalledTree(root) as tree,
        ):
            done = personalise(tree, hostname, self.stage.settings, self.private, parcels)
        # Mounted anew: what is read now is what the next start of this PC reads.
        with self._device_of(where) as device, mounted_root(device, kind, "ro") as (root, again):
            if again != folder:
                raise NetbootError("the master's root is not where it was", hint="look at the master")
            with InstalledTree(root) as tree:
                found, forgotten = require_own(tree, hostname, done, self.private, parcels)
                accounts = found_accounts(tree, self.stage.settings.users)
        return CustomiseResult(
            hostname=hostname,
            root=name if where.volume is None else f"{name} {where.volume.name}",
            filesystem=kind,
            folder=folder,
            own=done.own,
            absent=done.absent,
            changed=tuple(done.changed),
            found=found,
            forgotten=forgotten,
            accounts=accounts,
        )

    @contextmanager
    def _device_of(self, where: Root) -> Iterator[Path]:
        partition = require_partition(self.path, where.partition)
        if where.volume is None:
            yield partition
            return
        with volume_device(partition, where.volume.name, sector=self.manifest.sector) as device:
            yield device

    def enter(self, result: CustomiseResult) -> CustomiseResult:
        """Make sure of both ways by which UEFI finds the system. Raises StageFailed when there is neither."""
        loader = loader_for(self.manifest, uefi_bits(Host()))
        if loader is None or not started_by_uefi():
            return result
        pathless = self._pathless(loader)
        try:
            return replace(result, boot_entry=write_boot_entry(self.path, loader))
        except NetbootError as error:
            values = {"error": _short(error)}
            if pathless:
                raise StageFailed(Problem("no-start", {**values, "path": pathless}), result) from error
            return replace(result, warning=Problem("boot-entry", values))

    def _pathless(self, loader: UefiLoader) -> str:
        """Make the removable path where the master has none; why there is none then, "" when there is one."""
        if removable_path(self.manifest, loader):
            return ""
        try:
            with quiet_disk(self.path), mounted(self._esp(loader), "vfat") as esp:
                make_removable_path(esp, loader)
        except NetbootError as error:
            log.warning("no removable path: %s", error)
            return _short(error)
        return ""

    def _esp(self, loader: UefiLoader) -> Path:
        esp = next(known for known in self.manifest.partitions if known.number == loader.partition)
        return require_partition(self.path, esp)


def _root_of(manifest: Manifest) -> Root:
    """Where the system is. Raises StageFailed where the agent cannot change it: the PC would keep the master's
    identity."""
    root = manifest.root
    if manifest.not_customisable or root is None:
        error = f"the root of {manifest.name} is on {manifest.not_customisable}: netboot changes nothing there"
        raise StageFailed(Problem("customise", {"error": error}))
    return root


def _windows_of(manifest: Manifest) -> Partition:
    """The partition with the Windows. Raises StageFailed where it is not one that obeys an answer file."""
    windows = manifest.windows
    partition = next((one for one in manifest.partitions if windows and one.number == windows.partition), None)
    if manifest.not_customisable or partition is None:
        error = f"{manifest.name} has no Windows that was prepared for other PCs: netboot changes nothing there"
        raise StageFailed(Problem("customise", {"error": error}))
    return partition


def _failed(error: NetbootError | OSError) -> StageFailed:
    return StageFailed(Problem("customise", {"error": _short(error)}))


def _short(error: NetbootError | OSError) -> str:
    """Which tool it was stands at the beginning, why it failed at the end."""
    sentence = f"{error.message}: {error.hint}" if isinstance(error, NetbootError) else str(error)
    return sentence if len(sentence) <= 500 else f"{sentence[:150]} … {sentence[-340:]}"
