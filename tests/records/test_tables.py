"""What goes down on the record can be read again: one hostile value must not hide the workshop's whole list."""

import math
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from netboot.jobs.job import StageRecord
from netboot.records.column_types import Unreadable
from netboot.records.record import Record
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult, Erasure
from tests.records.conftest import MAC, hello, pc, ssd, start


def named(product: str) -> Inventory:
    """A PC whose maker gave it this name."""
    return replace(pc(), system=replace(pc().system, product=product))


def erased(seconds: float) -> StageRecord:
    """An erase that took so long."""
    evidence = Erasure(disk=ssd().id, evidence=Overwritten(written=1), level="clear", verdict="erased", ended=seconds)
    return StageRecord(stage="erase", state="done", result=EraseResult(erasures=(evidence,)))


HOSTILE: list[Callable[[Record, str], object]] = [
    lambda record, job: record.visits.greet(hello(named("x" * 257), "boot-2"), MAC),
    lambda record, job: record.visits.greet(hello(named("\ud800"), "boot-2"), MAC),
    lambda record, job: record.jobs.end(job, Problem("disk-error", {"error": "x" * 513})),
    lambda record, job: record.jobs.stage_finished(
        job, StageRecord(stage="check", state="done", result=CheckResult(inventory=named("x" * 257))), 1.0, 1
    ),
    lambda record, job: record.jobs.stage_finished(job, erased(math.nan), 1.0, 1),
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_value_that_cannot_be_read_back_is_refused_whole(
    record: Record, hostile: Callable[[Record, str], object]
) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit)
    before = record.machines.overview(), record.journal.read(limit=1000)
    with pytest.raises(Unreadable) as refused:
        hostile(record, job.id)
    assert refused.value.hint
    assert (record.machines.overview(), record.journal.read(limit=1000)) == before
    assert record.jobs.of_visit(visit.id) == job
