"""Bytes that masters take up in the store, seconds that an import takes, and bytes on the wire, beside what others do.

Three masters are built from recipes by real mmdebstrap builds, once, and kept in netboot's cache folder: `older` is the
recipe (`ecole`) without Debian's security updates, `newer` is the same with them, `related` another (`association`).
All of it takes an hour; `--recipe images/debian-minimal.yaml --related benchmarks/desktop.yaml` some minutes. Each is
imported from its raw disk image; of a peer's bytes those count that it adds to what it has of the masters before.

- netboot: what `netboot master import` does, into an empty store, until the master is published and on the disk; but
  the image is not made to fit smaller disks first.
- candidates: the same reading, hashing, packing and writing with other cuts and other levels of zstd.
- casync, whose chunks desync makes as well (Debian has no desync), with averages of 16 KiB to 1 MiB, in the first round
  alone; it gets the bytes in use alone, in one file, as zstd does.
- qcow2 packed with zstd, by qemu-img. zstd -3 -T2 and -9 -T2 of the bytes in use: neither knows of other masters.
- wire: what an agent fetches, each chunk once and the manifest, beside partclone's images of the file systems packed by
  zstd -3, and what partclone does not know packed as it is.

A figure in seconds is the median of the rounds, in which all take turns; beside it stand the seconds of a core that all
three masters take. A ratio of seconds is the median of each round's, for the three together. Ratios are above 1 where
netboot is better. Prints one JSON object on stdout; progress goes to stderr. Needs root.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from unittest.mock import patch

import msgspec
import zstandard
from nacl.signing import SigningKey

from netboot.bootfiles.debian import MIRROR_VARIABLE, find_mirror
from netboot.files.cache_folder import default_cache_folder
from netboot.masters.build import build_master
from netboot.masters.importing import import_master
from netboot.masters.recipe_reading import load_recipe
from netboot.masters.shrinking import as_it_is
from netboot.shared.manifest import Manifest
from netboot.shared.process import run
from netboot.store import BlobFolder, Store
from netboot.store.store import LEVEL
from netboot.store.stored import stored
from netboot.survey.cutting import SHAPE, Piece, Shape, cut
from netboot.survey.disk_file import DiskFile, open_disk
from netboot.survey.loop import loop_device
from netboot.survey.pieces import pieces
from netboot.survey.whole_disk import Survey, survey

KIB: Final = 1024
MIB: Final = 1024 * 1024
IMPORT_TARGET: Final = 0.8
"""Of the speed of TARGETED on the same bytes."""
TARGETED: Final = "zstd -3 -T2"
KEY: Final = SigningKey(b"\x11" * 32)
"""Of the masters that are measured here, and of no workshop's."""
SHAPES: Final = {
    "content 64+128 KiB": Shape(64 * KIB, 32, 2 * MIB),
    "content 128+256 KiB": Shape(128 * KIB, 64, 2 * MIB),
    "content 128+512 KiB": Shape(128 * KIB, 128, 2 * MIB),
    "content 256+512 KiB": SHAPE,
    "content 256 KiB+1 MiB": Shape(256 * KIB, 256, 4 * MIB),
}
GRIDS: Final = {"grid 256 KiB": 256 * KIB, "grid 1 MiB": MIB, "grid 4 MiB": 4 * MIB}
LEVELS: Final = (3, 5, 7, 9)
CASYNC: Final = (16, 64, 256, 1024)
_LONGEST: Final = 3600.0

Cut = Callable[[DiskFile, Survey], Iterator[Piece]]


@dataclass(frozen=True, slots=True)
class Master:
    """A built one: `disk` its raw image, `used` a file of the bytes in use alone."""

    name: str
    version: str
    disk: Path
    used: Path


def say(line: str) -> None:
    """Progress."""
    print(line, file=sys.stderr, flush=True)


