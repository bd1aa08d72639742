"""What the doctor needs before it can look, and what it says when that is missing."""

import argparse

import pytest

from netboot.doctor import __main__ as doctor
from netboot.doctor.card import find_card
from netboot.doctor.options import add_options, as_words
from netboot.shared.errors import NetbootError


def test_without_root_it_says_so_first(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert doctor.main(["--interface", "no-such-card"]) == 2
    assert "needs root" in capsys.readouterr().err


def test_a_card_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(NetbootError, match="no-such-card"):
        find_card("no-such-card")


def test_the_words_of_the_command_reach_the_program_as_they_were() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    words = ["--interface", "eth1", "--server", "10.0.0.2", "--language", "en", "--json"]
    assert as_words(parser.parse_args(words)) == words
    assert as_words(parser.parse_args([])) == []
