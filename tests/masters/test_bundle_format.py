"""A bundle is what its writer wrote, or refused: whatever bytes come, cut or changed anywhere, in bounded memory."""

import hashlib
import io
import struct
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.masters.bundle.format import FRAME_LIMIT, MAGIC, BundleError, Head, Opening, Reader, Since, plain_lengths
from netboot.shared.manifest import LENGTH_LIMIT, Chunk, Manifest, sign
from netboot.store import Store
from tests.masters.bundles import ANGERS, NANTES, bundle
from tests.store.test_store import KEY, part, put_master


@cache
def school() -> tuple[Store, Manifest]:
    store = Store(Path(mkdtemp()))
    return store, put_master(store, "school", part("a"), part("b"), part("a"), part("c"))


def read(data: bytes) -> tuple[Opening, list[tuple[str, bytes]]]:
    """All of it, or BundleError."""
    reader = Reader(io.BytesIO(data).read)
    opening = reader.opening()
    frames = list(reader.frames(opening))
    reader.end(opening)
    assert reader.at == opening.size == len(data)
    return opening, frames


def test_what_was_written_is_read() -> None:
    store, manifest = school()
    opening, frames = read(bundle(store, manifest))
    assert opening.manifest == manifest
    assert opening.head == Head(workshop="Nantes", key=bytes(NANTES.verify_key).hex())
    assert frames == [(sha256, store.get_frame(sha256)) for sha256 in plain_lengths(manifest)]
    assert len(frames) == 3, "a chunk that stands in the manifest twice is sent once"
    since = Since(name="school", version="1", manifest="ab" * 32)
    left_out = manifest.chunks[1].sha256
    opening, frames = read(bundle(store, manifest, left_out=frozenset({left_out}), since=since))
    assert (opening.left_out, opening.head.since) == ((left_out,), since)
    assert left_out not in dict(frames)


def test_it_is_read_in_pieces_however_small_they_come() -> None:
    store, manifest = school()
    data = io.BytesIO(bundle(store, manifest))
    reader = Reader(lambda size: data.read(min(size, 7)))
    opening = reader.opening()
    assert len(list(reader.frames(opening))) == 3
    reader.end(opening)


def test_cut_at_any_byte_it_is_refused() -> None:
    store, manifest = school()
    whole = bundle(store, manifest)
    for length in range(len(whole)):
        with pytest.raises(BundleError):
            read(whole[:length])
    with pytest.raises(BundleError, match="goes on"):
        read(whole + b"\0")


def test_with_any_byte_changed_it_is_refused() -> None:
    store, manifest = school()
    whole = bundle(store, manifest)
    for at in range(len(whole)):
        with pytest.raises(BundleError):
            read(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])


@given(st.binary(max_size=4000))
def test_any_bytes_are_refused(data: bytes) -> None:
    for begun in (b"", MAGIC):
        with pytest.raises(BundleError):
            read(begun + data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_pieces_taken_out_put_in_and_swapped_are_refused(data: st.DataObject) -> None:
    store, manifest = school()
    whole = bundle(store, manifest)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 300)))
    changed = whole[:start] + data.draw(st.binary(max_size=40)) + whole[end:]
    if changed != whole:
        with pytest.raises(BundleError):
            read(changed)


def signed_anew(parts: list[bytes], after: bytes = b"") -> bytes:
    """An opening of these parts that its key signs: what a known workshop could send."""
    body = MAGIC + b"".join(struct.pack(">I", len(part)) + part for part in parts)
    signature = NANTES.sign(b"netboot-bundle1 opening\n" + hashlib.sha256(body).digest()).signature
    return body + signature + after


HEAD = msgspec.json.encode(Head(workshop="Nantes", key=bytes(NANTES.verify_key).hex()))


def of(*parts: bytes) -> Callable[[Manifest], list[bytes]]:
    return lambda manifest: [part or sign(manifest, NANTES) for part in parts]


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (of(b"{}", b"", b"\0" * 12), "head cannot be read"),
        (of(b'{"format":1, ' + HEAD[1:], b"", b"\0" * 12), "head"),
        (of(HEAD.replace(b"Nantes", b"Nan\\u0007tes"), b"", b"\0" * 12), "head"),
        (of(HEAD + b" ", b"", b"\0" * 12), "head is not written in its one form"),
        (of(HEAD, b"", b"\0" * 11), "2.75 frames"),
        (of(HEAD, b"", b"\0" * 16), "4 frames"),
        (of(HEAD, b"", struct.pack(">3I", 1, FRAME_LIMIT + 1, 1)), "at most"),
        (of(HEAD, b"no manifest", b"\0" * 12), "manifest cannot be read"),
        (lambda manifest: [HEAD, sign(manifest, ANGERS), b"\0" * 12], "signed by another key"),
    ],
)
def test_what_a_workshop_signed_and_is_nonsense_is_refused(made: Callable[[Manifest], list[bytes]], why: str) -> None:
    _, manifest = school()
    with pytest.raises(BundleError, match=why):
        Reader(io.BytesIO(signed_anew(made(manifest))).read).opening()


@pytest.mark.parametrize("part_number", range(3))
def test_a_length_is_never_believed(part_number: int) -> None:
    """What is said to be 4 GiB is refused by that; what is said to be as long as is read takes what comes, no more."""
    _, manifest = school()
    parts = [HEAD, sign(manifest, NANTES), b"\0" * 12][:part_number]
    begun = MAGIC + b"".join(struct.pack(">I", len(part)) + part for part in parts)
    with pytest.raises(BundleError, match="at most"):
        Reader(io.BytesIO(begun + b"\xff" * 5000).read).opening()
    said = begun + struct.pack(">I", LENGTH_LIMIT if part_number else 4096) + b"x" * 1000
    tracemalloc.start()
    with pytest.raises(BundleError):
        Reader(io.BytesIO(said).read).opening()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_one_chunk_of_two_lengths_is_refused() -> None:
    _, manifest = school()
    first, *rest = manifest.chunks
    twice = replace(manifest, chunks=(first, *rest, Chunk(1 << 19, 1024, first.sha256)))
    with pytest.raises(BundleError, match="two lengths"):
        Reader(io.BytesIO(signed_anew([HEAD, sign(twice, NANTES), b"\0" * 12])).read).opening()


def test_a_signature_is_of_one_place_only() -> None:
    """The workshop's signature of a master, or of a bundle's end, opens no bundle."""
    store, manifest = school()
    whole = bundle(store, manifest, key=KEY)
    start = whole.index(b"netboot-manifest1\n") + len(b"netboot-manifest1\n")
    opening, _ = read(whole)
    place = opening.size - 96 - sum(length for _, length in opening.here) - 64
    for other in (whole[start : start + 64], whole[-64:]):
        with pytest.raises(BundleError, match="not signed by the key"):
            read(whole[:place] + other + whole[place + 64 :])
