import json
import re
from dataclasses import fields
from typing import get_args

import pytest

from netboot.doctor.finding import Code, Finding, Severity, Words
from netboot.doctor.judge import judge
from netboot.doctor.observed import Card, Seen
from netboot.doctor.report import as_json, as_text
from netboot.doctor.texts import WORDS, words
from netboot.shared.language import Language

ALWAYS_FINE = {
    "link", "dhcp-server", "netboot-proxy", "netboot-merged", "netboot-full", "netboot-named-by-building",
    "querier", "no-querier", "boots",
}  # fmt: skip


@pytest.mark.parametrize("code", get_args(Code))
def test_every_finding_has_its_sentences_in_both_languages_with_the_same_values(code: Code) -> None:
    fr, en = WORDS[code]["fr"], WORDS[code]["en"]
    for field in fields(Words):
        one, other = getattr(fr, field.name), getattr(en, field.name)
        assert sorted(set(re.findall(r"\{\w+\}", one))) == sorted(set(re.findall(r"\{\w+\}", other)))
    assert fr.says.endswith((".", "?"))
    assert bool(fr.do) == bool(en.do) == (code not in ALWAYS_FINE)


def test_a_value_with_braces_is_shown_as_it_is() -> None:
    told = words(Finding("rival-pxe", Severity.STOPS, {"server": "{x}", "mac": "%s", "file": "a\\b"}), "en")
    assert "{x} (%s)" in told.says


SEEN = Seen(card=Card(name="eth0", mac="52:54:00:00:00:50"), listened=6.0)


@pytest.mark.parametrize("language", get_args(Language))
def test_the_report_says_how_much_each_finding_matters_in_words(language: Language) -> None:
    text = as_text(SEEN, judge(SEEN), language)
    assert "\x1b" not in text
    titles = [line for line in text.splitlines() if line.startswith("==")]
    assert len(titles) == len({finding.severity for finding in judge(SEEN)})
    assert all(len(line) <= 100 for line in text.splitlines())
    assert "[dhcp-none]" in text


def test_the_json_object_carries_codes_sentences_and_what_was_seen() -> None:
    told = json.loads(json.dumps(as_json(SEEN, judge(SEEN), "en")))
    assert told["stops_pcs"] is True
    assert {finding["code"] for finding in told["findings"]} == {finding.code for finding in judge(SEEN)}
    assert all(finding["says"] for finding in told["findings"])
    assert told["seen"]["card"]["name"] == "eth0"
