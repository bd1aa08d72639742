"""Each firmware of the lab, beside the building's DHCP: on to the agent's hello, and home to its own disk."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from netboot import bootfiles
from netboot.agent.boot.load_options import parse_order
from netboot.files.cache_folder import default_cache_folder
from netboot.lab.building import start_building
from netboot.lab.demo import job_of, prepare
from netboot.lab.efi_disk import SIZE, create_efi_disk
from netboot.lab.efi_variables import read_variable
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, MENU_DRAWN, STAGE_WITHIN
from netboot.lab.machine import RunningPc, pc_paths, power_on, workshop_pc
from netboot.lab.network import Lan, open_lan
from netboot.lab.pc import BootOrder, Bus, DiskSpec, PcSpec
from netboot.lab.service import Service, arm, open_service
from netboot.shared.stages.memory import MemoryResult

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.timeout(1800)]

ON_THE_DISK = "echo the loader on the disk was started\nsleep 2\nhalt\n"

EXPECTED = {
    Firmware.BIOS: ("bios,", ["undionly.kpxe"]),
    Firmware.UEFI: ("uefi 64 bits,", ["shimx64.efi", "grubx64.efi", "/grub/grub.cfg"]),
    Firmware.SECURE_BOOT: ("uefi 64 bits, secure boot on", ["shimx64.efi", "grubx64.efi", "/grub/grub.cfg"]),
    Firmware.UEFI_IA32: ("uefi 32 bits,", ["grubnetia32.efi", "/grub/grub.cfg"]),
    Firmware.UEFI_IA32_HTTP: ("uefi 32 bits,", []),
    Firmware.UEFI_HTTP: ("uefi 64 bits,", []),
    Firmware.SECURE_BOOT_HTTP: ("uefi 64 bits, secure boot on", []),
    Firmware.UEFI_IPXE: ("uefi 64 bits,", []),
}
"""What the agent says of the firmware, and which loaders went over TFTP to their end."""


@asynccontextmanager
async def beside_the_building(
    armed: Sequence[PcSpec] = (),
    *,
    profile: str = "inventory-only",
    menu_timeout: int = 60,
    menu_serial: str = "",
    machines: Sequence[Mapping[str, object]] = (),
    profiles: Sequence[Path] = (),
    masters: Path | None = None,
    wifi: Path | None = None,
) -> AsyncIterator[tuple[Lan, Service]]:
    """A workshop in `proxy` mode. For the PCs in `armed` an operator chose `profile`, so that no key is needed.

    `profiles` are folders of profiles beside the shipped ones, `masters` is a folder of masters in place of the small
    one's, `wifi` a file of Wi-Fi networks.
    """
    small, _ = await asyncio.to_thread(prepare, print)
    async with (
        open_lan() as lan,
        open_service(
            lan,
            masters or small,
            menu_timeout=menu_timeout,
            menu_serial=menu_serial,
            machines=machines,
            profiles=profiles,
            wifi=wifi,
        ) as service,
    ):
        await start_building(lan)
        await asyncio.to_thread(arm, service, armed, profile)
        await service.start()
        yield lan, service


async def way_to_the_agent(lan: Lan, spec: PcSpec) -> tuple[float, str]:
    """Seconds from power-on to the agent's hello, and what its console had said by the time the PC was off."""
    async with power_on(lan, spec) as pc:
        hello = await pc.console.wait_for(r"netboot: hello", BOOT_WITHIN)
        await pc.wait_off(STAGE_WITHIN)
        return hello, pc.console.text


def told(way: str, seconds: float) -> None:
    """One line of JSON a boot, for the table in docs/firmware.md."""
    print(json.dumps({"boot": way, "mode": "proxy", "seconds_to_hello": round(seconds, 1)}))


def fetched(service: Service) -> list[str]:
    """The names that went over TFTP to their end."""
    words = (entry["message"].split() for entry in service.log() if entry["message"].startswith("TFTP "))
    return [name.rstrip(":") for _, name, outcome, *_ in words if outcome == "finished,"]


