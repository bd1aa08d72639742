"""When a job goes by the erase of an earlier one, and when it erases anew."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.cut_deploys import goes_by, is_cut_deploy
from netboot.jobs.erase_exception import DiskState, EraseException, going_on
from netboot.jobs.erased_before import ErasedBefore
from netboot.jobs.job import Job, StageRecord, new_stages
from netboot.jobs.profile import Profile
from netboot.shared.inventory import Disk
from netboot.shared.problems import Code, Problem
from netboot.shared.stages import StageName
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.deploy import Deploy, DeployOptions
from netboot.shared.stages.erase import EraseResult
from tests.jobs.conftest import ALL, HDD, MASTER, SSD, done, erasure, inventory, job, profile

PROFILE = profile(*ALL)
BEFORE = ErasedBefore(job="j", profile=PROFILE.digest, disks=(SSD.id,))


def failed(the_job: Job, stage: StageName, code: Code) -> Job:
    record = StageRecord(stage=stage, state="failed", problem=Problem(code, {"stage": stage}))
    return replace(the_job, stages=tuple(record if r.stage == stage else r for r in the_job.stages))


def erased(*disks: Disk) -> Job:
    checked = done(job(*disks), "check", CheckResult(inventory=inventory(*disks)))
    return done(checked, "erase", EraseResult(erasures=tuple(erasure(disk) for disk in disks)))


CUT = failed(erased(SSD), "deploy", "power-cut")


def goes(**changes: Any) -> bool:
    given: dict[str, Any] = {
        "earlier": CUT, "before": BEFORE, "profile": PROFILE, "master": MASTER, "own": (SSD,), "target": None,
    }  # fmt: skip
    return goes_by(**(given | changes))


def test_a_job_goes_on_where_the_earlier_one_was_cut_short_in_its_deploy() -> None:
    assert goes()
    assert goes(target=SSD.id)


@pytest.mark.parametrize("code", ["server-silent", "chunk-missing", "chunk-damaged", "power-cut"])
def test_that_ended_for_no_fault_of_the_disk(code: Code) -> None:
    assert goes(earlier=failed(erased(SSD), "deploy", code))


@pytest.mark.parametrize("code", ["read-back", "deploy-stalled", "used-since", "not-erased", "agent-error", "denied"])
def test_a_deploy_that_failed_otherwise_is_begun_with_an_erase(code: Code) -> None:
    assert not goes(earlier=failed(erased(SSD), "deploy", code))


def test_what_was_cut_in_another_stage_or_not_at_all_is_no_such_deploy() -> None:
    deployed = done(erased(SSD), "deploy")
    assert not is_cut_deploy(failed(deployed, "customise", "power-cut"))
    assert not is_cut_deploy(failed(job(SSD), "erase", "power-cut"))
    assert not is_cut_deploy(failed(done(job(SSD), "check"), "deploy", "power-cut")), "its erase is not done"
    assert not is_cut_deploy(erased(SSD))
    assert not is_cut_deploy(replace(CUT, stages=tuple(replace(r, state="done") for r in CUT.stages)))
    running = tuple(replace(r, state="running", problem=None) if r.stage == "deploy" else r for r in CUT.stages)
    assert not is_cut_deploy(replace(CUT, stages=running))
    assert not is_cut_deploy(replace(CUT, stages=tuple(replace(r, problem=None) for r in CUT.stages)))


def test_an_exception_is_for_one_job() -> None:
    signed = EraseException(
        reason="new disk, in its box", profile=PROFILE.digest,
        disks=(DiskState(disk=SSD.id, label="SSD", state="untreated"),),
    )  # fmt: skip
    assert not goes(earlier=replace(CUT, exception=signed))


def test_another_profile_master_or_target_is_another_job() -> None:
    assert not goes(profile=replace(PROFILE, hostname="other-{number}"))
    assert not goes(before=replace(BEFORE, profile="0" * 64))
    assert not goes(master=replace(MASTER, manifest="b" * 64))
    assert not goes(master=None)
    assert not goes(earlier=replace(CUT, master=None))
    assert not goes(target=HDD.id)


def test_a_profile_that_does_not_ask_for_the_erase_has_none_to_go_by() -> None:
    for other in (profile("check", "deploy"), profile(*ALL, unerased="waive"), formatting()):
        assert not goes(profile=other, before=replace(BEFORE, profile=other.digest))


def formatting() -> Profile:
    options = {"deploy": msgspec.to_builtins(DeployOptions(sectors="format"))}
    return msgspec.convert({**msgspec.to_builtins(PROFILE), "options": options}, Profile)


def test_the_disk_is_the_pcs_only_one_and_says_who_it_is() -> None:
    assert not goes(own=(SSD, HDD))
    assert not goes(own=())
    assert not goes(own=(HDD,))
    assert not goes(before=replace(BEFORE, disks=(SSD.id, HDD.id)))
    assert not goes(before=replace(BEFORE, disks=()))
    nameless = replace(SSD, id=replace(SSD.id, serial="", wwn="", path="pci-0"))
    assert nameless.id.same_as(nameless.id)
    assert not goes(own=(nameless,), before=replace(BEFORE, disks=(nameless.id,)))
    placed = replace(SSD, id=replace(SSD.id, by_place=True, path="pci-0", sequence=1))
    assert not goes(own=(placed,), before=replace(BEFORE, disks=(placed.id,)))
    assert not goes(own=(replace(SSD, id=replace(SSD.id, size=SSD.id.size + 512)),))


def begun_behind_it(*disks: Disk) -> Job:
    chosen = going_on(PROFILE)
    begun = replace(job(*disks), profile=chosen, stages=new_stages(chosen), erased_before=BEFORE)
    return done(begun, "check", CheckResult(inventory=inventory(*disks)))


def test_it_looks_at_the_pc_then_deploys_to_a_disk_that_must_be_as_it_was_left() -> None:
    assert going_on(PROFILE).stages == ("check", "deploy", "customise", "finish")
    order = next_stage(begun_behind_it(SSD))
    assert isinstance(order, Run)
    assert isinstance(order.stage, Deploy)
    assert (order.stage.target, order.stage.goes_on) == (SSD.id, True)
    ordinary = next_stage(erased(SSD))
    assert isinstance(ordinary, Run)
    assert isinstance(ordinary.stage, Deploy)
    assert not ordinary.stage.goes_on


def test_a_disk_that_its_check_finds_beside_it_stops_it() -> None:
    unclear = next_stage(begun_behind_it(SSD, HDD))
    assert isinstance(unclear, Blocked)
    assert (unclear.stage, unclear.problem.code) == ("deploy", "several-targets")
    stopped = next_stage(replace(begun_behind_it(SSD, HDD), target=SSD.id))
    assert isinstance(stopped, Blocked)
    assert (stopped.stage, stopped.problem.code) == ("deploy", "not-erased")
    without = next_stage(replace(begun_behind_it(SSD), erased_before=None))
    assert isinstance(without, Blocked)
    assert without.problem.code == "not-erased"
