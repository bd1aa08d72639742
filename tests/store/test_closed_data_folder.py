"""Whoever may not look into the data folder, as a user beside root's server, is told so by each command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.root

COMMANDS = (
    "master list",
    "master show school",
    "master use school 1",
    "master diff school",
    "master export school school.bundle",
    "master import-bundle /dev/null",
    "master workshops",
    "master verify",
    "master build images/debian-minimal.yaml",
    "master import disk.raw --name school --title School --release 1 --licence MIT",
    "master remove school",
    "master gc",
    "kit kit.img",
    "kit collect /dev/null",
    "key new",
    "certificates --since 2026-11-29 --folder papers",
)
# Root without its rights over other users' files: it may look into no more than anybody.
AS_ANYBODY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


def of_another_user(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)
    os.chown(folder, 65534, 65534)


def said(words: str, data: Path) -> tuple[int, str]:
    """The exit status of this command, and what it said."""
    settings = data.with_name("settings.yaml")
    settings.write_text(f"data: {data}\n", encoding="utf-8")
    command = [*AS_ANYBODY, sys.executable, "-m", "netboot", *words.split(), "--config", os.fspath(settings)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("words", COMMANDS)
def test_a_closed_data_folder_is_told_with_who_may_look_into_it(tmp_path: Path, words: str) -> None:
    of_another_user(tmp_path / "data")
    status, told = said(words, tmp_path / "data")
    assert status == 1
    assert "cannot be looked into: Permission denied" in told
    assert "sudo ./run netboot" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    "words",
    ["master list", "master show school", "master use school 1", "master remove school", "master gc", "kit kit.img"],
)
def test_a_closed_store_is_never_taken_for_an_empty_one(tmp_path: Path, words: str) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    of_another_user(tmp_path / "data/store")
    status, told = said(words, tmp_path / "data")
    assert status == 1
    assert f"{tmp_path}/data/store/masters cannot be looked into: Permission denied" in told
    assert not (tmp_path / "data/signing.key").exists()


def test_a_paper_is_checked_all_the_same_and_what_it_is_not_compared_with_is_told(tmp_path: Path) -> None:
    of_another_user(tmp_path / "data")
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.7\n")
    _, told = said(f"verify {tmp_path}/paper.pdf {tmp_path}/data/paper.pdf", tmp_path / "data")
    assert "paper.pdf' cannot be read: Permission denied" in told
    status, told = said(f"verify {tmp_path}/paper.pdf", tmp_path / "data")
    assert status == 1
    assert f"journal: {tmp_path}/data cannot be looked into: Permission denied" in told
    assert "sudo ./run netboot" in told
    assert "Errno" not in told
