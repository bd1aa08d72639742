"""The disk that gets the master, and each reason why none does, with all that its sentence needs."""

from itertools import permutations
from typing import cast

import msgspec
import pytest
from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.disk_answers import Answer
from netboot.jobs.job import Job, needed_by
from netboot.jobs.target import choose_target, master_forbids, target_of
from netboot.shared.disk_abilities import Abilities, NvmeFormat, SectorSize
from netboot.shared.inventory import Dimm, Disk, DiskId, Firmware, Inventory, System
from netboot.shared.manifest import FirmwareMode
from netboot.shared.offers import Offers
from netboot.shared.parcel import PlacedFolder
from netboot.shared.placed_files import Script
from netboot.shared.problems import Code, Problem
from netboot.shared.stages.deploy import Deploy
from netboot.shared.system_settings import SystemSettings
from tests.jobs.conftest import ALL, GB, HDD, MASTER, SSD, STICK, done, inventory, job, profile

SMALL = replace(SSD, model="Small", id=DiskId(serial="S4", size=4 * GB))
SMALLER = replace(SSD, model="Smaller", id=DiskId(serial="S2", size=2 * GB))
LARGER = replace(SSD, name="sdd", id=DiskId(serial="S9", size=64 * GB))
SMALLEST = replace(SSD, name="sdf", id=DiskId(serial="S7", size=8 * GB))
LIKE = replace(SSD, name="sde", id=DiskId(serial="S8", size=16 * GB))


def with_secure_boot(said: str) -> Inventory:
    of = inventory(SSD)
    return replace(of, firmware=replace(of.firmware, secure_boot=said))


def test_the_job_gives_the_master_and_the_disk() -> None:
    assert target_of(job(SSD)) == (MASTER, SSD)
    assert target_of(job(SSD, LARGER, target=LARGER.id)) == (MASTER, LARGER)


def test_a_job_that_has_no_disk_for_its_master_gives_none() -> None:
    assert target_of(job()) == Problem("no-disk")


def test_a_job_without_a_master_says_so() -> None:
    assert target_of(job(SSD, stages=("check", "finish"), master=None)) == Problem("master-missing", {"master": ""})


@pytest.mark.parametrize(
    ("mode", "bits", "master", "code"),
    [
        ("bios", 0, {"bios": False}, "master-no-bios"),
        ("bios", 0, {"bios": False, "uefi_bits": 0}, "master-no-bios"),
        ("bios", 0, {"bios": True, "uefi_bits": 0}, ""),
        ("uefi", 64, {"bios": True, "uefi_bits": 0}, "master-no-uefi"),
        ("uefi", 0, {"bios": True, "uefi_bits": 0}, "master-no-uefi"),
        ("uefi", 64, {"bios": True, "uefi_bits": 32}, "master-no-uefi"),
        ("uefi", 0, {"bios": False, "uefi_bits": 32}, ""),
        ("uefi", 64, {"bios": False}, ""),
        ("uefi", 32, {"bios": False, "uefi_bits": 32}, ""),
        ("uefi", 32, {"uefi_bits": 64, "uefi_ia32": True}, ""),
        ("uefi", 32, {"uefi_bits": 64, "uefi_ia32": False}, "firmware-32-bit"),
        ("uefi", 64, {"uefi_bits": 32, "uefi_ia32": True}, "master-no-uefi"),
    ],
)
def test_a_master_that_this_firmware_could_not_start_is_refused(
    mode: str, bits: int, master: dict[str, int], code: str
) -> None:
    firmware = msgspec.convert({"mode": mode, "uefi_bits": bits}, Firmware)
    needs = replace(MASTER, **master)
    told = target_of(job(inventory=replace(inventory(SSD), firmware=firmware), master=needs))
    assert told == (Problem(cast("Code", code), {"master": "debian"}) if code else (needs, SSD))


@pytest.mark.parametrize("said", ["on", "off", "unsupported", "unknown"])
def test_a_revoked_master_is_refused_where_secure_boot_is_on_and_nowhere_else(said: str) -> None:
    revoked = replace(MASTER, revoked="shim,4")
    told = Problem("master-revoked", {"master": "debian", "why": "shim,4"})
    assert target_of(job(inventory=with_secure_boot(said), master=revoked)) == (
        told if said == "on" else (revoked, SSD)
    )
    assert target_of(job(inventory=with_secure_boot(said))) == (MASTER, SSD)


