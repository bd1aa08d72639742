"""Drives of the lab's own that erase themselves, in whole PCs: what each does, the verdict and the record say.

They are programs written from the standards: this proves the commands, real tools and kernel, the follow-up and our
verdicts, and nothing of any maker's firmware.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
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
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.pc import Bus, DiskSpec
from netboot.shared.erase_methods import Method
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.stages.erase import Erasure
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

SIZE = 64 << 20
PROFILE = """
id: by-drive
name: {fr: Par le disque, en: By the drive}
stages: [check, erase, finish]
options: {erase: {level: any, otherwise: next}}
"""
NVME: Mapping[str, tuple[Method, dict[str, object]]] = {
    "NBLOCK": ("nvme-sanitize-block", {"sanitize": ("block",), "format": False}),
    "NCRYPTO": ("nvme-sanitize-crypto", {"sanitize": ("crypto",), "format": False}),
    "NWRITES": ("nvme-sanitize-overwrite", {"sanitize": ("overwrite",), "format": False}),
    "NFORMAT": ("nvme-format", {"sanitize": (), "format_crypto": False}),
}
CANNOT: dict[str, Any] = {
    "security": False, "enhanced_erase": False,
    "sanitize_crypto": False, "sanitize_block": False, "sanitize_overwrite": False,
}  # fmt: skip
SATA: Mapping[str, tuple[Method, dict[str, Any]]] = {
    "ABLOCK": ("ata-sanitize-block", {"sanitize_block": True}),
    "ACRYPTO": ("ata-sanitize-crypto", {"sanitize_crypto": True, "encrypts": True}),
    "AWRITES": ("ata-sanitize-overwrite", {"sanitize_overwrite": True}),
    "AENHANCED": ("ata-erase-enhanced", {"security": True, "enhanced_erase": True}),
    "AERASE": ("ata-erase", {"security": True}),
}
METHODS = {name: method for name, (method, _) in (*NVME.items(), *SATA.items())}
ANSWER_AT_THE_END = {"NFORMAT", "AENHANCED", "AERASE"}
SAYS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.GOOD: ("erased", ""),
    Outcome.FAILS: ("not-erased", "erase-failed-in-drive"),
    Outcome.HANGS: ("undetermined", "erase-stands-still"),
    Outcome.LIES: ("not-erased", "erase-marks-left"),
}


@pytest.mark.parametrize("outcome", SAYS)
async def test_the_verdict_is_what_such_a_drive_did(tmp_path: Path, outcome: Outcome) -> None:
    names = [name for name in METHODS if name not in ANSWER_AT_THE_END or outcome in (Outcome.GOOD, Outcome.LIES)]
    found = await erased(tmp_path, names, Behaviour(erase=outcome, erase_announces=4))
    assert found.keys() == set(names)
    for name, one in found.items():
        assert (one.verdict, one.problem.code if one.problem else "") == SAYS[outcome], name
        assert one.method == METHODS[name]
        assert isinstance(one.evidence, FirmwareErased)
        assert one.evidence.marked > 1000
        assert (find_pattern(tmp_path / name) is None) == (outcome is Outcome.GOOD)


async def test_a_drive_that_refuses_is_overwritten(tmp_path: Path) -> None:
    for name, one in (await erased(tmp_path, list(METHODS), Behaviour(erase=Outcome.REFUSES))).items():
        assert (one.verdict, one.method) == ("erased", "overwrite"), name
        assert find_pattern(tmp_path / name) is None


async def erased(tmp_path: Path, names: list[str], behaviour: Behaviour) -> dict[str, Erasure]:
    """What goes on the record of a PC with these drives, by their serial numbers."""
    spec = workshop_pc(1, Firmware.BIOS)
    # What the operator saw when the profile was chosen: QEMU never gets these disks, the bench's drives stand for them.
    seen = replace(
        spec,
        disks=tuple(DiskSpec(Bus.NVME if name in NVME else Bus.SATA, tmp_path / name, SIZE, name) for name in names),
    )
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "90-own.yaml").write_text(PROFILE, encoding="utf-8")
    async with (
        beside_the_building([seen], profile="by-drive", menu_timeout=5, profiles=[profiles]) as (lan, service),
        AsyncExitStack() as stack,
    ):
        specs: list[NvmeSpec | AhciSpec] = []
        for name in names:
            create_used(tmp_path / name, SIZE, name)
        for name in (name for name in names if name in NVME):
            told: dict[str, Any] = NVME[name][1] | {"behaviour": behaviour}
            specs.append(NvmeSpec(str(bench_path(lan, name)), (Namespace(str(tmp_path / name)),), name, **told))
        disks = tuple(
            SataDisk(str(tmp_path / name), AtaModel(serial=name, **(CANNOT | SATA[name][1])), behaviour)
            for name in names
            if name in SATA
        )
        specs.append(AhciSpec(str(bench_path(lan, "sata")), disks))
        drives = [await stack.enter_async_context(drive_on_bench(lan, one)) for one in specs]
        with_drives = replace(spec, drives=tuple(drive.socket for drive in drives))
        async with power_on(lan, with_drives) as pc:
            await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
            await pc.console.wait_for(r"netboot: stage erase (done|failed)", 2 * STAGE_WITHIN)
        job = await job_of(service, spec.mac)
    return {row.evidence.disk.serial: row.evidence for row in job.erasures}
