"""The server's keys: made once, for their owner only."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from netboot.auth.server_keys import KEY_FILE, load_key, public_key
from netboot.shared.errors import NetbootError


def test_the_key_is_made_once_and_read_again(tmp_path: Path) -> None:
    first = load_key(tmp_path / "data")
    assert load_key(tmp_path / "data") == first
    assert len(public_key(first)) == 32
    assert stat.S_IMODE((tmp_path / "data" / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == [KEY_FILE]


def test_first_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: bytes(load_key(tmp_path)), range(32)))
    assert len(set(keys)) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    load_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(NetbootError, match="others may read") as caught:
        load_key(tmp_path)
    assert "chmod 600" in caught.value.hint


def test_a_cut_key_is_refused(tmp_path: Path) -> None:
    load_key(tmp_path)
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(NetbootError, match="is no key"):
        load_key(tmp_path)
