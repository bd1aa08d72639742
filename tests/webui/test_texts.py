"""Every text of the page is there in both languages, names the same things, and is used."""

import re
from pathlib import Path
from typing import get_args

import pytest

import netboot.webui
from netboot.dhcp.core import Remark
from netboot.dhcp.service import REASONS_TOLD
from netboot.jobs.making import MakingKind, MakingState, Step
from netboot.jobs.stage_questions import Counted
from netboot.lan.address_watch import Trouble
from netboot.records.events import Kind
from netboot.records.values import CONTESTED, JobState, Standing
from netboot.shared.erase_methods import KINDS, Method, module_of
from netboot.shared.erase_methods.firmware import Accepted, FirmwareState, Resumed
from netboot.shared.erase_methods.overwrite import BadPart
from netboot.shared.inventory import LinkState
from netboot.shared.stages.erase import Level
from netboot.webui.board_page import NOTICES
from netboot.webui.masters_page import VersionState
from netboot.webui.refusal import Code, Refusal
from netboot.webui.state_texts import BOOT_NOTES, EVENTS, JOB_STATES, LEVELS, STATES, TROUBLES
from netboot.webui.texts import TEXTS
from netboot.workshop.called import Field, Mistake
from netboot.workshop.live_board import State

BY_STANDING = {
    *(f"contested_{word}" for word in (*CONTESTED, "vouch", "keep-out")),
    *(f"standing_{standing}" for standing in get_args(Standing)),
}
NAMES = re.compile(r"{(\w*)}")
PAGES = Path(netboot.webui.__file__).parent
SOURCES = [*PAGES.glob("*.py"), *(PAGES / "templates").glob("*.j2")]


@pytest.mark.parametrize("name", TEXTS)
def test_both_languages_name_the_same_things(name: str) -> None:
    text = TEXTS[name]
    assert set(text) == {"fr", "en"}
    assert all(text.values())
    assert set(NAMES.findall(text["fr"])) == set(NAMES.findall(text["en"]))


def test_every_text_is_used_somewhere() -> None:
    said = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    # `t[name]` in the templates
    by_value = {*NOTICES, *get_args(BadPart), *BY_STANDING}
    by_value |= {f"drive_{state.replace('-', '_')}" for state in get_args(FirmwareState)}
    by_value |= {f"drive_found_{resumed}" for resumed in get_args(Resumed) if resumed}
    by_value |= {f"order_{accepted.replace('-', '_')}" for accepted in get_args(Accepted)}
    by_value |= {f"link_{link}" for link in get_args(LinkState)}
    by_value |= {f"counted_{how}" for how in get_args(Counted)}
    by_value |= {f"master_{state}" for state in get_args(VersionState)}
    by_value |= {f"called_{word}" for word in (*get_args(Field), *get_args(Mistake))}
    by_value |= {f"making_{state}" for state in get_args(MakingState)} | {
        f"making_of_{kind}" for kind in get_args(MakingKind)
    }
    by_value |= {f"making_why_{state}" for state in ("failed", "stopped", "interrupted")}
    by_value |= {f"step_{step}" for step in get_args(Step)}
    unused = [name for name in TEXTS if name not in by_value and not re.search(rf't\.{name}\b|TEXTS\["{name}"\]', said)]
    assert unused == []


def test_every_state_level_and_kind_has_its_words() -> None:
    assert set(STATES) == set(get_args(State))
    assert set(JOB_STATES) == set(get_args(JobState))
    assert set(LEVELS) == set(get_args(Level))
    assert set(EVENTS) == set(get_args(Kind))
    for method in get_args(Method):
        assert set(KINDS[method].name) == set(KINDS[method].short) == {"fr", "en"}
        assert (PAGES / "templates" / f"proof_{module_of(method)}.html.j2").is_file()


def test_every_reason_that_the_page_is_told_has_its_words() -> None:
    assert set(BOOT_NOTES) == {told.value for told in (*REASONS_TOLD, *Remark)}
    assert all(set(text) == {"fr", "en"} for text in BOOT_NOTES.values())


def test_what_keeps_all_pcs_from_being_served_is_said_in_both_languages() -> None:
    assert set(TROUBLES) == {*get_args(Trouble), "record-restored"}
    assert all(set(text) == {"fr", "en"} for text in TROUBLES.values())


@pytest.mark.parametrize("code", get_args(Code))
def test_every_refusal_says_what_to_do(code: Code) -> None:
    refusal = Refusal(code)
    assert 400 <= refusal.status < 600
    for sentence in (refusal.sentence("fr"), refusal.sentence("en")):
        assert sentence.count(".") >= 2, "what is wrong, then what to do"
