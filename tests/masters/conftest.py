"""What the tests of masters share: laying chunks onto a disk as an agent does, and the command line."""

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from netboot.shared.manifest import Chunk
from netboot.shared.process import run
from netboot.store import Store
from tests.masters.commands import Workshop
from tests.masters.images import LINUX, MIB, SWAP, ext4, gpt_disk, sized

Lay = Callable[[Iterable[Chunk], Store, Path, int], None]


@pytest.fixture
def lay() -> Lay:
    """Make a disk of this size as the erase stage leaves it, no zeros anywhere, and write the chunks to it."""

    def laid(chunks: Iterable[Chunk], store: Store, target: Path, size: int) -> None:
        block = b"\xa5" * (1 << 20)
        with target.open("xb") as disk:
            for at in range(0, size, len(block)):
                disk.write(block[: size - at])
            for chunk in chunks:
                disk.seek(chunk.offset)
                disk.write(store.get_chunk(chunk.sha256))

    return laid


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """64 MiB: one ext4 with a system on it."""
    return gpt_disk(tmp_path, [(LINUX, ext4(tmp_path))])


@pytest.fixture
def swap_disk(tmp_path: Path) -> Path:
    """A disk with swap alone, whose import takes no time: partclone waits a second for each file system."""
    part = sized(tmp_path / "swap", 2 * MIB)
    run(["mkswap", part])
    return gpt_disk(tmp_path, [(SWAP, part)], name="swap.raw", size=8 * MIB)


@pytest.fixture
def workshop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Workshop]:
    (tmp_path / "data").mkdir(mode=0o700)
    root = logging.getLogger()
    before = (root.handlers[:], root.level)  # a command sets up a log of its own, onto this test's standard error
    yield Workshop(tmp_path / "data", capsys)
    root.handlers[:], level = before
    root.setLevel(level)
