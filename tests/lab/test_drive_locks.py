"""Frozen disks and disks that hide their end, in whole PCs: what is thawed and given back, what the record says of it.

The disks are programs of the lab's, written from the standards: this proves the commands, the kernel's part, that a
visit outlasts its PC's sleep, and our verdicts, and nothing of any maker's firmware. S3 is played by UEFI alone: QEMU's
q35 does not start again under SeaBIOS after a sleep.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from netboot.lab.bench_drive import BenchDrive, bench_path, drive_on_bench
from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import Freezes, SataDisk
from netboot.lab.drives.ata.disk import AtaState
from netboot.lab.drives.ata.hidden import HiddenKept
from netboot.lab.drives.ata.model import AtaModel, Hiding
from netboot.lab.drives.state import state_path
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.page_client import signed_in
from netboot.lab.pc import PcSpec
from netboot.lab.service import OPERATOR, Service
from netboot.records.record import open_record
from netboot.shared.stages.erase import Erasure
from netboot.shared.thawing import Thawing
from tests.lab.test_firmware import beside_the_building
from tests.orders import overwritten

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

SIZE = 64 << 20
WHOLE = SIZE // 512
SHOWN = 48 << 20
BEGUN_WITHIN = 2 * BOOT_WITHIN
"""On a busy host GRUB's seconds are long: the fifteen before a batch starts took 160 there."""
PROFILE = """
id: locks
name: {fr: Gelé ou caché, en: Frozen or hidden}
stages: [check, erase, finish]
options: {erase: {OPTIONS}}
"""
BY_PASSWORD: Mapping[str, Any] = {"sanitize_crypto": False, "sanitize_block": False, "sanitize_overwrite": False}
NOTHING: Mapping[str, Any] = {**BY_PASSWORD, "security": False, "enhanced_erase": False}
HIDES: Mapping[str, tuple[Hiding, HiddenKept]] = {
    "HPA": (Hiding.HPA, HiddenKept(accessible=SHOWN // 512)),
    "AMAC": (Hiding.AMAC, HiddenKept(accessible=SHOWN // 512)),
    "DCO": (Hiding.HPA, HiddenKept(overlay=SHOWN // 512)),
    "BOTH": (Hiding.HPA, HiddenKept(overlay=WHOLE - 2048, accessible=SHOWN // 512)),
}
GIVES_BACK = {"HPA": ["max-address"], "AMAC": ["max-address"], "DCO": ["overlay"], "BOTH": ["max-address", "overlay"]}
ASLEEP = "met en veille"
"""Of the sentence that the PC's screen shows right before it sleeps."""


def frozen(tmp_path: Path, serial: str, freezes: Freezes) -> SataDisk:
    """An SSD that erases itself by a password and in no other way, frozen by the PC's firmware."""
    create_used(tmp_path / serial, SIZE, serial)
    return SataDisk(str(tmp_path / serial), AtaModel(serial=serial, **BY_PASSWORD), freezes=freezes)


def hiding(tmp_path: Path, serial: str, can: Mapping[str, Any] = NOTHING) -> SataDisk:
    """A disk that turns, and was used to its real end before it was made to hide a part of it."""
    how, kept = HIDES[serial]
    create_used(tmp_path / serial, SIZE, serial)
    state_path(tmp_path / serial).write_bytes(msgspec.json.encode(AtaState(hidden=kept)))
    return SataDisk(str(tmp_path / serial), AtaModel(serial=serial, rotation=5400, hiding=how, **can))


@asynccontextmanager
async def armed(
    tmp_path: Path, options: str, *disks: SataDisk
) -> AsyncIterator[tuple[Lan, Service, PcSpec, BenchDrive]]:
    """A workshop with a batch of one PC, in which these disks are."""
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "90-own.yaml").write_text(PROFILE.replace("OPTIONS", options), encoding="utf-8")
    async with beside_the_building(menu_timeout=300, profiles=[profiles]) as (lan, service):
        async with signed_in(service.page, OPERATOR, service.password) as client:
            await client.arm_batch("locks", 1)
        async with drive_on_bench(lan, AhciSpec(str(bench_path(lan, "sata")), disks)) as drive:
            spec = replace(workshop_pc(1, Firmware.UEFI), drives=(drive.socket,))
            yield lan, service, spec, drive


async def on_the_record(service: Service, spec: PcSpec) -> tuple[dict[str, Erasure], int]:
    """The newest erasure of each disk by its serial number, and how often this PC came."""
    job = await job_of(service, spec.mac)
    with open_record(service.data / "record.sqlite") as record:
        (row,) = record.machines.overview()
        visits = len(record.machines.detail(row.id).visits)
        assert record.journal.verify().broken is None
    return {row.evidence.disk.serial: row.evidence for row in job.erasures}, visits


def sleeps(pc: RunningPc) -> list[str]:
    """What QEMU tells of S3 since power-on."""
    return [name for name, _ in pc.qmp.events if name in ("SUSPEND", "WAKEUP")]


async def test_frozen_disks_thaw_while_their_pc_sleeps_and_hidden_areas_are_erased_in_one_visit(tmp_path: Path) -> None:
    disks = [
        frozen(tmp_path, "THAWS", Freezes.AT_START),
        frozen(tmp_path, "STAYS", Freezes.ALWAYS),
        *(hiding(tmp_path, serial) for serial in HIDES),
    ]
    async with armed(tmp_path, "level: any, otherwise: next", *disks) as (lan, service, spec, _):
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for(ASLEEP, BEGUN_WITHIN)
            await pc.wait_off(2 * STAGE_WITHIN)
            assert pc.resets() == 0
            assert sleeps(pc) == ["SUSPEND", "WAKEUP"]
        found, visits = await on_the_record(service, spec)
    assert visits == 1, "neither the network nor the visit was lost by the sleep"
    assert found.keys() == {"THAWS", "STAYS", *HIDES}
    assert {name: one.verdict for name, one in found.items()} == dict.fromkeys(found, "erased")
    for name in found:
        assert find_pattern(tmp_path / name) is None, name

    assert found["THAWS"].method == "ata-erase-enhanced"
    assert found["STAYS"].method == "overwrite"
    for name in ("THAWS", "STAYS"):
        thawing = found[name].thawing
        assert thawing is not None
        assert (thawing.tried, thawing.thawed) == (True, name == "THAWS")
        assert thawing.slept > 3

    for name in HIDES:
        one = found[name]
        assert one.given_back is not None
        assert (one.disk.size, one.size, one.given_back.size) == (SHOWN, SIZE, SIZE)
        assert overwritten(one).written == overwritten(one).verified == SIZE
        assert one.after is not None
        assert one.after.ends == (WHOLE, WHOLE, WHOLE)
        lasting = msgspec.json.decode(state_path(tmp_path / name).read_bytes(), type=AtaState)
        assert lasting.hidden == HiddenKept(), name
        assert [(order.area, order.accepted) for order in one.given_back.orders] == [
            (area, "yes") for area in GIVES_BACK[name]
        ]


async def test_a_disk_that_stays_frozen_and_one_that_is_only_reported_are_told_and_not_erased(tmp_path: Path) -> None:
    disks = [frozen(tmp_path, "STAYS", Freezes.ALWAYS), hiding(tmp_path, "HPA", BY_PASSWORD)]
    options = "level: any, otherwise: next, by: ata-erase, hidden: report"
    async with armed(tmp_path, options, *disks) as (lan, service, spec, _):
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for("netboot: stopped several-not-erased", BEGUN_WITHIN + STAGE_WITHIN)
        found, _ = await on_the_record(service, spec)
    assert {name: (one.verdict, one.problem.code if one.problem else "") for name, one in found.items()} == {
        "STAYS": ("not-erased", "erase-frozen"),
        "HPA": ("not-erased", "hidden-area"),
    }
    assert find_pattern(tmp_path / "STAYS") is not None
    thawing = found["STAYS"].thawing
    assert thawing is not None
    assert (thawing.tried, thawing.thawed) == (True, False)
    assert found["HPA"].given_back is None
    assert found["HPA"].after is not None
    assert found["HPA"].after.ends[:2] == (SHOWN // 512, WHOLE)
    lasting = msgspec.json.decode(state_path(tmp_path / "HPA").read_bytes(), type=AtaState)
    assert lasting.hidden == HIDES["HPA"][1], "it is left as it was"


async def test_of_a_pc_that_does_not_wake_nothing_is_lost_and_it_does_not_sleep_again(tmp_path: Path) -> None:
    async with armed(tmp_path, "level: any, otherwise: next", frozen(tmp_path, "THAWS", Freezes.AT_START)) as (
        lan,
        service,
        spec,
        _,
    ):
        before = (tmp_path / "THAWS").read_bytes()
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for(ASLEEP, BEGUN_WITHIN)
            until = asyncio.get_running_loop().time() + 120
            while sleeps(pc) != ["SUSPEND"]:
                assert asyncio.get_running_loop().time() < until, "it does not sleep"
                await asyncio.sleep(0.05)
            pc.program.kill()
            await pc.program.wait()
        assert (tmp_path / "THAWS").read_bytes() == before
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for("netboot: left undone power-cut", BEGUN_WITHIN)
            await pc.wait_off(STAGE_WITHIN)
            assert ASLEEP not in pc.console.text
            assert sleeps(pc) == []
        found, visits = await on_the_record(service, spec)
    assert visits == 2
    one = found["THAWS"]
    assert (one.verdict, one.method) == ("erased", "overwrite")
    assert one.thawing == Thawing(tried=False, thawed=False, not_tried="cut")
    assert find_pattern(tmp_path / "THAWS") is None