def test_a_master_without_what_its_profile_asks_for_is_refused_before_the_erase() -> None:
    offers = Offers(timezones=("Europe/Paris",), groups=("audio",), mounts=())
    chosen = job(SSD, master=replace(MASTER, offers=offers))
    for zone, told in (("Europe/Paris", None), ("Europe/Pariss", "timezone Europe/Pariss")):
        asking = replace(chosen, profile=replace(chosen.profile, customise=SystemSettings(timezone=zone)))
        problem = Problem("master-lacks", {"master": "debian", "lacks": told}) if told else None
        assert master_forbids(asking.profile, asking.master) == problem
        step = next_stage(done(asking, "check"))
        assert step == Blocked("erase", problem) if problem else isinstance(step, Run)


@pytest.mark.parametrize("model", ["acme*", "?*"])
def test_what_only_some_models_get_is_missed_on_those_alone(model: str) -> None:
    script = Script(text="#!/bin/sh\n", models=(model,))
    chosen = job(SSD, master=replace(MASTER, offers=Offers(runs_scripts=False)))
    asking = replace(chosen, profile=replace(chosen.profile, customise=SystemSettings(scripts=(script,))))
    assert master_forbids(asking.profile, asking.master) is None
    assert target_of(asking) == (asking.master, SSD)
    acme = replace(asking, inventory=replace(asking.inventory, system=System(manufacturer="ACME", product="X1")))
    assert acme.settings.scripts == (script,)
    assert target_of(acme) == Problem("master-lacks", {"master": "debian", "lacks": "runs-scripts"})


def test_a_job_keeps_of_what_its_master_offers_what_its_profile_asks_about() -> None:
    offers = Offers(timezones=("Europe/Paris", "UTC"), groups=("audio",))
    asking = replace(profile(*ALL), customise=SystemSettings(timezone="UTC"))
    kept = needed_by(asking, replace(MASTER, offers=offers))
    assert kept == replace(MASTER, offers=Offers(timezones=("UTC",), groups=()))
    assert needed_by(asking, None) is None


def test_a_disk_that_a_person_called_the_pcs_own_may_get_the_master() -> None:
    card = replace(SSD, transport="mmc", removable=True)
    running = job(card)
    assert target_of(running) == Problem("no-disk")
    running = replace(running, answers=(Answer(kind="belongs", disk=card.id),))
    assert target_of(running) == (MASTER, replace(card, said="belongs"))


def test_a_named_disk_that_is_gone_is_told_by_its_name_and_no_other_is_taken() -> None:
    assert choose_target(inventory(SSD), MASTER, HDD.id, erased=True) == Problem("disk-gone", {"disk": "H1"})


def test_a_disk_of_just_the_masters_size_is_large_enough() -> None:
    just = replace(SSD, id=DiskId(serial="S8", size=MASTER.disk))
    assert choose_target(inventory(just), MASTER, None, erased=True) == just
    short = replace(just, id=DiskId(serial="S8", size=MASTER.disk - 512))
    assert choose_target(inventory(short), MASTER, None, erased=True) != short


def test_the_smallest_ssd_that_the_master_fits_gets_it_whatever_the_order() -> None:
    disks = (LARGER, HDD, SMALL, SSD, STICK)
    for order in permutations(disks):
        assert choose_target(inventory(*order), MASTER, None, erased=True) == SSD
    assert choose_target(inventory(LARGER, SMALL, HDD), MASTER, None, erased=True) == LARGER
    assert choose_target(inventory(*disks), MASTER, HDD.id, erased=True) == HDD


def test_an_ssd_with_other_sectors_is_passed_over() -> None:
    other = replace(SMALLEST, logical_sector=4096)
    assert choose_target(inventory(other, SSD, LARGER), MASTER, None, erased=True) == SSD


BOTH = replace(MASTER, other_sector=4096, other_used=70)
LARGE_SECTORS = replace(SSD, logical_sector=4096)


def bios(*disks: Disk) -> Inventory:
    return replace(inventory(*disks), firmware=Firmware(mode="bios"))


def test_a_master_for_both_sector_sizes_fits_a_disk_of_either_and_what_it_covers_there_is_ordered() -> None:
    for disk, used in ((SSD, MASTER.used), (LARGE_SECTORS, 70)):
        running = job(stages=("deploy", "finish"), inventory=inventory(disk), master=BOTH, unerased="waive")
        assert target_of(running) == (BOTH, disk)
        order = next_stage(running)
        assert isinstance(order, Run)
        assert order.stage == Deploy(manifest=MASTER.manifest, name="debian", target=disk.id, used=used)


