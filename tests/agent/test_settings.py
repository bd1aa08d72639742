"""What the agent keeps for a restart within one boot."""

from pathlib import Path

import pytest

from netboot.agent.settings import keep_token, own_seal_key, read_token


def test_a_token_is_kept_for_the_agents_next_start_and_for_nobody_else(tmp_path: Path) -> None:
    place = tmp_path / "run" / "token"
    assert read_token(place) == ""
    keep_token("first", place)
    keep_token("second", place)
    assert read_token(place) == "second"
    assert place.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in place.parent.iterdir()] == ["token"]


def test_an_agent_killed_while_it_writes_keeps_the_token_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "token"
    keep_token("first", place)

    def cut(path: Path, text: str, **_: object) -> int:
        path.write_bytes(text[:1].encode())
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", cut)
    with pytest.raises(KeyboardInterrupt):
        keep_token("second", place)
    assert read_token(place) == "first"


def test_a_token_that_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    place = tmp_path / "token"
    keep_token("first", place)
    before = place.stat().st_ino, place.stat().st_mtime_ns
    keep_token("first", place)
    assert (place.stat().st_ino, place.stat().st_mtime_ns) == before


def test_the_key_of_a_boot_is_kept_for_the_agents_next_start_and_for_nobody_else(tmp_path: Path) -> None:
    place = tmp_path / "run" / "seal-key"
    first = own_seal_key(place)
    assert own_seal_key(place) == first
    assert place.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in place.parent.iterdir()] == ["seal-key"]
    for damaged in ("", "00ff", "zz" * 32):
        place.write_text(damaged)
        assert own_seal_key(place) != first
        assert own_seal_key(place) == own_seal_key(place)


def test_a_key_that_cannot_be_kept_is_used_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("no folder")
    assert own_seal_key(tmp_path / "run" / "seal-key") != own_seal_key(tmp_path / "run" / "seal-key")
