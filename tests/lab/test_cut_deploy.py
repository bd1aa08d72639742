"""A PC whose power goes in the middle of its deploy: it goes on with what is missing, and is not erased twice."""

import asyncio
from pathlib import Path

import pytest

from netboot.certificates.compose import compose
from netboot.certificates.values import Workshop
from netboot.lab.compare import first_difference
from netboot.lab.demo import LARGER, job_of, prepare
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.page_client import signed_in
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import OPERATOR
from netboot.records.record import open_record
from netboot.shared.stages.deploy import DeployResult
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.timeout(1800)]

SERIAL = "CUT2"
ERASE_AND_WRITE = """
id: erase-and-write
name: {fr: Effacer et écrire, en: Erase and write}
stages: [check, erase, deploy, finish]
master: debian-minimal
end: poweroff
"""


async def written(pc: RunningPc) -> int:
    return (await pc.block_stats())[SERIAL].bytes_written


async def in_the_middle(pc: RunningPc, used: int) -> None:
    """Wait until a good part of the master, and not all of it, was written; then its power may go."""
    await pc.console.wait_for("netboot: stage deploy started", BOOT_WITHIN + STAGE_WITHIN)
    before = await written(pc)
    for _ in range(int(STAGE_WITHIN / 0.05)):
        if await written(pc) > before + used // 2:
            break
        await asyncio.sleep(0.05)
    assert await written(pc) < before + used


async def test_a_pc_of_an_armed_batch_goes_on_with_what_is_missing_and_is_not_erased_again(tmp_path: Path) -> None:
    _, manifest = await asyncio.to_thread(prepare, print)
    size = manifest.disk + LARGER
    create_used(tmp_path / "used.img", size, SERIAL)
    spec = workshop_pc(1, Firmware.BIOS, DiskSpec(Bus.VIRTIO, tmp_path / "used.img", size, SERIAL))
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "90-erase-and-write.yaml").write_text(ERASE_AND_WRITE, encoding="utf-8")
    async with beside_the_building(menu_timeout=300, profiles=[tmp_path / "profiles"]) as (lan, service):
        async with signed_in(service.page, OPERATOR, service.password) as client:
            await client.arm_batch("erase-and-write", 1)
        async with power_on(lan, spec) as pc:
            await in_the_middle(pc, manifest.used)
        assert first_difference(spec.disks[0].path, manifest) is not None
        first = await job_of(service, spec.mac)
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for("netboot: left undone power-cut", BOOT_WITHIN)
            await pc.wait_off(STAGE_WITHIN)
            assert pc.resets() == 0
            assert "netboot: stage erase started" not in pc.console.text
        assert first_difference(spec.disks[0].path, manifest) is None
        assert find_pattern(spec.disks[0].path) is None, "what was on the disk before is gone for good"
        job = await job_of(service, spec.mac)
        assert (job.state, job.erased_by) == ("done", first.id)
        assert [(row.stage, row.state) for row in job.stages] == [(s, "done") for s in ("check", "deploy", "finish")]
        with open_record(service.data / "record.sqlite") as record:
            kept = record.jobs.ended_job(job.visit_id, job.id)
            paper = compose(record.papers.of_visit(first.visit_id), Workshop(), software="netboot")
            assert record.journal.verify().broken is None
        assert kept is not None
        (result,) = (stage.result for stage in kept.stages if isinstance(stage.result, DeployResult))
        print(f"\nfound {result.found >> 20} MiB, wrote {result.written >> 20} MiB, fetched {result.fetched >> 20} MiB")
        assert result.found + result.written == manifest.used
        assert result.found > manifest.used // 4
        assert paper is not None
        assert paper.kind == "certificate", "the erase is proven by the visit in which it was done"
