"""Drives of the lab's own that erase themselves, in whole PCs: what each does, and what verdict, record and paper say.

One PC has a drive for each method. They are programs written from the standards: this proves the commands, real tools
and kernel, the follow-up and our verdicts, and nothing of any maker's firmware; nor are their times any maker's. What a
Format with SES 0 leaves is seen in `tests/lab_unit/drives/test_nvme_real_tools.py`.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from netboot.lab.bench_drive import bench_path, drive_on_bench
from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import SataDisk
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import Service
from netboot.shared.erase_methods import Method
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.stages.erase import Erasure
from tests.lab.papers import assert_paper, paper_of, print_figures
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

SIZE = 64 << 20
ERASE_WITHIN = 1800.0
LONGEST = 3300.0
"""Of drives that never answer: an ATA disk announces no time for its Sanitize, and is given half an hour."""
PROFILE = """
id: by-drive
name: {fr: Par le disque, en: By the drive}
stages: [check, erase, finish]
options: {erase: {level: any, otherwise: next}}
"""
NVME: Mapping[str, tuple[Method, Mapping[str, Any]]] = {
    "NBLOCK": ("nvme-sanitize-block", {"sanitize": ("block",), "format": False}),
    "NCRYPTO": ("nvme-sanitize-crypto", {"sanitize": ("crypto",), "format": False}),
    "NWRITES": ("nvme-sanitize-overwrite", {"sanitize": ("overwrite",), "format": False}),
    "NFORMAT": ("nvme-format", {"sanitize": (), "format_crypto": False}),
    "NFORMKEY": ("nvme-format-crypto", {"sanitize": (), "format_user_data": False}),
}
CANNOT: Mapping[str, Any] = {
    "security": False, "enhanced_erase": False,
    "sanitize_crypto": False, "sanitize_block": False, "sanitize_overwrite": False,
}  # fmt: skip
SATA: Mapping[str, tuple[Method, Mapping[str, Any]]] = {
    "ABLOCK": ("ata-sanitize-block", {"sanitize_block": True}),
    "ACRYPTO": ("ata-sanitize-crypto", {"sanitize_crypto": True, "encrypts": True}),
    "AWRITES": ("ata-sanitize-overwrite", {"sanitize_overwrite": True}),
    "AENHANCED": ("ata-erase-enhanced", {"security": True, "enhanced_erase": True}),
    "AERASE": ("ata-erase", {"security": True}),
}
METHODS: Mapping[str, Method] = {name: method for name, (method, _) in (*NVME.items(), *SATA.items())}
AT_THE_END = frozenset({"NFORMAT", "NFORMKEY", "AENHANCED", "AERASE"})
"""What answers when it is done, and says nothing before."""
SAYS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.GOOD: ("erased", ""),
    Outcome.FAILS: ("not-erased", "erase-failed-in-drive"),
    Outcome.HANGS: ("undetermined", "erase-stands-still"),
    Outcome.LIES: ("not-erased", "erase-marks-left"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What is on the record of each disk by its serial number, and the paper's JSON."""

    erasures: Mapping[str, Erasure]
    paper: Mapping[str, Any]

    def told(self, name: str) -> tuple[str, str]:
        one = self.erasures[name]
        return one.verdict, one.problem.code if one.problem else ""


async def test_a_drive_that_does_it_is_erased_by_its_own_method(tmp_path: Path) -> None:
    found = await erased(tmp_path, list(METHODS), Outcome.GOOD)
    for name, one in found.erasures.items():
        assert found.told(name) == ("erased", ""), name
        assert one.method == METHODS[name]
        assert find_pattern(tmp_path / name) is None
        assert isinstance(one.evidence, FirmwareErased)
        by_key = "crypto" in one.method
        assert (one.evidence.value is None) == by_key, "noise under a new key, else one value"
        assert one.evidence.even == (0 if by_key else SIZE)
    assert found.paper["kind"] == "certificate"


async def test_a_drive_that_fails_is_not_erased_or_by_another_method_where_it_says_so_at_once(tmp_path: Path) -> None:
    found = await erased(tmp_path, list(METHODS), Outcome.FAILS)
    for name, one in found.erasures.items():
        if name in AT_THE_END:
            assert (*found.told(name), one.method) == ("erased", "", "overwrite"), name
            assert find_pattern(tmp_path / name) is None
        else:
            assert (*found.told(name), one.method) == (*SAYS[Outcome.FAILS], METHODS[name]), name
            assert find_pattern(tmp_path / name) is not None
    assert found.paper["kind"] == "report"


