"""What a disk's own counts of replaced and pending sectors make of its erase: one rule for agent and server."""

from typing import get_args

import pytest
from msgspec.structs import replace

from netboot.shared.disk_counts import COUNTS, DiskCounts
from netboot.shared.erase_methods import KINDS, Method
from netboot.shared.inventory import DiskId
from netboot.shared.out_of_reach import REACH_REPLACED, as_counts_show, reaching_first
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import Erasure, Verdict

NONE = DiskCounts()
CLEAN = DiskCounts(reallocated=0, pending=0, spare=100)
SPARE_TAKEN = Problem("erase-spare-taken", {"disk": "Disk S1", "before": "100", "after": "99"})


def erasure(method: Method = "overwrite", verdict: Verdict = "erased") -> Erasure:
    return Erasure(
        disk=DiskId(serial="S1", size=10**9), evidence=KINDS[method].evidence(), verdict=verdict, level="clear"
    )


def shown(before: DiskCounts | None, after: DiskCounts | None, method: Method = "overwrite") -> Problem | None:
    """What is wrong with such an erase."""
    one = as_counts_show(replace(erasure(method), counts_before=before, counts_after=after), "Disk S1")
    assert (one.verdict, one.level) == (("erased", "clear") if one.problem is None else ("undetermined", "none"))
    return one.problem


def out_of_reach(replaced: int, pending: int) -> Problem:
    return Problem("erase-out-of-reach", {"disk": "Disk S1", "replaced": str(replaced), "pending": str(pending)})


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (CLEAN, CLEAN, None),
        (NONE, NONE, None),
        (None, None, None),
        (NONE, CLEAN, None),
        # replaced long ago, during the erase, or only told then
        (replace(CLEAN, reallocated=1), replace(CLEAN, reallocated=1), out_of_reach(1, 0)),
        (CLEAN, replace(CLEAN, reallocated=3), out_of_reach(3, 0)),
        (replace(CLEAN, reallocated=5), replace(CLEAN, reallocated=2), out_of_reach(5, 0)),
        (replace(CLEAN, reallocated=5), NONE, out_of_reach(5, 0)),
        (NONE, replace(CLEAN, reallocated=5), out_of_reach(5, 0)),
        (None, replace(CLEAN, reallocated=5), out_of_reach(5, 0)),
        (replace(CLEAN, reallocated=5), None, out_of_reach(5, 0)),
        (DiskCounts(grown_defects=2), DiskCounts(grown_defects=2), out_of_reach(2, 0)),
        (DiskCounts(grown_defects=0), DiskCounts(grown_defects=4), out_of_reach(4, 0)),
        # pending ones are overwritten like others; those that are still pending were not
        (replace(CLEAN, pending=8), CLEAN, None),
        (replace(CLEAN, pending=8), replace(CLEAN, pending=1), out_of_reach(0, 1)),
        (replace(CLEAN, pending=8), replace(CLEAN, pending=1, reallocated=7), out_of_reach(7, 1)),
        # blocks of flash
        (CLEAN, replace(CLEAN, spare=99), SPARE_TAKEN),
        (replace(CLEAN, spare=80), replace(CLEAN, spare=80), None),
        (replace(CLEAN, spare=80), replace(CLEAN, spare=81), None),
        # told before, and not afterwards
        (CLEAN, NONE, Problem("erase-counts-lost", {"disk": "Disk S1"})),
        (CLEAN, None, Problem("erase-counts-lost", {"disk": "Disk S1"})),
        (CLEAN, replace(CLEAN, reallocated=None), Problem("erase-counts-lost", {"disk": "Disk S1"})),
        (CLEAN, replace(CLEAN, pending=None), Problem("erase-counts-lost", {"disk": "Disk S1"})),
        (CLEAN, replace(CLEAN, spare=None), Problem("erase-counts-lost", {"disk": "Disk S1"})),
        (DiskCounts(grown_defects=0), NONE, Problem("erase-counts-lost", {"disk": "Disk S1"})),
        # what is told, and nothing follows from it
        (DiskCounts(media_errors=1, used=90), NONE, None),
        (CLEAN, replace(CLEAN, offline_uncorrectable=8, reported_uncorrectable=9, media_errors=1, used=101), None),
    ],
)  # fmt: skip
def test_what_an_overwrite_cannot_reach_is_no_clear(
    before: DiskCounts | None, after: DiskCounts | None, problem: Problem | None
) -> None:
    assert shown(before, after) == problem


@pytest.mark.parametrize("method", get_args(Method))
def test_only_erases_of_which_a_public_text_says_so_reach_replaced_sectors(method: Method) -> None:
    found = shown(replace(CLEAN, reallocated=1), replace(CLEAN, reallocated=2), method)
    reaches = "sanitize" in method or method == "ata-erase-enhanced"
    assert (found is None) == reaches == (method in REACH_REPLACED)


@pytest.mark.parametrize("verdict", ["not-erased", "undetermined"])
def test_what_is_not_erased_keeps_what_is_wrong_with_it(verdict: Verdict) -> None:
    worn = replace(CLEAN, reallocated=1)
    one = replace(erasure(verdict=verdict), counts_before=worn, counts_after=worn, problem=Problem("erase-unread", {}))
    assert as_counts_show(one, "Disk S1") == one


def test_a_disk_with_replaced_or_pending_sectors_gets_the_erases_that_reach_them_first() -> None:
    order: tuple[Method, ...] = ("overwrite", "ata-sanitize-overwrite", "ata-erase", "ata-erase-enhanced")
    reaching = ("ata-sanitize-overwrite", "ata-erase-enhanced", "overwrite", "ata-erase")
    for counts in (replace(CLEAN, reallocated=1), replace(CLEAN, pending=1), DiskCounts(grown_defects=1)):
        assert reaching_first(order, counts) == reaching
    for counts in (CLEAN, NONE, DiskCounts(media_errors=1)):
        assert reaching_first(order, counts) == order


@pytest.mark.parametrize("name", COUNTS)
def test_one_count_is_enough_to_have_told_something(name: str) -> None:
    assert replace(NONE, **{name: 0}).tells
    assert not replace(NONE, said="smartctl failed").tells


def test_a_grown_defect_counts_as_a_replaced_sector_where_no_attribute_counts_them() -> None:
    assert DiskCounts(grown_defects=2).replaced == 2
    assert DiskCounts(grown_defects=2, reallocated=0).replaced == 0
    assert NONE.replaced is None
