"""The customise stage: a deployed master becomes this PC's own system.

The partition table and the last partition grow to the disk, the system gets its name and its identity, the firmware
its boot entry. Not for: what a master holds (`masters/`), or reading it back (`deploy.py`, which ran before).
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from netboot.agent.boot_entry import started_by_uefi, write_boot_entry
from netboot.agent.claim import ReadDisks, RefusedError, claim
from netboot.agent.disks import read_disks as read_own_disks
from netboot.agent.failures import StageFailed
from netboot.agent.fetch import PATIENCE, DamagedError, SilentError, Source, open_session
from netboot.agent.grow import grow, growing
from netboot.agent.installed_system import personalise
from netboot.agent.master import fetch_manifest
from netboot.agent.partitions import mounted, partition_device, quiet_disk, require_partition
from netboot.agent.progress import Progress
from netboot.agent.server_place import ServerPlace
from netboot.errors import NetbootError
from netboot.inventory import Disk, label
from netboot.manifest import Manifest
from netboot.problems import Problem
from netboot.protocol import Customise, CustomiseResult

_LINUX = frozenset({"ext2", "ext3", "ext4"})
_STEPS = 2


async def run_customise(
    stage: Customise,
    *,
    server: ServerPlace,
    public_key: bytes,
    progress: Progress,
    patience: float = PATIENCE,
    read_disks: ReadDisks = read_own_disks,
) -> CustomiseResult:
    """Grow, name, and enter in the firmware. A firmware that refuses is a warning. Raises StageFailed."""
    try:
        async with open_session(1) as session:
            source = Source(session, server, patience=patience)
            manifest = await fetch_manifest(stage.manifest, stage.manifest[:12], source, public_key)
    except DamagedError as error:
        raise StageFailed(Problem("master-unsigned", {"master": stage.manifest[:12]})) from error
    except SilentError as error:
        raise StageFailed(Problem("server-silent", {"seconds": f"{error.seconds:.0f}"})) from error
    disk = await asyncio.to_thread(_require_disk, stage, read_disks)
    work = _Work(stage, manifest, disk, Path("/dev") / disk.name)
    progress(0, _STEPS, label(disk))
    changed = await asyncio.to_thread(work.install)
    progress(1, _STEPS, label(disk))
    entry, warning = await asyncio.to_thread(work.enter)
    progress(_STEPS, _STEPS, label(disk))
    return CustomiseResult(hostname=stage.hostname, changed=changed, boot_entry=entry, warning=warning)


def _require_disk(stage: Customise, read_disks: ReadDisks) -> Disk:
    """The ordered disk, which nobody else uses now. Raises StageFailed."""
    try:
        disk, device = claim(stage.target, read_disks)
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

    def install(self) -> tuple[str, ...]:
        """Grow, then personalise; returns the files that were touched."""
        with quiet_disk(self.path):
            self._grow()
            return self._personalise()

    def _grow(self) -> None:
        try:
            grow(self.path, self.disk.id.size, self.manifest)
        except NetbootError as error:
            partition = growing(self.manifest)
            name = partition_device(self.path, partition.number).name if partition else self.disk.name
            values = {"partition": name, "disk": label(self.disk), "error": _short(error)}
            raise StageFailed(Problem("filesystem", values)) from error

    def _personalise(self) -> tuple[str, ...]:
        root = self.manifest.partition("root")
        if root is None or root.filesystem is None or root.filesystem.kind not in _LINUX:
            # Another kind of system keeps its own ways of a first start.
            return ()
        try:
            with mounted(require_partition(self.path, root), root.filesystem.kind) as folder:
                return personalise(folder, self.stage.hostname)
        except (NetbootError, OSError) as error:
            raise StageFailed(Problem("customise", {"error": _short(error)})) from error

    def enter(self) -> tuple[str, Problem | None]:
        """The boot entry and what stood against it; a PC without it starts by the removable path."""
        if self.manifest.uefi is None or not started_by_uefi():
            return "", None
        try:
            return write_boot_entry(self.path, self.manifest.uefi), None
        except NetbootError as error:
            return "", Problem("boot-entry", {"error": _short(error)})


def _short(error: NetbootError | OSError) -> str:
    return (f"{error.message}: {error.hint}" if isinstance(error, NetbootError) else str(error))[-300:]