async def test_a_drive_that_lies_is_never_called_erased(tmp_path: Path) -> None:
    found = await erased(tmp_path, list(METHODS), Outcome.LIES)
    for name, one in found.erasures.items():
        assert (*found.told(name), one.method) == (*SAYS[Outcome.LIES], METHODS[name]), name
        assert isinstance(one.evidence, FirmwareErased)
        assert one.evidence.marks_left == one.evidence.marked > 1000
        assert (one.evidence.accepted, one.evidence.state_after) == ("yes", "done"), "whatever it says of itself"
        assert find_pattern(tmp_path / name) is not None
    assert found.paper["kind"] == "report"


async def test_a_drive_that_refuses_is_overwritten(tmp_path: Path) -> None:
    found = await erased(tmp_path, list(METHODS), Outcome.REFUSES)
    for name, one in found.erasures.items():
        assert (*found.told(name), one.method) == ("erased", "", "overwrite"), name
        assert find_pattern(tmp_path / name) is None
    assert found.paper["kind"] == "certificate"


async def test_an_nvme_drive_that_stands_still_in_its_sanitize_is_given_up(tmp_path: Path) -> None:
    """Within minutes: it announced how long it would take."""
    names = [name for name in NVME if name not in AT_THE_END]
    found = await erased(tmp_path, names, Outcome.HANGS)
    for name, one in found.erasures.items():
        assert found.told(name) == SAYS[Outcome.HANGS], name
        assert isinstance(one.evidence, FirmwareErased)
        assert one.evidence.states[-1].state == "running"
        assert one.evidence.states[-1].permille in range(390, 411)
    assert found.paper["kind"] == "report"


async def test_one_that_announces_nothing_or_answers_at_its_end_is_given_up_too(tmp_path: Path) -> None:
    names = [name for name in METHODS if name in SATA or name in AT_THE_END]
    found = await erased(tmp_path, names, Outcome.HANGS, within=LONGEST)
    for name, one in found.erasures.items():
        assert one.verdict in ("undetermined", "not-erased"), name
        assert one.method == METHODS[name]
        if name not in AT_THE_END:
            assert found.told(name) == SAYS[Outcome.HANGS]
    assert found.paper["kind"] == "report"


async def erased(tmp_path: Path, names: Sequence[str], outcome: Outcome, *, within: float = ERASE_WITHIN) -> Found:
    """What comes of a PC with these drives."""
    behaviour = Behaviour(erase=outcome, erase_announces=4)
    spec = workshop_pc(1, Firmware.BIOS)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "90-own.yaml").write_text(PROFILE, encoding="utf-8")
    # What the operator saw when the profile was chosen: QEMU never gets these disks, the bench's drives stand for them.
    seen = replace(
        spec,
        disks=tuple(DiskSpec(Bus.NVME if name in NVME else Bus.SATA, tmp_path / name, SIZE, name) for name in names),
    )
    async with (
        beside_the_building([seen], profile="by-drive", menu_timeout=5, profiles=[profiles]) as (lan, service),
        AsyncExitStack() as stack,
    ):
        specs: list[NvmeSpec | AhciSpec] = []
        for name in names:
            create_used(tmp_path / name, SIZE, name)
        for name in (name for name in names if name in NVME):
            told = {**NVME[name][1], "behaviour": behaviour}
            specs.append(NvmeSpec(str(bench_path(lan, name)), (Namespace(str(tmp_path / name)),), name, **told))
        disks = tuple(
            SataDisk(str(tmp_path / name), AtaModel(serial=name, **{**CANNOT, **SATA[name][1]}), behaviour)
            for name in names
            if name in SATA
        )
        if disks:
            specs.append(AhciSpec(str(bench_path(lan, "sata")), disks))
        drives = [await stack.enter_async_context(drive_on_bench(lan, one)) for one in specs]
        with_drives = replace(spec, drives=tuple(drive.socket for drive in drives))
        async with power_on(lan, with_drives) as pc:
            began = await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
            ended = await pc.console.wait_for(r"netboot: stage erase (done|failed)", within)
            found = await on_record(service, spec.mac, len(names))
        paper = await asyncio.to_thread(paper_of, service, tmp_path / "papers")
    print(json.dumps({"outcome": outcome, "stage_seconds": round(ended - began, 1)}))
    print_figures(found)
    assert found.keys() == set(names)
    assert_paper(paper, found)
    return Found(found, paper)


async def on_record(service: Service, mac: str, count: int) -> dict[str, Erasure]:
    """What the record has of so many disks: it comes a moment after the console's word."""
    for _ in range(120):
        job = await job_of(service, mac)
        if len(job.erasures) >= count:
            break
        await asyncio.sleep(0.5)
    return {row.evidence.disk.serial: row.evidence for row in job.erasures}
