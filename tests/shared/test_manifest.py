"""Manifests: what is signed is what is read, and nothing else is read."""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from nacl.signing import SigningKey

from netboot.shared.manifest import (
    CHUNK_LIMIT,
    LENGTH_LIMIT,
    MAGIC,
    SIGNATURE_LENGTH,
    Chunk,
    FileSystem,
    Manifest,
    ManifestError,
    OtherSectors,
    Partition,
    UefiLoader,
    Understood,
    digest_of,
    parse_signed,
    payload,
    sign,
)
from netboot.shared.root_room import room_on_root
from netboot.shared.windows import Windows

MIB = 1024 * 1024
KEY = SigningKey(b"\x01" * 32)
PUBLIC = bytes(KEY.verify_key)
ZEROS = hashlib.sha256(bytes(MIB)).hexdigest()


def a_manifest(**changes: Any) -> Manifest:
    whole = Manifest(
        name="small",
        version="1",
        title="A small master",
        licence="MIT",
        created="2026-01-02T03:04:05Z",
        architecture="amd64",
        sector=512,
        disk=64 * MIB,
        table="gpt",
        table_id="6f1f4d4e-0000-4000-8000-000000000001",
        partitions=(
            Partition(number=1, start=MIB, length=MIB, type="21686148-6449-6e6f-744e-656564454649", role="bios-boot"),
            Partition(
                number=2,
                start=2 * MIB,
                length=61 * MIB,
                type="0fc63daf-8483-4772-8e79-3d69d8477de4",
                role="root",
                grow=True,
                filesystem=FileSystem(kind="ext4", uuid="0b5b4ab1-0000-4000-8000-000000000002"),
            ),
        ),
        uefi=UefiLoader(partition=2, path="/EFI/debian/shimx64.efi", label="Debian"),
        chunks=(Chunk(0, MIB, ZEROS), Chunk(MIB, MIB, ZEROS), Chunk(5 * MIB, MIB, ZEROS)),
    )
    return replace(whole, **changes)


def signed_raw(body: bytes) -> bytes:
    """A body signed by the workshop's key, whatever it says: what a faulty server of ours could send."""
    return MAGIC + KEY.sign(MAGIC + body).signature + body


def test_what_was_signed_is_what_is_read() -> None:
    manifest = a_manifest()
    data = sign(manifest, KEY)
    assert parse_signed(data, PUBLIC) == manifest
    assert digest_of(data) == manifest.digest == hashlib.sha256(payload(manifest)).hexdigest()


def test_used_bytes_and_ranges_follow_from_the_chunks() -> None:
    manifest = a_manifest()
    assert manifest.used == 3 * MIB
    assert manifest.used_ranges == ((0, 2 * MIB), (5 * MIB, 6 * MIB))


def test_another_key_is_refused() -> None:
    with pytest.raises(ManifestError, match="not this workshop's"):
        parse_signed(sign(a_manifest(), SigningKey(b"\x02" * 32)), PUBLIC)


@given(st.data())
def test_every_changed_bit_is_noticed(data: st.DataObject) -> None:
    whole = bytearray(sign(a_manifest(), KEY))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ManifestError):
        parse_signed(bytes(whole), PUBLIC)


@given(st.binary(max_size=400))
def test_garbage_raises_only_manifest_error(data: bytes) -> None:
    for hostile in (data, MAGIC + data, MAGIC + bytes(SIGNATURE_LENGTH) + data, signed_raw(data)):
        with pytest.raises(ManifestError):
            parse_signed(hostile, PUBLIC)


@given(st.binary(max_size=64).filter(lambda key: key != PUBLIC))
def test_a_wrong_public_key_raises_only_manifest_error(key: bytes) -> None:
    with pytest.raises(ManifestError):
        parse_signed(sign(a_manifest(), KEY), key)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(st.sampled_from(Manifest.__struct_fields__), _json)
def test_any_field_of_any_other_kind_raises_only_manifest_error(field: str, value: object) -> None:
    raw = msgspec.json.decode(payload(a_manifest()))
    raw[field] = value
    body = msgspec.json.encode(raw)
    try:
        manifest = parse_signed(signed_raw(body), PUBLIC)
    except ManifestError:
        return
    assert payload(manifest) == body


def test_deep_nesting_raises_only_manifest_error() -> None:
    with pytest.raises(ManifestError):
        parse_signed(signed_raw(b"[" * 100_000), PUBLIC)


def test_a_manifest_written_another_way_is_refused() -> None:
    with pytest.raises(ManifestError, match="one form"):
        parse_signed(signed_raw(msgspec.json.format(payload(a_manifest()))), PUBLIC)


