"""Brings an image that is no plain file into a draft of the store: what comes from standard input, or is packed.

It stops when the store's disk has no more room, and leaves nothing then. Zeros take none.
Not for: formats of virtual disks (`formats/`), which need the whole file.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final

from netboot.masters.file_format import HEAD, packed_with, recognise
from netboot.masters.formats.bounds import LARGEST
from netboot.masters.intake import Progress
from netboot.masters.packed import unpacked
from netboot.shared.errors import NetbootError
from netboot.store import Store
from netboot.survey.disk_file import DiskFile, open_disk

STDIN: Final = Path("-")
"""The name by which standard input is asked for. A file of this name has another one: /the/folder/-."""
_STDIN_NAME: Final = "standard input"
_PART: Final = 1 << 20
_BLOCK: Final = 64 * 1024
_ZEROS: Final = bytes(_BLOCK)
_ASK_ROOM: Final = 64 << 20
"""After so many bytes that are not zeros the store's free space is asked again."""


@contextmanager
def open_image(file: Path, store: Store, progress: Progress) -> Iterator[DiskFile]:
    """The image, from wherever it comes and no longer packed. Raises NetbootError."""
    if file == STDIN:
        with _spooled(_from_stdin(), _STDIN_NAME, store, progress) as image:
            yield image
        return
    with open_disk(file) as given:
        if packed_with(given.read(0, HEAD)) is None:
            yield given
            return
        with _spooled(_parts(given), given.name, store, progress) as image:
            given.require_unchanged()
            yield image


@contextmanager
def _spooled(parts: Iterator[bytes], name: str, store: Store, progress: Progress) -> Iterator[DiskFile]:
    """The disk's image that these parts of a file are, or hold."""
    head, parts = _peek(_unpacked(parts, name, progress))
    # What can be refused by its beginning is, before all of it is here.
    recognise(head, b"", name)
    with _kept(parts, name, store, progress) as image:
        yield image


@contextmanager
def spooled(parts: Iterator[bytes], name: str, store: Store, progress: Progress) -> Iterator[DiskFile]:
    """Whatever these parts of a file are, or hold, as a file of the store's drafts. Raises NetbootError."""
    with _kept(_unpacked(parts, name, progress), name, store, progress) as image:
        yield image


def _unpacked(parts: Iterator[bytes], name: str, progress: Progress) -> Iterator[bytes]:
    head, parts = _peek(parts)
    packing = packed_with(head)
    if packing is None:
        return parts
    progress(f"unpacking {name} ({packing})")
    return unpacked(parts, packing, name)


@contextmanager
def _kept(parts: Iterator[bytes], name: str, store: Store, progress: Progress) -> Iterator[DiskFile]:
    with store.draft(".spooled") as draft:
        _write(parts, draft, name, store, progress)
        with open_disk(draft) as image:
            yield replace(image, name=name)


def _peek(parts: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first HEAD bytes, or all when there are fewer; and everything."""
    head = b""
    for part in parts:
        head += part
        if len(head) >= HEAD:
            break
    return head[:HEAD], chain((head,), parts)


def _parts(file: DiskFile) -> Iterator[bytes]:
    at = 0
    while part := file.read(at, at + _PART):
        at += len(part)
        yield part


def _from_stdin() -> Iterator[bytes]:
    handle = 0
    if sys.stdin is None or os.isatty(handle):
        raise NetbootError(
            "nothing comes from standard input", hint="pipe an image into this command, or give the path of one"
        )
    try:
        while part := os.read(handle, _PART):
            yield part
    except OSError as error:
        raise NetbootError(
            f"standard input cannot be read: {error.strerror}", hint="pipe an image into this command"
        ) from error


def _write(parts: Iterable[bytes], draft: Path, name: str, store: Store, progress: Progress) -> None:
    """Write the parts to a new file, sparse. Raises NetbootError when there is no room, or it does not end."""
    store.require_space(0)
    size = told = unasked = 0
    try:
        with draft.open("xb", buffering=0) as file:
            for block in _blocks(parts):
                if block == _ZEROS[: len(block)]:
                    os.lseek(file.fileno(), len(block), os.SEEK_CUR)
                else:
                    _put(file.fileno(), block)
                    unasked += len(block)
                size += len(block)
                if unasked >= _ASK_ROOM:
                    unasked = 0
                    store.require_space(0)
                if size > LARGEST:
                    raise NetbootError(
                        f"{name} holds more than {LARGEST >> 40} TiB", hint="look at where it comes from"
                    )
                if size >> 30 > told:
                    told = size >> 30
                    progress(f"{told} GiB of {name} so far")
            os.ftruncate(file.fileno(), size)
    except OSError as error:
        # Somebody else may have filled the store's disk meanwhile: that is said instead.
        store.require_space(0)
        raise NetbootError(
            f"{name} cannot be unpacked: {error.strerror}", hint="look at the disks that it and the store are on"
        ) from error


def _blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks, the last of which may be shorter."""
    kept = bytearray()
    for part in parts:
        kept += part
        whole = len(kept) - len(kept) % _BLOCK
        for at in range(0, whole, _BLOCK):
            yield bytes(kept[at : at + _BLOCK])
        del kept[:whole]
    if kept:
        yield bytes(kept)


def _put(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
