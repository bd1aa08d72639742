"""Which ranges are in use: maps from partclone, areas outside partitions, alignment."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.shared.manifest import Partition
from netboot.shared.process import run
from netboot.survey.disk_file import open_disk
from netboot.survey.disk_layout import DiskLayout
from netboot.survey.pieces import GRID, pieces
from netboot.survey.used_ranges import GRAIN, MapError, Range, align, outside_partitions, parse_domain
from netboot.survey.whole_disk import survey
from tests.masters.images import gpt_disk, sized

MIB = 1024 * 1024
DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"

# partclone 0.3.23 (Debian 12), `partclone.fat --domain` of a file of 40,000 KiB fresh from mkfs.vfat 4.2.
FAT_MAP = """\
# Domain logfile created by unset_name v0.3.23
# Source: f.img
# Offset: 0x00000000
# current_pos  current_status
0x02710000     ?
#      pos        size  status
0x00000000  0x00018800  +
0x00018800  0x026F7800  ?
"""


def test_a_recorded_map_is_read() -> None:
    assert parse_domain(FAT_MAP, 40000 * 1024) == ((0, 0x18800),)


@pytest.mark.parametrize(
    "text",
    ["", "# only a comment\n", FAT_MAP.replace("+", "x"), FAT_MAP + "what is this\n", FAT_MAP.replace("  +", "  ?")],
)
def test_a_map_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(MapError):
        parse_domain(text, 40000 * 1024)


def test_a_map_of_another_partition_is_refused() -> None:
    with pytest.raises(MapError, match="longer"):
        parse_domain(FAT_MAP, 4096)


@given(st.text(alphabet="0x1F +?-#\n", max_size=300), st.integers(1, 1 << 40))
def test_any_text_gives_ranges_inside_the_partition_or_map_error(text: str, length: int) -> None:
    try:
        ranges = parse_domain(text, length)
    except MapError:
        return
    assert all(0 <= start < end <= length for start, end in ranges)


_ranges = st.lists(st.tuples(st.integers(0, 1 << 24), st.integers(0, 1 << 22)).map(lambda r: (r[0], r[0] + r[1])))


@given(_ranges, st.integers(1 << 24, 1 << 25))
def test_aligned_ranges_cover_all_they_were_made_of_and_lie_apart(ranges: list[Range], size: int) -> None:
    aligned = align(ranges, GRAIN, size)
    for start, end in aligned:
        assert start % GRAIN == 0
        assert end % GRAIN == 0 or end == size
        assert start < end <= size
    assert all(before[1] < after[0] for before, after in pairwise(aligned))
    for start, end in ranges:
        if start < min(end, size):
            assert any(a <= start and min(end, size) <= b for a, b in aligned)


@given(_ranges)
def test_pieces_are_the_ranges_cut_at_the_grid(ranges: list[Range]) -> None:
    aligned = align(ranges, GRAIN, 1 << 25)
    cut = list(pieces(aligned))
    assert sum(end - start for start, end in cut) == sum(end - start for start, end in aligned)
    for start, end in cut:
        assert start // GRID == (end - 1) // GRID
    assert align(cut, GRAIN, 1 << 25) == aligned


def test_what_stands_outside_partitions_is_taken() -> None:
    layout = DiskLayout(
        size=100 * MIB,
        sector=512,
        table="gpt",
        table_id="",
        backup=100 * MIB - 33 * 512,
        partitions=(
            Partition(number=2, start=50 * MIB, length=MIB, type="x"),
            Partition(number=1, start=2 * MIB, length=MIB, type="x"),
        ),
    )
    assert outside_partitions(layout) == ((0, MIB), (100 * MIB - 33 * 512, 100 * MIB))


def test_the_tables_of_logical_partitions_are_taken() -> None:
    layout = DiskLayout(
        size=100 * MIB,
        sector=512,
        table="dos",
        table_id="",
        backup=100 * MIB,
        partitions=(
            Partition(number=1, start=512 * 63, length=MIB, type="83"),
            Partition(number=2, start=10 * MIB, length=90 * MIB, type="05", role="extended"),
            Partition(number=5, start=11 * MIB, length=5 * MIB, type="83"),
            Partition(number=6, start=17 * MIB, length=5 * MIB, type="83"),
        ),
    )
    assert outside_partitions(layout) == ((0, 512 * 63), (10 * MIB, 11 * MIB), (16 * MIB, 17 * MIB))


@pytest.mark.root
@pytest.mark.parametrize("mib", [32, 48])
def test_a_copy_of_ntfs_s_boot_sector_is_taken_wherever_it_is(tmp_path: Path, mib: int) -> None:
    part = sized(tmp_path / "part.ntfs", 48 * MIB)
    run(["mkntfs", "--quiet", "--fast", "--force", part, str(mib * MIB // 512)])
    image = gpt_disk(tmp_path, [(DATA, part)], size=52 * MIB)
    with open_disk(image) as disk:
        found = survey(disk, lambda _: None)
        (partition,) = found.layout.partitions
        copies = [
            at
            for at in range(partition.start, partition.end, 512)
            if disk.read(at, at + 512) == disk.read(partition.start, partition.start + 512)
        ]
    assert copies == [partition.start, partition.start + mib * MIB - 512]
    for at in (*copies, partition.end - 512):
        assert any(start <= at < end for start, end in found.ranges)
    assert found.used < 24 * MIB
