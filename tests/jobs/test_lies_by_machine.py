"""Reports that contradict themselves, made by machine from what the real erase code says of real disks."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.stage import run_erase
from netboot.jobs.evidence import judge
from netboot.jobs.job import StageRecord
from netboot.jobs.stages.rules import Known
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import EraseResult, Erasure, Level, Verdict
from tests.orders import overwriting

ENDS = ("visible_sectors", "native_sectors", "real_sectors")


def silent(done: int, total: int, part: str = "") -> None:
    """Progress that nobody looks at."""


class Honest:
    """What the agent says of two loop devices that it erased."""

    def __init__(self, disks: tuple[Disk, ...], result: EraseResult) -> None:
        self.order = overwriting(*(disk.id for disk in disks))
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
        order = overwriting(*(disk.id for disk in disks))
        yield Honest(tuple(disks), asyncio.run(run_erase(order, lambda: disks, progress=silent)))
    finally:
        for device in devices:
            subprocess.run(["losetup", "--detach", device], check=True)


@pytest.mark.root
def test_what_the_agent_says_of_real_disks_is_believed(honest: Honest) -> None:
    record = judge(honest.order, "done", None, honest.result, known=honest.known)
    assert record.state == "done"
    assert isinstance(record.result, EraseResult)
    for one, said in zip(record.result.erasures, honest.result.erasures, strict=True):
        assert (one.verdict, one.level, one.wanted, one.medium) == ("erased", "clear", "clear", "flash")
        assert replace(one, wanted=said.wanted, medium=said.medium) == said


NUMBERS = st.one_of(st.integers(0, 2**63 - 1), st.sampled_from([0, 511, 512, 1024 * 1024 - 1, 1024 * 1024 + 1]))
WORDS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=20)
LIES: dict[str, st.SearchStrategy[object]] = {
    "verdict": st.sampled_from(["not-erased", "undetermined"]),
    "problem": st.just({"code": "erase-mismatch", "values": {}}),
    "began": st.one_of(st.floats(0, 1, exclude_max=True), st.floats(1e9, 1e10)),
    "ended": st.one_of(st.floats(0, 1), st.floats(1e9, 1e10)),
    "disk": st.fixed_dictionaries({"serial": st.sampled_from(["one", "two", "three", ""]), "size": NUMBERS}),
}
OVERWRITE_LIES: dict[str, st.SearchStrategy[object]] = {
    **dict.fromkeys(("written", "verified", "unwritten", "unread", "different"), NUMBERS),
    "more_bad": st.integers(0, 10**6),
    "pattern": WORDS,
    "bad": st.just([{"start": 0, "length": 512, "what": "unwritten"}]),
}
SECTORS = st.one_of(NUMBERS, st.just("unclear"))
STATUS_LIES: dict[str, st.SearchStrategy[object]] = {
    "size": NUMBERS,
    "logical_sector": st.one_of(st.integers(0, 10**6), st.sampled_from([511, 1024, 4096])),
    "name": st.just(""),  # another name, before and after, is one that the kernel may give
    "serial": st.one_of(st.just(""), WORDS),
    "wwn": WORDS,
    "firmware": WORDS,
    "other": st.dictionaries(WORDS, WORDS, min_size=1, max_size=2),
    # A loop device is no ATA disk: it may have an end or none, but no other than everybody sees.
    **dict.fromkeys(ENDS, SECTORS.filter(lambda end: end != 2048)),
}
OF: dict[str, dict[str, st.SearchStrategy[object]]] = {
    "": LIES, "evidence": OVERWRITE_LIES, "before": STATUS_LIES, "after": STATUS_LIES,
}  # fmt: skip
Lie = tuple[int, str, str, object]


@st.composite
def lies(draw: st.DrawFn) -> list[Lie]:
    """Some lies about the two disks: which disk, in which part of its report, which field, and what is said instead."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        which, part = draw(st.integers(0, 1)), draw(st.sampled_from(sorted(OF)))
        field = draw(st.sampled_from(sorted(OF[part])))
        found.append((which, part, field, draw(OF[part][field])))
    return found


def lied(true: EraseResult, told: list[Lie]) -> EraseResult:
    """The report with these lies in it."""
    said: list[dict[str, Any]] = msgspec.to_builtins(true.erasures)
    for which, part, field, value in told:
        (said[which][part] if part else said[which])[field] = value
    return msgspec.convert({"type": "erase", "erasures": said}, EraseResult)


def judged(honest: Honest, said: EraseResult) -> tuple[StageRecord, dict[str, Erasure]]:
    """What goes down of this report, which is of one piece, and of each disk."""
    problem = erase_problem(said.erasures)
    record = judge(honest.order, "failed" if problem else "done", problem, said, known=honest.known)
    assert isinstance(record.result, EraseResult)
    return record, {one.disk.serial: one for one in record.result.erasures}


@pytest.mark.root
@settings(max_examples=2000, deadline=None)
@given(lies())
def test_no_lie_about_an_erased_disk_is_believed(honest: Honest, told: list[Lie]) -> None:
    said = lied(honest.result, told)
    record, kept = judged(honest, said)
    for order, one, true in zip(honest.order.disks, said.erasures, honest.result.erasures, strict=True):
        if one != true and order.disk.serial in kept:
            assert kept[order.disk.serial].verdict != "erased"
    if said != honest.result:
        assert record.state == "failed"


@pytest.mark.root
@settings(max_examples=1000, deadline=None)
@given(
    st.integers(0, 1), st.sampled_from(["before", "after"]), st.sampled_from(ENDS), st.integers(1, 2**50),
    st.sampled_from(get_args(Verdict)), st.sampled_from(get_args(Level)), st.lists(lies(), max_size=1),
)  # fmt: skip
def test_no_disk_with_a_hidden_area_ends_erased_whatever_else_is_said(
    honest: Honest, which: int, when: str, end: str, more: int, verdict: Verdict, level: Level, told: list[list[Lie]]
) -> None:
    hides: list[Lie] = [(which, "", "verdict", verdict), (which, "", "level", level), (which, when, end, 2048 + more)]
    said = lied(honest.result, [lie for some in told for lie in some] + hides)
    record, kept = judged(honest, said)
    assert record.state == "failed"
    name = honest.order.disks[which].disk.serial
    if name in kept:
        assert (kept[name].verdict != "erased", kept[name].level) == (True, "none")
        if not told:
            assert kept[name].verdict == "not-erased"
