"""A whole PC with a drive that lies about its erase: its deploy is held back until an operator signs an exception.

Then its other disk gets the master, the drive stays as it is and *not erased*, and the PC's paper stays a report that
prints the exception. The drive is a program of our own, written from the standards: this proves the lock, the page, the
record and the paper, and nothing of any maker's firmware.
"""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from netboot.lab.bench_drive import bench_path, drive_on_bench
from netboot.lab.demo import LARGER, job_of, prepare
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.journal import read_journal
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.page_client import signed_in
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import OPERATOR
from netboot.records.record import open_record
from netboot.shared.stages.deploy import DeployResult
from tests.lab.papers import paper_of
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

SIZE = 64 << 20
REASON = "Le disque menteur part au broyage jeudi"
LIES = Behaviour(erase=Outcome.LIES, erase_announces=4)


async def test_a_pc_whose_drive_lied_gets_its_master_by_an_exception_and_its_paper_prints_it(tmp_path: Path) -> None:
    _, manifest = prepare(print)
    liar, target = tmp_path / "LIAR1", DiskSpec(Bus.VIRTIO, tmp_path / "TARGET1", manifest.disk + LARGER, "TARGET1")
    create_used(liar, SIZE, "LIAR1")
    create_used(target.path, target.size, target.serial)
    async with (
        beside_the_building(menu_timeout=300) as (lan, service),
        signed_in(service.page, OPERATOR, service.password) as client,
    ):
        nvme = NvmeSpec(
            str(bench_path(lan, "liar")), (Namespace(str(liar)),), "LIAR1", behaviour=LIES,
            sanitize=("block",), format=False,
        )  # fmt: skip
        spec = workshop_pc(1, Firmware.UEFI, target)
        await client.arm_batch("wipe-and-debian", 1)
        async with (
            drive_on_bench(lan, nvme) as drive,
            power_on(lan, replace(spec, drives=(drive.socket,))) as pc,
        ):
            await pc.console.wait_for(r"netboot: stopped [a-z-]+\s", BOOT_WITHIN + STAGE_WITHIN)
            stopped = await job_of(service, spec.mac)
            assert (stopped.state, stopped.problem and stopped.problem.code) == ("failed", "erase-marks-left")
            assert {row.evidence.disk.serial: row.verdict for row in stopped.erasures} == {
                "TARGET1": "erased",
                "LIAR1": "not-erased",
            }
            assert "netboot: stage deploy" not in pc.console.text
            assert find_pattern(target.path) is None, "it is empty, and nothing is deployed to it yet"
            written = (await pc.block_stats())["TARGET1"].bytes_written
            (machine,) = set(re.findall(r'"/machine/(\w+)"', await client.text()))
            page = await client.text(f"/machine/{machine}")
            assert re.search(r"LIAR1 [^\n]*NON EFFACÉ", page)
            assert re.search(r"Disque qui reçoit le système : [^\n]*TARGET1", page)

            await client.sign_exception(machine, REASON)
            await pc.console.wait_for(r"netboot: stage deploy (done|failed)", STAGE_WITHIN)
            assert (await pc.block_stats())["TARGET1"].bytes_written > written
            await pc.wait_off(STAGE_WITHIN)
            assert pc.console.text.count("netboot: stage erase started") == 1
            assert REASON in await client.text(f"/machine/{machine}")
        job = await job_of(service, spec.mac)
        paper = await asyncio.to_thread(paper_of, service, tmp_path / "papers")
        with open_record(service.data / "record.sqlite") as record:
            assert record.journal.verify().broken is None
            ended = record.jobs.ended_job(job.visit_id, job.id)
    assert (job.state, job.visit_id, job.erasures) == ("done", stopped.visit_id, ())
    assert [stage.stage for stage in job.stages] == ["check", "deploy", "customise", "finish"]
    assert ended is not None
    (deployed,) = (stage.result for stage in ended.stages if isinstance(stage.result, DeployResult))
    assert deployed.target.serial == "TARGET1"
    assert deployed.manifest == manifest.digest
    assert find_pattern(liar) is not None, "it kept what it had"
    assert sum(entry["command"] == "sanitize" for entry in read_journal(liar)) == 1

    assert (paper["kind"], paper["why"]) == ("report", ["not-erased"])
    assert {disk["serial"]: disk["verdict"] for disk in paper["disks"]} == {
        "TARGET1": "erased",
        "LIAR1": "not-erased",
    }
    (signed,) = paper["exceptions"]
    assert (signed["by"], signed["reason"], signed["followed"]) == (OPERATOR, REASON, True)
    assert {disk["label"].split()[-3]: disk["state"] for disk in signed["disks"]} == {
        "TARGET1": "erased",
        "LIAR1": "not-erased",
    }
    assert signed["event"]["kind"] == "erase-exception"
