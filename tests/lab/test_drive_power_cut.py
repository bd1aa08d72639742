"""Power cuts at 40 % of an erase by the drive itself, in whole PCs: what goes on, what is done again, and what record
and paper say of it.

The drives are programs of our own, written from the standards: this proves the commands, real tools and kernel, the
follow-up across two boots and our verdicts, and nothing of any maker's firmware. Their programs outlive the PC, whose
power cut is a killed QEMU.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replace_fields

from netboot.certificates.compose import compose
from netboot.certificates.values import ErasedDisk, Paper, Workshop
from netboot.lab.bench_drive import BenchDrive, bench_path, drive_on_bench
from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import SataDisk
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.behaviour import Behaviour, Outcome, WithoutPower
from netboot.lab.drives.journal import read_journal
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.page_client import ERASES_ITSELF, signed_in
from netboot.lab.service import OPERATOR, Service
from netboot.records.record import open_record
from netboot.shared.erase_begun import Found
from netboot.shared.erase_methods import Method
from netboot.shared.erase_methods.firmware import FirmwareErased, Resumed
from netboot.shared.stages.erase import Erasure
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

SIZE = 64 << 20
CUT_AT = 0.4
SECONDS = 5.0
STANDS = Behaviour(
    erase=Outcome.HANGS,
    erase_stops_at=CUT_AT,
    erase_seconds=SECONDS,
    erase_announces=3600,
    without_power=WithoutPower.WAITS,
)
"""Stands at 40 %, and announces so long a time that the agent waits."""
GOES_ON = replace_fields(STANDS, erase=Outcome.GOOD)
CANNOT: Mapping[str, Any] = {
    "security": False, "enhanced_erase": False,
    "sanitize_crypto": False, "sanitize_block": False, "sanitize_overwrite": False,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One drive: what it knows, the method that is so ordered of it, and what is found after the cut."""

    can: Mapping[str, Any]
    method: Method
    found: Found
    resumed: Resumed = ""
    early: bool = False
    """It goes on as soon as it has power again, and is done before anybody asks."""


NVME: Mapping[str, Case] = {
    "NBLOCK": Case({"sanitize": ("block",), "format": False}, "nvme-sanitize-block", "followed", "running"),
    "NCRYPTO": Case({"sanitize": ("crypto",), "format": False}, "nvme-sanitize-crypto", "followed", "running"),
    "NWRITES": Case(
        {"sanitize": ("overwrite",), "format": False}, "nvme-sanitize-overwrite", "followed", "done", early=True
    ),
    "NFORMAT": Case({"sanitize": (), "format_crypto": False}, "nvme-format", "undone"),
}
KEYS: Mapping[str, Case] = {"NKEYS": Case({"sanitize": ()}, "nvme-format-crypto", "undone")}
SATA: Mapping[str, Case] = {
    "ABLOCK": Case({"sanitize_block": True}, "ata-sanitize-block", "followed", "running"),
    "ACRYPTO": Case({"sanitize_crypto": True, "encrypts": True}, "ata-sanitize-crypto", "followed", "running"),
    "AWRITES": Case({"sanitize_overwrite": True}, "ata-sanitize-overwrite", "followed", "done", early=True),
    "AENHANCED": Case({"security": True, "enhanced_erase": True}, "ata-erase-enhanced", "undone"),
    "AERASE": Case({"security": True}, "ata-erase", "undone"),
}
GROUPS = {"nvme": (NVME, "best"), "nvme-keys": (KEYS, "nvme-format-crypto"), "sata": (SATA, "best")}


@pytest.mark.parametrize("group", GROUPS)
async def test_after_a_cut_at_40_percent_each_disk_is_erased_and_record_and_paper_say_how(
    tmp_path: Path, group: str
) -> None:
    cases, by = GROUPS[group]
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "90-own.yaml").write_text(profile(by), encoding="utf-8")
    for name in cases:
        create_used(tmp_path / name, SIZE, name)
    spec = workshop_pc(1, Firmware.BIOS)
    async with beside_the_building(menu_timeout=300, profiles=[profiles]) as (lan, service), AsyncExitStack() as stack:
        async with signed_in(service.page, OPERATOR, service.password) as client:
            await client.arm_batch("by-drive", 1)
        drives = [await stack.enter_async_context(drive_on_bench(lan, one)) for one in specs(lan, tmp_path, cases)]
        with_drives = replace(spec, drives=tuple(drive.socket for drive in drives))
        async with power_on(lan, with_drives) as pc:
            await pc.console.wait_for("netboot: stage erase started", BOOT_WITHIN)
            await all_at_40_percent(drives, cases)
        for name in cases:
            assert find_pattern(tmp_path / name) is not None, name
        for drive in drives:
            if any(case.early for name, case in cases.items() if name in serials(drive)):
                await drive.behave(GOES_ON)
        async with power_on(lan, with_drives) as pc:
            await pc.console.wait_for("netboot: left undone power-cut", BOOT_WITHIN)
            await pc.console.wait_for("netboot: stage erase started", BOOT_WITHIN)
            await all_found_at_work(service, cases)
            for drive in drives:
                await drive.behave(GOES_ON)
            await pc.wait_off(2 * STAGE_WITHIN)
        job = await job_of(service, spec.mac)
        papers = paper_of(service, job.visit_id)
    found = {row.evidence.disk.serial: row.evidence for row in job.erasures}
    assert found.keys() == cases.keys()
    assert papers.kind == "certificate"
    for name, case in cases.items():
        told = found[name]
        assert (told.verdict, told.problem) == ("erased", None), name
        assert find_pattern(tmp_path / name) is None, name
        check(name, case, told)
        assert orders(tmp_path / name, case) == 1 + (case.found != "followed"), name
        check_paper(next(disk for disk in papers.disks if disk.serial == name), case)


