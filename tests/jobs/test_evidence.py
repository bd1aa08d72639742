"""What a stage's report proves: what was ordered is the measure, and no disk is *erased* by word alone."""

from typing import Any, Literal, get_args

import pytest
from msgspec.structs import replace

from netboot.jobs.evidence import judge, judge_late
from netboot.jobs.job import Job, StageRecord
from netboot.jobs.stages.rules import Known, Outcome
from netboot.shared.disk_counts import DiskCounts
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import DiskId, amount
from netboot.shared.problems import Code, Problem
from netboot.shared.stages import Stage, StageName
from netboot.shared.stages.check import Check, CheckResult
from netboot.shared.stages.customise import Customise
from netboot.shared.stages.deploy import Deploy, DeployResult
from netboot.shared.stages.erase import EraseResult, Erasure, Verdict
from netboot.shared.stages.finish import Finish
from netboot.shared.stages.memory import Memory, MemoryResult
from tests.customised import customised
from tests.jobs.conftest import HDD, MANIFEST, SSD, erasure, inventory, job
from tests.orders import overwriting


def test_a_deploy_that_went_on_after_a_break_is_believed_by_what_it_read_back() -> None:
    stage = Deploy(manifest=MANIFEST, name="debian", target=SSD.id, used=100)
    resumed = DeployResult(manifest=MANIFEST, target=SSD.id, chunks=2, written=0, verified=100, fetched=0)
    assert judge(stage, "done", None, resumed).state == "done"


ORDERED = overwriting(SSD.id, HDD.id)


def test_the_word_done_without_evidence_is_a_failure() -> None:
    assert judge(ORDERED, "done", None, None).state == "failed"
    half = EraseResult(erasures=(erasure(SSD),))
    assert judge(ORDERED, "done", None, half).state == "failed"
    unread = EraseResult(erasures=(erasure(SSD), erasure(HDD, read=HDD.id.size - 512)))
    assert judge(ORDERED, "done", None, unread).state == "failed"
    whole = EraseResult(erasures=(erasure(SSD), erasure(HDD)))
    assert judge(ORDERED, "done", None, whole).state == "done"


def test_the_model_on_the_record_is_the_one_that_the_check_found() -> None:
    """Also of a disk that the agent could not begin with, of which it tells no model."""
    gone = replace(erasure(HDD, "not-erased"), problem=Problem("disk-gone"))
    said = EraseResult(erasures=(replace(erasure(SSD), model="Another disk"), gone))
    result = judge(ORDERED, "failed", gone.problem, said, known=Known(disks=(SSD, HDD))).result
    assert isinstance(result, EraseResult)
    assert [(one.model, one.verdict) for one in result.erasures] == [("SSD", "erased"), ("HDD", "not-erased")]
    unknown = judge(ORDERED, "failed", gone.problem, said).result
    assert isinstance(unknown, EraseResult)
    assert unknown.erasures[0].model == "Another disk"


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_the_disk_on_the_record_is_the_one_that_was_ordered_by_all_its_names(verdict: Verdict) -> None:
    """Also where the agent saw fewer of them."""
    said = erasure(replace(SSD, id=replace(SSD.id, wwn="")), verdict)
    outcome: Outcome = "done" if verdict == "erased" else "failed"
    record = judge(overwriting(SSD.id), outcome, erase_problem([said]), EraseResult(erasures=(said,)))
    assert [(one.disk, one.verdict) for one in kept(record)] == [(SSD.id, verdict)]


def unbelievable(disk: DiskId, reason: str) -> Problem:
    return Problem("erase-unbelievable", {"disk": disk.serial, "reason": reason})


def not_whole(disk: DiskId, *, written: int, verified: int) -> Problem:
    left = {"unwritten": amount(disk.size - written), "unread": amount(disk.size - verified)}
    return Problem("erase-incomplete", {"disk": disk.serial, **left})


def kept(record: StageRecord | None) -> tuple[Erasure, ...]:
    """The erasures that go down with this record."""
    assert record is not None
    assert isinstance(record.result, EraseResult)
    return record.result.erasures


def test_no_disk_that_was_not_read_back_whole_goes_down_as_erased() -> None:
    claimed = EraseResult(erasures=(erasure(SSD), erasure(HDD, read=HDD.id.size - 512)))
    assert [(one.verdict, one.level, one.problem) for one in kept(judge(ORDERED, "done", None, claimed))] == [
        ("erased", "clear", None),
        ("undetermined", "none", not_whole(HDD.id, written=HDD.id.size, verified=HDD.id.size - 512)),
    ]


