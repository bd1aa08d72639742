"""The overwrite and its read-back beside nwipe and dd: seconds of each on the same device, in turns, in one run.

netboot's side is the agent's own method (`agent/erase/overwrite.py`): this job's pattern written, then all of it read
and compared. nwipe is built from its repository at 0.42 (zero, verify all, direct I/O): Debian 12's 0.33 verifies from
the page cache, so it is no peer. dd writes zeros with direct I/O; then dd reads with direct I/O and cmp compares.

The device is a loop device over a file in `--folder`, with direct I/O where that folder's file system can (in memory it
cannot, and need not). Times are the device's own, by the kernel's counters: from the first sector that is written to
the last, and from there, or for dd from its first sector, to the last that is read; so nobody's start or tidying up
counts. A figure is the median of the rounds; a ratio, of each round's ratio, above 1 where netboot is faster.

nwipe erases what it is given without a question. It is given a loop device of this program's by name, and runs where
/dev holds no other disk. Prints one JSON object on stdout; progress goes to stderr. Needs root.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.overwrite import Overwrite
from netboot.files.cache_folder import default_cache_folder
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.process import run
from netboot.shared.stages.erase import DiskErase

REPOSITORY: Final = "https://github.com/martijnvanbrummelen/nwipe"
COMMIT: Final = "6082bde060091e66365d852a1877f2ee80c67105"
"""Of its tag v0.42: what is built is what this names, wherever it came from."""
MIB: Final = 1024 * 1024
SECTOR: Final = 512
"""What the kernel counts in, whatever the device's own sectors (Documentation/block/stat.rst)."""
TARGET: Final = 1.0
_LOOK_EVERY: Final = 0.002
_LONGEST: Final = 900.0


class Counters:
    """When a device's counters say that it was written and read. All moments are of time.monotonic()."""

    def __init__(self, device: Path, size: int) -> None:
        self._stat = Path(f"/sys/block/{device.name}/stat")
        self._size = size
        self._over = threading.Event()
        self.began = self.written = self.reading = self.read = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While this is open."""
        thread = threading.Thread(target=self._watch, daemon=True)
        self._over.clear()
        thread.start()
        try:
            yield
        finally:
            time.sleep(4 * _LOOK_EVERY)
            self._over.set()
            thread.join()

    def _watch(self) -> None:
        read, written = self._now()
        before = time.monotonic()
        read_then = reads_before = read
        while not self._over.wait(_LOOK_EVERY):
            now, (reads, writes) = time.monotonic(), self._now()
            if not self.began and writes > written:
                self.began = before
            if not self.written and writes - written >= self._size:
                # What was read since the look before may be of the reading that follows already.
                self.written, read_then = now, reads_before
            # What is looked at before the work begins (a partition table) is not the work.
            if not self.reading and reads - read_then >= MIB:
                self.reading = before
            if not self.read and reads - read_then >= self._size:
                self.read = now
            before, reads_before = now, reads

    def _now(self) -> tuple[int, int]:
        fields = self._stat.read_text(encoding="ascii").split()
        return int(fields[2]) * SECTOR, int(fields[6]) * SECTOR


@contextmanager
def loop_device(folder: Path, size: int) -> Iterator[Path]:
    """A loop device over a file of this size, whose blocks are all there."""
    with tempfile.TemporaryDirectory(prefix="netboot-bench-erase-", dir=folder) as scratch:
        image = Path(scratch) / "disk.img"
        with image.open("wb") as file:
            for _ in range(size // MIB):
                file.write(os.urandom(MIB))
        device = Path(run(["losetup", "--find", "--show", image]).stdout.strip())
        try:
            run(["losetup", "--direct-io=on", device], expect=None)
            yield device
        finally:
            run(["losetup", "--detach", device])


def netboot(device: Path, size: int) -> tuple[float, float]:
    """Seconds that the agent's overwrite writes, and reads back."""
    disk = Disk(name=device.name, id=DiskId(serial=device.name, size=size))
    counters = Counters(device, size)
    with DirectDisk.for_writing(device) as opened, counters.watched():
        order = DiskErase(disk=disk.id, method="overwrite")
        erasure = asyncio.run(Overwrite().run(order, disk, opened, lambda done, total, part="": None))
    if erasure.verdict != "erased":
        raise SystemExit(f"netboot's own overwrite came to {erasure.verdict}: {erasure.problem}")
    return seconds_of("netboot", counters)


