"""Labels, serial numbers and the output of tools cannot steer an admin's terminal."""

import json
import logging
import re

import pytest

from netboot import cli
from netboot.serve.logs import set_up_logs
from netboot.shared.errors import NetbootError
from netboot.shared.visible import visible_json

TURNED = "WD\u202e1\x1b]0;owned\x07\u200b2\x9b2J"
NAMED = "WD⟨U+202E⟩1⟨U+001B⟩]0;owned⟨U+0007⟩⟨U+200B⟩2⟨U+009B⟩2J"


def test_an_error_of_a_command_shows_what_no_eye_sees(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise NetbootError(f"the disk {TURNED} is in use", hint="look")

    monkeypatch.setattr(cli, "_master", fail)
    assert cli.main(["master", "list"]) == 1
    assert f"the disk {NAMED} is in use\n" in capsys.readouterr().err


def test_what_a_command_says_shows_what_no_eye_sees(capsys: pytest.CaptureFixture[str]) -> None:
    cli._say(f"pc1: {TURNED}")
    assert capsys.readouterr().err == f"pc1: {NAMED}\n"


def test_the_log_shows_what_no_eye_sees(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    try:
        set_up_logs("info", "text")
        logging.getLogger("netboot.test").warning("the PC %s", TURNED, extra={"serial": TURNED})
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
    said = capsys.readouterr().err
    assert said.count(NAMED) == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e]", said)


def test_json_says_the_same_and_shows_what_no_eye_sees() -> None:
    text = json.dumps({"says": TURNED, "café": "\U000e0001"}, ensure_ascii=False)
    shown = visible_json(text)
    assert json.loads(shown) == json.loads(text)
    assert "\\u202e" in shown
    assert "café" in shown
    assert "\u202e" not in shown
