"""A Windows on a disk: what is read of it from real hives on a real NTFS, and what is said where that cannot be had."""

import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netboot.masters.account import account
from netboot.shared.manifest import Manifest
from netboot.shared.windows import READY, UNATTEND_VALUE, Windows
from netboot.store import Store
from netboot.survey import windows as survey_windows
from netboot.survey.registry_hive import NOBODY, HiveError, read_value, require_written_out
from netboot.survey.windows import locale_of, windows_name
from tests.masters.images import LINUX, MIB, ext4, gpt_disk, taken
from tests.survey.windows_disks import (
    FROM_WINDOWS,
    MINIMAL,
    SOFTWARE,
    STATE,
    SYSTEM,
    VERSION,
    WINDOWS,
    Values,
    ntfs,
    windows_tree,
    write_hive,
)

HIVES = "Windows/System32/config"


def surveyed(folder: Path, tree: Path, said: list[str] | None = None) -> Manifest:
    image = gpt_disk(folder, [(WINDOWS, ntfs(folder, tree))], size=56 * MIB)
    return taken(image, Store(folder / "store"), said)


def found(manifest: Manifest) -> Windows:
    assert manifest.windows is not None
    return manifest.windows


def stated(state: str) -> Values:
    return {**SOFTWARE, STATE: {"ImageState": state}}


@pytest.mark.root
def test_a_windows_that_was_prepared_for_other_pcs_is_told_and_can_be_customised(tmp_path: Path) -> None:
    manifest = surveyed(tmp_path, windows_tree(tmp_path))
    assert found(manifest) == Windows(
        partition=1,
        name="Windows 11 Pro 24H2 (26100)",
        state=READY,
        architecture="amd64",
        language="fr_FR",
        panther="Windows/Panther",
        answers=(),
    )
    assert manifest.not_customisable == ""
    lines = "\n".join(account(manifest))
    assert f"What it is: Windows 11 Pro 24H2 (26100); its state is {READY}, on partition 1." in lines
    assert "Customising: each PC gets an answer file with its hostname" in lines


@pytest.mark.root
@pytest.mark.parametrize("state", ["IMAGE_STATE_COMPLETE", "IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT", ""])
def test_one_that_was_not_is_told_and_each_pc_would_keep_its_name(tmp_path: Path, state: str) -> None:
    manifest = surveyed(tmp_path, windows_tree(tmp_path, stated(state)))
    assert found(manifest).state == state
    assert manifest.not_customisable == (state or "ImageState: ?")
    assert f"Customising: IMPOSSIBLE ({state or 'ImageState: ?'})" in "\n".join(account(manifest))


@pytest.mark.root
@pytest.mark.parametrize(
    "path",
    [
        "Windows/Panther/unattend.xml",
        "Windows/Panther/Unattend/Autounattend.xml",
        "Windows/System32/Sysprep/Unattend.xml",
        "unattend.xml",
    ],
)
def test_an_answer_file_of_its_own_is_not_put_aside(tmp_path: Path, path: str) -> None:
    tree = windows_tree(tmp_path)
    (tree / path).parent.mkdir(exist_ok=True)
    (tree / path).write_text("<unattend/>", encoding="ascii")
    manifest = surveyed(tmp_path, tree)
    assert found(manifest).answers == (path,)
    assert manifest.not_customisable == path


@pytest.mark.root
def test_one_that_the_registry_names_is_not_put_aside_either(tmp_path: Path) -> None:
    system = {**SYSTEM, r"\Setup": {"UnattendFile": r"C:\answers.xml"}}
    assert surveyed(tmp_path, windows_tree(tmp_path, system=system)).not_customisable == UNATTEND_VALUE


@pytest.mark.root
def test_names_are_found_in_whatever_case_and_kept_as_they_are_written(tmp_path: Path) -> None:
    tree = windows_tree(tmp_path, panther="panther")
    (tree / "Windows").rename(tree / "WINDOWS")
    assert found(surveyed(tmp_path, tree)).panther == "WINDOWS/panther"


def cut_short(hive: Path) -> None:
    os.truncate(hive, hive.stat().st_size - 4096)


def not_written_out(hive: Path) -> None:
    with hive.open("r+b") as file:
        file.seek(4)
        (begun,) = struct.unpack("<I", file.read(4))
        file.seek(4)
        file.write(struct.pack("<I", begun + 1))


def no_hive(hive: Path) -> None:
    hive.write_bytes(b"\x5a" * 8192)


def without_its_root(hive: Path) -> None:
    with hive.open("r+b") as file:
        file.seek(4096 + 32)
        file.write(b"\x5a" * 64)


HARMS: list[tuple[Callable[[Path], object], str]] = [
    (cut_short, "is cut short"),
    (not_written_out, "Windows has not written"),
    (no_hive, "is no registry hive"),
    (without_its_root, "cannot be read"),
]


