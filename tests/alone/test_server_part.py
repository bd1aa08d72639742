"""Who plays the server's part: what was reported is on the stick before anything more is ordered."""

import pytest

from netboot.agent.reports import Reports
from netboot.alone.kit_visit import KitVisit
from netboot.alone.server_part import ServerPart
from netboot.shared.inventory import HiddenStorage
from netboot.shared.problems import Problem
from netboot.shared.protocol import Plan, RunStage, StageProgress, Stay
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import Erase, EraseResult
from tests.alone.kit_visits import chosen, says
from tests.jobs.conftest import HDD, SSD, inventory


class Kept:
    """The stick: each state that was written onto it."""

    def __init__(self) -> None:
        self.states: list[KitVisit] = []

    async def keep(self, visit: KitVisit) -> None:
        self.states.append(visit)


async def test_a_whole_erase_goes_by_the_server_s_rules_and_each_report_is_kept_first() -> None:
    kept, reports = Kept(), Reports()
    part = ServerPart(chosen(), reports, kept.keep)
    await part.begin()
    plan, check = part.inbox.get_nowait(), part.inbox.get_nowait()
    assert isinstance(plan, Plan)
    assert plan.stages == ("check", "erase", "finish")
    assert isinstance(check, RunStage)
    assert len(kept.states) == 1  # before the first order
    await part.send(reports.started(part.visit.job, "check", 50.0))
    await part.send(StageProgress(job=part.visit.job, stage="check", done=1, total=2))
    assert [len(state.stages) for state in kept.states] == [0, 1]
    await part.send(reports.finished(part.visit.job, "check", 60.0, result=CheckResult(inventory=part.visit.inventory)))
    assert kept.states[-1].stages[0].outcome == "done"
    erase = part.inbox.get_nowait()
    assert isinstance(erase, RunStage)
    assert isinstance(erase.stage, Erase)
    assert [one.disk for one in erase.stage.disks] == [SSD.id, HDD.id]
    await part.send(reports.started(part.visit.job, "erase", 10_050.0))
    result = EraseResult(erasures=(says(SSD), says(HDD)))
    await part.send(reports.finished(part.visit.job, "erase", 20_050.0, result=result))
    assert kept.states[-1].stages[1].result == result
    assert isinstance(part.inbox.get_nowait(), RunStage)
    assert reports.settled
    assert not part.stopped.is_set()


async def test_what_forbids_writing_stops_it_after_the_check_with_nothing_ordered() -> None:
    found = inventory(SSD, hidden=(HiddenStorage(kind="rst", controller="Intel", setting="AHCI"),))
    kept, reports = Kept(), Reports()
    part = ServerPart(chosen(found=found), reports, kept.keep)
    await part.begin()
    await part.send(reports.started(part.visit.job, "check", 50.0))
    await part.send(reports.finished(part.visit.job, "check", 60.0, result=CheckResult(inventory=found)))
    assert part.stopped.is_set()
    said = [part.inbox.get_nowait() for _ in range(3)]
    assert isinstance(said[-1], Stay)
    assert said[-1].problem.code == "hidden-storage"
    assert part.inbox.empty()
    assert [one.stage for one in part.visit.stages] == ["check"]


async def test_a_failed_erase_stops_it_and_its_evidence_is_kept() -> None:
    kept, reports = Kept(), Reports()
    part = ServerPart(chosen(), reports, kept.keep)
    await part.begin()
    await part.send(reports.finished(part.visit.job, "check", 60.0, result=CheckResult(inventory=inventory(SSD, HDD))))
    problem = Problem("erase-hung", {"disk": "S1", "unwritten": "1 GB", "unread": "1 GB"})
    await part.send(reports.finished(part.visit.job, "erase", 70.0, problem=problem))
    assert part.stopped.is_set()
    assert kept.states[-1].stages[1].problem == problem


async def test_where_the_stick_keeps_nothing_nothing_is_ordered() -> None:
    async def refuse(visit: KitVisit) -> None:
        raise OSError("gone")

    part = ServerPart(chosen(), Reports(), refuse)
    with pytest.raises(OSError, match="gone"):
        await part.begin()
    assert part.inbox.empty()