def test_a_disk_that_no_bios_starts_is_refused_before_its_erase_with_the_cure() -> None:
    told = Problem("disk-not-for-bios", {"disk": "SSD S1 16.0 GB", "found": "4096"})
    for master in (BOTH, replace(MASTER, sector=4096)):
        running = job(inventory=bios(LARGE_SECTORS), master=master)
        assert target_of(running) == told
        assert next_stage(done(running, "check")) == Blocked("erase", told)
    assert "mode UEFI" in told.sentence("fr")
    assert choose_target(bios(LARGE_SECTORS, LARGER), BOTH, None, erased=True) == LARGER


LARGE_NVME = replace(
    LARGE_SECTORS,
    transport="nvme",
    can=Abilities(nvme_format=NvmeFormat(supported=True, sectors=(512, 4096))),
)
"""It has sectors of 4096 bytes, and can have others."""


def formatting(*disks: Disk, **more: object) -> Job:
    """A job whose profile lets NVMe drives be formatted for the master."""
    running = job(*disks, stages=("deploy", "finish"), unerased="waive", **more)
    return replace(running, profile=replace(running.profile, options={"deploy": {"sectors": "format"}}))


def ordered(running: Job) -> tuple[int, int]:
    """What a deploy is to cover, and to which sectors the drive is formatted first."""
    run = next_stage(running)
    assert isinstance(run, Run)
    assert isinstance(run.stage, Deploy)
    return run.stage.used, run.stage.format


def test_where_the_profile_says_so_an_nvme_drive_is_formatted_for_its_master() -> None:
    assert ordered(formatting(LARGE_NVME)) == (MASTER.used, 512)
    kept = job(LARGE_NVME, stages=("deploy", "finish"), unerased="waive")
    assert isinstance(next_stage(kept), Blocked)
    assert ordered(formatting(replace(LARGE_NVME, logical_sector=512))) == (MASTER.used, 0)


def test_a_drive_that_the_master_fits_as_it_is_keeps_its_sectors_and_one_that_a_bios_could_not_start_does_not() -> None:
    assert ordered(formatting(LARGE_NVME, master=BOTH)) == (BOTH.other_used, 0)
    assert ordered(formatting(inventory=bios(LARGE_NVME), master=BOTH)) == (MASTER.used, 512)


def test_no_drive_is_formatted_where_another_disk_is_right_as_it_is() -> None:
    assert LARGE_NVME.id.size < LARGER.id.size
    for disks in ((LARGE_NVME, LARGER), (LARGER, LARGE_NVME)):
        assert choose_target(inventory(*disks), MASTER, None, erased=True, formats=True) == LARGER
        named = choose_target(inventory(*disks), MASTER, LARGE_NVME.id, erased=True, formats=True)
        assert named == LARGE_NVME, "a person may name it"
    assert choose_target(inventory(LARGE_NVME, LIKE), MASTER, None, erased=True, formats=True) == LIKE
    smaller = replace(LARGE_NVME, id=SMALLEST.id)
    assert choose_target(inventory(LARGE_NVME, smaller), MASTER, None, erased=True, formats=True) == smaller


def test_a_drive_that_does_not_offer_the_masters_sectors_is_refused_all_the_same() -> None:
    whole: tuple[SectorSize, ...] = (512, 4096)
    cannot = [
        replace(LARGE_NVME, can=can)
        for can in (
            Abilities(),
            Abilities(nvme_format=NvmeFormat(supported=True, sectors=(4096,))),
            Abilities(nvme_format=NvmeFormat(supported=False, sectors=whole)),
        )
    ]
    for disk in (*cannot, replace(LARGE_NVME, transport="sata")):
        told = target_of(formatting(disk))
        assert isinstance(told, Problem)
        assert told.code == "disk-sectors"
    only_large = replace(MASTER, sector=4096)
    told = target_of(formatting(inventory=bios(LARGE_NVME), master=only_large))
    assert isinstance(told, Problem)
    assert told.code == "disk-not-for-bios"


def test_a_drive_that_holds_another_disk_as_well_is_not_formatted() -> None:
    first = replace(LARGE_NVME, name="nvme0n1")
    for name, ordered_of in (("nvme0n2", 0), ("nvme1n1", 512)):
        other = replace(HDD, name=name, transport="nvme", removable=True)
        running = formatting(inventory=inventory(first, other))
        assert isinstance(target_of(running), Problem) == (not ordered_of), name