def test_too_many_bytes_are_refused_before_they_are_hashed() -> None:
    with pytest.raises(ManifestError, match="at most"):
        parse_signed(MAGIC + bytes(LENGTH_LIMIT), PUBLIC)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A change to the good manifest, and a word of the error it must raise."""

    changes: dict[str, Any]
    says: str


OTHER = OtherSectors(
    sector=4096, start=2 * MIB, end=63 * MIB, chunks=(Chunk(0, MIB, ZEROS), Chunk(63 * MIB, MIB, ZEROS))
)
"""What `a_manifest` has otherwise on sectors of 4096 bytes: all but its root."""
_GOOD = a_manifest()
_BOOT, _ROOT = _GOOD.partitions

CONTRADICTIONS = [
    Contradiction({"chunks": (Chunk(MIB, MIB, ZEROS), Chunk(0, MIB, ZEROS))}, "out of order"),
    Contradiction({"chunks": (Chunk(0, MIB, ZEROS), Chunk(MIB - 512, MIB, ZEROS))}, "overlaps"),
    Contradiction({"chunks": (Chunk(64 * MIB - 512, 1024, ZEROS),)}, "after the disk"),
    Contradiction({"chunks": (Chunk(100, 512, ZEROS),)}, "at a sector"),
    Contradiction({"chunks": (Chunk(0, 100, ZEROS),)}, "at a sector"),
    Contradiction({"chunks": (Chunk(0, CHUNK_LIMIT + 512, ZEROS),)}, "<= "),
    Contradiction({"chunks": (Chunk(-512, 512, ZEROS),)}, ">= 0"),
    Contradiction({"chunks": (Chunk(0, 512, "../../etc/passwd"),)}, "regex"),
    Contradiction({"chunks": ()}, "length"),
    Contradiction({"partitions": (_BOOT, _BOOT)}, "one number"),
    Contradiction({"partitions": (replace(_BOOT, grow=True), _ROOT)}, "can grow"),
    Contradiction({"partitions": (_BOOT, replace(_ROOT, start=MIB))}, "overlap"),
    Contradiction({"partitions": (_BOOT, replace(_ROOT, length=63 * MIB))}, "after the disk"),
    Contradiction({"partitions": (_BOOT, replace(_ROOT, start=2 * MIB + 1))}, "at a sector"),
    Contradiction({"uefi": UefiLoader(partition=9, path="/EFI/x.efi", label="x")}, "does not exist"),
    Contradiction({"uefi": UefiLoader(partition=2, path="/EFI/../x y.efi", label="x")}, "regex"),
    Contradiction({"disk": 64 * MIB + 1}, "whole number of sectors"),
    Contradiction({"sector": 520}, "Invalid enum"),
    Contradiction({"name": "../x"}, "regex"),
    Contradiction({"name": ""}, "regex"),
    # Each is a file's name in the store: the store's own lock, a folder, an option.
    Contradiction({"name": ".lock"}, "regex"),
    Contradiction({"name": ".."}, "regex"),
    Contradiction({"name": "-x"}, "regex"),
    Contradiction({"uefi": UefiLoader(partition=2, path="/EFI/../../x.efi", label="x")}, "regex"),
    Contradiction({"uefi": UefiLoader(partition=2, path="/EFI/./x.efi", label="x")}, "regex"),
    Contradiction({"understood": Understood(loaders=("/EFI/../x.efi",))}, "regex"),
    Contradiction({"understood": Understood(system="two\nlines")}, "regex"),
    Contradiction({"partitions": (_BOOT, replace(_ROOT, filesystem=FileSystem(kind="../ext4")))}, "regex"),
    Contradiction({"title": "two\nlines"}, "regex"),
    Contradiction({"format": 2}, "Invalid enum"),
    Contradiction({"other": replace(OTHER, sector=512)}, "said twice"),
    Contradiction({"other": replace(OTHER, chunks=())}, "length"),
    Contradiction({"other": replace(OTHER, start=MIB + 512)}, "across an end"),
    Contradiction({"other": replace(OTHER, end=6 * MIB - 512)}, "across an end"),
    Contradiction({"other": replace(OTHER, chunks=(Chunk(2 * MIB - 4096, 8192, ZEROS),))}, "across an end"),
    Contradiction({"other": replace(OTHER, chunks=(Chunk(5 * MIB, MIB, ZEROS),))}, "4096 bytes: .* overlaps"),
    Contradiction({"other": replace(OTHER, chunks=(Chunk(512, 4096, ZEROS),))}, "4096 bytes: .* at a sector"),
    Contradiction({"other": replace(OTHER, chunks=(Chunk(64 * MIB, 4096, ZEROS),))}, "4096 bytes: .* after the disk"),
    Contradiction({"other": OTHER, "disk": 64 * MIB + 512}, "4096 bytes: .* whole number of sectors"),
    Contradiction(
        {"other": OTHER, "partitions": (_BOOT, replace(_ROOT, start=2 * MIB + 512))}, "4096 bytes: .* at a sector"
    ),
]


@pytest.mark.parametrize("case", CONTRADICTIONS, ids=lambda case: f"{next(iter(case.changes))}-{case.says}")
def test_a_manifest_that_contradicts_itself_is_neither_signed_nor_read(case: Contradiction) -> None:
    manifest = a_manifest(**case.changes)
    with pytest.raises(ManifestError, match=case.says):
        sign(manifest, KEY)
    with pytest.raises(ManifestError, match=case.says):
        parse_signed(signed_raw(payload(manifest)), PUBLIC)


def test_a_master_of_before_anything_went_to_the_end_stays_readable() -> None:
    recovery = Partition(
        number=3,
        start=40 * MIB,
        length=20 * MIB,
        type="de94bba4-06d1-4d40-a16a-bfd50179d6ac",
        role="recovery",
        grow=True,
        filesystem=FileSystem(kind="ntfs"),
    )
    windows = msgspec.structs.replace(_ROOT, length=38 * MIB, grow=False, filesystem=FileSystem(kind="ntfs"))
    manifest = a_manifest(partitions=(_BOOT, windows, recovery))
    assert parse_signed(sign(manifest, KEY), PUBLIC) == manifest
    both = a_manifest(partitions=(_BOOT, msgspec.structs.replace(windows, grow=True), recovery))
    with pytest.raises(ManifestError, match="can grow"):
        sign(both, KEY)


def test_logical_partitions_lie_inside_the_extended_one() -> None:
    partitions = (
        Partition(number=1, start=MIB, length=MIB, type="83", role="root"),
        Partition(number=2, start=2 * MIB, length=20 * MIB, type="05", role="extended"),
        Partition(number=5, start=3 * MIB, length=4 * MIB, type="83", role="data"),
    )
    manifest = a_manifest(table="dos", table_id="12345678", partitions=partitions, uefi=None)
    assert parse_signed(sign(manifest, KEY), PUBLIC) == manifest


def test_on_sectors_of_the_other_size_a_master_has_its_own_root_and_the_other_ends() -> None:
    manifest = a_manifest(other=OTHER)
    assert parse_signed(sign(manifest, KEY), PUBLIC) == manifest
    fitted = manifest.on_sectors(4096)
    assert fitted is not None
    assert fitted.chunks == (Chunk(0, MIB, ZEROS), Chunk(5 * MIB, MIB, ZEROS), Chunk(63 * MIB, MIB, ZEROS))
    assert (fitted.sector, fitted.used, fitted.partitions) == (4096, 3 * MIB, manifest.partitions)
    assert manifest.on_sectors(512) == manifest
    assert manifest.every_chunk == (*manifest.chunks, *OTHER.chunks)
    assert parse_signed(sign(fitted, KEY), PUBLIC) == fitted


def test_a_master_of_one_sector_size_fits_no_other() -> None:
    manifest = a_manifest()
    assert manifest.on_sectors(512) is manifest
    assert manifest.on_sectors(4096) is None
    assert manifest.every_chunk == manifest.chunks


def test_the_room_on_a_root_is_what_no_chunk_covers_of_its_partition() -> None:
    manifest = a_manifest()
    assert room_on_root(manifest) == 60 * MIB
    root = manifest.partitions[1]
    across = msgspec.structs.replace(manifest, chunks=(Chunk(MIB + 1, 2 * MIB, ZEROS), Chunk(63 * MIB - 1, MIB, ZEROS)))
    assert room_on_root(across) == 61 * MIB - (MIB + 1) - 1
    whole = msgspec.structs.replace(root, whole="it has a journal to replay")
    assert room_on_root(msgspec.structs.replace(manifest, partitions=(whole,))) is None
    assert room_on_root(msgspec.structs.replace(manifest, partitions=manifest.partitions[:1])) is None


def test_the_room_on_a_windows_is_that_of_its_partition() -> None:
    plain = a_manifest()
    rootless = tuple(msgspec.structs.replace(one, role="other") for one in plain.partitions)
    for number, room in ((2, 60 * MIB), (7, None)):
        understood = Understood(windows=Windows(partition=number))
        assert room_on_root(msgspec.structs.replace(plain, partitions=rootless, understood=understood)) == room
