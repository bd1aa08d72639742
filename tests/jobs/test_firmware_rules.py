"""An erase that the drive does by itself, before the server's judge: what is believed, and what an agent cannot say."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.jobs.erase_methods.levels import TABLE
from netboot.jobs.evidence import judge
from netboot.jobs.stages.rules import Known
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_methods import KINDS, Method
from netboot.shared.erase_methods.firmware import FirmwareErased, SeenState
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.mark_places import mark_places
from netboot.shared.read_back import to_read
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult, Erasure, Medium
from tests.jobs.conftest import GB, HDD, SSD, erasure

MARKS = len(mark_places(16 * GB))
NVME = Disk(name="nvme0n1", id=DiskId(serial="N1", size=16 * GB), transport="nvme", model="Drive")
ORDERS: dict[Method, tuple[str, int | None]] = {
    "nvme-sanitize-block": ("nvme sanitize /dev/nvme0n1 --sanact=start-block-erase", 2),
    "nvme-sanitize-crypto": ("nvme sanitize /dev/nvme0n1 --sanact=start-crypto-erase", 4),
    "nvme-sanitize-overwrite": ("nvme sanitize /dev/nvme0n1 --sanact=start-overwrite --owpass=1", 0x13),
    "nvme-format": ("nvme format /dev/nvme0n1 --lbaf=0 --ses=1 --force --timeout=3600000", None),
    "nvme-format-crypto": ("nvme format /dev/nvme0n1 --lbaf=0 --ses=2 --force --timeout=3600000", None),
}
BY_DRIVE = tuple(ORDERS)


def said(method: Method, **changes: Any) -> Erasure:
    """What an honest agent says of a disk that erased itself by this method."""
    command, dword = ORDERS[method]
    evidence = KINDS[method].evidence()
    assert isinstance(evidence, FirmwareErased)
    running = (SeenState(at=0.2, state="running", permille=0), SeenState(at=30.0, state="done"))
    evidence = replace(
        evidence,
        **{
            "tool": "nvme version 2.13", "command": command, "accepted": "yes", "states": running if dword else (),
            "state_before": "never" if dword else "idle", "state_after": "done", "ordered": dword, "logged": dword,
            "seconds": 30.0, "to_mark": MARKS, "marked": MARKS, "compared": MARKS - 48, "to_read": 16 * GB,
            "read": 16 * GB, "value": 0, "even": 16 * GB,
        } | changes,
    )  # fmt: skip
    status = DiskStatus(name="nvme0n1", serial="N1", size=16 * GB, logical_sector=512)
    return Erasure(
        disk=NVME.id, evidence=evidence, verdict="erased", began=100.0, ended=200.0, before=status, after=status
    )


def judged(one: Erasure, **order: Any) -> tuple[str, str, str]:
    """What goes on the record of it: verdict, level, and why it is doubted."""
    ordered = DiskErase(**{"disk": NVME.id, "method": one.method, "wanted": "clear"} | order)
    result = EraseResult(erasures=(one,))
    problem = erase_problem(result.erasures)
    known = Known(disks=(NVME,), began=100.0, ended=300.0)
    record = judge(Erase(disks=(ordered,)), "failed" if problem else "done", problem, result, known=known)
    assert isinstance(record.result, EraseResult)
    (kept,) = record.result.erasures
    assert (record.state == "done") == (kept.verdict == "erased")
    why = kept.problem.values.get("reason", kept.problem.code) if kept.problem else ""
    return kept.verdict, kept.level, why


@pytest.mark.parametrize("method", BY_DRIVE)
def test_what_an_honest_agent_says_is_believed_and_the_level_is_the_servers(method: Method) -> None:
    level = "purge" if method in ("nvme-sanitize-block", "nvme-sanitize-crypto") else "clear"
    assert judged(replace(said(method), level="purge")) == ("erased", level, "")


CONTRADICTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "a format without its SES": ("pattern", {"command": "nvme format /dev/nvme0n1 --lbaf=0 --force"}),
    "another SES": ("pattern", {"command": ORDERS["nvme-format-crypto"][0]}),
    "the order of another device": (
        "other-disk", {"command": ORDERS["nvme-format"][0].replace("nvme0n1", "nvme0n10")},
    ),
    "no command": ("pattern", {"command": ""}),
    "no tool": ("pattern", {"tool": ""}),
    "less to read than there is": ("amounts", {"to_read": GB, "read": GB, "even": GB}),
    "more of one kind than was read": ("amounts", {"even": 16 * GB + 512}),
    "fewer marks than such a disk has": ("amounts", {"to_mark": 2, "marked": 2, "compared": 2}),
    "more marks than such a disk has": ("amounts", {"marked": MARKS + 1}),
    "more compared than such a disk has": ("amounts", {"compared": MARKS + 1}),
    "longer than it took": ("times", {"seconds": 101.0}),
    "read faster than any disk": ("too-fast", {"seconds": 99.9}),
    "a state after the end": ("times", {"states": (SeenState(at=31.0, state="running"),)}),
    "states in no order": (
        "times", {"states": (SeenState(at=9.0, state="running"), SeenState(at=8.0, state="running"))},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_what_no_honest_agent_says_proves_nothing(what: str) -> None:
    reason, changes = CONTRADICTIONS[what]
    assert judged(said("nvme-format", **changes)) == ("undetermined", "none", reason)


def test_an_agent_that_calls_erased_what_its_evidence_does_not_show_is_not_followed() -> None:
    for changes, code in (
        ({"marks_left": 1}, "erase-marks-left"),
        ({"logged": 4}, "erase-unseen"),
        ({"state_after": "never"}, "erase-not-told"),
        ({"read": 15 * GB}, "erase-not-read-back"),
        ({"even": 15 * GB}, "erase-uneven"),
        ({"elsewhere": 1}, "erase-marks-left"),
    ):
        assert judged(said("nvme-sanitize-block", **changes)) == ("undetermined", "none", code)


def test_one_that_calls_undetermined_what_is_left_as_it_was_is_corrected() -> None:
    """Marks that are there still, a drive that failed or refused: that disk is not erased, whatever is said."""
    for changes in ({"marks_left": 1}, {"state_after": "failed"}, {"accepted": "no"}, {"command": ""}):
        one = replace(said("nvme-sanitize-block", **changes), verdict="undetermined")
        assert judged(one)[0] == "not-erased"
    assert judged(replace(said("nvme-sanitize-block"), verdict="undetermined"))[0] == "undetermined"


def test_a_method_that_the_order_names_in_place_of_the_first_counts_for_its_own_level() -> None:
    one = said("nvme-format")
    assert judged(one, method="nvme-sanitize-block") == ("undetermined", "none", "method")
    assert judged(one, method="nvme-sanitize-block", instead=("nvme-format",)) == ("erased", "clear", "")


def test_an_overwrite_that_was_ordered_behind_it_must_be_whole() -> None:
    whole = erasure(SSD).evidence
    assert isinstance(whole, Overwritten)
    for after, found in (
        (None, ("undetermined", "none", "erase-incomplete")),
        (replace(whole, verified=GB), ("undetermined", "none", "erase-incomplete")),
        (replace(whole, pattern="zeros"), ("undetermined", "none", "pattern")),
        (whole, ("erased", "purge", "")),
    ):
        assert judged(said("nvme-sanitize-block", overwritten=after), then_overwrite=True) == found


def test_a_sample_counts_when_it_was_ordered_and_is_as_large_as_ordered() -> None:
    tenth = to_read(16 * GB, 10)
    one = said("nvme-sanitize-block", sample=10, to_read=tenth, read=tenth, even=tenth)
    assert judged(one, sample=10)[0] == "erased"
    silent = said("nvme-sanitize-block", to_read=tenth, read=tenth, even=tenth)
    assert judged(silent, sample=10) == ("undetermined", "none", "amounts"), "a sample is never told as all"
    assert judged(one) == ("undetermined", "none", "amounts")
    assert judged(said("nvme-sanitize-block"), sample=10) == ("undetermined", "none", "amounts")


@given(st.sampled_from(BY_DRIVE), st.sampled_from(sorted(FirmwareErased.__struct_fields__)), st.data())
def test_no_single_figure_that_says_less_is_called_erased(method: Method, field: str, data: st.DataObject) -> None:
    """Each figure as it is where nothing was done: only those that tell no more than how it went may be so."""
    nothing = KINDS[method].evidence()
    one = said(method)
    less = replace(one, evidence=replace(one.evidence, **{field: getattr(nothing, field)}))
    needed = {"tool", "command", "accepted", "state_after", "to_mark", "marked", "to_read", "read"}
    if "sanitize" in method:
        needed |= {"ordered", "logged", "seconds"}
    assert (judged(less)[0] == "erased") == (field not in needed)


# ── the table of levels ─────────────────────────────────────────────────────────────────────────────────────────────


def test_every_method_and_medium_stands_in_the_table_with_its_source() -> None:
    assert set(TABLE) == set(get_args(Method))
    for method, by_medium in TABLE.items():
        assert set(by_medium) == set(get_args(Medium))
        for counts in by_medium.values():
            assert counts.source
            if "crypto" in method and counts.level != "none":
                assert "not checked" in counts.condition, "what a change of key rests on is told"


def test_no_ssd_is_purged_by_an_overwrite_and_nothing_by_a_format() -> None:
    for medium in get_args(Medium):
        assert TABLE["overwrite"][medium].level == "clear"
        assert TABLE["nvme-format"][medium].level != "purge"
        assert TABLE["nvme-format-crypto"][medium].level != "purge"
    assert HDD.rotational
