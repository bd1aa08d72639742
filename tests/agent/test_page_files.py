"""A Windows' page files: on a real NTFS, with memory where Windows may have it, also in what that NTFS calls not
initialised; cleared in place, and looked for on the bare device."""

import re
import subprocess
from pathlib import Path

import pytest

from netboot.agent.customise import page_files
from netboot.agent.customise.page_files import clear_page_files, look_at_page_files
from netboot.agent.customise.windows import give_answer_file
from netboot.shared.errors import NetbootError
from netboot.shared.stages.customise import Forgotten
from tests.agent.test_customise_windows import FILE, there, windows_on
from tests.agent.test_windows_files import cut_off, writing
from tests.masters.images import MIB

pytestmark = pytest.mark.root

MEMORY = b"the prepared PC's memory: a password; "
SIZE = 4 * MIB + 4096 + 100


def tool(*words: str | Path) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def runs(device: Path, name: str) -> list[tuple[int, int]]:
    """Where a file's clusters of 4096 bytes lie, in bytes: (where in the file, where on the device)."""
    rows = re.findall(r"^\s+(\d+)\s+(\d+)\s+\d+$", tool("ntfscluster", "-F", name, device), re.MULTILINE)
    return [(int(start) * 4096, int(place) * 4096) for start, place in rows]


def page_out(device: Path, name: str) -> None:
    """Write memory into the middle of this file's first run, on the disk itself."""
    _, place = runs(device, name)[0]
    with device.open("r+b") as disk:
        disk.seek(place + MIB)
        disk.write(MEMORY)


def raw(device: Path) -> bytes:
    tool("blockdev", "--flushbufs", device)
    return device.read_bytes()


def test_what_was_in_memory_is_gone_from_the_disk_and_nothing_else_is_changed(tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        with writing(device, tmp_path) as root:
            (root / "PageFile.sys").write_bytes(bytes(SIZE))
            (root / "swapfile.sys").write_bytes(b"")
            (root / "hiberfil.sys").write_bytes(bytes(MIB))
        tool("ntfsfallocate", "-l", str(3 * MIB), device, "swapfile.sys")
        for name in ("PageFile.sys", "swapfile.sys"):
            page_out(device, name)
        before, lie = (
            there(device, tmp_path / "look"),
            [runs(device, name) for name in ("PageFile.sys", "swapfile.sys")],
        )
        assert MEMORY in raw(device)
        assert look_at_page_files(device) == Forgotten(what="swap", files=2, left=2)
        clear_page_files(device)
        assert look_at_page_files(device) == Forgotten(what="swap", files=2, left=0)
        assert MEMORY not in raw(device)
        after = there(device, tmp_path / "look")
        assert {path for path in after if after[path] != before.get(path)} <= {"PageFile.sys", "swapfile.sys", "."}
        assert after.keys() == before.keys()
        assert [runs(device, name) for name in ("PageFile.sys", "swapfile.sys")] == lie
        give_answer_file(device, FILE)


def test_what_was_never_written_to_counts_as_held_though_it_reads_as_zeros(tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        with writing(device, tmp_path) as root:
            (root / "pagefile.sys").touch()
        assert look_at_page_files(device) == Forgotten(what="swap", files=1, left=0), "there is nothing in it"
        tool("ntfsfallocate", "-l", str(MIB), device, "pagefile.sys")
        assert look_at_page_files(device) == Forgotten(what="swap", files=1, left=1)


def test_without_page_files_nothing_is_written(tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        before = raw(device)
        clear_page_files(device)
        assert raw(device) == before
        assert look_at_page_files(device) == Forgotten(what="swap")


@pytest.mark.parametrize("how", ["journal", "check", "hibernated"])
def test_an_ntfs_that_windows_ran_from_and_did_not_shut_down_keeps_them(tmp_path: Path, how: str) -> None:
    with windows_on(tmp_path) as device:
        with writing(device, tmp_path) as root:
            (root / "pagefile.sys").write_bytes(MEMORY * 1000)
        cut_off(device, tmp_path, how)
        before = raw(device)
        with pytest.raises(NetbootError, match=f"{device.name}: "):
            clear_page_files(device)
        assert raw(device) == before


def test_one_that_says_it_is_larger_than_its_disk_is_refused(tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        with writing(device, tmp_path) as root, (root / "pagefile.sys").open("wb") as file:
            file.truncate(1 << 40)
        with pytest.raises(NetbootError, match="larger than its file system"):
            clear_page_files(device)


def test_an_ntfs_of_which_nothing_can_be_read_is_not_one_without_page_files(tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        with device.open("r+b") as disk:
            disk.write(bytes(MIB))
        for ask in (clear_page_files, look_at_page_files):
            with pytest.raises(NetbootError, match="cannot be read"):
                ask(device)


def test_an_answer_that_says_nothing_of_what_was_written_to_is_no_evidence(
    tmp_path: Path,
) -> None:
    with windows_on(tmp_path) as device, pytest.raises(NetbootError, match="is not told"):
        page_files._is_initialised(device, "Windows")
