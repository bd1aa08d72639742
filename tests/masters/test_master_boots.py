"""The built master, laid onto a larger disk that holds no zeros, boots on BIOS, UEFI and Secure Boot.

The firmware is factory-new, so UEFI boots it by the removable path.
"""

from collections.abc import Callable, Iterable, Iterator
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
from netboot.lab.witness import witness
from netboot.masters.build import build_master
from netboot.shared.manifest import Chunk, Manifest
from netboot.shared.process import run
from netboot.store import Store

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1500)]

GIB = 1 << 30
SIZE = 2 * GIB
Lay = Callable[[Iterable[Chunk], Store, Path, int], None]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("masters") / "store")


@pytest.fixture(scope="module")
def master(store: Store) -> Manifest:
    return build_master(asset_folder("images") / "debian-minimal.yaml", store, SigningKey.generate(), progress=print)


@pytest.fixture
def disk(master: Manifest, store: Store, lay: Lay, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "disk.raw"
    lay(master.chunks, store, path, SIZE)
    yield path
    path.unlink()


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
        await sign_in_first(pc.console)
        await expect(pc.console, "systemctl is-system-running --wait; true", "running")
        await expect(pc.console, "systemctl --failed --quiet; echo $?", "0")
        await expect(pc.console, "ls /etc/ssh/*_key | wc --lines", "3")
        if firmware is Firmware.SECURE_BOOT:
            await expect(pc.console, "tail --bytes=1 /sys/firmware/efi/efivars/SecureBoot-* | od -An -tu1", "1")


async def sign_in_first(console: Console) -> None:
    """As the recipe says: the first person to sign in chooses the password."""
    console.write("atelier\r")
    for prompt in ("[Nn]ouveau mot de passe", "[Rr]etapez"):
        await console.wait_for(prompt, within=120)
        console.write("Chouette-42-bleue\r")
    # The shell throws away what was typed before its prompt.
    await console.wait_for(r"^atelier@debian:~\$ ", within=120)


async def expect(console: Console, typed: str, answer: str) -> None:
    """Type a command at the prompt and wait for a line of its output."""
    since = len(console.text)
    console.write(f"{typed}\r")
    await console.wait_for(rf"^\s*{answer}$", within=240, since=since)


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
    root, esp = master.partition("root"), master.partition("esp")
    assert root is not None
    assert esp is not None
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
