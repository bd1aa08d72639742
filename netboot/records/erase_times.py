"""When an erase began and ended, by the clock that counts: ours, or a kit's own where it stood alone. Pure."""

from datetime import datetime

from msgspec.structs import replace

from netboot.jobs.job import StageRecord
from netboot.shared.stages.erase import EraseResult


def by_our_clock(record: StageRecord, started: datetime, finished: datetime) -> StageRecord:
    """The evidence of an erase with the server's times: a PC's clock may be of any year."""
    if not isinstance(record.result, EraseResult):
        return record
    times = {"started": max(0.0, started.timestamp()), "finished": max(0.0, finished.timestamp())}
    erasures = tuple(replace(erasure, **times) for erasure in record.result.erasures)
    return replace(record, result=EraseResult(erasures=erasures))


def by_its_own_clock(record: StageRecord) -> StageRecord:
    """The evidence of an erase without a server, with the times of the only clock that there was."""
    if not isinstance(record.result, EraseResult):
        return record
    erasures = tuple(
        replace(one, started=one.pc_clock, finished=min(1e12, one.pc_clock + one.seconds))
        if one.pc_clock
        else replace(one, started=0.0, finished=0.0)
        for one in record.result.erasures
    )
    return replace(record, result=EraseResult(erasures=erasures))
