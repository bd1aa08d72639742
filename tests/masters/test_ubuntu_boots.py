"""The master that is not Debian, laid onto a disk: it boots on BIOS and with Secure Boot, by its own loaders."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from netboot.files.assets import asset_folder
from netboot.lab.console import Console
from netboot.lab.firmware import Firmware
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.pc import BootOrder, Bus, DiskSpec
from netboot.masters.build import build_master
from netboot.shared.manifest import Manifest
from netboot.store import Store
from tests.masters.conftest import Lay
from tests.masters.test_master_boots import expect

pytestmark = [pytest.mark.lab, pytest.mark.matrix, pytest.mark.timeout(3000)]

SIZE = 3 << 30


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("masters") / "store")


@pytest.fixture(scope="module")
def master(store: Store) -> Manifest:
    return build_master(asset_folder("images") / "ubuntu-minimal.yaml", store, SigningKey.generate(), progress=print)


@pytest.fixture
def disk(master: Manifest, store: Store, lay: Lay, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "disk.raw"
    lay(master.chunks, store, path, SIZE)
    yield path
    path.unlink()


def test_it_is_understood_as_ubuntu_with_loaders_of_its_own(master: Manifest) -> None:
    assert master.understood
    assert master.understood.system.startswith("Ubuntu 24.04")
    assert master.understood.bios
    assert master.uefi is not None
    assert master.uefi.path == "/EFI/ubuntu/shimx64.efi"
    assert master.removable


@pytest.mark.parametrize("firmware", [Firmware.BIOS, Firmware.SECURE_BOOT])
async def test_ubuntu_boots_to_its_login_prompt(firmware: Firmware, disk: Path) -> None:
    spec = replace(
        workshop_pc(93, firmware, DiskSpec(Bus.SATA, disk, SIZE, "LABMASTER")), network=False, boot=BootOrder.FIRMWARE
    )
    async with open_lan() as lan, power_on(lan, spec) as pc:
        seconds = await pc.console.wait_for(r"^ubuntu login: ", within=900)
        print(f"{firmware}: login prompt after {seconds:.1f} s")
        await sign_in_first(pc.console)
        await expect(pc.console, "systemctl is-system-running --wait; true", "running")
        await expect(pc.console, ". /etc/os-release; echo $ID-$VERSION_ID", r"ubuntu-24\.04")
        if firmware is Firmware.SECURE_BOOT:
            await expect(pc.console, "tail --bytes=1 /sys/firmware/efi/efivars/SecureBoot-* | od -An -tu1", "1")


async def sign_in_first(console: Console) -> None:
    """The first person chooses the password; Ubuntu keeps its French in other packages, so it asks in English."""
    console.write("atelier\r")
    for prompt in ("New password", "Retype"):
        await console.wait_for(prompt, within=240)
        console.write("Chouette-42-bleue\r")
    await console.wait_for(r"^atelier@ubuntu:~\$ ", within=240)
