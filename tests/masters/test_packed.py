"""What gzip, xz, bzip2 and zstd pack: unpacked piece by piece as they do, and refused when it is not whole."""

import lzma
import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.masters.file_format import Packing, packed_with
from netboot.masters.packed import PIECE, unpacked
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

PLAIN: Final = random.Random(2).randbytes(40_000) + bytes(500_000) + b"the end"
PACKINGS: Final[tuple[Packing, ...]] = get_args(Packing)


@cache
def packed(packing: Packing, plain: bytes = PLAIN) -> bytes:
    """What the program itself makes of these bytes."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        file.write_bytes(plain)
        run([packing, "--quiet", file])
        (result,) = (path for path in Path(folder).iterdir() if path != file)
        return result.read_bytes()


def parts(data: bytes, length: int) -> Iterator[bytes]:
    yield from (data[at : at + length] for at in range(0, len(data), length))


def unpack(data: bytes, packing: Packing, length: int = 10_000) -> bytes:
    return b"".join(unpacked(parts(data, length), packing, "a"))


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("length", [1, 7, 4096, 1 << 20])
def test_what_a_program_packed_is_unpacked(packing: Packing, length: int) -> None:
    data = packed(packing)
    assert packed_with(data) == packing
    assert unpack(data, packing, length) == PLAIN


@pytest.mark.parametrize("packing", PACKINGS)
def test_nothing_packed_is_nothing(packing: Packing) -> None:
    assert unpack(packed(packing, b""), packing) == b""


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("length", [3, 1 << 20])
def test_members_one_after_the_other_are_one(packing: Packing, length: int) -> None:
    data = packed(packing, b"one") + packed(packing, b"") + packed(packing, b"two")
    assert unpack(data, packing, length) == b"onetwo"


def test_what_pzstd_packs_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(PLAIN)
    run(["pzstd", "--quiet", "--processes", "2", tmp_path / "file"])
    data = (tmp_path / "file.zst").read_bytes()
    assert packed_with(data) == "zstd"
    assert unpack(data, "zstd") == PLAIN


@pytest.mark.parametrize("packing", PACKINGS)
@given(data=st.data())
def test_a_stream_that_was_cut_anywhere_is_refused(packing: Packing, data: st.DataObject) -> None:
    whole = packed(packing)
    end = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(NetbootError, match=r"cut short|damaged") as caught:
        unpack(whole[:end], packing, data.draw(st.sampled_from([1000, 100_000])))
    assert caught.value.hint


@pytest.mark.parametrize("packing", PACKINGS)
@given(data=st.data())
def test_a_stream_with_a_changed_byte_is_refused_or_still_gives_the_same(packing: Packing, data: st.DataObject) -> None:
    whole = bytearray(packed(packing))
    whole[data.draw(st.integers(4, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    refusal = ""
    try:
        # A name or a time that gzip keeps is nothing of what it packed.
        assert unpack(bytes(whole), packing) == PLAIN
    except NetbootError as error:
        refusal = error.message
    assert refusal == "" or "damaged" in refusal or "cut short" in refusal or "memory" in refusal


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("garbage", [b"x", b"something else", b"\x1f", b"\0\0\0\0x", b"\x1f\x8b" + b"x" * 100])
@pytest.mark.parametrize("length", [1, 1 << 20])
def test_something_else_behind_the_end_is_refused(packing: Packing, garbage: bytes, length: int) -> None:
    with pytest.raises(NetbootError, match=r"damaged, behind the end of its part 1|cut short"):
        unpack(packed(packing, b"one") + garbage, packing, length)


@pytest.mark.parametrize(
    ("packing", "zeros", "passes"),
    [
        ("gzip", 1, True), ("gzip", 10_000, True), ("xz", 8, True),
        ("xz", 6, False), ("bzip2", 8, False), ("zstd", 8, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("length", [3, 1 << 20])
def test_zeros_behind_the_end_pass_where_the_program_lets_them(
    packing: Packing, zeros: int, passes: bool, length: int
) -> None:
    data = packed(packing, b"one") + bytes(zeros)
    if passes:
        assert unpack(data, packing, length) == b"one"
    else:
        with pytest.raises(NetbootError, match=r"damaged|cut short"):
            unpack(data, packing, length)


# A thousandfold and more: what is given out at once stays small.
@pytest.mark.parametrize("packing", PACKINGS)
def test_much_that_is_packed_in_little_comes_in_pieces(packing: Packing) -> None:
    data = packed(packing, bytes(80 << 20))
    assert len(data) < 100_000
    sizes = [len(piece) for piece in unpacked(iter((data,)), packing, "a")]
    assert sum(sizes) == 80 << 20
    assert max(sizes) <= (64 << 20 if packing == "zstd" else PIECE)


def test_what_takes_too_much_memory_to_unpack_is_refused() -> None:
    # zstd: a frame with a window of 1 GiB; xz: the properties of LZMA2 with a dictionary of 1.5 GiB.
    frame = b"\x28\xb5\x2f\xfd" + b"\0" + bytes([20 << 3]) + b"\1\0\0"
    block = bytearray(lzma.compress(b"one"))
    assert block[14] == 0x21, "the filter is LZMA2"
    block[16] = 39
    length = (block[12] + 1) * 4
    block[12 + length - 4 : 12 + length] = struct.pack("<I", zlib.crc32(block[12 : 12 + length - 4]))
    for packing, data in (("zstd", frame), ("xz", bytes(block))):
        with pytest.raises(NetbootError, match="memory to unpack") as caught:
            unpack(data, packing)  # type: ignore[arg-type]
        assert "unpack it first" in caught.value.hint
