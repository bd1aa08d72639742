"""Reports that contradict themselves: by hand, one of each kind, and by machine from what the real erase code says."""

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.disks.disk_status import NOT_TOLD as NOT_TOLD_BY_AGENT
from netboot.agent.erase.stage import run_erase
from netboot.jobs.evidence import judge
from netboot.jobs.honest_erasure import FASTEST, NOT_TOLD
from netboot.jobs.stages.rules import Known, Outcome
from netboot.shared.contradictions import REASONS
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.problems import Problem
from netboot.shared.protocol import ProtocolError, StageFinished, decode_from_agent, encode
from netboot.shared.stages.erase import BadRange, Erase, EraseResult, Erasure
from tests.jobs.conftest import HDD, SSD, STICK, erasure

ORDER = Erase(disks=(SSD.id, HDD.id))
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


def told(one: Erasure, *, before: dict[str, str] | None = None, after: dict[str, str] | None = None) -> Erasure:
    """The erasure with other words of its disk, before or after; "" takes a word away."""
    kinds = {"before": {**one.before, **(before or {})}, "after": {**one.after, **(after or {})}}
    return replace(one, **{kind: {name: word for name, word in said.items() if word} for kind, said in kinds.items()})


def test_what_an_honest_agent_says_is_believed() -> None:
    assert verdicts(erasure(SSD), erasure(HDD)) == [("erased", "")] * 2
    bad = replace(erasure(HDD, "not-erased"), problem=FAULT)
    assert verdicts(erasure(SSD), bad, outcome="failed", problem=FAULT) == [
        ("erased", ""),
        ("not-erased", "erase-mismatch"),
    ]
    # A disk that has no area to hide, says so, and gets worse.
    whole = {"real_sectors": str(HDD.id.size // 512), "dco": "", "smart": "passed"}
    worse = told(
        erasure(HDD), before=whole, after={**whole, "smart": "failed", "partitions": "Device or resource busy"}
    )
    silent = told(erasure(SSD), before={"native_sectors": "", "hidden": "not told"}, after={"reach": "flash"})
    assert verdicts(silent, worse) == [("erased", "")] * 2
    edge = replace(erasure(SSD), began=SEEN.began, ended=100.0 + 2 * SSD.id.size / FASTEST)
    late = replace(erasure(HDD), ended=SEEN.ended)
    assert verdicts(edge, late) == [("erased", "")] * 2
    assert verdicts(erasure(SSD), erasure(HDD), known=Known()) == [("erased", "")] * 2


SIZE = SSD.id.size
LARGE_SECTORS = {"logical_sector": "4096", **dict.fromkeys(("visible_sectors", "native_sectors"), str(SIZE // 4096))}
OF_ONE_DISK: dict[str, tuple[str, Callable[[Erasure], Erasure]]] = {
    "a problem of its own": ("with-problem", lambda one: replace(one, problem=FAULT)),
    "level none": ("level", lambda one: replace(one, level="none")),
    "level purge": ("level", lambda one: replace(one, level="purge")),
    "more written than there is": ("amounts", lambda one: replace(one, written=2**63 - 1)),
    "more read than there is": ("amounts", lambda one: replace(one, verified=SIZE + 512)),
    "written in part": ("erase-incomplete", lambda one: replace(one, written=SIZE - 512)),
    "read back in part": ("erase-incomplete", lambda one: replace(one, verified=SIZE - 512)),
    "bytes that refused": ("bad-ranges", lambda one: replace(one, unwritten=512)),
    "bytes not read": ("bad-ranges", lambda one: replace(one, unread=512)),
    "bytes that differ": ("bad-ranges", lambda one: replace(one, different=512)),
    "a bad range": ("bad-ranges", lambda one: replace(one, bad=(BadRange(start=0, length=512, what="unread"),))),
    "more bad ranges": ("bad-ranges", lambda one: replace(one, more_bad=1)),
    "no time": ("times", lambda one: replace(one, began=0.0, ended=0.0)),
    "ended before it began": ("times", lambda one: replace(one, began=300.0, ended=200.0)),
    "ended as it began": ("times", lambda one: replace(one, ended=one.began)),
    "finished before it started": ("times", lambda one: replace(one, started=10.0, finished=9.0)),
    "before its stage": ("times", lambda one: replace(one, began=99.9)),
    "after its stage": ("times", lambda one: replace(one, ended=10_000.1)),
    "faster than any disk": ("too-fast", lambda one: replace(one, ended=100.0 + 1.9 * SIZE / FASTEST)),
    "no pattern": ("pattern", lambda one: replace(one, pattern="")),
    "zeros": ("pattern", lambda one: replace(one, pattern="zeros")),
    "more than a pattern": ("pattern", lambda one: replace(one, pattern=one.pattern + ".")),
    "not asked before": ("not-asked", lambda one: replace(one, before={})),
    "not asked after": ("not-asked", lambda one: replace(one, after={})),
    "no size told": ("not-asked", lambda one: told(one, after={"size": ""})),
    "an end not asked for": ("not-asked", lambda one: told(one, after={"visible_sectors": ""})),
    "an overlay not asked for": ("not-asked", lambda one: told(one, before={"dco": ""})),
    "an area neither told nor not told": ("not-asked", lambda one: told(one, before={"native_sectors": ""})),
    "told and not told": ("not-asked", lambda one: told(one, before={"hidden": "not told"})),
    "hidden 5 GB": ("hidden", lambda one: told(one, before={"hidden": "5 GB", "native_sectors": ""})),
    "hidden 5 GB afterwards": ("hidden", lambda one: told(one, after={"hidden": "5 GB"})),
    "unclear": ("hidden", lambda one: told(one, after={"hidden": "unclear"})),
    "a hidden area": ("hidden", lambda one: told(one, before={"native_sectors": str(SIZE // 512 + 1)})),
    "an overlay": ("hidden", lambda one: told(one, after={"real_sectors": str(SIZE // 512 + 8), "dco": ""})),
    "an overlay unclear": ("hidden", lambda one: told(one, after={"dco": "5 GB"})),
    "fewer sectors than it shows": ("other-size", lambda one: told(one, after={"native_sectors": "1"})),
    "another size": ("other-size", lambda one: told(one, before={"size": str(SIZE - 512)})),
    "another size throughout": (
        "other-size", lambda one: told(one, before={"size": "512"}, after={"size": "512"})
    ),
    "sectors of no size": ("other-size", lambda one: told(one, before={"logical_sector": "0"})),
    "sectors that do not fit": ("other-size", lambda one: told(one, before={"logical_sector": "513"})),
    "sectors of another disk": (
        "other-disk",
        lambda one: told(one, before=LARGE_SECTORS, after=LARGE_SECTORS),
    ),
    "a number that is none": ("unknown-words", lambda one: told(one, after={"visible_sectors": "many"})),
    "a negative number": ("unknown-words", lambda one: told(one, after={"native_sectors": "-1"})),
    "an unknown word": ("unknown-words", lambda one: told(one, before={"note": "fine"})),
    "an unknown word afterwards": ("unknown-words", lambda one: told(one, after={"note": "fine"})),
    "partitions before": ("unknown-words", lambda one: told(one, before={"partitions": "busy"})),
    "an unknown health": ("unknown-words", lambda one: told(one, after={"smart": "splendid"})),
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
def test_two_reports_of_one_disk_are_none(first: str, second: str) -> None:
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
    assert NOT_TOLD == NOT_TOLD_BY_AGENT


# ── by machine ──────────────────────────────────────────────────────────────────────────────────────────────────────


def silent(done: int, total: int, part: str = "") -> None:
    """Progress that nobody looks at."""


class Honest:
    """What the agent says of two loop devices that it erased."""

    def __init__(self, disks: tuple[Disk, ...], result: EraseResult) -> None:
        self.order = Erase(disks=tuple(disk.id for disk in disks))
        self.result = result
        began, ended = min(one.began for one in result.erasures), max(one.ended for one in result.erasures)
        self.known = Known(disks=disks, began=began, ended=ended)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Honest]:
    devices, disks = [], []
    try:
        for name in ("one", "two"):
            image = tmp_path_factory.mktemp(name) / "disk.img"
            image.write_bytes(bytes(1024 * 1024))
            found = subprocess.run(
                ["losetup", "--find", "--show", image], check=True, capture_output=True, text=True
            ).stdout.strip()
            devices.append(found)
            with DirectDisk.for_reading(Path(found)) as opened:
                disks.append(Disk(name=Path(found).name, id=DiskId(serial=name, size=opened.size)))
        order = Erase(disks=tuple(disk.id for disk in disks))
        yield Honest(tuple(disks), asyncio.run(run_erase(order, lambda: disks, progress=silent)))
    finally:
        for device in devices:
            subprocess.run(["losetup", "--detach", device], check=True)


@pytest.mark.root
def test_what_the_agent_says_of_real_disks_is_believed(honest: Honest) -> None:
    record = judge(honest.order, "done", None, honest.result, known=honest.known)
    assert record.state == "done"
    assert record.result == honest.result


NUMBERS = st.one_of(st.integers(0, 2**63 - 1), st.sampled_from([0, 511, 512, 1024 * 1024 - 1, 1024 * 1024 + 1]))
WORDS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=20)
LIES: dict[str, st.SearchStrategy[object]] = {
    "written": NUMBERS,
    "verified": NUMBERS,
    "unwritten": NUMBERS,
    "unread": NUMBERS,
    "different": NUMBERS,
    "more_bad": st.integers(0, 10**6),
    "level": st.sampled_from(["none", "purge"]),
    "verdict": st.sampled_from(["not-erased", "undetermined"]),
    "problem": st.just({"code": "erase-mismatch", "values": {}}),
    "began": st.one_of(st.floats(0, 1, exclude_max=True), st.floats(1e9, 1e10)),
    "ended": st.one_of(st.floats(0, 1), st.floats(1e9, 1e10)),
    "pattern": WORDS,
    "bad": st.just([{"start": 0, "length": 512, "what": "unwritten"}]),
    "disk": st.fixed_dictionaries({"serial": st.sampled_from(["one", "two", "three", ""]), "size": NUMBERS}),
}
STATUS_LIES: dict[str, st.SearchStrategy[str]] = {
    "size": st.one_of(st.just(""), WORDS, NUMBERS.map(str)),
    "logical_sector": st.one_of(st.just(""), WORDS, NUMBERS.map(str)),
    "name": st.just(""),  # another name, before and after, is one that the kernel may give
    "serial": st.one_of(st.just(""), WORDS),
    "wwn": WORDS,
    "firmware": WORDS,
    "hidden": WORDS.filter(lambda word: word != NOT_TOLD),
    "dco": WORDS.filter(lambda word: word != NOT_TOLD),
    "visible_sectors": st.one_of(WORDS, NUMBERS.map(str)),
    "native_sectors": st.one_of(WORDS, NUMBERS.map(str)),
    "real_sectors": st.one_of(WORDS, NUMBERS.map(str)),
    "smart": WORDS.filter(lambda word: word not in ("passed", "failed")),
    "note": WORDS,
}


@st.composite
def lies(draw: st.DrawFn) -> list[tuple[int, str, str, object]]:
    """Some lies about the two disks: which disk, which field, which word in it, and what is said instead."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        which = draw(st.integers(0, 1))
        if draw(st.booleans()):
            field = draw(st.sampled_from(sorted(LIES)))
            found.append((which, field, "", draw(LIES[field])))
        else:
            field, word = draw(st.sampled_from(["before", "after"])), draw(st.sampled_from(sorted(STATUS_LIES)))
            found.append((which, field, word, draw(STATUS_LIES[word])))
    return found


@pytest.mark.root
@settings(max_examples=2000, deadline=None)
@given(lies())
def test_no_lie_about_an_erased_disk_is_believed(honest: Honest, told: list[tuple[int, str, str, object]]) -> None:
    said: list[dict[str, Any]] = msgspec.to_builtins(honest.result.erasures)
    for which, field, word, value in told:
        if not word:
            said[which][field] = value
        elif value:
            said[which][field] = {**said[which][field], word: value}
        else:
            said[which][field] = {name: kept for name, kept in said[which][field].items() if name != word}
    true = msgspec.to_builtins(honest.result.erasures)
    result = msgspec.convert({"type": "erase", "erasures": said}, EraseResult)
    problem = erase_problem(result.erasures)
    record = judge(honest.order, "failed" if problem else "done", problem, result, known=honest.known)
    assert isinstance(record.result, EraseResult)
    for one in record.result.erasures:
        place = honest.order.disks.index(one.disk)
        if said[place] != true[place]:
            assert one.verdict != "erased"
    if said != true:
        assert record.state == "failed"


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
