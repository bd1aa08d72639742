"""What goes wrong while a PC is imaged: the server killed, or moved to another address; and what must not happen to a
PC that nobody chose.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from netboot.lab.building import start_building
from netboot.lab.compare import first_difference
from netboot.lab.demo import LARGER, job_of, keys_for_profile, prepare
from netboot.lab.disks import create_empty
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN, press, reach_menu
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.network import INTERFACE, NETWORK, SERVER, Lan, ip_in, open_lan
from netboot.lab.pc import Bus, DiskSpec, PcSpec
from netboot.lab.service import Service, open_service
from netboot.records.record import open_record
from netboot.shared.manifest import Manifest

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.timeout(1800)]

MOVED_WITHIN = 120.0

DEPLOY_ONLY = """
id: deploy-only
name: {fr: Écrire seulement, en: Write only}
stages: [check, deploy, finish]
master: debian-minimal
unerased: waive
end: poweroff
"""


@asynccontextmanager
async def workshop(
    tmp_path: Path, *, menu_timeout: int = 60, masters: Path | None = None
) -> AsyncIterator[tuple[Lan, Service, Manifest]]:
    """A workshop of the test's own, whose last profile only deploys."""
    built, manifest = await asyncio.to_thread(prepare, print)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "90-deploy-only.yaml").write_text(DEPLOY_ONLY, encoding="utf-8")
    async with (
        open_lan() as lan,
        open_service(lan, masters or built, menu_timeout=menu_timeout, profiles=[profiles]) as service,
    ):
        await start_building(lan)
        await service.start()
        yield lan, service, manifest


def empty_pc(lan: Lan, number: int, size: int, firmware: Firmware) -> PcSpec:
    path = lan.folder / f"empty{number}.img"
    create_empty(path, size)
    return workshop_pc(number, firmware, DiskSpec(Bus.VIRTIO, path, size, f"EMPTY{number}"))


async def choose_deploy(service: Service, pc: RunningPc) -> None:
    await reach_menu(service, pc)
    await press(pc, keys_for_profile(service, "deploy-only"))
    await pc.console.wait_for(r"netboot: stage deploy started", BOOT_WITHIN)


async def written(pc: RunningPc, enough: int) -> None:
    """Wait until that many bytes are on the PC's disk."""
    for _ in range(int(STAGE_WITHIN / 0.2)):
        (stats,) = (await pc.block_stats()).values()
        if stats.bytes_written >= enough:
            return
        await asyncio.sleep(0.2)
    raise TimeoutError(f"{enough} bytes were not written within {STAGE_WITHIN:.0f} s")


async def test_a_server_killed_in_the_middle_of_a_deploy_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    async with workshop(tmp_path) as (lan, service, manifest):
        spec = empty_pc(lan, 1, manifest.disk + LARGER, Firmware.UEFI)
        async with power_on(lan, spec) as pc:
            await choose_deploy(service, pc)
            await written(pc, manifest.used // 3)
            before = recorded(service)
            await service.kill()
            assert (await pc.block_stats())["EMPTY1"].bytes_written < manifest.used
            await asyncio.sleep(5)
            await service.start()
            await pc.wait_off(STAGE_WITHIN)
        job = await job_of(service, spec.mac)
        assert job.state == "done"
        assert [(row.stage, row.state) for row in job.stages] == [(s, "done") for s in ("check", "deploy", "finish")]
        after = recorded(service)
        assert after[: len(before)] == before
        with open_record(service.data / "record.sqlite") as record:
            assert record.journal.verify().broken is None
        # A profile that only deploys leaves exactly the master's chunks.
        assert first_difference(spec.disks[0].path, manifest) is None


@pytest.mark.matrix
async def test_a_server_whose_address_changes_in_the_middle_of_a_deploy_is_followed_by_the_pc(tmp_path: Path) -> None:
    moved = NETWORK[9]
    async with workshop(tmp_path) as (lan, service, manifest):
        spec = empty_pc(lan, 1, manifest.disk + LARGER, Firmware.UEFI)
        async with power_on(lan, spec) as pc:
            await choose_deploy(service, pc)
            await written(pc, manifest.used // 3)
            await ip_in(
                lan.server,
                f"address delete {SERVER}/{NETWORK.prefixlen} dev {INTERFACE}",
                f"address add {moved}/{NETWORK.prefixlen} broadcast + dev {INTERFACE}",
            )
            assert (await pc.block_stats())["EMPTY1"].bytes_written < manifest.used
            since = pc.console.seconds
            await pc.console.wait_for(rf"netboot: server moved to {moved}", MOVED_WITHIN)
            print(f"\nfollowed {pc.console.seconds - since:.0f} s after the change")
            await pc.wait_off(STAGE_WITHIN)
            assert pc.resets() == 0
        job = await job_of(service, spec.mac)
        assert job.state == "done"
        assert [(row.stage, row.state) for row in job.stages] == [(s, "done") for s in ("check", "deploy", "finish")]
        with open_record(service.data / "record.sqlite") as record:
            assert record.journal.verify().broken is None
        assert first_difference(spec.disks[0].path, manifest) is None


def recorded(service: Service) -> list[str]:
    """The hashes of every event on the record, in order."""
    with open_record(service.data / "record.sqlite") as record:
        return [event.hash for event in record.journal.read(limit=10_000)]
