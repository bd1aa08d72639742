"""The built master, laid onto a larger disk that holds no zeros, boots on BIOS, UEFI and Secure Boot.

The firmware is factory-new, so UEFI boots it by the removable path.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from netboot.files.assets import asset_folder
from netboot.lab.firmware import Firmware
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.pc import BootOrder, Bus, DiskSpec
from netboot.lab.witness import witness
from netboot.masters.build import build_master
from netboot.shared.manifest import Manifest
from netboot.shared.process import run
from netboot.store import Store
from tests.masters.built import *  # noqa: F403 — its fixtures: the master, and the disk that it lies on
from tests.masters.built import expect, sign_in_first

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1500)]

RECIPE = "debian-minimal"
SIZE = 2 << 30


@pytest.mark.matrix  # the daily run boots it in tests/lab/test_chain.py
@pytest.mark.parametrize("firmware", [Firmware.BIOS, Firmware.UEFI, Firmware.SECURE_BOOT])
async def test_the_master_boots_to_its_login_prompt(firmware: Firmware, disk: Path) -> None:
    spec = replace(
        workshop_pc(90, firmware, DiskSpec(Bus.SATA, disk, SIZE, "LABMASTER")),
        network=False,
        boot=BootOrder.FIRMWARE,
        extra=witness(),
    )
    async with open_lan() as lan, power_on(lan, spec) as pc:
        seconds = await pc.console.wait_for(r"^debian login: ", within=600)
        print(f"{firmware}: login prompt after {seconds:.1f} s")
        await sign_in_first(pc.console, "debian", "[Nn]ouveau mot de passe", "[Rr]etapez")
        await expect(pc.console, "systemctl is-system-running --wait; true", "running")
        await expect(pc.console, "systemctl --failed --quiet; echo $?", "0")
        await expect(pc.console, "ls /etc/ssh/*_key | wc --lines", "3")
        if firmware is Firmware.SECURE_BOOT:
            await expect(pc.console, "tail --bytes=1 /sys/firmware/efi/efivars/SecureBoot-* | od -An -tu1", "1")


@pytest.mark.matrix
def test_two_builds_of_one_recipe_share_their_contents(master: Manifest, tmp_path: Path) -> None:
    """Only metadata may differ: mke2fs copies each inode's change time, which no program can set."""
    recipe, key = asset_folder("images") / "debian-minimal.yaml", SigningKey.generate()
    again = build_master(recipe, Store(tmp_path / "store"), key, progress=print, cache=tmp_path / "cache")
    assert again.partitions == master.partitions
    assert again.used_ranges == master.used_ranges
    differing = set(again.chunks) ^ set(master.chunks)
    assert len(differing) <= 2 * 10


def test_file_systems_of_the_laid_out_disk_check_clean(master: Manifest, disk: Path, tmp_path: Path) -> None:
    root, esp = (next(one for one in master.partitions if one.role == role) for role in ("root", "esp"))
    for partition, check in ((root, ["e2fsck", "-f", "-n"]), (esp, ["fsck.vfat", "-n"])):
        part = tmp_path / partition.role
        with disk.open("rb") as source, part.open("wb") as target:
            source.seek(partition.start)
            target.write(source.read(partition.length))
        run([*check, part])
        part.unlink()
    # As the agent does on a disk that is larger than the master.
    run(["sfdisk", "--quiet", "--relocate", "gpt-bak-std", disk])
    assert "No errors detected" in run(["sfdisk", "--verify", disk]).stdout
