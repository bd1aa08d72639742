"""Names that a Windows can have, held against an NTFS driver that is told to keep to Windows' rules."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netboot.jobs.windows_names import LONGEST, not_in_windows
from netboot.shared.process import run
from tests.file_trees import unmount
from tests.masters.images import MIB, sized


@pytest.mark.parametrize(
    "path",
    [
        *("con", "a/NUL.txt", "a/aux .inf", "com1/x", "LPT9", "conout$", "a:b", 'a"', "a<", "a>", "a|b", "a?", "a*"),
        *("a\\b", "a.", "a./b", "a /b", "b ", "a" * (LONGEST + 1)),
        *("ProgramData/Desktop/a.lnk", "programdata/Start Menu/Programs/a.lnk", "Documents and Settings/x"),
        *("Users/All Users/x", "Users/Default User", "Users/Default/SendTo/x", "Users/Public/Documents/My Music/x"),
        "Users/Default/AppData/Local/History/x",
    ],
)
def test_no_windows_has_such_a_path(path: str) -> None:
    assert not_in_windows(("fine.inf", path)) == path


@pytest.mark.parametrize(
    "path",
    [
        *("console", "com", "com10", "a.con", ".hidden", "a b/c d.inf", "a" * LONGEST, "~1$@+"),
        *("Users/Public/Desktop/a.lnk", "Users/Default/Desktop/x", "Users/Default/AppData/Local/x", "apps/Templates/x"),
        "ProgramData/Microsoft/Windows/Start Menu/Programs/a.lnk",
    ],
)
def test_others_it_has(path: str) -> None:
    assert not_in_windows((path,)) == ""


@pytest.mark.parametrize(
    ("paths", "wrong"),
    [
        (("a/x.inf", "a/X.INF"), "a/X.INF"),
        (("A/x.inf", "a/y.inf"), "a/y.inf"),
        (("a", "A/x"), "A/x"),
        (("A/x", "a"), "a"),
        (("a/x", "a/y", "b/x"), ""),
    ],
)
def test_letters_of_either_case_are_one(paths: tuple[str, ...], wrong: str) -> None:
    assert not_in_windows(paths) == wrong


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An NTFS that is mounted as the agent mounts one."""
    folder = tmp_path_factory.mktemp("windows")
    part = sized(folder / "ntfs", 16 * MIB)
    run(["mkntfs", "--quiet", "--fast", "--force", part])
    there = folder / "there"
    there.mkdir()
    run(["mount", "-t", "lowntfs-3g", "-o", "loop,permissions,ignore_case,windows_names", part, there])
    try:
        yield there
    finally:
        unmount(there)


@pytest.mark.root
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    names=st.lists(
        st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="/"), min_size=1, max_size=6)
        | st.sampled_from(["CON", "nul.inf", "Com1 .x", "a", "A", "x.", "x ", "a:b", "prn.a.b"]),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_allowed_the_driver_makes_too_and_each_for_itself(windows: Path, names: list[str]) -> None:
    allowed = [name for name in names if name not in (".", "..")]
    if not_in_windows(allowed):
        return
    for name in allowed:
        (windows / name).touch(exist_ok=False)
    for name in allowed:
        (windows / name).unlink()
