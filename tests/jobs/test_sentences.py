"""Sentences about problems, as people of each language write sizes."""

from string import Formatter
from typing import get_args

import pytest

from netboot.shared.language import Language
from netboot.shared.problems import PARTS, TECHNICAL, Code, Problem
from netboot.shared.sentences import SENTENCES
from netboot.shared.stages.customise import Identity, Leftover

SMALL = Problem("disk-too-small", {"master": "debian", "needed": "8.0 GB", "disk": "WD 4.0 GB", "size": "1.5 TB"})


def test_sizes_are_written_as_the_language_does() -> None:
    assert "8,0 Go" in SMALL.sentence("fr")
    assert "WD 4,0 Go" in SMALL.sentence("fr")
    assert "1,5 To" in SMALL.sentence("fr")
    assert "8.0 GB" in SMALL.sentence("en")
    assert "1.5 TB" in SMALL.sentence("en")


@pytest.mark.parametrize("code", SENTENCES)
def test_no_sentence_has_a_tools_words_in_it_and_both_languages_name_the_same_things(code: Code) -> None:
    named = {
        language: {name for _, name, _, _ in Formatter().parse(text) if name}
        for language, text in SENTENCES[code].items()
    }
    assert set(named) == set(get_args(Language))
    assert named["fr"] == named["en"]
    assert not named["en"] & set(TECHNICAL)


def test_what_a_tool_said_is_kept_for_the_administrator_in_one_line() -> None:
    said = "efibootmgr ended with status 5: tried: efibootmgr --create\nCould not prepare Boot variable:\tNo space left"
    problem = Problem("no-start", {"error": said, "path": "the ESP has no /EFI/debian/shimx64.efi", "disk": "WD 1"})
    assert problem.technical == (
        "error: efibootmgr ended with status 5: tried: efibootmgr --create Could not prepare Boot variable: "
        "No space left; path: the ESP has no /EFI/debian/shimx64.efi"
    )
    for language in get_args(Language):
        assert "efibootmgr" not in problem.sentence(language)
    assert Problem("no-disk").technical == ""


def test_what_a_system_shares_with_others_is_named_in_the_readers_words() -> None:
    assert set(PARTS) == {*get_args(Identity), *get_args(Leftover)}
    shared = Problem("identity-shared", {"parts": "machine-id, ssh-host-keys"})
    assert "(identité (machine-id), clés SSH)" in shared.sentence("fr")
    assert "(identity (machine-id), SSH keys)" in shared.sentence("en")