def test_sectors_that_the_disk_replaced_make_an_overwrite_no_clear_whatever_the_agent_says() -> None:
    counts = DiskCounts(reallocated=0, pending=0)
    worn = replace(erasure(HDD), counts_before=counts, counts_after=replace(counts, reallocated=3))
    whole = replace(erasure(SSD), counts_before=counts, counts_after=counts)
    record = judge(ORDERED, "done", None, EraseResult(erasures=(whole, worn)))
    problem = Problem("erase-out-of-reach", {"disk": "H1", "replaced": "3", "pending": "0"})
    assert (record.state, record.problem) == ("failed", problem)
    assert [(one.verdict, one.level) for one in kept(record)] == [("erased", "clear"), ("undetermined", "none")]
    assert kept(record)[1].counts_after == worn.counts_after, "what was counted is on the record"


def test_a_disk_of_which_nothing_was_reported_is_told_as_not_proven() -> None:
    record = judge(ORDERED, "done", None, EraseResult(erasures=(erasure(SSD),)))
    assert (record.state, record.problem) == ("failed", not_whole(HDD.id, written=0, verified=0))
    assert kept(record)[0].problem == unbelievable(SSD.id, "not-all")


def test_the_good_disk_beside_a_bad_one_is_erased_and_the_stage_says_what_the_bad_one_has() -> None:
    fault = Problem("erase-mismatch", {"disk": "H1"})
    bad = replace(erasure(HDD, "not-erased"), problem=fault)
    record = judge(ORDERED, "failed", fault, EraseResult(erasures=(erasure(SSD), bad)))
    assert (record.state, record.problem) == ("failed", fault)
    assert kept(record) == (erasure(SSD), bad)


def test_with_several_bad_disks_the_stage_names_them_all() -> None:
    faults = [Problem("erase-mismatch", {"disk": name}) for name in ("S1", "H1")]
    result = EraseResult(
        erasures=tuple(
            replace(erasure(disk, "not-erased"), problem=fault) for disk, fault in zip((SSD, HDD), faults, strict=True)
        )
    )
    problem = erase_problem(result.erasures)
    assert problem == Problem("several-not-erased", {"count": "2", "disks": "S1, H1"})
    assert judge(ORDERED, "failed", problem, result).problem == problem


@pytest.mark.parametrize(
    ("count", "named"), [(4, "D0, D1, D2, D3"), (5, "D0, D1, D2, D3 + 1"), (9, "D0, D1, D2, D3 + 5")]
)
def test_of_many_bad_disks_the_first_are_named_and_the_others_counted(count: int, named: str) -> None:
    disks = [replace(SSD, id=replace(SSD.id, serial=f"D{number}")) for number in range(count)]
    problem = erase_problem([erasure(disk, "not-erased") for disk in disks])
    assert problem == Problem("several-not-erased", {"count": str(count), "disks": named})


def test_a_bad_disk_that_says_nothing_more_is_told_by_its_name() -> None:
    assert erase_problem([erasure(SSD, "undetermined")]) == Problem("not-erased", {"disk": "S1"})


def test_the_names_of_bad_disks_never_fill_a_sentence() -> None:
    disks = [replace(SSD, id=replace(SSD.id, serial=f"{number}" * 200)) for number in range(6)]
    problem = erase_problem([erasure(disk, "not-erased") for disk in disks])
    assert problem is not None
    assert problem.values["disks"] == ", ".join(f"{number}" * 80 for number in range(4)) + " + 2"


def test_what_is_not_erased_has_no_level_and_what_was_never_written_is_not_erased() -> None:
    hung = erasure(HDD, "undetermined")
    hung = replace(hung, evidence=replace(hung.evidence, written=HDD.id.size - 512), level="clear")
    unread = replace(erasure(SSD, "undetermined"), level="purge")
    claimed = EraseResult(erasures=(unread, hung))
    record = judge(ORDERED, "failed", erase_problem(claimed.erasures), claimed)
    assert [(one.verdict, one.level) for one in kept(record)] == [("undetermined", "none"), ("not-erased", "none")]


def test_evidence_of_another_kind_than_its_stage_is_none() -> None:
    proofs = EraseResult(erasures=(erasure(SSD),))
    assert judge(Check(), "failed", None, proofs).result is None
    assert judge(ORDERED, "failed", None, CheckResult(inventory=inventory(SSD))).result is None
    assert judge(Finish(action="disk"), "done", None, proofs).result is None


DEPLOY = Deploy(manifest=MANIFEST, name="debian", target=SSD.id, used=100)
READ_BACK = DeployResult(manifest=MANIFEST, target=SSD.id, chunks=2, written=100, verified=100, fetched=50)


def test_a_stage_that_failed_without_a_word_is_the_agents_error() -> None:
    told = Problem("agent-error", {"error": "deploy"})
    assert judge(DEPLOY, "failed", None, None) == StageRecord(stage="deploy", state="failed", problem=told)


