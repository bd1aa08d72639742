"""Each shipped desktop, started from its disk to a person's session: programs of it run, and the screen shows it.

The pictures are kept where the test's figures are printed, to be looked at. For `./run test --all`: gigabytes, and
minutes a start. Not for: the way over the LAN (tests/lab/test_school.py).
"""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from netboot.files.assets import asset_folder
from netboot.lab.console import Console
from netboot.lab.firmware import Firmware
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.pc import BootOrder, Bus, DiskSpec
from netboot.lab.picture import Picture, picture
from netboot.lab.witness import witness
from netboot.masters.build import build_master
from netboot.shared.manifest import Manifest
from netboot.store import Store
from netboot.store.laid_out import lay_out
from tests.masters.built import expect

pytestmark = [pytest.mark.lab, pytest.mark.matrix, pytest.mark.timeout(7200)]

PASSWORD = "chouettebleue"  # keys that are where they are on a French and on a US keyboard
PICTURES = "NETBOOT_LAB_PICTURES"
QUIET = "test $(vmstat 10 2 | tail -1 | awk '{print $15}') -ge 90 && echo quiet"
"""A shell's question whether the PC has had nothing to do for ten seconds (vmstat's column `id`)."""


@dataclass(frozen=True)
class Shipped:
    """A recipe that is shipped: who signs in, whether by themselves, and the program that is the desktop."""

    name: str
    user: str
    alone: bool
    program: str
    memory_mib: int


SHIPPED = (
    Shipped("ecole", "eleve", True, "xfce4-panel", 2048),
    Shipped("association", "association", False, "xfce4-panel", 2048),
    Shipped("leger", "utilisateur", False, "lxqt-panel", 1024),
)


@pytest.fixture(params=SHIPPED, ids=lambda shipped: shipped.name)
def shipped(request: pytest.FixtureRequest) -> Shipped:
    value: Shipped = request.param
    return value


@pytest.fixture
def disk(shipped: Shipped, tmp_path: Path) -> Iterator[tuple[Path, Manifest]]:
    """The built master on a sparse disk of its own."""
    store = Store(tmp_path / "store")
    recipe = asset_folder("images") / f"{shipped.name}.yaml"
    manifest = build_master(recipe, store, SigningKey.generate(), progress=print)
    path = tmp_path / "disk.raw"
    lay_out(store, manifest, path)
    shutil.rmtree(store.folder)
    yield path, manifest
    path.unlink()


@pytest.mark.parametrize("firmware", [Firmware.BIOS, Firmware.SECURE_BOOT])
async def test_a_shipped_desktop_starts(
    firmware: Firmware, shipped: Shipped, disk: tuple[Path, Manifest], tmp_path: Path
) -> None:
    path, manifest = disk
    spec = replace(
        workshop_pc(91, firmware, DiskSpec(Bus.SATA, path, manifest.disk, "LABMASTER", rotation=1)),
        network=False,
        boot=BootOrder.FIRMWARE,
        memory_mib=shipped.memory_mib,
        cpus=2,
        extra=witness(),
    )
    async with open_lan() as lan, power_on(lan, spec) as pc:
        await pc.console.wait_for(rf"^{shipped.name} login: ", within=1200)
        login = pc.console.seconds
        await sign_in(pc, shipped)
        await wait_for(pc.console, f"pgrep --exact --euid {shipped.user} {shipped.program}", r"\d+")
        desktop = pc.console.seconds
        # On a slow host two looks in a row are the same before the panel and the icons are drawn.
        await wait_for(pc.console, QUIET, "quiet")
        shown = await settled(pc, tmp_path / "screen.ppm")
        print(f"{shipped.name} {firmware}: login {login:.0f} s, {shipped.program} {desktop:.0f} s, {shown}")
        await keep_picture(pc, f"{shipped.name}-{firmware.value}")
        assert shown.is_desktop
        used = int((await answer(pc.console, "free --mebi | sed -n 2p", r"Mem: .*")).split()[2])
        print(f"{used} MiB of memory in use;")
        if shipped.name == "leger":
            assert used <= 1024
        print(await answer(pc.console, "dpkg-query --list | grep --count ^ii", r"\d+"), "packages;")
        print(await answer(pc.console, "df --block-size=M --output=used / | tail -1", r"\s*\d+M"), "on its root;")
        print(await answer(pc.console, "systemctl --failed --quiet | head -5; echo .", r".*"))
        icon = 'ls -1 "$(xdg-user-dir DESKTOP)"'
        await expect(pc.console, icon, r"first-steps\.desktop")


async def sign_in(pc: RunningPc, shipped: Shipped) -> None:
    """As the recipe says: by nobody's hand, or the first person chooses a password and signs in on the screen too."""
    console = pc.console
    console.write(f"{shipped.user}\r")
    if not shipped.alone:
        for prompt in ("[Nn]ouveau mot de passe", "[Rr]etapez"):
            await console.wait_for(prompt, within=240)
            console.write(f"{PASSWORD}\r")
    await console.wait_for(rf"^{shipped.user}@{shipped.name}:~\$ ", within=300)
    if not shipped.alone:
        await wait_for(console, "pgrep --exact lightdm-gtk-gre", r"\d+")
        # What is typed before the greeter is drawn goes nowhere.
        with tempfile.TemporaryDirectory() as folder:
            await settled(pc, Path(folder) / "screen.ppm")
        await pc.qmp.type_text(f"{PASSWORD}\n")


async def wait_for(console: Console, command: str, says: str) -> None:
    """Until this command has this answer; a loop of the shell's own, so that nothing is typed meanwhile."""
    await answer(console, f"until {command}; do sleep 2; done", says, within=900)


async def answer(console: Console, command: str, says: str, within: float = 300) -> str:
    """Type a command at the prompt; the line of its output."""
    since = len(console.text)
    console.write(f"{command}; echo END=$?\r")
    await console.wait_for(r"^END=\d+$", within=within, since=since)
    found = re.search(rf"^({says})$", console.text[since:], re.MULTILINE)
    assert found is not None, console.text[since:]
    return found[1]


async def settled(pc: RunningPc, dump: Path) -> Picture:
    """What the screen shows once two looks in a row are the same, ten minutes at most."""
    before = b""
    for _ in range(40):
        await asyncio.sleep(15)
        await pc.qmp.screendump(dump)
        now = dump.read_bytes()
        if now == before and picture(now).is_desktop:
            break
        before = now
    return picture(before)


async def keep_picture(pc: RunningPc, name: str) -> None:
    """Where NETBOOT_LAB_PICTURES says, so that a person looks at it."""
    if folder := os.environ.get(PICTURES):
        Path(folder).mkdir(parents=True, exist_ok=True)
        await pc.qmp.screendump(Path(folder) / f"{name}.png")
