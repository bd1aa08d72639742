"""File systems that were not shut down: what only their journal knows comes back with the master all the same."""

import hashlib
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netboot.shared.manifest import Chunk
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.journals import ext_map_problem
from tests.masters.images import LINUX, MIB, cut, ext4, gpt_disk, sized, taken

Lay = Callable[[Iterable[Chunk], Store, Path, int], None]


@contextmanager
def mounted(part: Path) -> Iterator[Path]:
    """The file system in this file, mounted to be written to: its journal is replayed."""
    folder = part.with_name(f"{part.name}.mounted")
    folder.mkdir()
    run(["mount", "-o", "loop", part, folder])
    try:
        yield folder
    finally:
        run(["umount", folder])
        folder.rmdir()


def pulled_out(folder: Path, kind: str) -> Path:
    """A file system of 320 MiB whose disk was pulled out while files were written: most is in the journal only."""
    part, left = sized(folder / "part", 320 * MIB), folder / f"left.{kind}"
    run(["mkfs.xfs", "-q", part] if kind == "xfs" else ["mke2fs", "-q", "-F", "-t", kind, part])
    chance = random.Random(12)
    with mounted(part) as inside:
        for number in range(60):
            (inside / f"old{number}").write_bytes(chance.randbytes(20_000))
        run(["sync", "--file-system", inside])
        for number in range(40):
            (inside / f"old{number}").unlink()
            (inside / f"new{number}").write_bytes(chance.randbytes(50_000))
        run(["sync", inside / "new1", inside / "new39"])
        if kind == "xfs":
            run(["xfs_io", "-x", "-c", "shutdown -f", inside])
        else:
            run(["sync", "--file-system", inside])
            shutil.copyfile(part, left)
    if kind == "xfs":
        part.rename(left)
    return left


def contents(part: Path) -> dict[str, str]:
    """The names of all files and the SHA-256 of what is in them."""
    with mounted(part) as inside:
        files = [path for path in inside.iterdir() if path.is_file()]
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.root
@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_what_only_the_journal_knows_is_on_the_master(tmp_path: Path, lay: Lay, kind: str) -> None:
    part, said = pulled_out(tmp_path, kind), list[str]()
    image, store = gpt_disk(tmp_path, [(LINUX, part)], size=340 * MIB), Store(tmp_path / "store")
    manifest = taken(image, store, said)
    assert f"partition 1 ({kind}): taken as a whole, because it was not shut down cleanly" in said
    lay(manifest.chunks, store, target := tmp_path / "target.raw", manifest.disk)
    expected = contents(part)
    assert len(expected) >= 40
    assert contents(cut(target, MIB, 320 * MIB, tmp_path / "again")) == expected


@pytest.mark.root
@pytest.mark.parametrize("change", ["feature needs_recovery", "set_super_value state 0", "set_super_value state 3"])
def test_an_ext4_that_is_not_clean_is_taken_as_a_whole(tmp_path: Path, change: str) -> None:
    part = ext4(tmp_path)
    run(["debugfs", "-w", "-R", change, part])
    said: list[str] = []
    manifest = taken(gpt_disk(tmp_path, [(LINUX, part)]), Store(tmp_path / "store"), said)
    assert manifest.used > 24 * MIB
    assert any("partition 1 (ext4): taken as a whole, because it" in line for line in said)


def test_what_is_no_superblock_is_no_clean_one() -> None:
    for superblock in (b"", bytes(1024), bytes(0x38) + b"\x53\xef", b"\xff" * 1024):
        assert ext_map_problem(superblock)
