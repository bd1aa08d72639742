"""A whole PC whose profile sets up its Debian: region, an account, a file, a folder of firmware, a Wi-Fi network, a
script of its first start. What it was given is asked of the started system, also of its NetworkManager; the network's
password is in nothing that the server keeps or shows.
"""

import asyncio
import hashlib
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key, new_key
from netboot.files.assets import asset_folder
from netboot.jobs.wifi_network import WifiNetwork, keyfile
from netboot.lab.demo import LARGER, job_of, prepare
from netboot.lab.disks import create_empty
from netboot.lab.firmware import Firmware
from netboot.lab.journey import LOGIN_WITHIN, STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.page_client import signed_in
from netboot.lab.pc import BootOrder, Bus, DiskSpec
from netboot.lab.service import OPERATOR, Service
from netboot.masters.build import build_master
from netboot.records.record import open_record
from netboot.shared.manifest import Manifest
from netboot.shared.stages.customise import CustomiseResult
from netboot.store import Store
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

RECIPE = """
extends: debian-minimal
name: debian-wifi
version: "1"
title: {fr: Debian et Wi-Fi, en: Debian with Wi-Fi}
packages: [network-manager, wpasupplicant]
"""
PROFILE = """
id: school
name: {fr: École, en: School}
stages: [check, deploy, customise, finish]
master: debian-wifi
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
  folders:
    - {path: /usr/lib/firmware/lab, beside: firmware}
  wifi: guests
  scripts:
    - beside: first-start.sh
end: poweroff
"""
SCRIPT = """#!/bin/sh
set -eu
. /etc/default/keyboard
# Opened anew each time: the login prompt that comes meanwhile hangs up whoever holds it.
told() { printf 'lab: %s\\n' "$*" > /dev/ttyS0; }
cd /usr/lib/firmware/lab/new
told "firmware $(stat --format '%U %a' fw.bin) $(sha256sum < fw.bin)"
cd /etc/NetworkManager/system-connections
told "network $(stat --format '%U %G %a' guests.nmconnection) $(sha256sum < guests.nmconnection)"
psk=$(nmcli --show-secrets --escape no --get-values 802-11-wireless-security.psk connection show guests)
told "password $(printf %s "$psk" | sha256sum)"
told "identity $(hostname) $(cat /etc/machine-id)"
told "$(stat --format '%U %a' /home/eleve/letter) $(passwd --status eleve | cut --delimiter ' ' --fields 2,3)"
told "$(date --date 2026-07-01T12:00Z +%Z) $XKBLAYOUT $(sed s/LANG=// /etc/locale.conf) first start over"
"""
SECRETS = ("hush-hush-1871", "Atelier-du-canal")
"""What is in the password, beside signs that each form writes in its own way, and what is the network's own name."""
NETWORK = WifiNetwork(name="guests", ssid=SECRETS[1], password=f"{SECRETS[0]} \\; fin")
WIFI = f"""
networks:
  - name: guests
    ssid: {NETWORK.ssid}
    password: '{NETWORK.password}'
"""


def with_wifi(folder: Path) -> tuple[Path, Manifest]:
    """A folder of masters with the small Debian that joins Wi-Fi networks."""
    recipes, masters = folder / "recipes", folder / "masters"
    recipes.mkdir()
    for name in ("debian-base", "debian-minimal"):
        shutil.copy(asset_folder("images") / f"{name}.yaml", recipes)
    (recipes / "debian-wifi.yaml").write_text(RECIPE, encoding="utf-8")
    masters.mkdir(mode=0o700)
    new_key(masters)
    store = Store(masters / "store")
    return masters, build_master(recipes / "debian-wifi.yaml", store, load_key(masters), progress=print)


def own_profile(folder: Path, firmware: bytes) -> tuple[Path, Path]:
    """The folder of its profile with what lies beside it, and the file of the network."""
    profiles, wifi = folder / "profiles", folder / "wifi.yaml"
    (profiles / "firmware/new").mkdir(parents=True)
    (profiles / "90-school.yaml").write_text(PROFILE, encoding="utf-8")
    (profiles / "first-start.sh").write_text(SCRIPT, encoding="utf-8")
    (profiles / "firmware/new/fw.bin").write_bytes(firmware)
    wifi.touch(mode=0o600)
    wifi.write_text(WIFI, encoding="utf-8")
    return profiles, wifi


def holding(folder: Path, words: bytes) -> list[Path]:
    """The files below this folder, the store's apart, that have these bytes in them."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if words in path.read_bytes()]


async def pages_of(service: Service) -> str:
    """All that an operator reads of the only PC: the board, and its own page with evidence and events."""
    with open_record(service.data / "record.sqlite") as record:
        (row,) = record.machines.overview()
    async with signed_in(service.page, OPERATOR, service.password) as client:
        return await client.text() + await client.text(f"/machine/{row.id}")


async def test_a_pc_is_set_up_as_its_profile_says_and_its_script_runs_at_its_own_first_start(tmp_path: Path) -> None:
    await asyncio.to_thread(prepare, print)  # the boot files
    masters, manifest = await asyncio.to_thread(with_wifi, tmp_path)
    firmware = os.urandom(3 * 1024 * 1024 + 1)
    profiles, wifi = own_profile(tmp_path, firmware)
    disk = DiskSpec(Bus.SATA, tmp_path / "disk.img", manifest.disk + LARGER, "DISK1")
    create_empty(disk.path, disk.size)
    spec = workshop_pc(1, Firmware.UEFI, disk)
    workshop = beside_the_building([spec], profile="school", profiles=[profiles], masters=masters, wifi=wifi)
    async with workshop as (lan, service):
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
        found = {one.path: one for one in result.found}
        assert found["usr/lib/firmware/lab"].part == "folders"
        pages = await pages_of(service)
        alone = replace(spec, network=False, boot=BootOrder.FIRMWARE)
        async with power_on(lan, alone) as pc:
            await pc.console.wait_for(r"first start over", LOGIN_WITHIN)
            await pc.console.wait_for(rf"\b{job.hostname} login:", LOGIN_WITHIN)
            text = pc.console.text
        assert holding(lan.folder, b"guests"), "the record has the network's name"
        assert "guests" in pages
        for secret in SECRETS:
            assert holding(lan.folder, secret.encode()) == []
            assert secret not in pages
    assert f"lab: firmware root 644 {hashlib.sha256(firmware).hexdigest()}" in text
    assert f"lab: network root root 600 {hashlib.sha256(keyfile(NETWORK)).hexdigest()}" in text
    assert f"lab: password {hashlib.sha256(NETWORK.password.encode()).hexdigest()}" in text, (
        "as NetworkManager reads it"
    )
    named = re.search(r"lab: identity (\S+) ([0-9a-f]{32})\s", text)
    assert named is not None
    assert named[1] == job.hostname
    assert found["etc/machine-id"].digest == hashlib.sha256(f"{named[2]}\n".encode()).hexdigest()
    assert "lab: eleve 600 NP " in text
    assert "lab: CEST be en_GB.UTF-8 first start over" in text
