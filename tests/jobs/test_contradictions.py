"""Reports that contradict themselves, by hand, one of each kind."""

import json
from collections.abc import Callable, Mapping
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.jobs.erase_methods.overwrite import FASTEST
from netboot.jobs.evidence import judge
from netboot.jobs.honest_erasure import reason_to_doubt
from netboot.jobs.stages.rules import Known, Outcome
from netboot.shared.contradictions import REASONS, Reason
from netboot.shared.erase_methods.kind import MethodEvidence
from netboot.shared.erase_methods.overwrite import BadRange, Overwritten
from netboot.shared.erase_outcome import as_hidden_areas_show, erase_problem
from netboot.shared.inventory import label
from netboot.shared.problems import Problem
from netboot.shared.protocol import ProtocolError, StageFinished, decode_from_agent, encode
from netboot.shared.stages.erase import EraseResult, Erasure, Level, Verdict
from tests.jobs.conftest import HDD, SSD, STICK, erasure
from tests.orders import overwriting, overwritten

ORDER = overwriting(SSD.id, HDD.id)
SEEN = Known(disks=(SSD, HDD), began=100.0, ended=10_000.0)
FAULT = Problem("erase-mismatch")


def verdicts(
    *said: Erasure, outcome: Outcome = "done", problem: Problem | None = None, known: Known = SEEN
) -> list[tuple[str, str]]:
    """What goes down of each ordered disk: its verdict, and why it is doubted."""
    result = judge(ORDER, outcome, problem, EraseResult(erasures=said), known=known).result
    assert isinstance(result, EraseResult)
    assert all(one.level == ("clear" if one.verdict == "erased" else "none") for one in result.erasures)
    reasons = (one.problem.values.get("reason", one.problem.code) if one.problem else "" for one in result.erasures)
    return [(one.verdict, reason) for one, reason in zip(result.erasures, reasons, strict=True)]


def did(one: Erasure, **figures: Any) -> Erasure:
    """The erasure with other figures of its overwrite."""
    return replace(one, evidence=replace(one.evidence, **figures))


def told(one: Erasure, *, before: Mapping[str, object] = {}, after: Mapping[str, object] = {}) -> Erasure:
    """The erasure with other words of its disk, before or after."""
    assert one.before is not None
    assert one.after is not None
    return replace(one, before=replace(one.before, **before), after=replace(one.after, **after))