def profile(by: str) -> str:
    return f"""
id: by-drive
name: {{fr: Par le disque, en: By the drive}}
stages: [check, erase, finish]
options: {{erase: {{level: any, otherwise: next, by: {by}}}}}
"""


def specs(lan: Lan, folder: Path, cases: Mapping[str, Case]) -> list[NvmeSpec | AhciSpec]:
    """Each NVMe drive alone; SATA disks on two controllers, of which one is told to go on early."""
    made: list[NvmeSpec | AhciSpec] = []
    for name, case in cases.items():
        if case.method.startswith("nvme"):
            socket, place = str(bench_path(lan, name)), (Namespace(str(folder / name)),)
            made.append(NvmeSpec(socket, place, name, behaviour=STANDS, **case.can))
    for early in (False, True):
        disks = tuple(
            SataDisk(str(folder / name), AtaModel(serial=name, **{**CANNOT, **case.can}), STANDS)
            for name, case in cases.items()
            if case.method.startswith("ata") and case.early == early
        )
        if disks:
            made.append(AhciSpec(str(bench_path(lan, f"sata{early:d}")), disks))
    return made


def serials(drive: BenchDrive) -> tuple[str, ...]:
    match drive.spec:
        case NvmeSpec(serial=serial):
            return (serial,)
        case AhciSpec(disks=disks):
            return tuple(disk.model.serial for disk in disks)
    raise AssertionError(drive.spec)


async def all_at_40_percent(drives: Sequence[BenchDrive], cases: Mapping[str, Case]) -> None:
    """Wait until the erase of each stands there."""
    async with asyncio.timeout(STAGE_WITHIN):
        for drive in drives:
            while not stands(await drive.status(), cases):
                drive.program.must_run()
                await asyncio.sleep(1)
    # SECURITY ERASE UNIT does not say how far it is.
    await asyncio.sleep(SECONDS)


async def all_found_at_work(service: Service, cases: Mapping[str, Case]) -> None:
    """Wait until the agent has found each at work, or ordered it anew, but those that were done before."""
    async with asyncio.timeout(STAGE_WITHIN), signed_in(service.page, OPERATOR, service.password) as client:
        wanted = {name for name, case in cases.items() if not case.early}
        while wanted:
            shown = " ".join(ERASES_ITSELF.findall(await client.text()))
            wanted = {name for name in wanted if name not in shown}
            await asyncio.sleep(1)


def stands(status: Mapping[str, Any], cases: Mapping[str, Case]) -> bool:
    if "disks" not in status:
        progress = status["progress"]
        return progress is not None and progress >= CUT_AT
    return all(
        disk["busy"]
        if cases[disk["serial"]].method.startswith("ata-erase")
        else int(CUT_AT * 65536) <= disk["sanitize_progress"] < 65535
        for disk in status["disks"]
    )


def check(name: str, case: Case, told: Erasure) -> None:
    said = told.evidence
    assert isinstance(said, FirmwareErased)
    assert (told.method, told.cut.found if told.cut else "") == (case.method, case.found), name
    assert told.cut is not None
    assert (told.cut.method, told.cut.at > 1.7e9) == (case.method, True)
    assert said.resumed == case.resumed, name
    assert said.marked > 1000
    assert told.unlocked == case.method.startswith("ata-erase"), name
    if case.resumed == "running":
        assert said.states[0].state == "running"
        assert said.states[0].permille is not None
        assert abs(said.states[0].permille - 1000 * CUT_AT) < 10


def orders(image: Path, case: Case) -> int:
    """How often the drive was ordered to erase itself, and heard it to its end where it answers only there."""
    journal = read_journal(image)
    if case.method.startswith("nvme-sanitize"):
        return sum(entry["command"] == "sanitize" for entry in journal)
    if case.method.startswith("ata-sanitize"):
        return sum(entry["command"] == "sanitize" and entry["feature"] in (0x11, 0x12, 0x14) for entry in journal)
    # The one that was cut has never ended.
    ended = ("format", "security_erase_unit")
    return 1 + sum(entry["command"] in ended for entry in journal)


def paper_of(service: Service, visit_id: str) -> Paper:
    with open_record(service.data / "record.sqlite") as record:
        assert record.journal.verify().broken is None
        paper = compose(record.papers.of_visit(visit_id), Workshop(), software="netboot")
    assert paper is not None
    return paper


def check_paper(disk: ErasedDisk, case: Case) -> None:
    words = {"followed": ("de lui-même", "by itself"), "undone": ("à nouveau", "again")}[case.found]
    assert words[0] in disk.cut["fr"]
    assert words[1] in disk.cut["en"]
    assert ("mot de passe" in disk.cut["fr"]) == case.method.startswith("ata-erase")
