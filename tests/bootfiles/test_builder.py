"""When the cache is used and when packages are asked for; the making itself is replaced."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netboot.bootfiles import builder, load, record
from netboot.bootfiles.record import NAMES, RECORD, BootFiles, write_record
from netboot.shared.errors import NetbootError

MONTH = 31 * 24 * 3600


@pytest.fixture
def makes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each entry is a build that was really made; its packages are numbered."""
    made: list[str] = []

    def make(work: Path, recipe: object, digest: str, loaders: object, agent: object, progress: object) -> BootFiles:
        out = work / "out"
        out.mkdir()
        for name in NAMES:
            (out / name).write_bytes(b"x")
        made.append(digest)
        package = (f"a={len(made)}",)
        return write_record(out, kernel="k", recipe=digest, loader_packages=package, agent_packages=package)

    monkeypatch.setattr(builder, "_make", make)
    return made


def _build(cache: Path, *, refresh: bool = False) -> BootFiles:
    return builder.build(cache, progress=lambda _: None, refresh=refresh)


def test_a_second_build_finds_the_first(tmp_path: Path, makes: list[str]) -> None:
    first = _build(tmp_path / "cache")
    assert _build(tmp_path / "cache") == first == load(tmp_path / "cache")
    assert len(makes) == 1


def test_refresh_asks_again_and_keeps_what_a_server_may_be_serving(tmp_path: Path, makes: list[str]) -> None:
    first = _build(tmp_path)
    second = _build(tmp_path, refresh=True)
    assert second.packages != first.packages
    assert first.path("vmlinuz").exists()
    assert load(tmp_path) == second
    assert len(makes) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda files: files.path("vmlinuz").write_bytes(b"y"),
        lambda files: os.utime(files.folder / RECORD, (0, time.time() - MONTH)),
        lambda files: (files.folder / RECORD).unlink(),
    ],
    ids=["damaged", "old", "no record"],
)
def test_what_is_damaged_or_old_is_made_again(
    tmp_path: Path, makes: list[str], spoil: Callable[[BootFiles], object]
) -> None:
    spoil(_build(tmp_path))
    _build(tmp_path)
    assert len(makes) == 2


def test_another_recipe_is_another_build(tmp_path: Path, makes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    first = _build(tmp_path)
    with monkeypatch.context() as other_code:
        other_code.setattr(record, "code_digest", lambda _: "other")
        assert _build(tmp_path) == load(tmp_path) != first
    assert len(set(makes)) == 2
    # Each version of the code has its own in use: the first is there without a build.
    assert _build(tmp_path) == load(tmp_path) == first
    assert len(makes) == 2


def test_what_a_killed_build_left_is_removed_and_old_builds_go(tmp_path: Path, makes: list[str]) -> None:
    first = _build(tmp_path)
    (tmp_path / "building-left").mkdir()
    os.utime(first.folder / RECORD, (0, time.time() - MONTH))
    _build(tmp_path, refresh=True)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("building-")) == []
    assert not first.folder.exists()


def test_a_failed_build_leaves_the_files_in_use(
    tmp_path: Path, makes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _build(tmp_path)

    def fail(*_: object) -> BootFiles:
        raise NetbootError("the mirror is away")

    monkeypatch.setattr(builder, "_make", fail)
    with pytest.raises(NetbootError):
        _build(tmp_path, refresh=True)
    assert load(tmp_path) == first
