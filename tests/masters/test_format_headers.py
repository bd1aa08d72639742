"""Headers of virtual disks, whatever bytes are in them: refused with a hint, or of a disk that can be."""

import struct
from array import array
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.masters.file_format import HEAD, TAIL, packed_with, recognise
from netboot.masters.formats import qcow2, vdi_header, vhd_header, vhdx_header, vmdk_header
from netboot.masters.formats.bounds import LARGEST, Pieces, require_size
from netboot.masters.formats.crc32c import crc32c
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.survey.disk_file import DiskFile
from tests.masters.images import MIB
from tests.masters.virtual_disks import with_sum

T = TypeVar("T")


@cache
def whole(driver: str, size: int = 5 * MIB) -> bytes:
    """An empty virtual disk as qemu-img makes it."""
    with TemporaryDirectory() as folder:
        image = Path(folder) / "disk"
        run(["qemu-img", "create", "-q", "-f", driver, image, str(size)])
        return image.read_bytes()[: 4 * MIB]


def answer(parse: Callable[[bytes], T], data: bytes) -> T | None:
    """What is made of these bytes, None when they are refused, which has to be with a hint."""
    refusal = ""
    try:
        return parse(data)
    except NetbootError as error:
        refusal = error.hint
    assert refusal
    return None


def vmdk(data: bytes) -> int:
    header = vmdk_header.parse_header(data[:512], "a")
    assert header.directory is None or header.directory >= 0
    assert 4096 <= header.grain <= MIB
    assert (header.tables - 1) * header.grain * 512 < header.size <= header.tables * header.grain * 512
    return header.size