def nwipe(program: Path, device: Path, size: int, scratch: Path) -> tuple[float, float]:
    """The same of nwipe, which sees no disk but this one."""
    if not device.name.startswith("loop"):
        raise SystemExit(f"{device} is no loop device: nwipe is not let near it")
    counters = Counters(device, size)
    erase: list[str | os.PathLike[str]] = [
        program, "--autonuke", "--nogui", "--nowait", "--nosignals", "--noblank", "--directio",
        "--method=zero", "--rounds=1", "--verify=all", "--PDFreportpath=noPDF", f"--logfile={scratch / 'nwipe.log'}",
        device,
    ]  # fmt: skip
    nodes = " ".join(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", device.name))
    alone = f'mount -t tmpfs none "$1" && cp --archive {nodes} "$1" && mount --move "$1" /dev && shift && exec "$@"'
    command: list[str | os.PathLike[str]] = [
        "unshare",
        "--mount",
        "--propagation=private",
        "sh",
        "-c",
        alone,
        "sh",
        scratch / "dev",
        *erase,
    ]
    (scratch / "dev").mkdir(exist_ok=True)
    with counters.watched():
        done = run(command, expect=None, timeout=_LONGEST)
    if done.status:
        raise SystemExit(f"nwipe ended with status {done.status}:\n{(done.stdout + done.stderr)[-2000:]}")
    return seconds_of("nwipe", counters)


def dd(device: Path, size: int) -> tuple[float, float]:
    """The same of dd: zeros, then read and compared by cmp."""
    counters = Counters(device, size)
    with counters.watched():
        run(
            ["dd", "if=/dev/zero", f"of={device}", "bs=1M", f"count={size // MIB}", "oflag=direct", "conv=fsync"],
            timeout=_LONGEST,
        )
        compare = f"dd if={device} bs=1M iflag=direct status=none | cmp --bytes={size} - /dev/zero"
        run(["sh", "-c", compare], timeout=_LONGEST)
    seconds_of("dd", counters)
    return counters.written - counters.began, counters.read - counters.reading


def seconds_of(name: str, counters: Counters) -> tuple[float, float]:
    """From the first sector to the last that was written, and from there to the last that was read."""
    if not (counters.began and counters.written and counters.read):
        raise SystemExit(f"{name} did not write and read the whole device")
    return counters.written - counters.began, counters.read - counters.written


def build_nwipe(source: str) -> Path:
    """The program, built from this repository at the pinned commit, once; kept in the cache."""
    folder = default_cache_folder() / "nwipe" / COMMIT
    program = folder / "src" / "nwipe"
    if (folder / "complete").exists():
        return program
    print("building nwipe 0.42", file=sys.stderr, flush=True)
    run(["rm", "--recursive", "--force", folder])
    run(["git", "clone", "--quiet", "--no-checkout", source, folder], timeout=_LONGEST)
    run(["git", "checkout", "--quiet", "--detach", COMMIT], cwd=folder)
    run(["sh", "-c", "./autogen.sh && ./configure CFLAGS=-O2 && make"], cwd=folder, timeout=_LONGEST)
    (folder / "complete").touch()
    return program


def measure(program: Path, folder: Path, size: int, rounds: int) -> dict[str, object]:
    """All of them in turns, on one device."""
    ours, peers, zeros = [], [], []
    with loop_device(folder, size) as device, tempfile.TemporaryDirectory(prefix="netboot-bench-") as scratch:
        for number in range(1, rounds + 1):
            ours.append(netboot(device, size))
            peers.append(nwipe(program, device, size, Path(scratch)))
            zeros.append(dd(device, size))
            said = [f"{name} {one[0]:.2f} + {one[1]:.2f} s" for name, one in (
                ("netboot", ours[-1]), ("nwipe", peers[-1]), ("dd", zeros[-1]),
            )]  # fmt: skip
            print(f"round {number}: " + ", ".join(said), file=sys.stderr, flush=True)
    ratios = {
        "vs_nwipe": [sum(theirs) / sum(mine) for mine, theirs in zip(ours, peers, strict=True)],
        "vs_dd_write": [theirs[0] / mine[0] for mine, theirs in zip(ours, zeros, strict=True)],
        "vs_dd_verify": [theirs[1] / mine[1] for mine, theirs in zip(ours, zeros, strict=True)],
    }
    return {
        "mib": size // MIB,
        "mb_a_second": {
            name: {
                part: round(speed(size, [one[at] for one in times]), 1) for at, part in enumerate(("write", "verify"))
            }
            for name, times in (("netboot", ours), ("nwipe", peers), ("dd", zeros))
        },
        "ratios": {name: round(statistics.median(each), 2) for name, each in ratios.items()},
    }


def speed(size: int, seconds: list[float]) -> float:
    """MB (10^6 bytes) a second, the median of the rounds."""
    return size / 1e6 / statistics.median(seconds)


def main() -> int:
    """Run and print; 0 when every ratio is what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mib", type=int, default=2048, help="size of the device")
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"), help="where its file is made")
    parser.add_argument("--nwipe-source", default=REPOSITORY, help="where nwipe is cloned from: an address or a folder")
    asked = parser.parse_args()
    # One that is told to end tidies up as well: the loop device would stay.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    program = build_nwipe(asked.nwipe_source)
    figures = measure(program, asked.folder, asked.mib * MIB, asked.rounds)
    ratios = figures["ratios"]
    assert isinstance(ratios, dict)
    met = all(ratio >= TARGET for ratio in ratios.values())
    load = round(os.getloadavg()[0], 1)
    report = {"benchmark": "erase", "rounds": asked.rounds, "load": load, **figures, "target": TARGET, "met": met}
    print(json.dumps(report, indent=2))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
