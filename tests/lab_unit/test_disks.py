from pathlib import Path
from unittest.mock import patch

import pytest

from netboot.lab.disks import MARKER, SECTOR, allocated_bytes, create_empty, create_used, find_pattern, old_data_sector
from netboot.shared.errors import NetbootError

MIB = 1 << 20


def test_a_used_disk_carries_its_marker_in_every_sector(tmp_path: Path) -> None:
    image = tmp_path / "disk"
    create_used(image, 3 * MIB + SECTOR, "S1")
    data = image.read_bytes()
    assert len(data) == 3 * MIB + SECTOR
    assert {data[start : start + SECTOR] for start in range(0, len(data), SECTOR)} == {old_data_sector("S1")}
    assert find_pattern(image) == 0


def test_an_empty_disk_takes_no_room_and_holds_no_pattern(tmp_path: Path) -> None:
    image = tmp_path / "disk"
    create_empty(image, 64 * MIB)
    assert image.stat().st_size == 64 * MIB
    assert allocated_bytes(image) < MIB
    assert find_pattern(image) is None


@pytest.mark.parametrize("at", [0, 7, 16 * MIB - 5, 16 * MIB - len(MARKER), 32 * MIB - 1, 40 * MIB - len(MARKER)])
@pytest.mark.parametrize("filled", [0, 40 * MIB])
def test_one_pattern_is_found_wherever_it_lies(tmp_path: Path, at: int, filled: int) -> None:
    image = tmp_path / "disk"
    create_empty(image, 40 * MIB)
    with image.open("r+b") as disk:
        disk.write(b"\xa5" * filled)
        disk.seek(at)
        disk.write(MARKER)
    assert image.stat().st_size == max(40 * MIB, at + len(MARKER))
    assert find_pattern(image) == at


def test_a_pattern_of_zeros_is_refused(tmp_path: Path) -> None:
    create_empty(tmp_path / "disk", MIB)
    with pytest.raises(ValueError, match="hole"):
        find_pattern(tmp_path / "disk", b"\0\0")


def test_a_disk_the_host_has_no_room_for_is_refused_with_both_sizes(tmp_path: Path) -> None:
    with patch("shutil.disk_usage") as usage:
        usage.return_value.free = 100 * MIB
        with pytest.raises(NetbootError, match=r"0\.1 GiB free, and 2\.1 GiB are needed"):
            create_used(tmp_path / "disk", 64 * MIB, "S1")
    assert not (tmp_path / "disk").exists()
