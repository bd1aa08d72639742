"""Which disks are the PC's own, and each reason why nothing is written, with all that its sentence needs."""

import pytest
from msgspec.structs import replace

from netboot.jobs.disk_answers import Answer
from netboot.jobs.disk_rules import answered, as_seen, forbids_writing, internal_disks, unerased
from netboot.jobs.identity import Key
from netboot.jobs.seen import Seen
from netboot.shared.inventory import Disk, DiskId, HiddenStorage, Nic
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import EraseResult
from tests.jobs.conftest import GB, HDD, SSD, STICK, done, erasure, inventory, job

EMMC = Disk(name="mmcblk0", id=DiskId(serial="0x1a", size=32 * GB), model="DF4032", transport="mmc", removable=True)
EMPTY = Disk(name="sdr", id=DiskId(serial="R", size=0), model="Reader", transport="sata")
PLACED = Disk(name="vda", id=DiskId(size=16 * GB, path="pci-0000:00:01.0", sequence=1), transport="virtio")
UNKNOWN = HiddenStorage(kind="unknown", controller="1234:5678", setting="SATA", vouchable="06:01.2 1234:5678")
RST = HiddenStorage(kind="rst", controller="8086:2822", setting="SATA Mode: AHCI")


def test_a_person_sees_the_disks_that_may_be_the_pcs_own_and_what_the_pc_is_called() -> None:
    of = replace(
        inventory(SSD, EMMC, STICK, EMPTY, replace(HDD, read_only=True)),
        nics=(Nic(name="eth0", mac="10:7b:44:00:00:01"),),
    )
    assert as_seen(of) == Seen((SSD.id, EMMC.id, HDD.id), (Key("mac", "10:7b:44:00:00:01"),))


def test_a_disk_that_a_person_left_out_before_is_shown_to_the_next_who_chooses() -> None:
    assert as_seen(inventory(replace(EMMC, said="left"))) == as_seen(inventory(EMMC))


@pytest.mark.parametrize(
    ("hidden", "problem"),
    [
        (UNKNOWN, Problem("controller-unknown", {"controller": "1234:5678", "setting": "SATA"})),
        (RST, Problem("hidden-storage", {"controller": "8086:2822", "setting": "SATA Mode: AHCI", "kind": "rst"})),
        (
            HiddenStorage(kind="namespaces", controller="nvme0", setting="2, 3"),
            Problem("hidden-namespaces", {"controller": "nvme0", "numbers": "2, 3"}),
        ),
        (
            HiddenStorage(kind="namespaces-unclear", controller="nvme0", setting="?"),
            Problem("namespaces-unclear", {"controller": "nvme0"}),
        ),
    ],
)
def test_what_hides_disks_is_told_by_what_it_is_and_before_any_disk(hidden: HiddenStorage, problem: Problem) -> None:
    assert forbids_writing(inventory(replace(SSD, in_use=True), hidden=(hidden,))) == problem


def test_of_two_controllers_the_one_that_no_answer_ends_is_told() -> None:
    for both in ((UNKNOWN, RST), (RST, UNKNOWN)):
        problem = forbids_writing(inventory(SSD, hidden=both))
        assert problem is not None
        assert problem.code == "hidden-storage"


def test_all_disks_in_doubt_are_told_together_and_cut_to_a_sentence() -> None:
    other = replace(EMMC, name="mmcblk1", id=DiskId(serial="0x2b", size=64 * GB))
    told = Problem("disk-in-doubt", {"disk": "DF4032 0x1a 32.0 GB, DF4032 0x2b 64.0 GB"})
    assert forbids_writing(inventory(SSD, EMMC, other)) == told
    many = [replace(EMMC, id=DiskId(serial=f"S{number}" * 9, size=32 * GB)) for number in range(10, 30)]
    problem = forbids_writing(inventory(*many))
    assert problem is not None
    assert len(problem.values["disk"]) == 400


def test_a_pc_whose_readers_are_empty_has_no_disk() -> None:
    assert forbids_writing(inventory(EMPTY, STICK)) == Problem("no-disk")
    assert forbids_writing(inventory(SSD, EMPTY)) is None
    smallest = replace(EMPTY, id=replace(EMPTY.id, size=1))
    assert forbids_writing(inventory(smallest)) is None
    assert as_seen(inventory(smallest)).disks == (smallest.id,)


@pytest.mark.parametrize(
    ("change", "code"), [({"read_only": True}, "disk-external"), ({"in_use": True}, "disk-in-use")]
)
def test_the_disk_that_may_not_be_written_is_told_wherever_it_stands(change: dict[str, object], code: str) -> None:
    for disks in ((SSD, replace(HDD, **change)), (replace(HDD, **change), SSD)):
        problem = forbids_writing(inventory(*disks))
        assert problem is not None
        assert (problem.code, problem.values) == (code, {"disk": "HDD H1 500.0 GB"})


def test_a_disk_that_nothing_tells_apart_is_told_with_its_place() -> None:
    told = {"disk": "pci-0000:00:01.0 16.0 GB"}
    assert forbids_writing(inventory(PLACED)) == Problem("disk-by-place", told)
    lost = replace(PLACED, id=replace(PLACED.id, sequence=0))
    assert forbids_writing(inventory(lost)) == Problem("disk-without-name", told)
    twins = [replace(SSD, id=replace(SSD.id, path=path, sequence=1)) for path in ("pci-1", "pci-2")]
    assert forbids_writing(inventory(*twins)) == Problem("disk-by-place", {"disk": "SSD S1 pci-1 16.0 GB"})


def test_a_disk_of_the_pc_is_unerased_until_this_job_proved_it() -> None:
    running = job(SSD, HDD, STICK)
    assert unerased(running) == (SSD, HDD)
    running = done(running, "erase", EraseResult(erasures=(erasure(SSD), erasure(HDD, "undetermined"))))
    assert unerased(running) == (HDD,)
    assert unerased(done(running, "erase", EraseResult(erasures=(erasure(SSD), erasure(HDD))))) == ()


def test_a_disk_that_a_person_spoke_for_is_unerased_too() -> None:
    running = replace(job(SSD, EMMC), answers=(Answer(kind="belongs", disk=EMMC.id),))
    assert [disk.name for disk in unerased(running)] == ["sda", "mmcblk0"]


def test_the_agent_is_told_of_the_disks_that_only_a_persons_word_makes_the_pcs_own() -> None:
    own = internal_disks(inventory(SSD, EMMC), (Answer(kind="belongs", disk=EMMC.id),))
    assert answered(own) == (EMMC.id,)
