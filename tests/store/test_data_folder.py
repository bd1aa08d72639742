"""The data folder is its owner's alone, has one server at a time, and its key is not replaced in silence."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from netboot.auth.server_keys import KEY_FILE, load_key, load_ticket_key, new_key
from netboot.files.data_folder import make_private, require_private, server_lock
from netboot.records.record import open_record
from netboot.shared.errors import NetbootError
from netboot.store import Store

FIRST = {
    "the record": lambda folder: open_record(folder / "record.sqlite").close(),
    "the key": load_key,
    "the ticket key": load_ticket_key,
    "the store": lambda folder: Store(folder / "store").require_space(1),
    "the server": lambda folder: server_lock(folder).__enter__(),
}


@pytest.mark.parametrize("who", FIRST)
def test_whoever_makes_it_first_makes_it_private(tmp_path: Path, who: str) -> None:
    before = os.umask(0)
    try:
        FIRST[who](tmp_path / "data")  # type: ignore[no-untyped-call]
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_second_server_is_refused_and_told_whose_it_is_until_the_first_ends(tmp_path: Path) -> None:
    hold = """
import sys
from pathlib import Path
from netboot.files.data_folder import server_lock
with server_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", hold, os.fspath(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(NetbootError, match=f"process {other.pid}") as refused, server_lock(tmp_path):
            pass
        assert "data" in refused.value.hint
        other.kill()
        other.wait()
    with server_lock(tmp_path):
        pass


@pytest.mark.parametrize("mode", [0o666, 0o644, 0o640, 0o604])
def test_a_record_and_a_key_that_others_may_read_are_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    open_record(tmp_path / "record.sqlite").close()
    load_key(tmp_path)
    for name in ("record.sqlite", KEY_FILE):
        (tmp_path / name).chmod(mode)
    with pytest.raises(NetbootError) as refused:
        open_record(tmp_path / "record.sqlite")
    assert "chmod 600" in refused.value.hint
    with pytest.raises(NetbootError, match="others may read"):
        load_key(tmp_path)


@pytest.mark.root
def test_a_key_of_another_owner_is_refused(tmp_path: Path) -> None:
    load_key(tmp_path)
    os.chown(tmp_path / KEY_FILE, 65534, 65534)
    with pytest.raises(NetbootError, match="another user"):
        load_key(tmp_path)
    with pytest.raises(NetbootError, match="another user"):
        require_private(tmp_path / KEY_FILE, "the page's key")


def test_a_lost_signing_key_is_told_and_not_replaced_while_masters_are_signed_with_it(tmp_path: Path) -> None:
    before = load_key(tmp_path)
    (tmp_path / "store" / "masters").mkdir(parents=True)
    (tmp_path / "store" / "masters" / "debian-minimal").write_text("ab" * 32)
    assert load_key(tmp_path) == before
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(NetbootError, match="lost, and 1 masters") as refused:
        load_key(tmp_path)
    assert "netboot key new" in refused.value.hint
    assert not (tmp_path / KEY_FILE).exists()
    made = new_key(tmp_path)
    assert made != before
    assert load_key(tmp_path) == made
    with pytest.raises(NetbootError, match="already"):
        new_key(tmp_path)


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    make_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750