@pytest.mark.parametrize(
    "firmware",
    [one if one is Firmware.SECURE_BOOT_HTTP else pytest.param(one, marks=pytest.mark.matrix) for one in EXPECTED],
)
async def test_every_firmware_reaches_the_agent_beside_the_buildings_dhcp(firmware: Firmware) -> None:
    spec = workshop_pc(1, firmware)
    async with beside_the_building([spec]) as (lan, service):
        seconds, console = await way_to_the_agent(lan, spec)
        told(firmware.value, seconds)
        said, loaders = EXPECTED[firmware]
        assert f"netboot: firmware {said}" in console
        assert fetched(service) == loaders
        assert (await job_of(service, spec.mac)).state == "done"


@pytest.mark.matrix
async def test_a_pc_that_is_set_to_ipxe_reaches_the_agent_by_it_and_its_memory_is_tested() -> None:
    spec = workshop_pc(1, Firmware.UEFI)
    set_to_ipxe = [{"mac": spec.mac, "loader": "ipxe"}]
    async with beside_the_building([spec], profile="memory-test", machines=set_to_ipxe) as (lan, service):
        seconds, console = await way_to_the_agent(lan, spec)
        told("uefi, loader ipxe", seconds)
        assert fetched(service) == ["snponly.efi"]
        assert "netboot: stage memory done" in console
        job = await job_of(service, spec.mac)
        assert job.state == "done"
        (memory,) = (stage.result for stage in job.stages if stage.stage == "memory")
        assert isinstance(memory, MemoryResult)
        assert memory.wrong == 0
        assert 64 << 20 < memory.tested < memory.copied


@pytest.mark.matrix
@pytest.mark.parametrize(("loader", "file"), [("ipxe.pxe", "ipxe.pxe"), ("kkpxe", "undionly.kkpxe")])
async def test_a_bios_pc_reaches_the_agent_by_each_loader_that_can_be_set_for_it(loader: str, file: str) -> None:
    spec = workshop_pc(1, Firmware.BIOS)
    async with beside_the_building([spec], machines=[{"mac": spec.mac, "loader": loader}]) as (lan, service):
        seconds, console = await way_to_the_agent(lan, spec)
        told(f"bios, loader {loader}", seconds)
        assert "netboot: firmware bios," in console
        assert fetched(service) == [file]
        assert (await job_of(service, spec.mac)).state == "done"


def disk_with(lan: Lan, spec: PcSpec, loaders: Mapping[str, str]) -> PcSpec:
    """The PC with one disk that holds boot files under these paths, the GRUBs of the network on a disk."""
    built = bootfiles.load(default_cache_folder() / "bootfiles")
    path = lan.folder / "efi.img"
    files: dict[str, Path | str] = {where: built.path(name) for where, name in loaders.items()}
    create_efi_disk(path, {**files, "/grub/grub.cfg": ON_THE_DISK})
    return replace(spec, disks=(DiskSpec(Bus.SATA, path, SIZE, "EFIDISK"),))


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("firmware", "machine", "loaders"),
    [
        (Firmware.UEFI, {}, {"/EFI/Microsoft/Boot/bootmgfw.efi": "grubx64.efi"}),
        (Firmware.UEFI, {}, {"/EFI/BOOT/BOOTX64.EFI": "grubx64.efi"}),
        (Firmware.UEFI_IA32, {}, {"/EFI/debian/grubia32.efi": "grubnetia32.efi"}),
        (Firmware.UEFI_IA32, {}, {"/EFI/BOOT/BOOTIA32.EFI": "grubnetia32.efi"}),
        (Firmware.UEFI, {"loader": "ipxe"}, {"/EFI/debian/grubx64.efi": "grubx64.efi"}),
        (Firmware.UEFI_IPXE, {}, {"/EFI/BOOT/BOOTX64.EFI": "grubx64.efi"}),
    ],
    ids=[
        "UEFI, Windows' path",
        "UEFI, removable path",
        "IA32, own loader",
        "IA32, removable path",
        "our iPXE, own loader",
        "the adapter's iPXE, removable path",
    ],
)
async def test_without_a_key_the_loader_on_the_disk_is_started_and_nothing_is_written(
    firmware: Firmware, machine: Mapping[str, str], loaders: Mapping[str, str]
) -> None:
    spec = workshop_pc(1, firmware)
    machines = [{"mac": spec.mac, **machine}] if machine else []
    async with (
        beside_the_building(menu_timeout=5, machines=machines) as (lan, _),
        power_on(lan, disk_with(lan, spec, loaders)) as pc,
    ):
        await pc.console.wait_for("the loader on the disk was started", BOOT_WITHIN)
        (stats,) = (await pc.block_stats()).values()
        assert stats.write_operations == 0


