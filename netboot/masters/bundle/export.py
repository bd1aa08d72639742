"""Writes a master of the store as one signed file for another workshop.

Each chunk is compared with its name before it is written: what goes to another workshop is whole. Not for: the file's
format (`format.py`).
"""

import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import UNSET
from nacl.signing import SigningKey

from netboot.masters.bundle.format import Head, Since, Writer, plain_lengths
from netboot.masters.steps import Steps
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import amount
from netboot.shared.manifest import Manifest
from netboot.store import Store, StoreError
from netboot.store.blobs import read_blob
from netboot.store.store import manifest_name, unpack_chunk
from netboot.store.stored import packed_sizes

STDOUT: Final = Path("-")
_SPARE: Final = 16 << 20
"""Bytes: what is left free on the file's disk."""


def export(
    store: Store,
    digest: str,
    key: SigningKey,
    file: Path,
    *,
    workshop: str,
    since: str = "",
    progress: Callable[[str], None],
) -> int:
    """Write the master whose manifest has this digest, without the chunks of the manifest `since`; the bytes written.

    `-` is standard output. Raises NetbootError; a file that could not be written whole is not there then.
    """
    with store.writing():  # nobody deletes meanwhile
        manifest = store.manifest(digest)
        signed = read_blob(store.blobs, manifest_name(digest))
        base = store.manifest(since) if since else None
        lengths = _lengths(store, manifest, base)
        head = Head(workshop=workshop, key=bytes(key.verify_key).hex(), since=UNSET if base is None else _since(base))
        packed = sum(lengths.values())
        rest = len(signed) + 4 * len(lengths) + 4096
        _tell(manifest, base, lengths, packed, progress)
        with _opened(file, packed + rest) as out:
            writer, steps = Writer(out.write, key), Steps("writing", max(packed, 1), progress)
            writer.opening(head, signed, lengths.values())
            for sha256, length in lengths.items():
                if length:
                    writer.frame(_frame(store, sha256, length))
                    steps.add(length)
            writer.end()
    return writer.at


def _frame(store: Store, sha256: str, length: int) -> bytes:
    frame = store.get_frame(sha256)
    if hashlib.sha256(unpack_chunk(frame)).hexdigest() != sha256:
        raise StoreError(f"the chunk {sha256} is damaged", hint="netboot master verify says whose it is")
    if len(frame) != length:
        raise StoreError(f"the chunk {sha256} was replaced meanwhile", hint="run the command again")
    return frame


def _lengths(store: Store, manifest: Manifest, base: Manifest | None) -> dict[str, int]:
    sizes = packed_sizes(store, manifest)
    left_out = {chunk.sha256 for chunk in base.every_chunk} if base is not None else set()
    missing = [sha256 for sha256 in plain_lengths(manifest) if sha256 not in sizes]
    if missing:
        raise StoreError(
            f"{manifest.name} {manifest.version} lacks {len(missing)} chunks", hint="build or import it again"
        )
    return {sha256: 0 if sha256 in left_out else sizes[sha256] for sha256 in plain_lengths(manifest)}


def _since(base: Manifest) -> Since:
    return Since(name=base.name, version=base.version, manifest=base.digest)


def _tell(
    manifest: Manifest,
    base: Manifest | None,
    lengths: dict[str, int],
    packed: int,
    progress: Callable[[str], None],
) -> None:
    away = sum(not length for length in lengths.values())
    progress(f"{manifest.name} {manifest.version}: {amount(packed)} in {len(lengths) - away} chunks")
    if base is not None:
        progress(
            f"{away} of its {len(lengths)} chunks are left out: who takes this in must have {base.name} {base.version}"
        )


@contextmanager
def _opened(file: Path, size: int) -> Iterator[BinaryIO]:
    try:
        if file == STDOUT:
            if sys.stdout.isatty():
                raise NetbootError("a master is not written to a terminal", hint="pipe it on, or name a file")
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        with _new(file, size) as out:
            yield out
    except OSError as error:
        raise NetbootError(
            f"the master cannot be written to {'standard output' if file == STDOUT else file}: {error.strerror}",
            hint="look at the disk or the program that it goes to; nothing was kept",
        ) from error


@contextmanager
def _new(file: Path, size: int) -> Iterator[BinaryIO]:
    """A file that is there once it is whole, in place of none."""
    if file.exists():
        raise NetbootError(f"{file} is there already", hint="name another file, or delete that one")
    free = shutil.disk_usage(file.absolute().parent).free
    if free < size + _SPARE:
        raise NetbootError(
            f"{amount(size)} are needed for {file}, and {amount(free)} are free there",
            hint="name a file on another disk",
        )
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)
