"""One run of the virtual workshop: its short name, its folder, its lock, and the sweeping of what dead runs left.

A run is a folder that holds a locked file for as long as its process lives; the kernel drops the lock when that
process ends, however it ends. Everything else carries the run's name (namespaces) or stands inside the folder
(disks, sockets, logs), so the next run can tell what a dead one left, and removes that and nothing else.
Not for: two machines that share one folder.
"""

import fcntl
import logging
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from netboot.shared.errors import NetbootError
from netboot.shared.mounts import mounts_below, unmount_below
from netboot.shared.process import run as run_program

log = logging.getLogger(__name__)

PREFIX = "netboot-lab"
BASE = Path("/var/tmp/netboot-lab")  # noqa: S108 - made 0700 and its owner is checked
NAMESPACES = Path("/run/netns")
_LOCK = "lock"
LEAST_ROOM = 2 << 30
"""Bytes free on this machine's disk without which no run begins; its PCs' disks may need more."""


@dataclass(frozen=True, slots=True)
class Run:
    """The name (six hexadecimal digits) and the folder of one run."""

    name: str
    folder: Path

    def namespace(self, role: str) -> str:
        """The network namespace of one role ("wire", "server"…) in this run."""
        return f"{PREFIX}-{self.name}-{role}"


@contextmanager
def claim_run(base: Path = BASE) -> Iterator[Run]:
    """Sweep what dead runs left under `base`, then own a new run; everything it made is removed at exit.

    Raises NetbootError when this process is not root, `base` belongs to someone else, or its disk has less than
    LEAST_ROOM.
    """
    if os.geteuid() != 0:
        raise NetbootError(
            "the virtual workshop needs root: it makes network namespaces and virtual network cards",
            hint="start the same command again with sudo",
        )
    with ExitStack() as held:
        with _alone(base):
            for dead in _dead_runs(base):
                log.info("sweeping what the dead run %s left", dead.name)
                remove_run(dead)
            require_room(base, LEAST_ROOM)
            name = secrets.token_hex(3)
            run = Run(name, base / name)
            run.folder.mkdir(mode=0o700)
            lock = held.enter_context((run.folder / _LOCK).open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.callback(_end_run, base, run)
        yield run


def require_room(folder: Path, wanted: int) -> None:
    """Raise NetbootError when the disk of this folder, or of the one that it will be in, has less than `wanted` bytes.

    A PC whose disk this machine can give no room fails somewhere in the middle, as if its own disk were bad.
    """
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise NetbootError(
            f"the disk of {folder} has {free / 2**30:.1f} GiB free, and {wanted / 2**30:.1f} GiB are needed",
            hint="make room there; the caches in ~/.cache/netboot-workshop can all be made anew",
        )


def remove_run(run: Run) -> None:
    """End every process in the run's namespaces, then remove the namespaces and the folder.

    Raises NetbootError when something in the folder stays mounted: the folder is left as it is then.
    """
    for path in sorted(NAMESPACES.glob(run.namespace("*"))):
        _end_processes_in(path)
        run_program(["ip", "netns", "delete", path.name])
    unmount_below(run.folder)
    if still := mounts_below(run.folder):
        raise NetbootError(f"{still[0]} is mounted, and does not let go", hint=f"unmount it, then remove {run.folder}")
    for line in run_program(["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"]).stdout.splitlines():
        device, *image = line.split(maxsplit=1)
        if image and image[0].startswith(f"{run.folder}/"):
            run_program(["losetup", "--detach", device])
    shutil.rmtree(run.folder)


def _end_run(base: Path, run: Run) -> None:
    # Its lock is a file in the folder: once that is removed, who sweeps meanwhile would take the run for a dead one.
    with _alone(base):
        remove_run(run)


@contextmanager
def _alone(base: Path) -> Iterator[None]:
    """Hold the lock of `base`, so that no run is swept between its folder's making and its lock, nor while it ends."""
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = base.lstat()
    if status.st_uid != os.geteuid() or base.is_symlink():
        raise NetbootError(f"{base} belongs to someone else", hint=f"look what it is, then remove {base}")
    with (base / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _dead_runs(base: Path) -> Iterator[Run]:
    for folder in sorted(path for path in base.iterdir() if path.is_dir()):
        try:
            with (folder / _LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        yield Run(folder.name, folder)


def _end_processes_in(namespace: Path, seconds: float = 10) -> None:
    """Kill what runs in one namespace and wait until it is gone.

    Nothing but a run's own children ever enters its namespaces: that, not a remembered number, makes them ours.
    """
    identity = namespace.stat()
    until = time.monotonic() + seconds
    while pids := [pid for pid in _all_pids() if _is_in(pid, identity)]:
        for pid in pids:
            _kill_if_in(pid, identity)
        if time.monotonic() > until:
            raise NetbootError(
                f"processes {pids} do not end", hint=f"look at them with: ip netns pids {namespace.name}"
            )
        time.sleep(0.05)


def _all_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _is_in(pid: int, identity: os.stat_result) -> bool:
    try:
        return os.path.samestat(Path(f"/proc/{pid}/ns/net").stat(), identity)
    except OSError:
        return False


def _kill_if_in(pid: int, identity: os.stat_result) -> None:
    """Kill through a pidfd, looked at again once it is held: the number may have passed to another process."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if _is_in(pid, identity):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)