@pytest.mark.root
@pytest.mark.parametrize(
    ("name", "harm", "words"),
    [
        *[(name, harm, words) for name in ("SOFTWARE", "SYSTEM") for harm, words in HARMS],
        ("SYSTEM", Path.unlink, "cannot be copied"),
    ],
)
def test_a_registry_that_cannot_be_read_leaves_nothing_known(
    tmp_path: Path, name: str, harm: Callable[[Path], object], words: str
) -> None:
    tree, said = windows_tree(tmp_path), list[str]()
    harm(tree / HIVES / name)
    manifest = surveyed(tmp_path, tree, said)
    assert found(manifest) == Windows(partition=1)
    assert manifest.not_customisable == "ImageState: ?"
    assert [words in line for line in said if "a Windows of which nothing more is known" in line] == [True]


@pytest.mark.root
def test_a_registry_that_is_too_long_is_not_copied_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_windows, "HIVE_LIMIT", 8192)
    assert found(surveyed(tmp_path, windows_tree(tmp_path))) == Windows(partition=1)


@pytest.mark.root
@pytest.mark.parametrize("folder", ["Windows/Panther", "Windows/System32/Sysprep"])
def test_a_folder_that_is_empty_is_one_that_could_not_be_read(tmp_path: Path, folder: str) -> None:
    tree = windows_tree(tmp_path)
    next((tree / folder).iterdir()).unlink()
    assert found(surveyed(tmp_path, tree)) == Windows(partition=1)


@pytest.mark.root
def test_of_two_only_that_there_are_two_is_known(tmp_path: Path) -> None:
    part = ntfs(tmp_path, windows_tree(tmp_path))
    manifest = taken(gpt_disk(tmp_path, [(WINDOWS, part), (WINDOWS, part)], size=128 * MIB), Store(tmp_path / "store"))
    assert found(manifest) == Windows(partition=1, name="2 of them")
    assert manifest.not_customisable == "ImageState: ?"


@pytest.mark.root
def test_beside_a_linux_it_is_the_linux_that_is_customised(tmp_path: Path) -> None:
    part = ntfs(tmp_path, windows_tree(tmp_path))
    image = gpt_disk(tmp_path, [(WINDOWS, part), (LINUX, ext4(tmp_path))], size=128 * MIB)
    manifest = taken(image, Store(tmp_path / "store"))
    assert manifest.windows is None
    assert manifest.not_customisable == ""


@pytest.mark.root
def test_an_ntfs_without_one_is_no_windows(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    assert surveyed(tmp_path, tmp_path / "documents").windows is None


@pytest.fixture
def hives() -> Iterator[Path]:
    """A folder of the one who reads hives; pytest's own are root's alone."""
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, NOBODY, NOBODY)
        yield Path(folder)


@pytest.mark.root
def test_a_hive_that_a_windows_wrote_is_read(hives: Path) -> None:
    hive = hives / "SPECIAL"
    hive.write_bytes(FROM_WINDOWS)
    require_written_out(hive)
    assert read_value(hive, "\\weird™", "symbols $£₤₧€") == "0"
    assert read_value(hive, "\\weird™", "none") == ""
    assert read_value(hive, "\\none", "none") == ""


@pytest.mark.root
def test_a_program_that_fails_otherwise_has_not_found_that_there_is_nothing(
    hives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hive = write_hive(hives / "SOFTWARE", SOFTWARE)
    assert read_value(hive, VERSION, "CurrentBuild") == "26100"
    monkeypatch.setattr("netboot.survey.registry_hive._MEMORY", 1024 * 1024)
    with pytest.raises(HiveError, match="cannot be read"):
        read_value(hive, VERSION, "CurrentBuild")


@pytest.mark.root
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(harm=st.lists(st.tuples(st.integers(0, 3 * 4096 - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_whatever_is_in_a_hive_it_is_read_or_refused(hives: Path, harm: list[tuple[int, int]]) -> None:
    hive = write_hive(hives / "SOFTWARE", SOFTWARE)
    data = bytearray(hive.read_bytes())
    for at, value in harm:
        data[at % len(data)] = value
    hive.write_bytes(data)
    told = ""
    with suppress(HiveError):
        require_written_out(hive)
        told = read_value(hive, STATE, "ImageState")
    assert len(told) <= 1000


def test_the_head_of_a_hive_must_be_whole(tmp_path: Path) -> None:
    hive = tmp_path / "SOFTWARE"
    for length in (0, 4, 4095):
        hive.write_bytes(MINIMAL[:length])
        with pytest.raises(HiveError, match="no registry hive"):
            require_written_out(hive)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (("Windows 10 Pro", "22H2", "19045"), "Windows 10 Pro 22H2 (19045)"),
        (("Windows 10 Home", "23H2", "22631"), "Windows 11 Home 23H2 (22631)"),
        (("Windows 7 Professional", "", "7601"), "Windows 7 Professional (7601)"),
        (("", "", ""), ""),
        (("Windows\n10\x07", "", "ten"), "Windows 10 (ten)"),
    ],
)
def test_windows_is_called_by_its_edition_version_and_build(told: tuple[str, str, str], name: str) -> None:
    assert windows_name(*told) == name


@pytest.mark.parametrize(
    ("identifier", "name"),
    [("040C", "fr_FR"), ("100c", "fr_CH"), ("0409", "en_US"), ("", ""), ("fr", ""), ("ffff", "")],
)
def test_a_language_is_called_as_a_locale_is(identifier: str, name: str) -> None:
    assert locale_of(identifier) == name