def test_a_problem_ends_a_stage_whatever_word_and_evidence_come_with_it() -> None:
    fault = Problem("disk-error", {"disk": "S1"})
    record = judge(DEPLOY, "done", fault, READ_BACK)
    assert record == StageRecord(stage="deploy", state="failed", problem=fault, result=READ_BACK)


@pytest.mark.parametrize(
    ("stage", "name", "code"), [(DEPLOY, "deploy", "agent-error"), (Check(), "check", "agent-error")]
)
def test_done_without_evidence_says_that_there_was_none(stage: Stage, name: StageName, code: Code) -> None:
    told = Problem(code, {"error": f"{name}: no evidence"})
    assert judge(stage, "done", None, None) == StageRecord(stage=name, state="failed", problem=told)


def test_what_has_nothing_to_prove_is_done_by_its_word() -> None:
    assert judge(Finish(action="disk"), "done", None, None) == StageRecord(stage="finish", state="done")


def test_late_evidence_goes_down_with_what_its_agent_said() -> None:
    over = job(SSD, stages=("check", "deploy", "finish"), unerased="waive")
    cut = StageRecord(stage="deploy", state="failed", problem=Problem("power-cut"))
    over = replace(over, stages=tuple(cut if record.stage == "deploy" else record for record in over.stages))
    fault = Problem("disk-error", {"disk": "S1"})
    kept_late = StageRecord(stage="deploy", state="failed", problem=fault, result=READ_BACK)
    assert judge_late(over, "deploy", "failed", fault, READ_BACK) == kept_late
    assert judge_late(over, "deploy", "done", None, READ_BACK) == replace(kept_late, problem=None)
    assert judge_late(over, "deploy", "failed", fault, None) is None
    assert judge_late(over, "deploy", "failed", fault, CheckResult(inventory=over.inventory)) is None


@pytest.mark.parametrize("said", [None, Problem("agent-error", {"error": "erase"})])
def test_of_a_failed_stage_is_told_what_its_disks_have_before_what_its_agent_says(said: Problem | None) -> None:
    bad = replace(erasure(HDD, "not-erased"), problem=Problem("erase-mismatch", {"disk": "H1"}))
    record = judge(ORDERED, "failed", said, EraseResult(erasures=(erasure(SSD), bad)))
    assert [(one.verdict, one.problem) for one in kept(record)] == [
        ("undetermined", unbelievable(SSD.id, "stage-failed")),
        ("not-erased", bad.problem),
    ]
    assert record.problem == Problem("several-not-erased", {"count": "2", "disks": "S1, H1"})


def cut_off(over: Job) -> Job:
    """The job, given up in its erase."""
    erase = StageRecord(stage="erase", state="failed", problem=CUT)
    return replace(over, stages=tuple(erase if record.stage == "erase" else record for record in over.stages))


def test_disks_that_were_all_erased_are_so_whatever_became_of_their_job() -> None:
    late = judge_late(cut_off(job(SSD, HDD)), "erase", "done", None, EraseResult(erasures=(erasure(SSD), erasure(HDD))))
    assert [(one.verdict, one.level, one.problem) for one in kept(late)] == [("erased", "clear", None)] * 2


def test_late_evidence_of_an_erase_that_could_not_be_ordered_today_proves_nothing() -> None:
    over = job(SSD, HDD)
    over = cut_off(replace(over, profile=replace(over.profile, options={"erase": {"level": "purge"}})))
    proofs = EraseResult(erasures=(erasure(SSD), erasure(HDD)))
    assert judge_late(over, "erase", "done", None, proofs) is None


CUT = Problem("power-cut", {"stage": "erase"})


@pytest.mark.parametrize(
    ("state", "problem", "counts"),
    [
        ("waiting", None, False),
        ("running", None, True),
        ("failed", CUT, True),
        ("failed", Problem("erase-mismatch"), False),
        ("done", None, False),
    ],
)
def test_late_evidence_counts_for_a_stage_that_was_begun_and_not_for_another(
    state: Literal["waiting", "running", "done", "failed"], problem: Problem | None, counts: bool
) -> None:
    over = job(SSD, HDD)
    erase = StageRecord(stage="erase", state=state, problem=problem)
    over = replace(over, stages=tuple(erase if record.stage == "erase" else record for record in over.stages))
    fault = Problem("erase-mismatch")
    bad = replace(erasure(HDD, "not-erased"), problem=fault)
    proofs = EraseResult(erasures=(erasure(SSD), bad))
    late = judge_late(over, "erase", "failed", fault, proofs)
    if not counts:
        assert late is None
        return
    assert kept(late) == (erasure(SSD), bad)
    earlier = judge_late(over, "erase", "failed", fault, proofs, known=Known(newest=False))
    assert [(one.verdict, one.level) for one in kept(earlier)] == [("undetermined", "none"), ("not-erased", "none")]
    assert kept(earlier)[0].problem == unbelievable(SSD.id, "other-boot")
    assert judge_late(over, "memory", "failed", None, proofs) is None, "this job has no such stage"
    again = replace(erase, result=proofs)
    over = replace(over, stages=tuple(again if record.stage == "erase" else record for record in over.stages))
    assert judge_late(over, "erase", "failed", fault, proofs) is None, "kept once"