def vdi(data: bytes) -> int:
    header = vdi_header.parse_header(data[:512], "a")
    assert header.blocks == -(-header.size // vdi_header.BLOCK)
    assert header.map_at + 4 * header.blocks <= header.data_at
    return header.size


def vhd(data: bytes) -> int:
    footer = vhd_header.parse_footer(with_sum(data[:512], 64), "a")
    table = vhd_header.parse_header(with_sum(data[512:1536], 36), footer, "a")
    assert table.block * table.blocks >= footer.size
    assert table.end >= table.at + 4 * table.blocks
    assert table.bitmap * 8 * 512 >= table.block
    return footer.size


def vhdx(data: bytes) -> int:
    bare = data[192 * 1024 : 196 * 1024] + bytes(60 * 1024)
    bare = bare[:4] + bytes(4) + bare[8:]
    table, metadata = vhdx_header.parse_regions(bare[:4] + struct.pack("<I", crc32c(bare)) + bare[8:], "a")
    items = vhdx_header.parse_metadata(data[3 * MIB : 3 * MIB + 65536], metadata, "a")
    assert table[0] >= MIB
    parameters, size, sector = (data[slice(*place)] for place in (items.parameters, items.size, items.sector))
    disk = vhdx_header.parse_items(parameters, size, sector, "a")
    assert disk.entries >= disk.blocks >= 1
    return disk.size


def qcow2_header(data: bytes) -> int:
    return qcow2.read_header(data[:HEAD], DiskFile("a", Path("a"), -1, len(data), 0))


PARSERS: dict[str, tuple[str, Callable[[bytes], int], tuple[tuple[int, int], ...]]] = {
    "vmdk": ("vmdk", vmdk, ((0, 80),)),
    "vdi": ("vdi", vdi, ((0, 0x1C8),)),
    "vhd": ("vpc", vhd, ((0, 86), (512, 600))),
    "vhdx": ("vhdx", vhdx, (
        (192 * 1024, 192 * 1024 + 96), (3 * MIB, 3 * MIB + 200), (3 * MIB + 65536, 3 * MIB + 65600),
    )),
    "qcow2": ("qcow2", qcow2_header, ((0, 112),)),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(PARSERS))
def test_an_unchanged_header_tells_the_size_of_the_disk(kind: str) -> None:
    driver, parse, _ = PARSERS[kind]
    assert parse(whole(driver)) - 5 * MIB < (MIB if kind == "vhd" else 1)


@pytest.mark.parametrize("kind", sorted(PARSERS))
@given(data=st.data())
def test_a_header_with_anything_in_it_is_refused_with_a_hint_or_tells_of_a_disk_that_can_be(
    kind: str, data: st.DataObject
) -> None:
    driver, parse, places = PARSERS[kind]
    changed = bytearray(whole(driver))
    for _ in range(data.draw(st.integers(1, 3))):
        start, end = data.draw(st.sampled_from(places))
        at = data.draw(st.integers(start, end - 1))
        new = data.draw(st.binary(min_size=1, max_size=8))[: end - at]
        changed[at : at + len(new)] = new
    if data.draw(st.booleans()):
        del changed[data.draw(st.integers(0, 2048)) :]
    size = answer(parse, bytes(changed))
    if size is not None:
        assert 0 < size <= LARGEST
        assert size % 512 == 0


@pytest.mark.parametrize("kind", sorted(PARSERS))
@given(data=st.binary(max_size=2048))
def test_noise_is_refused_with_a_hint(kind: str, data: bytes) -> None:
    with pytest.raises(NetbootError) as caught:
        PARSERS[kind][1](data)
    assert caught.value.hint


@given(text=st.binary(max_size=600), at=st.integers(0, 400))
def test_a_description_with_anything_in_it_is_refused_with_a_hint_or_names_this_file_alone(
    text: bytes, at: int
) -> None:
    image = whole("vmdk")
    header = vmdk_header.parse_header(image[:512], "a")
    description = image[512 : 512 + at] + text + image[512 + at : 2048]

    def judge(description: bytes) -> bool:
        vmdk_header.require_description(description, header, "a")
        return True

    if answer(judge, description):
        read = description.partition(b"\0")[0]
        assert b"parentFileNameHint" not in read
        assert read.lower().count(b"parentcid") >= 1


@given(
    length=st.integers(1, 50),
    end=st.integers(0, 500),
    pieces=st.lists(st.tuples(st.integers(0, 600), st.integers(1, 50)), max_size=30),
)
def test_pieces_lie_in_the_file_and_none_over_another(length: int, end: int, pieces: list[tuple[int, int]]) -> None:
    places = Pieces(40, end, length)
    taken: list[int] = []
    for at, some in pieces:
        needed = min(some, length)
        inside = at >= 40 and at + needed <= end
        apart = all(abs(at - other) >= length for other in taken)
        assert (places.add(at, needed) == "") == (inside and apart)
        if inside and apart:
            taken.append(at)


@given(size=st.integers(-(1 << 70), 1 << 70))
def test_a_size_is_believed_when_a_disk_can_have_it(size: int) -> None:
    if 0 < size <= LARGEST and size % 512 == 0:
        assert require_size(size, "a") == size
    else:
        with pytest.raises(NetbootError, match="damaged"):
            require_size(size, "a")


def test_crc_32c_is_that_of_rfc_3720() -> None:
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert crc32c(b"123456789") == 0xE3069283
    assert array("I").itemsize == 4, "where a piece starts has 32 bits in Pieces"


@given(head=st.binary(max_size=300), tail=st.binary(max_size=TAIL))
def test_whatever_a_file_begins_with_it_is_recognised_or_refused_with_a_hint(head: bytes, tail: bytes) -> None:
    found = answer(lambda data: recognise(data, tail, "a"), head)
    assert found in (None, "raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx")


def test_what_packs_an_image_is_no_format_of_a_disk() -> None:
    for magic, packing in (
        (b"\x1f\x8b", "gzip"),
        (b"\xfd7zXZ\0", "xz"),
        (b"BZh9", "bzip2"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
    ):
        assert packed_with(magic + bytes(100)) == packing
        with pytest.raises(NetbootError, match="packed twice"):
            recognise(magic + bytes(100), b"", "a")
    assert packed_with(b"QFI\xfb") is None
