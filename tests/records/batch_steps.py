"""What PCs and people do with a batch, for the tests of who gets its places."""

from itertools import count

from msgspec.structs import replace

from netboot.jobs.job import Job, StageRecord
from netboot.records.record import Record
from netboot.records.refusals import NoPlace
from netboot.records.values import Start, Visit
from netboot.shared.inventory import Inventory
from netboot.shared.stages import StageName
from tests.records.conftest import ERASE_AND_DEPLOY, hello

LOOK = replace(ERASE_AND_DEPLOY, id="look", stages=("check", "finish"), master="")
_boots = count()
STARTS = {profile.id: Start(profile=profile, master=None, hostname="pc-1") for profile in (ERASE_AND_DEPLOY, LOOK)}
"""The workshop has two profiles."""


def boots(record: Record, inventory: Inventory, mac: str = "") -> Visit:
    """This PC says hello after a start."""
    return record.visits.greet(hello(inventory, f"boot-{next(_boots)}"), mac or inventory.nics[0].mac)


def joins(record: Record, batch: str, inventory: Inventory, mac: str = "", *, menu: str = "") -> str:
    """What its hello brings this PC: who chose the job, or why there is none."""
    visit = boots(record, inventory, mac)
    try:
        job = record.jobs.begin(visit.id, menu=menu, batch=batch, starts=STARTS)
    except NoPlace as refused:
        return refused.problem.code
    return "nothing" if job is None else job.profile.id


def offered(record: Record, inventory: Inventory) -> bool:
    """Whether its boot menu would have the batch armed."""
    return record.batches.offered(mac=inventory.nics[0].mac, uuid=inventory.system.uuid) is not None


def kinds(record: Record) -> list[str]:
    return [event.kind for event in record.journal.read(limit=1000)]


def at_work(record: Record, batch: str, inventory: Inventory, *stages: StageName) -> Job:
    """This PC joins, has done these stages, and is at work on the one that follows."""
    visit = boots(record, inventory)
    job = record.jobs.begin(visit.id, batch=batch, starts=STARTS)
    assert job is not None
    number = 0
    for stage in stages:
        number += 2
        record.jobs.stage_started(job.id, stage, number - 1)
        record.jobs.stage_finished(job.id, StageRecord(stage=stage, state="done"), 1.0, number)
    following = job.profile.stages[len(stages)]
    return record.jobs.stage_started(job.id, following, number + 1)
