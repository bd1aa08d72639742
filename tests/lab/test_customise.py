"""A whole PC whose profile sets up its Debian: region, an account, a file, a script of the PC's own first start."""

from dataclasses import replace
from pathlib import Path

import pytest

from netboot.lab.demo import LARGER, job_of, prepare
from netboot.lab.disks import create_empty
from netboot.lab.firmware import Firmware
from netboot.lab.journey import LOGIN_WITHIN, STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.pc import BootOrder, Bus, DiskSpec
from netboot.records.record import open_record
from netboot.shared.stages.customise import CustomiseResult
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]

PROFILE = """
id: school
name: {fr: École, en: School}
stages: [check, deploy, customise, finish]
master: debian-minimal
unerased: waive
hostname: school-{number}
customise:
  locale: en_GB.UTF-8
  keyboard: be
  timezone: Europe/Brussels
  users:
    - {name: eleve, title: Élève, groups: [audio], sign_in: first-login}
  files:
    - {path: /home/eleve/letter, text: "Welcome\\n", owner: eleve, mode: "0600"}
  scripts:
    - beside: first-start.sh
end: poweroff
"""
SCRIPT = """#!/bin/sh
set -eu
. /etc/default/keyboard
exec > /dev/ttyS0
echo "lab: $(stat --format '%U %a' /home/eleve/letter) $(passwd --status eleve | cut --delimiter ' ' --fields 2,3)"
echo "lab: $(date --date 2026-07-01T12:00Z +%Z) $XKBLAYOUT $(sed s/LANG=// /etc/locale.conf) first start over"
"""


async def test_a_pc_is_set_up_as_its_profile_says_and_its_script_runs_at_its_own_first_start(tmp_path: Path) -> None:
    _, manifest = prepare(print)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "90-school.yaml").write_text(PROFILE, encoding="utf-8")
    (profiles / "first-start.sh").write_text(SCRIPT, encoding="utf-8")
    disk = DiskSpec(Bus.SATA, tmp_path / "disk.img", manifest.disk + LARGER, "DISK1")
    create_empty(disk.path, disk.size)
    spec = workshop_pc(1, Firmware.UEFI, disk)
    async with beside_the_building([spec], profile="school", profiles=[profiles]) as (lan, service):
        async with power_on(lan, spec) as pc:
            await pc.wait_off(2 * STAGE_WITHIN)
        job = await job_of(service, spec.mac)
        assert (job.state, job.problem) == ("done", None)
        with open_record(service.data / "record.sqlite") as record:
            ended = record.jobs.ended_job(job.visit_id, job.id)
        assert ended is not None
        (result,) = (stage.result for stage in ended.stages if isinstance(stage.result, CustomiseResult))
        (account,) = result.accounts
        assert (account.name, account.groups, account.sign_in) == ("eleve", ("audio",), "first-login")
        alone = replace(spec, network=False, boot=BootOrder.FIRMWARE)
        async with power_on(lan, alone) as pc:
            await pc.console.wait_for(r"first start over", LOGIN_WITHIN)
            await pc.console.wait_for(rf"\b{job.hostname} login:", LOGIN_WITHIN)
            text = pc.console.text
    assert "lab: eleve 600 NP " in text
    assert "lab: CEST be en_GB.UTF-8 first start over" in text
