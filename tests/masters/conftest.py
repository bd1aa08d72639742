"""What the tests of masters share: laying chunks onto a disk as an agent does."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from netboot.shared.manifest import Chunk
from netboot.store import Store

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
