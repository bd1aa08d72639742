"""A disk that is slow to read for one process: ext4 on a loop device, throttled by the kernel (blkio cgroup).

Both versions of cgroups: Debian 12 has the second, some machines the first.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from netboot.shared.process import run

CGROUPS = Path("/sys/fs/cgroup")


@contextmanager
def mounted(image: Path, place: Path, size: int) -> Iterator[Path]:
    """An ext4 of `size` bytes at `place`; gives its loop device."""
    with image.open("xb") as file:
        file.truncate(size)
    run(["mke2fs", "-q", "-t", "ext4", image])
    place.mkdir(parents=True)
    device = Path(run(["losetup", "--find", "--show", image]).stdout.strip())
    try:
        run(["mount", device, place])
        try:
            yield device
        finally:
            run(["umount", "--lazy", place])
    finally:
        run(["losetup", "--detach", device])


def forget(device: Path, place: Path) -> None:
    """Have the kernel read the disk again."""
    run(["umount", place])
    run(["mount", device, place])


@contextmanager
def slow_for(pid: int, device: Path, rate: int) -> Iterator[None]:
    """While this process reads the device at `rate` bytes a second."""
    number = device.stat().st_rdev
    which = f"{os.major(number)}:{os.minor(number)}"
    first = CGROUPS / "blkio"
    group = (first if first.is_dir() else CGROUPS) / f"netboot-abuse-{os.urandom(4).hex()}"
    if not first.is_dir():
        (CGROUPS / "cgroup.subtree_control").write_text("+io")
    group.mkdir()
    before = Path(f"/proc/{pid}/cgroup").read_text()
    try:
        if first.is_dir():
            (group / "blkio.throttle.read_bps_device").write_text(f"{which} {rate}")
        else:
            (group / "io.max").write_text(f"{which} rbps={rate}")
        (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        marker = ":blkio:" if first.is_dir() else "0::"
        (path,) = (line.rpartition(":")[2] for line in before.splitlines() if marker in f"{line}")
        with suppress(OSError):
            ((first if first.is_dir() else CGROUPS) / path.lstrip("/") / "cgroup.procs").write_text(str(pid))
            group.rmdir()