def built(name: str, recipe: Path, mirror: str | None, folder: Path) -> Master:
    """The recipe's master as a disk image, built once; `mirror`: packages come from it alone (None: the host's)."""
    words = json.dumps(msgspec.to_builtins(load_recipe(recipe)), sort_keys=True)
    folder = folder / hashlib.sha256(words.encode()).hexdigest()[:16] / name
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        store = Store(folder / "store")
        with patch.dict(os.environ, {MIRROR_VARIABLE: mirror} if mirror is not None else {}):
            manifest = build_master(recipe, store, KEY, progress=say, cache=folder / "builds")
        lay(store, manifest, folder)
        for spare in ("store", "builds", "builds-packages"):
            shutil.rmtree(folder / spare, ignore_errors=True)
        complete.write_text(f"{manifest.name} {manifest.version}", encoding="utf-8")
    return Master(name, complete.read_text(encoding="utf-8"), folder / "disk.raw", folder / "used")


def lay(store: Store, manifest: Manifest, folder: Path) -> None:
    """Write its chunks where they lie on the disk, and one after the other."""
    with (folder / "disk.raw").open("wb") as disk, (folder / "used").open("wb") as used:
        disk.truncate(manifest.disk)
        for chunk in manifest.chunks:
            plain = store.get_chunk(chunk.sha256)
            disk.seek(chunk.offset)
            disk.write(plain)
            used.write(plain)


def imported(made: Master, store: Store) -> tuple[float, Manifest]:
    """Seconds that its import takes."""
    start = time.monotonic()
    about = {"name": made.name, "version": "1", "licence": "MIT", "title": made.name}
    manifest = import_master(made.disk, store, KEY, None, as_it_is, **about, progress=lambda _: None)
    return time.monotonic() - start, manifest


def on_grid(grid: int) -> Cut:
    """As masters were cut before."""
    return lambda disk, found: ((at, memoryview(disk.read(at, end))) for at, end in pieces(found.ranges, grid))


def by_content(shape: Shape) -> Cut:
    """As `survey/cutting.py` cuts."""
    return lambda disk, found: cut(disk.read, found.ranges, shape=shape)


def packed(made: Master, found: Survey, folder: BlobFolder, way: Cut, level: int, known: set[str]) -> tuple[float, int]:
    """Seconds of reading, hashing, packing and writing all that is not `known`, and its bytes."""

    def put(plain: memoryview) -> int:
        name = hashlib.sha256(plain).hexdigest()
        if name in known:
            return 0
        known.add(name)
        frame = zstandard.ZstdCompressor(level=level).compress(plain)
        folder.put_soon(f"chunks/{name[:2]}/{name}", frame)
        return len(frame)

    size = 0
    start = time.monotonic()
    with open_disk(made.disk) as disk, ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting: deque[Future[int]] = deque()
        for _, plain in way(disk, found):
            waiting.append(pool.submit(put, plain))
            while len(waiting) > 8:
                size += waiting.popleft().result()
        size += sum(one.result() for one in waiting)
    folder.sync()
    return time.monotonic() - start, size


def candidates(masters: Iterable[Master], surveys: Mapping[str, Survey], scratch: Path) -> dict[str, object]:
    """Every cut at our level, and our cut at every level: bytes that each master adds, seconds for the first."""
    ways = {f"{name}, zstd -{LEVEL}": (on_grid(grid), LEVEL) for name, grid in GRIDS.items()}
    ways |= {f"{name}, zstd -{LEVEL}": (by_content(shape), LEVEL) for name, shape in SHAPES.items()}
    ways |= {"grid 1 MiB, zstd -9": (on_grid(MIB), 9)}
    ways |= {f"our cut, zstd -{level}": (by_content(SHAPE), level) for level in LEVELS}
    figures: dict[str, object] = {}
    for name, (way, level) in ways.items():
        known: set[str] = set()
        with room(scratch) as folder:
            done = [packed(one, surveys[one.name], BlobFolder(folder / "s"), way, level, known) for one in masters]
        added = {one.name: megabytes(size) for one, (_, size) in zip(masters, done, strict=True)}
        figures[name] = {"mb_added": added, "chunks": len(known), "seconds": round(done[0][0], 2)}
        say(f"{name}: {figures[name]}")
    return figures


def timed(command: list[str | os.PathLike[str]], folder: Path) -> float:
    """Seconds until it has ended and what it wrote is on the disk."""
    start = time.monotonic()
    run(command, timeout=_LONGEST)
    run(["sync", "--file-system", folder])
    return time.monotonic() - start