def test_what_an_honest_agent_says_is_believed() -> None:
    assert verdicts(erasure(SSD), erasure(HDD)) == [("erased", "")] * 2
    bad = replace(erasure(HDD, "not-erased"), problem=FAULT)
    assert verdicts(erasure(SSD), bad, outcome="failed", problem=FAULT) == [
        ("erased", ""),
        ("not-erased", "erase-mismatch"),
    ]
    # A disk that has no area to hide, says so, and gets worse.
    whole = {"real_sectors": HDD.id.size // 512, "smart": "passed"}
    worse = told(erasure(HDD), before=whole, after={**whole, "smart": "failed"})
    worse = replace(worse, partitions="Device or resource busy")
    silent = told(erasure(SSD), before={"native_sectors": "not-told"})
    assert verdicts(silent, worse) == [("erased", "")] * 2
    edge = replace(erasure(SSD), began=SEEN.began, ended=100.0 + 2 * SSD.id.size / FASTEST)
    late = replace(erasure(HDD), ended=SEEN.ended)
    assert verdicts(edge, late) == [("erased", "")] * 2
    assert verdicts(erasure(SSD), erasure(HDD), known=Known()) == [("erased", "")] * 2


SIZE = SSD.id.size
ENDS = ("visible_sectors", "native_sectors", "real_sectors")
NO_ENDS = dict[str, object].fromkeys(ENDS, "not-asked")
LARGE_SECTORS = {"logical_sector": 4096, **dict.fromkeys(ENDS, SIZE // 4096)}
OF_ONE_DISK: dict[str, tuple[str, Callable[[Erasure], Erasure]]] = {
    "a problem of its own": ("with-problem", lambda one: replace(one, problem=FAULT)),
    "more written than there is": ("amounts", lambda one: did(one, written=2**63 - 1)),
    "more read than there is": ("amounts", lambda one: did(one, verified=SIZE + 512)),
    "written in part": ("erase-incomplete", lambda one: did(one, written=SIZE - 512)),
    "read back in part": ("erase-incomplete", lambda one: did(one, verified=SIZE - 512)),
    "nothing done": ("erase-incomplete", lambda one: replace(one, evidence=Overwritten())),
    "bytes that refused": ("bad-ranges", lambda one: did(one, unwritten=512)),
    "bytes not read": ("bad-ranges", lambda one: did(one, unread=512)),
    "bytes that differ": ("bad-ranges", lambda one: did(one, different=512)),
    "a bad range": ("bad-ranges", lambda one: did(one, bad=(BadRange(start=0, length=512, what="unread"),))),
    "more bad ranges": ("bad-ranges", lambda one: did(one, more_bad=1)),
    "no time": ("times", lambda one: replace(one, began=0.0, ended=0.0)),
    "ended before it began": ("times", lambda one: replace(one, began=300.0, ended=200.0)),
    "ended as it began": ("times", lambda one: replace(one, ended=one.began)),
    "finished before it started": ("times", lambda one: replace(one, started=10.0, finished=9.0)),
    "before its stage": ("times", lambda one: replace(one, began=99.9)),
    "after its stage": ("times", lambda one: replace(one, ended=10_000.1)),
    "faster than any disk": ("too-fast", lambda one: replace(one, ended=100.0 + 1.9 * SIZE / FASTEST)),
    "no pattern": ("pattern", lambda one: did(one, pattern="")),
    "zeros": ("pattern", lambda one: did(one, pattern="zeros")),
    "more than a pattern": ("pattern", lambda one: did(one, pattern=overwritten(one).pattern + ".")),
    "not asked before": ("not-asked", lambda one: replace(one, before=None)),
    "not asked after": ("not-asked", lambda one: replace(one, after=None)),
    "not asked at all": ("not-asked", lambda one: replace(one, before=None, after=None)),
    "no size told": ("not-asked", lambda one: told(one, after={"size": 0})),
    "no name told": ("not-asked", lambda one: told(one, before={"name": ""})),
    "an end not asked for": ("not-asked", lambda one: told(one, after={"visible_sectors": "not-asked"})),
    "an end that is not told": ("not-asked", lambda one: told(one, after={"visible_sectors": "not-told"})),
    "an overlay not asked for": ("not-asked", lambda one: told(one, before={"real_sectors": "not-asked"})),
    "an area not asked for": ("not-asked", lambda one: told(one, before={"native_sectors": "not-asked"})),
    "unclear": ("hidden-area-unclear", lambda one: told(one, after={"native_sectors": "unclear"})),
    "unclear before": ("hidden-area-unclear", lambda one: told(one, before={"native_sectors": "unclear"})),
    "an overlay unclear": ("hidden-area-unclear", lambda one: told(one, after={"real_sectors": "unclear"})),
    "fewer sectors than it shows": ("other-size", lambda one: told(one, after={"native_sectors": 1})),
    "another size": ("other-size", lambda one: told(one, before={"size": SIZE - 512})),
    "another size throughout": ("other-size", lambda one: told(one, before={"size": 512}, after={"size": 512})),
    "sectors of no size": ("not-asked", lambda one: told(one, before={"logical_sector": 0})),
    "sectors that do not fit": ("other-size", lambda one: told(one, before=NO_ENDS | {"logical_sector": 513})),
    "sectors too small": ("other-size", lambda one: told(one, before={"logical_sector": 256})),
    "sectors of another disk": ("other-disk", lambda one: told(one, before=LARGE_SECTORS, after=LARGE_SECTORS)),
    "an unknown word": ("unknown-words", lambda one: told(one, before={"other": {"note": "fine"}})),
    "an unknown word afterwards": ("unknown-words", lambda one: told(one, after={"other": {"note": "fine"}})),
    "another serial": ("other-disk", lambda one: told(one, before={"serial": "S2"}, after={"serial": "S2"})),
    "another WWN": ("other-disk", lambda one: told(one, before={"wwn": "0x2"}, after={"wwn": "0x2"})),
    "another firmware": ("other-disk", lambda one: told(one, before={"firmware": "1"}, after={"firmware": "2"})),
    "a firmware it has not": ("other-disk", lambda one: told(one, before={"firmware": "1"}, after={"firmware": "1"})),
    "another name": ("other-disk", lambda one: told(one, after={"name": "sdz"})),
}  # fmt: skip


@pytest.mark.parametrize("what", OF_ONE_DISK)
def test_a_disk_whose_report_contradicts_itself_is_undetermined_and_says_why(what: str) -> None:
    reason, change = OF_ONE_DISK[what]
    assert verdicts(change(erasure(SSD)), erasure(HDD)) == [("undetermined", reason), ("erased", "")]


HIDDEN: dict[str, Callable[[Erasure], Erasure]] = {
    "a protected area": lambda one: told(one, before={"native_sectors": SIZE // 512 + 1}),
    "a protected area that is there afterwards": lambda one: told(one, after={"native_sectors": SIZE // 512 + 1}),
    "an overlay": lambda one: told(one, after={"real_sectors": SIZE // 512 + 8}),
    "more than everybody sees": lambda one: told(one, after={"visible_sectors": SIZE // 512 + 8}),
    "one behind an answer that is unclear": lambda one: told(
        one, before={"native_sectors": "unclear"}, after={"real_sectors": SIZE // 512 + 8}
    ),
}


@pytest.mark.parametrize("verdict", get_args(Verdict))
@pytest.mark.parametrize("what", HIDDEN)
def test_a_disk_that_hides_an_area_is_not_erased_whatever_the_agent_says_of_it(what: str, verdict: Verdict) -> None:
    said = HIDDEN[what](erasure(SSD, verdict)), erasure(HDD)
    problem = erase_problem(said)
    found = verdicts(*said, outcome="failed" if problem else "done", problem=problem)
    assert found[0] == ("not-erased", "hidden-area")


def test_what_a_disk_that_hides_an_area_has_beside_stays_told() -> None:
    bad = replace(HIDDEN["an overlay"](erasure(SSD, "not-erased")), problem=FAULT)
    assert verdicts(bad, erasure(HDD), outcome="failed", problem=FAULT)[0] == ("not-erased", "erase-mismatch")
    hidden = HIDDEN["an overlay"](replace(erasure(SSD), problem=FAULT))
    assert verdicts(hidden, erasure(HDD))[0] == ("not-erased", "hidden-area")


def test_what_hides_an_area_or_is_unclear_about_one_has_no_level() -> None:
    """On the PC's own screen, whose words no server has judged."""
    for what in (HIDDEN["an overlay"](erasure(SSD)), told(erasure(SSD), after={"native_sectors": "unclear"})):
        shown = as_hidden_areas_show(what, "the disk")
        assert shown.verdict != "erased"
        assert shown.level == "none"
        assert shown.problem is not None
        assert shown.problem.values["disk"] == "the disk"
    assert as_hidden_areas_show(erasure(SSD), "the disk") == erasure(SSD)


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_a_stage_whose_disk_hides_an_area_is_not_done_and_names_it_as_its_pcs_check_did(verdict: Verdict) -> None:
    said = EraseResult(erasures=(HIDDEN["an overlay"](erasure(SSD, verdict)), erasure(HDD)))
    problem = erase_problem(said.erasures)
    record = judge(ORDER, "failed" if problem else "done", problem, said, known=SEEN)
    assert record.state == "failed"
    assert record.problem == Problem("hidden-area", {"disk": label(SSD), "hidden": "4.1 kB"})


@pytest.mark.parametrize("said", get_args(Level))
def test_the_level_is_the_servers_whatever_the_agent_says(said: Level) -> None:
    assert verdicts(replace(erasure(SSD), level=said), replace(erasure(HDD), level=said)) == [("erased", "")] * 2
    bad = replace(erasure(HDD, "not-erased"), problem=FAULT, level=said)
    assert verdicts(erasure(SSD), bad, outcome="failed", problem=FAULT)[1] == ("not-erased", "erase-mismatch")


def test_a_report_that_is_not_of_one_piece_proves_nothing() -> None:
    good = erasure(SSD), erasure(HDD)
    bad = replace(erasure(SSD, "not-erased"), problem=FAULT)
    everything = [("undetermined", "not-ordered")] * 2
    assert verdicts(*good, erasure(STICK)) == everything
    assert verdicts(erasure(STICK), erasure(HDD)) == [("undetermined", "not-ordered")]
    assert verdicts(erasure(SSD)) == [("undetermined", "not-all")]
    assert verdicts(*reversed(good)) == [("undetermined", "other-order")] * 2
    assert verdicts(*good, outcome="failed", problem=FAULT) == [("undetermined", "stage-failed")] * 2
    assert verdicts(*good, problem=FAULT) == [("undetermined", "stage-done")] * 2
    assert verdicts(bad, good[1])[1] == ("undetermined", "stage-done")
    assert verdicts(bad, good[1], outcome="failed")[1] == ("undetermined", "stage-failed")
    assert verdicts(*good, known=replace(SEEN, newest=False)) == [("undetermined", "other-boot")] * 2


@pytest.mark.parametrize("second", ["erased", "not-erased", "undetermined"])
@pytest.mark.parametrize("first", ["erased", "not-erased"])
def test_two_reports_of_one_disk_are_none(first: Verdict, second: Verdict) -> None:
    said = erasure(SSD, first), erasure(HDD), erasure(SSD, second)
    found = verdicts(*said, outcome="done" if first == second == "erased" else "failed", problem=erase_problem(said))
    assert found[0][0] == "undetermined"
    assert found[0][1] == ("two-reports" if first == "erased" else "")


def test_a_stage_that_is_done_with_a_problem_is_not_done() -> None:
    record = judge(ORDER, "done", FAULT, EraseResult(erasures=(erasure(SSD), erasure(HDD))), known=SEEN)
    assert record.state == "failed"


def test_the_reasons_are_told_in_both_languages() -> None:
    for reason in REASONS:
        problem = Problem("erase-unbelievable", {"disk": "S1", "reason": reason})
        assert REASONS[reason]["fr"] in problem.sentence("fr")
        assert REASONS[reason]["en"] in problem.sentence("en")


# ── a key given twice ───────────────────────────────────────────────────────────────────────────────────────────────


REPORT = encode(
    StageFinished(
        number=3, job="j", stage="erase", at=9.0, outcome="done",
        result=EraseResult(erasures=(replace(erasure(SSD), problem=FAULT),)),
    )
)  # fmt: skip


def objects(value: object) -> int:
    """How many objects a JSON value has."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, dict) + sum(objects(part) for part in inside)


@given(st.integers(0, objects(json.loads(REPORT)) - 1), st.booleans())
def test_a_message_that_names_a_key_twice_is_of_no_protocol(place: int, escaped: bool) -> None:
    """In whichever of its objects, and however the key is written."""
    seen = -1

    def twice(value: object) -> str:
        nonlocal seen
        if isinstance(value, list):
            return f"[{','.join(twice(part) for part in value)}]"
        if not isinstance(value, dict):
            return json.dumps(value)
        seen += 1
        here = seen == place
        parts = [f"{json.dumps(key)}:{twice(part)}" for key, part in value.items()]
        if here and value:
            key = next(iter(value))
            name = f'"\\u{ord(key[0]):04x}{key[1:]}"' if escaped else json.dumps(key)
            parts.append(f"{name}:{json.dumps(value[key])}")
        return f"{{{','.join(parts)}}}"

    assert decode_from_agent(twice(json.loads(REPORT)) if place < 0 else REPORT)
    doubled = twice(json.loads(REPORT))
    if doubled == json.dumps(json.loads(REPORT), separators=(",", ":")):
        return  # an object without a key
    with pytest.raises(ProtocolError, match="twice"):
        decode_from_agent(doubled)


def test_the_last_word_of_a_verdict_is_not_taken_for_the_only_one() -> None:
    forged = REPORT.replace('"verdict":"erased"', '"verdict":"not-erased","verdict":"erased"')
    assert forged != REPORT
    with pytest.raises(ProtocolError, match="'verdict' twice"):
        decode_from_agent(forged)


# ── what the judge keeps from the rules by looking before them ──────────────────────────────────────────────────────


class OtherEvidence(MethodEvidence, frozen=True, kw_only=True, tag="other"):
    """Of a method that was not ordered."""


BEFORE_RULES: dict[str, Callable[[Erasure], Erasure]] = {
    "other-disk": lambda one: replace(one, disk=HDD.id),
    "method": lambda one: replace(one, evidence=OtherEvidence()),
    "hidden": lambda one: told(one, after={"native_sectors": SIZE // 512 + 1}),
}


@pytest.mark.parametrize("reason", BEFORE_RULES)
def test_the_rules_hold_by_themselves_as_well(reason: Reason) -> None:
    assert reason_to_doubt(ORDER.disks[0], erasure(SSD), known=SSD) is None
    assert reason_to_doubt(ORDER.disks[0], BEFORE_RULES[reason](erasure(SSD)), known=SSD) == reason
    unclear = told(erasure(SSD), before={"real_sectors": "unclear"})
    assert reason_to_doubt(ORDER.disks[0], unclear, known=SSD) == "hidden"
