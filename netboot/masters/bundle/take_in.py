"""Takes in a bundle: every chunk is compared with its name, and once the whole file was read the master is published,
signed with this workshop's own key.

What cannot be taken in is refused before the first chunk is stored, where that can be known; what fails later leaves
nothing. Not for: whether it is wanted (`decision.py`), the file's format (`format.py`).
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from msgspec import UNSET
from nacl.signing import SigningKey

from netboot.masters.bundle.format import BundleError, Opening, Reader, plain_lengths
from netboot.masters.steps import Steps
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import amount
from netboot.shared.manifest import Manifest
from netboot.store import Store, StoreError
from netboot.store.store import chunk_name, unpack_chunk
from netboot.store.stored import free
from netboot.store.upkeep import taking_back_unused_chunks

Progress = Callable[[str], None]
_Item = TypeVar("_Item")
_Done = TypeVar("_Done")


def take_in(
    reader: Reader, opening: Opening, manifest: Manifest, store: Store, key: SigningKey, progress: Progress
) -> None:
    """Read the rest of the file behind this opening, and publish `manifest`, which is what it becomes here.

    Raises NetbootError; the store is then as it was.
    """
    plain = plain_lengths(manifest)
    store.every_name()  # where they are lost, none is published in the end
    with taking_back_unused_chunks(store), store.writing():
        there = _whole_ones(store, plain, progress)
        _require_left_out(opening, there)
        needed = sum(length for sha256, length in opening.here if sha256 not in there)
        store.require_space(needed)
        progress(f"{amount(needed)} are needed in the store, and {amount(free(store))} are free")
        steps = Steps("taking in", max(sum(length for _, length in opening.here), 1), progress)

        def put(item: tuple[str, bytes]) -> int:
            sha256, frame = item
            if len(unpacked(frame, sha256)) != plain[sha256]:
                raise BundleError(f"the chunk {sha256} is not as long as its manifest says")
            if sha256 not in there:
                store.put_frame(sha256, frame)
            return len(frame)

        for size in _in_parallel(put, reader.frames(opening)):
            steps.add(size)
        reader.end(opening)
        store.publish(manifest, key)


def is_here_whole(store: Store, manifest: Manifest) -> bool:
    """Whether the store has every chunk of this master, and each is what its name says."""
    plain = plain_lengths(manifest)
    return all(_in_parallel(lambda sha256: _is_whole(store, sha256, plain[sha256]), plain))


def unpacked(frame: bytes, sha256: str) -> bytes:
    """The plain bytes of this chunk's frame in the file. Raises BundleError."""
    try:
        plain = unpack_chunk(frame)
    except StoreError as error:
        raise BundleError(f"the chunk {sha256} is damaged: {error.message}") from error
    if hashlib.sha256(plain).hexdigest() != sha256:
        raise BundleError(f"the chunk {sha256} is damaged")
    return plain


def _whole_ones(store: Store, plain: Mapping[str, int], progress: Progress) -> set[str]:
    """Those of these chunks that the store has, each read and compared with its name."""
    there = {sha256: length for sha256, length in plain.items() if store.blobs.exists(chunk_name(sha256))}
    steps = Steps("looking at what is here already", max(sum(there.values()), 1), progress)
    whole = set()
    for sha256, is_whole in zip(there, _in_parallel(lambda one: _is_whole(store, one, plain[one]), there), strict=True):
        steps.add(plain[sha256])
        if is_whole:
            whole.add(sha256)
    return whole


def _require_left_out(opening: Opening, there: Collection[str]) -> None:
    """Raise NetbootError unless all that is left out is here."""
    lacking = sum(sha256 not in there for sha256 in opening.left_out)
    if lacking:
        since = opening.head.since
        base = f"{since.name} {since.version} of “{opening.head.workshop}”" if since is not UNSET else "another version"
        raise NetbootError(
            f"this file leaves out what {base} has, and {lacking} of those {len(opening.left_out)} chunks are not here",
            hint="take that version in first, or ask for a file without --since",
        )


def _is_whole(store: Store, sha256: str, length: int) -> bool:
    """Whether the store has this chunk, and it is what its name says."""
    try:
        return len(store.get_chunk(sha256)) == length
    except StoreError:
        return False


def _in_parallel(work: Callable[[_Item], _Done], items: Iterable[_Item]) -> Iterator[_Done]:
    """What `work` gives for each item, in order, on all cores; a few items a core are held at once."""
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[_Done]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > workers * 4:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