@pytest.mark.matrix
async def test_a_pc_whose_firmware_connected_no_disk_is_sent_home_by_the_agent_but_not_round_and_round() -> None:
    spec = replace(workshop_pc(1, Firmware.SECURE_BOOT), boot=BootOrder.NETWORK_ONLY)
    loaders = {"/EFI/debian/shimx64.efi": "shimx64.efi", "/EFI/debian/grubx64.efi": "grubx64.efi"}
    async with beside_the_building(menu_timeout=5, menu_serial="ttyS0,115200") as (lan, service):
        spec = disk_with(lan, spec, loaders)
        async with power_on(lan, spec) as pc:
            entry = await sent_home(pc)
        flash = pc_paths(lan, spec).variables
        assert entry not in parse_order(read_variable(flash, "BootOrder") or b""), "the firmware's own order stays"
        # Back within ten minutes: nobody is there, or its firmware did not obey. Only a person tries again.
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for("Fast Boot", BOOT_WITHIN)
            told = len(pc.console.text)
            await pc.qmp.send_keys(["esc"])
            await pc.console.wait_for("GNU GRUB", 90, since=told)  # after twice 10 s of GRUB's own "Press any key"
            await asyncio.sleep(MENU_DRAWN)
            await pc.qmp.send_keys(["ret"])
            assert await sent_home(pc) == entry, "the entry of the first time is there, and is taken"
        said = [entry["message"].rpartition(": ")[2] for entry in service.log() if "no disk" in entry["message"]]
        assert said == [SHOWN, "came back from there just now", SHOWN]


SHOWN = "its agent shows its firmware the way home"


async def sent_home(pc: RunningPc) -> str:
    """Wait until the disk's own loader runs; the number of the firmware's entry that the agent chose for it."""
    await pc.console.wait_for(r"netboot: home Boot\w{4} sda /EFI/debian/shimx64\.efi", BOOT_WITHIN)
    home = await pc.console.wait_for("the loader on the disk was started", BOOT_WITHIN)
    print(f"\nhome to its disk after {home:.0f} s")
    (stats,) = (await pc.block_stats()).values()
    assert stats.write_operations == 0
    assert "netboot: hello" not in pc.console.text
    return pc.console.text.partition("netboot: home Boot")[2][:4]


@pytest.mark.matrix
async def test_without_a_loader_on_its_disk_the_pc_says_so_and_nothing_is_written() -> None:
    spec = workshop_pc(1, Firmware.UEFI)
    async with (
        beside_the_building(menu_timeout=5, menu_serial="ttyS0,115200") as (lan, _),
        power_on(lan, disk_with(lan, spec, {})) as pc,
    ):
        await pc.console.wait_for(r"^Aucun syst.{1,4}me .* sur les disques de ce PC", BOOT_WITHIN)
        (stats,) = (await pc.block_stats()).values()
        assert stats.write_operations == 0
