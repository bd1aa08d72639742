"""The rules of a job: what comes next, and what forbids it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.imaging import Blocked, Ended, Run, next_stage
from netboot.jobs.disk_rules import as_seen, forbids_writing, internal_disks
from netboot.jobs.job import MasterNeeds, StageRecord
from netboot.jobs.seen import Seen
from netboot.jobs.stages.memory import memory_seconds
from netboot.jobs.target import choose_target
from netboot.shared.inventory import Disk, DiskId, Firmware, HiddenStorage, Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages import Stage
from netboot.shared.stages.check import Check, CheckResult
from netboot.shared.stages.deploy import Deploy
from netboot.shared.stages.erase import Erase, EraseResult, Verdict
from netboot.shared.stages.finish import Finish
from netboot.shared.stages.memory import Memory
from tests.jobs.conftest import GB, HDD, MANIFEST, MASTER, SSD, STICK, done, erasure, inventory, job
from tests.orders import overwriting


def test_a_job_runs_its_stages_in_order() -> None:
    running = job(SSD)
    assert next_stage(running) == Run(Check())
    running = done(running, "check", CheckResult(inventory=running.inventory))
    assert next_stage(running) == Run(overwriting(SSD))
    running = done(running, "erase", EraseResult(erasures=(erasure(SSD),)))
    assert next_stage(running) == Run(Deploy(manifest=MANIFEST, name="debian", target=SSD.id, used=100))
    running = done(done(running, "deploy"), "customise")
    assert next_stage(running) == Run(Finish(action="poweroff"))
    assert next_stage(done(running, "finish")) == Ended(None)


def test_a_job_ends_with_what_its_failed_stage_says() -> None:
    running = done(job(SSD), "check")
    gone = StageRecord(stage="erase", state="failed", problem=Problem("disk-gone", {"disk": "S1"}))
    running = replace(running, stages=tuple(gone if r.stage == "erase" else r for r in running.stages))
    assert next_stage(running) == Ended(Problem("disk-gone", {"disk": "S1"}))


def test_what_writes_nothing_runs_whatever_is_wrong_with_the_disks() -> None:
    running = job(replace(SSD, in_use=True), stages=("check", "memory", "finish"), seen=Seen(()))
    assert next_stage(running) == Run(Check())
    assert isinstance(next_stage(done(running, "check")), Run)
    assert next_stage(done(done(running, "check"), "memory")) == Run(Finish(action="poweroff"))


def test_what_the_check_finds_is_compared_with_what_the_choice_was_made_for() -> None:
    running = done(job(SSD, seen=as_seen(inventory(SSD))), "check")
    assert next_stage(running) == Run(overwriting(SSD))
    told = Problem("disks-changed", {"seen": "S1 16.0 GB", "found": "S1 16.0 GB, H1 500.0 GB"})
    assert next_stage(replace(running, inventory=inventory(SSD, HDD))) == Blocked("erase", told)


def test_a_job_without_a_deploy_asks_for_no_disk_that_a_master_fits() -> None:
    small = replace(SSD, id=DiskId(serial="S2", size=4 * GB))
    assert isinstance(next_stage(done(job(small), "check")), Blocked)
    assert next_stage(done(job(small, stages=("check", "erase", "finish")), "check")) == Run(overwriting(small))


def test_a_usb_stick_is_never_erased_and_never_imaged() -> None:
    running = done(job(SSD, STICK), "check")
    assert next_stage(running) == Run(overwriting(SSD))
    assert choose_target(inventory(STICK), MASTER, None, erased=True) == Problem("no-disk")


@pytest.mark.parametrize("change", [{"removable": True}, {"read_only": True}, {"transport": "usb"}])
def test_what_is_not_the_pcs_own_is_not_internal(change: dict[str, object]) -> None:
    assert internal_disks(inventory(replace(SSD, **change))) == ()


def test_no_deploy_while_one_internal_disk_has_no_verdict() -> None:
    running = done(done(job(SSD, HDD), "check"), "erase", EraseResult(erasures=(erasure(SSD),)))
    following = next_stage(running)
    assert isinstance(following, Blocked)
    assert following.problem.code == "not-erased"


@pytest.mark.parametrize("verdict", ["not-erased", "undetermined"])
def test_no_deploy_on_a_verdict_other_than_erased(verdict: Verdict) -> None:
    running = done(done(job(SSD), "check"), "erase", EraseResult(erasures=(erasure(SSD, verdict),)))
    assert isinstance(next_stage(running), Blocked)


def test_a_profile_may_waive_the_erase_for_new_disks() -> None:
    running = done(job(SSD, stages=("check", "deploy", "finish"), unerased="waive"), "check")
    assert next_stage(running) == Run(Deploy(manifest=MANIFEST, name="debian", target=SSD.id, used=100))
    forbidden = done(job(SSD, stages=("check", "deploy", "finish")), "check")
    assert isinstance(next_stage(forbidden), Blocked)


def test_namespaces_that_are_not_seen_are_told_without_a_setting_that_no_pc_has() -> None:
    hidden = HiddenStorage(kind="namespaces", controller="nvme0 Samsung", setting="2, 3")
    order = next_stage(done(job(SSD, inventory=inventory(SSD, hidden=(hidden,))), "check"))
    assert isinstance(order, Blocked)
    for language, no_setting in (("fr", "Aucun réglage du BIOS ne les montre"), ("en", "No BIOS setting shows them")):
        sentence = order.problem.sentence("fr" if language == "fr" else "en")
        assert "namespaces 2, 3" in sentence
        assert no_setting in sentence
        assert "nvme attach-ns" in sentence


def test_hidden_storage_stops_everything_that_writes() -> None:
    hidden = HiddenStorage(kind="rst", controller="8086:2822", setting="SATA Mode: AHCI")
    running = done(job(SSD, inventory=inventory(SSD, hidden=(hidden,))), "check")
    following = next_stage(running)
    assert isinstance(following, Blocked)
    assert "SATA Mode: AHCI" in following.problem.sentence("fr")


def test_two_disks_that_say_the_same_of_themselves_are_not_written() -> None:
    twin = replace(SSD, name="sdb")
    assert forbids_writing(inventory(SSD, twin)) == Problem("disk-without-name", {"disk": "SSD S1 16.0 GB"})
    assert forbids_writing(inventory(replace(SSD, id=DiskId(size=GB, path="pci-1")))) is not None


def test_a_mounted_disk_stops_the_job() -> None:
    assert forbids_writing(inventory(replace(SSD, in_use=True))) == Problem("disk-in-use", {"disk": "SSD S1 16.0 GB"})


def test_the_target_is_the_one_that_fits_then_the_smallest_ssd_then_a_person_decides() -> None:
    small = replace(SSD, id=DiskId(serial="S2", size=4 * GB))
    assert choose_target(inventory(small, HDD), MASTER, None, erased=True) == HDD
    assert choose_target(inventory(SSD, HDD), MASTER, None, erased=True) == SSD
    larger = replace(SSD, name="sdd", id=DiskId(serial="S9", size=64 * GB))
    assert choose_target(inventory(larger, SSD), MASTER, None, erased=True) == SSD
    other = replace(SSD, name="sdd", id=DiskId(serial="S9", size=16 * GB))
    undecided = choose_target(inventory(SSD, other), MASTER, None, erased=True)
    assert isinstance(undecided, Problem)
    assert undecided.code == "several-targets"
    assert choose_target(inventory(SSD, other), MASTER, other.id, erased=True) == other


def test_a_disk_too_small_or_of_other_sectors_is_told() -> None:
    small = replace(SSD, id=DiskId(serial="S2", size=4 * GB))
    wrong = choose_target(inventory(small), MASTER, None, erased=True)
    assert isinstance(wrong, Problem)
    assert wrong.code == "disk-too-small"
    wrong = choose_target(inventory(replace(SSD, logical_sector=4096)), MASTER, None, erased=True)
    assert isinstance(wrong, Problem)
    assert wrong.code == "disk-sectors"


def test_without_an_erase_no_disk_is_guessed() -> None:
    old = replace(SSD, id=DiskId(serial="OLD", size=64 * GB))
    new = replace(HDD, id=DiskId(serial="NEW", size=1000 * GB))
    for disks in ((old, new), (old, replace(new, id=DiskId(serial="NEW", size=4 * GB)))):
        undecided = choose_target(inventory(*disks), MASTER, None, erased=False)
        assert isinstance(undecided, Problem)
        assert undecided.code == "several-targets"
    assert choose_target(inventory(old, new), MASTER, new.id, erased=False) == new
    assert choose_target(inventory(new, STICK), MASTER, None, erased=False) == new


@pytest.mark.parametrize(
    ("change", "code"), [({"removable": True}, "disk-in-doubt"), ({"read_only": True}, "disk-external")]
)
def test_a_disk_inside_that_may_not_be_written_is_told_and_not_passed_over(
    change: dict[str, object], code: str
) -> None:
    other = replace(HDD, **change)
    problem = forbids_writing(inventory(SSD, other))
    assert problem is not None
    assert (problem.code, problem.values) == (code, {"disk": "HDD H1 500.0 GB"})
    assert forbids_writing(inventory(SSD, STICK)) is None


DISKS = st.builds(
    Disk,
    name=st.text(max_size=4),
    id=st.builds(DiskId, serial=st.sampled_from(["", "A", "B"]), size=st.sampled_from([0, 4 * GB, 16 * GB])),
    transport=st.sampled_from(["sata", "usb", "nvme", ""]),
    removable=st.booleans(),
    read_only=st.booleans(),
    in_use=st.booleans(),
    rotational=st.booleans(),
)


@given(disks=st.lists(DISKS, max_size=5), verdicts=st.lists(st.booleans(), max_size=5))
def test_whatever_the_disks_nothing_foreign_or_unproven_is_written(disks: list[Disk], verdicts: list[bool]) -> None:
    running = done(job(*disks), "check")
    ordered: list[Stage] = []
    following = next_stage(running)
    if isinstance(following, Run):
        ordered.append(following.stage)
        proofs = [erasure(d, "erased" if v else "undetermined") for d, v in zip(disks, verdicts, strict=False)]
        following = next_stage(done(running, "erase", EraseResult(erasures=tuple(proofs))))
        if isinstance(following, Run):
            ordered.append(following.stage)
    own = [d.id for d in disks if not (d.removable or d.read_only or d.transport == "usb")]
    for stage in ordered:
        named = (
            [one.disk for one in stage.disks]
            if isinstance(stage, Erase)
            else (stage.target,)
            if isinstance(stage, Deploy)
            else ()
        )
        assert all(disk in own for disk in named)
        assert not any(d.in_use for d in disks if d.id in named)
        if isinstance(stage, Deploy):
            proven = [p.disk for p in proofs if p.verdict == "erased"]
            assert all(any(disk.same_as(p) for p in proven) for disk in own if disk.size)


def test_a_memory_test_comes_between_check_and_what_writes() -> None:
    testing = replace(job(SSD, stages=("check", "memory", "erase", "finish")), inventory=with_memory(8 << 30))
    testing = done(testing, "check", CheckResult(inventory=testing.inventory))
    assert next_stage(testing) == Run(Memory(seconds=160))
    assert next_stage(done(testing, "memory")) == Run(overwriting(SSD))


def with_memory(size: int) -> Inventory:
    return replace(inventory(SSD), memory=size)


@pytest.mark.parametrize(("memory", "seconds"), [(0, 40), (1 << 30, 40), (16 << 30, 320), (1 << 40, 1800)])
def test_more_memory_is_tested_longer_within_bounds(memory: int, seconds: int) -> None:
    assert memory_seconds(memory) == seconds


@pytest.mark.parametrize(
    ("mode", "bits", "master_bits", "stopped"),
    [
        ("uefi", 32, 64, True),
        ("uefi", 32, 0, True),
        ("uefi", 32, 32, False),
        ("uefi", 64, 64, False),
        ("uefi", 0, 64, False),
        ("bios", 0, 64, False),
    ],
)
def test_a_master_without_a_loader_for_a_32_bit_uefi_is_refused_before_anything_is_erased(
    mode: str, bits: int, master_bits: int, stopped: bool
) -> None:
    firmware = msgspec.convert({"mode": mode, "uefi_bits": bits}, Firmware)
    the_job = job(
        SSD, master=replace(MASTER, uefi_bits=master_bits), inventory=replace(inventory(SSD), firmware=firmware)
    )
    the_job = done(the_job, "check")
    expected = Blocked("erase", Problem("firmware-32-bit", {"master": "debian"})) if stopped else Run(overwriting(SSD))
    assert next_stage(the_job) == expected


@pytest.mark.parametrize(
    ("master", "problem"),
    [
        (replace(MASTER, not_customisable="btrfs"), Problem("master-fixed", {"master": "debian", "root": "btrfs"})),
        (replace(MASTER, not_customisable="?"), Problem("master-fixed", {"master": "debian", "root": "?"})),
        (replace(MASTER, signed=False), Problem("master-unsigned", {"master": "debian"})),
        (None, Problem("master-missing", {"master": "debian"})),
    ],
)
def test_a_master_that_no_pc_could_be_given_is_known_before_the_erase(
    master: MasterNeeds | None, problem: Problem
) -> None:
    assert next_stage(done(job(SSD, master=master), "check")) == Blocked("erase", problem)


def test_a_master_that_was_made_smaller_goes_only_where_it_grows_again() -> None:
    shrunk = replace(MASTER, shrunk=True)
    assert next_stage(done(job(SSD, master=shrunk), "check")) == Run(overwriting(SSD))
    running = job(SSD, stages=("check", "erase", "deploy", "finish"), master=shrunk)
    told = Problem("master-shrunk", {"master": "debian"})
    assert next_stage(done(running, "check")) == Blocked("erase", told)


def test_a_master_that_cannot_be_customised_is_given_as_it_is_to_a_profile_that_does_not_ask() -> None:
    fixed = replace(MASTER, not_customisable="ntfs")
    running = job(SSD, stages=("check", "erase", "deploy", "finish"), master=fixed)
    assert next_stage(done(running, "check")) == Run(overwriting(SSD))


def test_a_master_that_cannot_be_customised_is_given_as_it_is_to_a_profile_that_allows_it() -> None:
    fixed = replace(MASTER, not_customisable="LVM2_member")
    running = job(SSD, master=fixed)
    allowed = replace(running, profile=replace(running.profile, customise="none"))
    assert next_stage(done(allowed, "check")) == Run(overwriting(SSD))
