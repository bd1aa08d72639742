"""The partitions of a disk as block devices, and file systems mounted for a short while in a private place.

A partition is found by its number in the manifest, and used only if the kernel shows it where the manifest says.
"""

import fcntl
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Partition
from netboot.shared.process import run

log = logging.getLogger(__name__)

_SYS_SECTOR = 512
_PLACE = "netboot-mount-"


def partition_device(disk: Path, number: int) -> Path:
    """/dev/sda and 2 → /dev/sda2; a name that ends in a digit gets a p: /dev/nvme0n1p2."""
    separator = "p" if disk.name[-1].isdigit() else ""
    return disk.with_name(f"{disk.name}{separator}{number}")


@contextmanager
def quiet_disk(disk: Path) -> Iterator[None]:
    """Keep udev from reading the disk's partitions again meanwhile: its agreement is a lock on the whole disk
    (systemd's "Locking Block Device Access"). Blocks until udev has finished what it is at."""
    fd = os.open(disk, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def show_partitions(disk: Path, numbers: Iterable[int]) -> None:
    """Let the kernel know these partitions as they are on the disk now. Raises NetbootError."""
    for number in numbers:
        # Without a number partx stops at the first gap: before the logical partitions of a dos table.
        run(["partx", "--update", "--nr", str(number), disk], timeout=60)


def require_partition(disk: Path, partition: Partition) -> Path:
    """The partition's device. Raises NetbootError when the kernel shows none, or one that begins elsewhere."""
    device = partition_device(disk, partition.number)
    try:
        start = int(Path(f"/sys/class/block/{device.name}/start").read_text(encoding="ascii")) * _SYS_SECTOR
    except (OSError, ValueError) as error:
        raise NetbootError(f"the partition {device.name} is not there", hint="deploy the master again") from error
    if start != partition.start:
        raise NetbootError(
            f"the partition {device.name} begins at {start}, not at {partition.start}", hint="deploy the master again"
        )
    return device


@contextmanager
def mounted(device: Path, kind: str, *options: str) -> Iterator[Path]:
    """This file system, mounted where only this process looks, and unmounted (so: written out) at the end.

    `options` are mount's, beside nosuid. Raises NetbootError.
    """
    folder = Path(tempfile.mkdtemp(prefix=_PLACE))
    try:
        run(["mount", "--types", kind, "--options", ",".join(("nosuid", *options)), device, folder], timeout=60)
        try:
            yield folder
        finally:
            run(["umount", folder], timeout=600)
    finally:
        # Never what is in it: where it is still mounted that is the installed system.
        with suppress(OSError):
            folder.rmdir()


def unmount_leftovers(folder: Path | None = None) -> None:
    """Take down what `mounted` left below `folder` (its own place by default) when the agent was killed in it: a disk
    with something mounted is never written to again. What does not go is logged, and stays in use."""
    for place in (folder or Path(tempfile.gettempdir())).glob(f"{_PLACE}*"):
        # Not asked first: one whose FUSE program is dead answers nothing.
        if run(["umount", place], expect=None, timeout=600).status == 0:
            log.warning("%s was left mounted", place)
        try:
            place.rmdir()
        except OSError as error:
            log.warning("%s: %s", place, error)
