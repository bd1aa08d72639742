"""A lab drive's data: bad sectors, zeros that are not stored, a cache that is lost, and what its state file keeps."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.lab.drives.behaviour import Bad, BadSectors, Behaviour
from netboot.lab.drives.medium import Medium, MediumError
from netboot.lab.drives.state import StateFile, state_path
from netboot.lab.drives.vfio_messages import MAX_DATA

OLD = (bytes(range(1, 256)) * 1029)[: 512 * 512]


@pytest.fixture(name="image")
def _image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(OLD)
    return path


def test_a_medium_is_its_image(image: Path) -> None:
    medium = Medium(image, 4096, Behaviour())
    assert (medium.sectors, medium.size) == (64, 512 * 512)
    assert medium.read(1, 2) == OLD[4096 : 3 * 4096]
    medium.write(63, b"x" * 4096)
    medium.write_zeroes(0, 2)
    medium.power_off()
    medium.close()
    assert image.read_bytes() == bytes(8192) + OLD[8192 : 63 * 4096] + b"x" * 4096
    image.write_bytes(bytes(513))
    with pytest.raises(ValueError, match="no whole number"):
        Medium(image, 512, Behaviour())


@pytest.mark.parametrize(
    ("kind", "reads", "writes", "reads_then"),
    [
        (Bad.UNREADABLE, False, True, False),
        (Bad.PENDING, False, True, True),
        (Bad.UNWRITABLE, True, False, True),
        (Bad.DEAD, False, False, False),
    ],
)
def test_a_bad_sector_fails_as_its_kind_does(
    image: Path, kind: Bad, reads: bool, writes: bool, reads_then: bool
) -> None:
    medium = Medium(image, 512, Behaviour(bad=(BadSectors(5, kind, 2),)))

    def can_read() -> bool:
        try:
            medium.read(0, 6)
        except MediumError as error:
            return (error.lba, error.reading) != (5, True)
        return True

    assert medium.read(7, 1) == OLD[7 * 512 : 8 * 512]
    assert can_read() is reads
    before = medium.pending
    if writes:
        medium.write(4, b"n" * 4 * 512)
        assert image.read_bytes()[4 * 512 : 8 * 512] == b"n" * 4 * 512
    else:
        with pytest.raises(MediumError, match="sector 5") as failed:
            medium.write(4, b"n" * 4 * 512)
        assert not failed.value.reading
        assert image.read_bytes() == OLD  # none of it
    assert can_read() is reads_then
    assert medium.remapped == (2 if kind is Bad.PENDING else 0)
    assert medium.pending == before - medium.remapped


def test_a_drive_that_elides_zeros_reads_zeros_and_keeps_the_old_data(image: Path) -> None:
    medium = Medium(image, 512, Behaviour(elides_zeros=True))
    medium.write(10, bytes(20 * 512))
    medium.write_zeroes(100, 1)
    medium.write(12, b"n" * 512)
    assert medium.elides(bytes(512))
    assert not medium.elides(b"n")
    assert medium.read(9, 5) == OLD[9 * 512 : 10 * 512] + bytes(1024) + b"n" * 512 + bytes(512)
    assert medium.read(100, 1) == bytes(512)
    kept = OLD[: 12 * 512] + b"n" * 512 + OLD[13 * 512 :]
    assert image.read_bytes() == kept
    medium.close()
    assert Medium(image, 512, Behaviour(elides_zeros=True)).read(10, 2) == bytes(1024)
    assert not Medium(image, 512, Behaviour()).elides(bytes(512))


def test_what_was_trimmed_reads_as_zeros_and_is_still_there(image: Path) -> None:
    medium = Medium(image, 512, Behaviour())
    medium.deallocate(3, 2)
    assert medium.read(2, 4) == OLD[2 * 512 : 3 * 512] + bytes(1024) + OLD[5 * 512 : 6 * 512]
    assert image.read_bytes() == OLD
    medium.write(3, b"n" * 512)
    medium.close()
    again = Medium(image, 512, Behaviour())
    assert again.read(3, 2) == b"n" * 512 + bytes(512)
    again.write(4, bytes(512))
    assert image.read_bytes() == OLD[: 3 * 512] + b"n" * 512 + bytes(512) + OLD[5 * 512 :]


def test_what_a_firmware_erase_leaves_is_seen_also_where_zeros_were_elided(image: Path) -> None:
    medium = Medium(image, 512, Behaviour(elides_zeros=True))
    medium.write_zeroes(0, 512)
    medium.fill(0, medium.size, b"\x33\xcc\x55\xaa")
    assert medium.read(7, 1) == b"\x33\xcc\x55\xaa" * 128


def test_an_erase_that_writes_remaps_what_is_pending_and_a_new_key_does_not(image: Path) -> None:
    behaviour = Behaviour(bad=(BadSectors(5, Bad.PENDING, 4), BadSectors(40, Bad.DEAD)))
    medium = Medium(image, 512, behaviour)
    medium.scramble(0, medium.size)
    assert (medium.remapped, medium.pending) == (0, 5)
    medium.fill(0, 7 * 512, b"\x5a")
    assert (medium.remapped, medium.pending) == (2, 3)
    assert medium.read(4, 3) == b"\x5a" * 3 * 512
    medium.fill(7 * 512, medium.size, b"\x5a")
    assert (medium.remapped, medium.pending) == (4, 1)
    with pytest.raises(MediumError, match="sector 40"):
        medium.read(0, 64)


def test_an_unflushed_cache_is_lost_with_the_power(image: Path) -> None:
    medium = Medium(image, 512, Behaviour(write_cache=True))
    medium.write(0, b"a" * 1024)
    medium.flush()
    medium.write(1, b"b" * 1024)
    medium.write(2, b"c" * 512)
    assert medium.read(0, 3) == b"a" * 512 + b"b" * 512 + b"c" * 512
    medium.power_off()
    assert medium.read(0, 3) == b"a" * 1024 + OLD[1024:1536]
    medium.write(0, b"d" * 512)
    medium.fill(512, 1024, b"\0")  # an erase is no write that a cache could hold back
    medium.power_off()
    assert medium.read(0, 2) == b"d" * 512 + bytes(512)


def test_a_full_cache_writes_what_is_oldest(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(66 << 20))
    medium = Medium(image, 512, Behaviour(write_cache=True))
    for number in range(66):
        medium.write(number * 2048, b"x" * MAX_DATA)
    medium.power_off()
    assert image.read_bytes().count(b"x") == 2 << 20


@given(st.integers(0, 3000), st.integers(0, 3000), st.binary(min_size=1, max_size=9))
def test_a_fill_keeps_its_pattern_in_step_and_touches_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, one: int, other: int, pattern: bytes
) -> None:
    image = tmp_path_factory.getbasetemp() / "fill.img"
    image.write_bytes(OLD[:3072])
    start, end = sorted((one, other))
    medium = Medium(image, 512, Behaviour())
    medium.fill(start, end, pattern)
    medium.close()
    assert image.read_bytes() == OLD[:start] + (pattern * 3072)[start:end] + OLD[end:3072]


def test_noise_is_neither_old_nor_zeros_nor_the_same_twice(image: Path) -> None:
    medium = Medium(image, 512, Behaviour())
    medium.scramble(512, 1 << 17)
    first = image.read_bytes()
    assert first[:512] + first[1 << 17 :] == OLD[:512] + OLD[1 << 17 :]
    assert len(set(first[512 : 1 << 17])) == 256
    medium.scramble(512, 1 << 17)
    pairs = list(zip(first[512 : 1 << 17], image.read_bytes()[512 : 1 << 17], strict=True))
    assert sum(one == other for one, other in pairs) < len(pairs) / 100
    assert sum(one == other for one, other in zip(first, OLD, strict=False)) < len(pairs) / 100 + 512 * 257


class Known(msgspec.Struct, frozen=True):
    """What a drive might know."""

    number: int = 0


def test_a_state_is_there_again_and_a_broken_one_is_an_error(image: Path) -> None:
    state = StateFile(image, Known())
    assert state.now == Known()
    state.change(Known(7))
    assert StateFile(image, Known()).now == Known(7)
    state_path(image).write_text('{"number": "seven"}')
    with pytest.raises(msgspec.ValidationError):
        StateFile(image, Known())