def casync(made: Master, folder: Path, average: int) -> tuple[float, int]:
    """Seconds to add it to a store of casync's, and the bytes that this adds with the list of its chunks."""
    before = size_of(folder)
    seconds = timed([
        "casync", "make", f"--chunk-size={average * KIB}", "--compression=zstd", f"--store={folder / 'store.castr'}",
        folder / f"{made.name}.caibx", made.used,
    ], folder)  # fmt: skip
    return seconds, size_of(folder) - before


def qcow2(made: Master, folder: Path) -> tuple[float, int]:
    """The same of qemu-img, one file a master."""
    packed = folder / f"{made.name}.qcow2"
    options = ["-f", "raw", "-O", "qcow2", "-c", "-W", "-m", "16", "-o", "compression_type=zstd"]
    return timed(["qemu-img", "convert", *options, made.disk, packed], folder), size_of(packed)


def zstd(made: Master, folder: Path, level: int) -> tuple[float, int]:
    """The same of zstd on two cores."""
    packed = folder / f"{made.name}.zst"
    return timed(["zstd", "--quiet", "--force", f"-{level}", "-T2", made.used, "-o", packed], folder), size_of(packed)


def wire(made: Master, found: Survey, store: Store, manifest: Manifest) -> dict[str, float]:
    """MB that reach a PC, by us and by partclone."""
    peer = 0
    for partition in found.layout.partitions:
        kind = partition.filesystem.kind if partition.filesystem is not None else ""
        program = {"ext4": "partclone.extfs", "vfat": "partclone.fat", "ntfs": "partclone.ntfs"}.get(kind, "")
        with loop_device(made.disk, offset=partition.start, length=partition.length) as device:
            source = f"{program} --clone --quiet --logfile=/dev/null --source={device} --output=-" if program else ""
            script = f"set -o pipefail; {source or f'cat {device}'} | zstd --quiet -3 -T2 | wc --bytes"
            peer += int(run(["bash", "-c", script], timeout=_LONGEST).stdout)
    ours = stored(store, manifest).size
    return {"used": megabytes(found.used), "netboot": megabytes(ours), "partclone_zstd": megabytes(peer)}


@contextmanager
def room(scratch: Path) -> Iterator[Path]:
    """A folder of its own."""
    with tempfile.TemporaryDirectory(prefix="netboot-bench-store-", dir=scratch) as folder:
        yield Path(folder)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    return path.stat().st_size if path.is_file() else sum(size_of(one) for one in path.iterdir())


def megabytes(size: int) -> float:
    """10^6 bytes."""
    return round(size / 1e6, 1)


Way = Callable[[Master, Path], tuple[float, int]]
"""Seconds and bytes of one more master in this folder."""


def netboot(made: Master, folder: Path) -> tuple[float, int]:
    """The same of an import, and the bytes of all that the store keeps."""
    before = size_of(folder)
    seconds = imported(made, Store(folder))[0]
    return seconds, size_of(folder) - before


def all_ways() -> dict[str, Way]:
    """Ours and the peers', by name."""
    return {
        "netboot": netboot,
        **{f"casync {average} KiB": partial(casync, average=average) for average in CASYNC},
        "qcow2, zstd": qcow2,
        **{f"zstd -{level} -T2": partial(zstd, level=level) for level in (3, 9)},
    }


