"""What is typed unseen is typed twice: a slip would lock everybody out."""

import getpass
import sys
from pathlib import Path

import pytest

from netboot.bootmenu.password import SETTING
from netboot.cli import main
from netboot.records.record import open_record


@pytest.mark.parametrize(("again", "status"), [("240871", 0), ("240817", 1)])
def test_the_menus_digits_are_asked_for_twice_at_a_terminal(
    again: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "netboot.yaml"
    config.write_text(f"data: {tmp_path}\n")
    typed = iter(["240871", again])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(typed))
    assert main(["menu", "password", "--config", str(config)]) == status
    with open_record(tmp_path / "record.sqlite") as record:
        assert bool(record.people.setting(SETTING)) is (status == 0)
    assert ("once more" in capsys.readouterr().err) is (status == 1)