def test_a_drive_is_large_enough_for_whole_sectors_or_is_not_formatted() -> None:
    large = replace(MASTER, sector=4096, disk=16 * 4096 + 512)
    for size, fits in ((17 * 4096, True), (17 * 4096 - 512, False), (16 * 4096 + 512, False)):
        disk = replace(LARGE_NVME, logical_sector=512, id=replace(LARGE_NVME.id, size=size))
        told = target_of(formatting(disk, master=large))
        assert (told == (large, disk)) == fits, size
        assert fits or (isinstance(told, Problem) and told.code == "disk-sectors")
    exact = replace(LARGE_NVME, logical_sector=512, id=replace(LARGE_NVME.id, size=17 * 4096))
    assert ordered(formatting(exact, master=replace(large, disk=17 * 4096))) == (large.used, 4096)


def test_a_master_for_one_sector_size_says_so_whatever_the_firmware() -> None:
    for of in (bios, inventory):
        told = choose_target(of(LARGE_SECTORS), MASTER, None, erased=True)
        assert isinstance(told, Problem)
        assert told.code == "disk-sectors"


def test_the_smallest_of_several_ssds_is_no_guess_behind_an_erase_alone() -> None:
    told = Problem("several-targets", {"disks": "SSD S1 16.0 GB, SSD S9 64.0 GB"})
    assert choose_target(inventory(SSD, LARGER), MASTER, None, erased=False) == told


@pytest.mark.parametrize("erased", [True, False])
def test_disks_among_which_a_person_must_choose_are_all_told(erased: bool) -> None:
    told = Problem("several-targets", {"disks": "SSD S1 16.0 GB, SSD S8 16.0 GB"})
    assert choose_target(inventory(SSD, LIKE), MASTER, None, erased=erased) == told


def test_of_ssds_of_one_size_only_those_are_told() -> None:
    told = Problem("several-targets", {"disks": "SSD S1 16.0 GB, SSD S8 16.0 GB"})
    assert choose_target(inventory(LARGER, SSD, HDD, LIKE), MASTER, None, erased=True) == told


def test_of_several_hard_disks_none_is_taken_for_its_size() -> None:
    more = replace(HDD, id=DiskId(serial="H2", size=250 * GB))
    told = Problem("several-targets", {"disks": "HDD H1 500.0 GB, HDD H2 250.0 GB"})
    assert choose_target(inventory(HDD, more), MASTER, None, erased=True) == told


@pytest.mark.parametrize("erased", [True, False])
def test_a_sentence_about_many_disks_is_cut(erased: bool) -> None:
    many = [replace(SSD, id=DiskId(serial=f"S{number}" * 9, size=16 * GB)) for number in range(10, 30)]
    told = choose_target(inventory(*many), MASTER, None, erased=erased)
    assert isinstance(told, Problem)
    assert len(told.values["disks"]) == 400


def test_of_disks_that_are_all_too_small_the_largest_is_told_and_what_is_missing() -> None:
    told = {"master": "debian", "needed": "8.0 GB", "disk": "Small S4 4.0 GB", "size": "4.0 GB", "missing": "4.0 GB"}
    for disks in ((SMALL, SMALLER), (SMALLER, SMALL)):
        assert choose_target(inventory(*disks), MASTER, None, erased=True) == Problem("disk-too-small", told)


def test_a_disk_that_is_one_megabyte_too_small_is_told_so() -> None:
    short = replace(SSD, id=DiskId(serial="S8", size=MASTER.disk - 10**6))
    told = target_of(job(short))
    assert isinstance(told, Problem)
    assert "8,0 Go : il manque 1,0 Mo" in told.sentence("fr")
    assert "8.0 GB: 1.0 MB are missing" in told.sentence("en")


def test_a_disk_that_is_large_enough_and_has_other_sectors_is_told_before_those_that_are_too_small() -> None:
    other = replace(SSD, id=DiskId(serial="S8", size=MASTER.disk), logical_sector=4096)
    told = {"master": "debian", "wanted": "512", "disk": "SSD S8 8.0 GB", "found": "4096"}
    assert choose_target(inventory(SMALL, other), MASTER, None, erased=True) == Problem("disk-sectors", told)