def test_a_deploy_counts_only_when_its_chunks_were_read_back_from_the_right_disk() -> None:
    stage = Deploy(manifest=MANIFEST, name="debian", target=SSD.id, used=100)
    good = DeployResult(manifest=MANIFEST, target=SSD.id, chunks=2, written=100, verified=100, fetched=50)
    assert judge(stage, "done", None, good).state == "done"
    for wrong in (
        replace(good, verified=99),
        replace(good, written=99, verified=99),
        replace(good, written=100, verified=0),
        replace(good, written=100, verified=101),
        replace(good, target=HDD.id),
        replace(good, manifest="b" * 64),
    ):
        assert judge(stage, "done", None, wrong).state == "failed"


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (MemoryResult(tested=100, copied=100, rounds=1, seconds=20, wrong=0), None),
        (MemoryResult(tested=100, copied=99, rounds=1, seconds=20, wrong=0), "memory-untested"),
        (MemoryResult(tested=0, copied=0, rounds=1, seconds=20, wrong=0), "memory-untested"),
        (MemoryResult(tested=100, copied=100, rounds=1, seconds=20, wrong=1), "memory-faulty"),
        (None, "memory-untested"),
    ],
)
def test_a_memory_test_counts_when_all_of_it_was_compared_and_nothing_was_wrong(
    result: MemoryResult | None, code: str | None
) -> None:
    record = judge(Memory(seconds=40), "done", None, result)
    assert record.state == ("failed" if code else "done")
    assert (record.problem and record.problem.code) == code


CUSTOMISE = Customise(manifest=MANIFEST, target=SSD.id, hostname="pc-1")
CUSTOMISED = customised("pc-1")


def test_a_system_is_a_pcs_own_when_all_that_it_would_share_was_given_or_is_not_there() -> None:
    assert judge(CUSTOMISE, "done", None, CUSTOMISED).state == "done"
    keyless = replace(CUSTOMISED, own=("hostname", "machine-id"), absent=("ssh-host-keys",))
    assert judge(CUSTOMISE, "done", None, keyless).state == "done"


@pytest.mark.parametrize(
    ("what", "shared"),
    [
        ({"own": (), "changed": ()}, "hostname, machine-id, ssh-host-keys"),
        ({"own": ("hostname", "machine-id")}, "ssh-host-keys"),
        ({"own": ("hostname", "ssh-host-keys"), "absent": ("machine-id",)}, "machine-id"),
        ({"absent": ("ssh-host-keys",)}, "ssh-host-keys"),
        ({"changed": ("etc/hostname",)}, "etc/machine-id"),
        ({"root": ""}, "?"),
        (
            {"forgotten": ()},
            "dhcp-leases, network-secret, system-secret, adapter-names, lvm-devices, journal, logs, swap",
        ),
        ({"forgotten": (*CUSTOMISED.forgotten[:7], replace(CUSTOMISED.forgotten[7], left=1))}, "swap"),
        ({"forgotten": (*CUSTOMISED.forgotten, replace(CUSTOMISED.forgotten[0], left=2))}, "dhcp-leases"),
    ],
)
def test_customised_without_a_change_is_not_done(what: dict[str, Any], shared: str) -> None:
    record = judge(CUSTOMISE, "done", None, replace(CUSTOMISED, **what))
    assert (record.state, record.problem) == ("failed", Problem("identity-shared", {"parts": shared}))
    assert record.result is not None


@pytest.mark.parametrize(("used", "written", "verified"), [(100, 50, 60), (0, 150, 120), (100, 100, 101)])
def test_a_deploy_is_measured_by_the_master_and_by_what_was_written(used: int, written: int, verified: int) -> None:
    stage = Deploy(manifest=MANIFEST, name="debian", target=SSD.id, used=used)
    said = DeployResult(manifest=MANIFEST, target=SSD.id, chunks=2, written=written, verified=verified, fetched=0)
    record = judge(stage, "done", None, said)
    assert (record.state, record.problem.code if record.problem else "") == ("failed", "read-back")