def measure(
    masters: list[Master], ways: Mapping[str, Way], scratch: Path, rounds: int, *, cuts: bool
) -> dict[str, object]:
    """All of them in turns, then what needs no rounds; `cuts`: the candidates too."""
    seconds: dict[str, list[list[float]]] = {name: [] for name in ways}
    cores: dict[str, list[float]] = {name: [] for name in ways}
    added: dict[str, list[int]] = {}
    for number in range(1, rounds + 1):
        for name, way in ways.items():
            if number > 1 and name.startswith("casync"):
                continue  # minutes of large masters, and its bytes are the same in each
            before = cpu_seconds()
            with room(scratch) as folder:
                done = [way(made, folder) for made in masters]
            cores[name].append(cpu_seconds() - before)
            seconds[name].append([taken for taken, _ in done])
            added[name] = [size for _, size in done]
            say(f"round {number}: {name}: " + ", ".join(f"{taken:.2f} s {size / 1e6:.1f} MB" for taken, size in done))
    surveys, surveying, on_wire = {}, {}, {}
    for made in masters:
        start = time.monotonic()
        with open_disk(made.disk) as disk:
            surveys[made.name] = survey(disk, say)
        surveying[made.name] = round(time.monotonic() - start, 2)
        with room(scratch) as folder:
            store = Store(folder)
            on_wire[made.name] = wire(made, surveys[made.name], store, imported(made, store)[1])
    names = [made.name for made in masters]
    return {
        "masters": {made.name: f"{made.version}, {megabytes(size_of(made.used))} MB in use" for made in masters},
        "mb_added": {name: dict(zip(names, map(megabytes, sizes), strict=True)) for name, sizes in added.items()},
        "seconds": {name: dict(zip(names, medians(times), strict=True)) for name, times in seconds.items()},
        "cpu_seconds_of_all": {name: round(statistics.median(each), 1) for name, each in cores.items()},
        "of_them_survey": surveying,
        **({"candidates": candidates(masters, surveys, scratch)} if cuts else {}),
        "wire_mb": on_wire,
        "ratios": ratios(seconds, added),
    }


def cpu_seconds() -> float:
    """Seconds of a core that this process and those it has waited for have taken: the same on a busy machine."""
    taken = os.times()
    return taken.user + taken.system + taken.children_user + taken.children_system


def medians(rounds: list[list[float]]) -> list[float]:
    """Of each master's seconds."""
    return [round(statistics.median(each), 2) for each in zip(*rounds, strict=True)]


def ratios(seconds: dict[str, list[list[float]]], added: dict[str, list[int]]) -> dict[str, float]:
    """Beside each peer: bytes of two versions and of two related masters, seconds of an import of the largest."""
    ours = added["netboot"]
    figures: dict[str, float] = {}
    for name in added.keys() - {"netboot"}:
        theirs = added[name]
        figures[f"bytes of two versions, {name}"] = sum(theirs[:2]) / sum(ours[:2])
        figures[f"bytes of all three, {name}"] = sum(theirs) / sum(ours)
        of_rounds = zip(seconds[name], seconds["netboot"], strict=False)
        figures[f"seconds, {name}"] = statistics.median(sum(peer) / sum(mine) for peer, mine in of_rounds)
    return {name: round(figure, 2) for name, figure in sorted(figures.items())}


def main() -> int:
    """Build what is missing, run and print; 0 when an import is as fast as is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recipe", type=Path, default=Path("images/ecole.yaml"))
    parser.add_argument("--related", type=Path, default=Path("images/association.yaml"), help="another recipe")
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"), help="where all that is measured is written")
    parser.add_argument("--candidates", action="store_true", help="other cuts and levels too: hours of large masters")
    peers = [name for name in all_ways() if name != "netboot"]
    parser.add_argument("--peers", nargs="+", choices=peers, default=peers)
    asked = parser.parse_args()
    # One that is told to end tidies up as well.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    kept = default_cache_folder() / "bench-store"
    masters = [
        built("older", asked.recipe, find_mirror().archive, kept),
        built("newer", asked.recipe, None, kept),
        built("related", asked.related, None, kept),
    ]
    ways = {name: way for name, way in all_ways().items() if name in ("netboot", *asked.peers)}
    figures = measure(masters, ways, asked.folder, asked.rounds, cuts=asked.candidates)
    reached = figures["ratios"]
    assert isinstance(reached, dict)
    met = reached.get(f"seconds, {TARGETED}", 0.0) >= IMPORT_TARGET
    report = {
        "benchmark": "store",
        "recipes": [str(asked.recipe), str(asked.related)],
        "written_to": str(asked.folder),
        "rounds": asked.rounds,
        "load": round(os.getloadavg()[0], 1),
        **figures,
        "missing": {"desync": "Debian has no package of it"},
        "target": {f"seconds, {TARGETED}": IMPORT_TARGET},
        "met": met,
    }
    print(json.dumps(report, indent=2, ensure_ascii=False))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