def test_the_disk_that_fits_is_taken_also_where_it_is_no_ssd() -> None:
    assert choose_target(inventory(SMALL, HDD), MASTER, None, erased=True) == HDD


GIB = 1 << 30


def with_memory(memory: int, *dimms: Dimm) -> Inventory:
    return replace(inventory(SSD), memory=memory, dimms=dimms)


@pytest.mark.parametrize(
    ("found", "enough"),
    [
        (with_memory(0), True),  # not told: nothing to judge by
        (with_memory(2 * GIB), True),
        # What a kernel has of 2 GiB when the graphics keep 128 MiB of it.
        (with_memory(2 * GIB - 150 * (1 << 20)), True),
        (with_memory(GIB), False),
        (with_memory(GIB, Dimm(size=GIB), Dimm(size=0)), False),
        (with_memory(GIB, Dimm(size=GIB), Dimm(size=GIB)), True),
        (with_memory(GIB, Dimm(size=2 * GIB), Dimm(untold=True)), False),
    ],
)
def test_a_pc_with_too_little_memory_is_refused_with_what_it_has_and_needs(found: Inventory, enough: bool) -> None:
    wants = replace(MASTER, memory=2 * GIB)
    told = Problem("memory-too-small", {"master": "debian", "needed": "2.0 GB", "found": "1.0 GB"})
    assert target_of(job(inventory=found, master=wants)) == ((wants, SSD) if enough else told)
    assert target_of(job(inventory=found)) == (MASTER, SSD)


def test_too_little_memory_stops_before_the_erase() -> None:
    of = done(job(inventory=with_memory(GIB), master=replace(MASTER, memory=2 * GIB)), "check")
    stopped = next_stage(of)
    assert isinstance(stopped, Blocked)
    assert stopped.stage == "erase"
    said = "Ce PC a 1,0 Go de mémoire, et le système debian en demande 2,0 Go."
    assert stopped.problem.sentence("fr").startswith(said)


@pytest.mark.parametrize("modes", [("bios",), ("uefi",), ("bios", "uefi")])
def test_a_master_for_another_way_of_starting_is_refused(modes: tuple[FirmwareMode, ...]) -> None:
    wants = replace(MASTER, firmware=modes)
    for mode, told in (("uefi", Problem("master-no-uefi", {"master": "debian"})),
                       ("bios", Problem("master-no-bios", {"master": "debian"}))):  # fmt: skip
        firmware = msgspec.convert({"mode": mode, "uefi_bits": 64}, Firmware)
        assert target_of(job(inventory=replace(inventory(SSD), firmware=firmware), master=wants)) == (
            (wants, SSD) if mode in modes else told
        )


def test_folders_that_would_not_fit_beside_the_system_are_told_before_the_erase() -> None:
    def told(needed: int, *, models: tuple[str, ...] = (), **master: int | None) -> object:
        folder = PlacedFolder(path="/lib/firmware", beside="f", models=models, parcel="a" * 64, listed=1, size=needed)
        one = done(job(SMALLEST, master=replace(MASTER, **master)), "check")
        one = replace(one, profile=replace(one.profile, customise=SystemSettings(folders=(folder,))))
        return target_of(one)

    mib, room = 1 << 20, 64 << 20
    fits = (replace(MASTER, room=room), SMALLEST)
    assert told(60 * mib, room=room) == fits
    problem = told(61 * mib, room=room)
    assert isinstance(problem, Problem)
    assert problem.code == "folders-too-large"
    assert set(problem.values) == {"master", "disk", "needed", "free"}
    assert isinstance(told(61 * mib, room=None), tuple)
    assert isinstance(told(61 * mib, room=room, models=("Dell *",)), tuple)
    assert isinstance(told(61 * mib, room=room, grows_from=SMALLEST.id.size - 16 * mib), tuple)
    assert isinstance(told(61 * mib, room=room, grows_from=SMALLEST.id.size), Problem)

    def grown(least: int = 0, most: int | None = None) -> object:
        smaller = SMALLEST.id.size - 16 * mib
        return told(61 * mib, room=room, grows_from=smaller, grows_at=least, grows_most=most)

    assert isinstance(grown(SMALLEST.id.size), tuple)
    assert isinstance(grown(SMALLEST.id.size + 1), Problem), "nothing moves on this disk"
    assert isinstance(grown(most=2 * mib), tuple)
    assert isinstance(grown(most=mib), Problem), "its file system grows by one MiB"
