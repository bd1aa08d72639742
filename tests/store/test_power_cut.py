"""A store's disk as a power cut would leave it, at any moment of publishing and cleaning up.

The store is on an ext4 of its own, whose disk is a file of an XFS: that can clone a file in one step (FICLONE) while
it is written to, so that a clone is what was on the disk in that moment, and what was still in memory is lost. Each
clone is mounted, which replays its journal as the next start does.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from netboot.shared.process import run
from netboot.store import Store
from netboot.store.lost_names import NONE
from netboot.store.upkeep import collect_garbage, verify
from tests.store.test_store import PUBLIC, part, put_master

MIB = 1024 * 1024


@contextmanager
def mounted(image: Path, folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    run(["mount", "-o", ",".join(("loop", *options)), image, folder])
    try:
        yield folder
    finally:
        run(["umount", folder])
        let_go(image)


def let_go(image: Path) -> None:
    """Wait until no loop device has this file: the kernel takes it away once nobody has the device open, and whoever
    looks at all disks just then, as udev and blkid do, has it open. What the file lies on is busy until then."""
    until = time.monotonic() + 60
    while run(["losetup", "--associated", image]).stdout:
        assert time.monotonic() < until, f"a loop device still has {image}"
        time.sleep(0.05)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An ext4 in a file that can be cloned in one step."""
    outer = tmp_path / "outer.img"
    outer.touch()
    os.truncate(outer, 4096 * MIB)
    run(["mkfs.xfs", "-q", "-m", "reflink=1", outer])
    with mounted(outer, tmp_path / "outer") as folder:
        image = folder / "disk.img"
        image.touch()
        os.truncate(image, 128 * MIB)
        run(["mke2fs", "-q", "-F", "-t", "ext4", image])
        yield image


class Publisher:
    """The process that publishes, and how far it said that it is."""

    def __init__(self, folder: Path, between: str) -> None:
        self.published = 0
        command = [sys.executable, "-m", "tests.store.publisher", os.fspath(folder), between]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.published = int(line)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.mark.root
@pytest.mark.parametrize(
    "cuts", [8, pytest.param(50, marks=[pytest.mark.matrix, pytest.mark.timeout(900)])], ids=["some", "many"]
)
def test_what_is_published_is_on_the_disk_whole_whenever_the_power_is_cut(
    tmp_path: Path, disk: Path, cuts: int
) -> None:
    clones: list[tuple[Path, int]] = []
    moments = random.Random(21)
    with mounted(disk, tmp_path / "store", "commit=1") as folder:
        publisher = Publisher(folder / "store", "clean")
        try:
            while publisher.published < 2 and publisher.process.poll() is None:
                time.sleep(0.01)
            for number in range(cuts):
                time.sleep(moments.uniform(0.02, 0.4))
                clone = disk.with_name(f"cut{number}.img")
                said = publisher.published
                run(["cp", "--reflink=always", disk, clone])
                clones.append((clone, said))
            assert publisher.process.poll() is None, "it went on all the time"
        finally:
            publisher.end()
    for clone, said in clones:
        with mounted(clone, tmp_path / "after") as folder:
            is_whole(folder / "store", said)


@pytest.mark.root
def test_a_store_with_a_master_does_not_say_after_a_power_cut_that_it_has_none(tmp_path: Path, disk: Path) -> None:
    clone = disk.with_name("cut.img")
    with mounted(disk, tmp_path / "store", "commit=300") as folder:
        put_master(Store(folder / "store"), "school", part("a"))
        run(["cp", "--reflink=always", disk, clone])
    with mounted(clone, tmp_path / "after") as folder:
        assert not Store(folder / "store").blobs.exists(NONE)
        is_whole(folder / "store", 1)


def is_whole(folder: Path, said: int) -> None:
    """Every master is whole, none that was said to be published is lost, and the store can be gone on with."""
    store = Store(folder)
    assert verify(store, PUBLIC) == ()
    current = store.current("school")
    assert current is not None
    assert int(current.version) >= said
    for digest in (name.removeprefix("manifests/") for name in store.blobs.list("manifests")):
        assert all(store.has_chunk(chunk.sha256) for chunk in store.manifest(digest).chunks)
    put_master(store, "school", *(store.get_chunk(chunk.sha256) for chunk in current.chunks), version="next")
    collect_garbage(store)
    assert verify(store, PUBLIC) == ()
