"""A kit's stick in whole PCs, by BIOS, UEFI and Secure Boot: it starts the same agent, and is never a target itself."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from netboot import bootfiles
from netboot.auth.server_keys import load_key
from netboot.files.cache_folder import default_cache_folder
from netboot.kit.command import kit
from netboot.kit.make import make_kit
from netboot.kit.partitions import DATA, FIRST
from netboot.lab.building import start_building
from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.firmware import Firmware
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.network import Lan, open_lan
from netboot.lab.pc import BootOrder, Bus, DiskSpec, PcSpec, image_name
from netboot.lab.service import Service, arm, open_service
from netboot.records.record import open_record
from netboot.records.values import MachineRow
from netboot.settings.config import load_settings
from netboot.shared.errors import NetbootError
from tests.lab.test_firmware import EXPECTED

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

BOOT_WITHIN = STAGE_WITHIN = 1200.0
FIRMWARES = [Firmware.BIOS, Firmware.UEFI, Firmware.SECURE_BOOT]
ERASE, YES, RETRY = 1, 2, 1
"""The first profile that a kit offers, the second answer to the question that follows, and the first one about a stick
that is out."""
STICK = "KITSTICK"
DISK = "WD-OLDDISK1"
SIZE = 192 << 20


@asynccontextmanager
async def a_workshop(armed: Sequence[PcSpec] = (), *, on: bool) -> AsyncIterator[tuple[Lan, Service]]:
    """A LAN with a workshop without masters, and beside the building's DHCP its server, if it is on.

    For the PCs in `armed` an operator chose to erase on the page.
    """
    await asyncio.to_thread(bootfiles.build, default_cache_folder() / "bootfiles", progress=print)
    async with open_lan() as lan:
        masters = lan.folder / "masters"
        (masters / "store").mkdir(parents=True)
        load_key(masters)
        async with open_service(lan, masters) as service:
            if on:
                await start_building(lan)
                await asyncio.to_thread(arm, service, armed, "erase-only")
                await service.start()
            yield lan, service


def make_stick(lan: Lan, service: Service) -> DiskSpec:
    """This workshop's kit on a USB stick."""
    path = lan.folder / "kit.img"
    made = make_kit(path, load_settings(service.settings), name="atelier-nord")
    assert {profile.id for profile in made.profiles} == {"erase-only", "inventory-only", "memory-test"}
    return DiskSpec(Bus.USB, path, made.size, STICK)


def with_stick(lan: Lan, spec: PcSpec, stick: DiskSpec) -> PcSpec:
    """The PC with an internal disk full of old data, started from the stick."""
    disk = DiskSpec(Bus.SATA, lan.folder / "disk.img", SIZE, DISK)
    create_used(disk.path, disk.size, disk.serial)
    return replace(spec, disks=(disk, stick), boot=BootOrder.STICK_FIRST)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def beside_its_data(stick: DiskSpec) -> str:
    """The digest of all of the stick but its data file system."""
    content = stick.path.read_bytes()
    return hashlib.sha256(content[:FIRST] + content[FIRST + DATA :]).hexdigest()


async def answer(pc: RunningPc, number: int, *, since: int = 0) -> int:
    """Answer the next question at the serial line, as its reader does; where the console stood before.

    What is typed before the PC listens is dropped, so the number is typed until it is shown, and then given.
    """
    await pc.console.wait_for(r"netboot: question [0-9a-f]{16}", BOOT_WITHIN, since=since)
    at = len(pc.console.text)
    for _ in range(100):
        pc.console.write(f"\x7f{number}")
        with suppress(NetbootError):
            await pc.console.wait_for(rf"Réponse {number} :", 3, since=at)
            break
    pc.console.write("\r")
    await pc.console.wait_for(r"netboot: question closed keyboard", BOOT_WITHIN, since=at)
    return at


@pytest.mark.parametrize("firmware", FIRMWARES)
async def test_with_a_server_on_the_lan_it_is_an_ordinary_visit_and_the_stick_is_untouched(firmware: Firmware) -> None:
    bare = replace(workshop_pc(1, firmware), disks=(DiskSpec(Bus.SATA, Path("disk.img"), SIZE, DISK),))
    async with a_workshop([bare], on=True) as (lan, service):
        stick = await asyncio.to_thread(make_stick, lan, service)
        spec = await asyncio.to_thread(with_stick, lan, bare, stick)
        before = digest(stick.path)
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for(r"netboot: kit atelier-nord", BOOT_WITHIN)
            await pc.console.wait_for(r"netboot: heard the server http://10\.77\.0\.2:80", BOOT_WITHIN)
            await pc.console.wait_for(r"netboot: hello", BOOT_WITHIN)
            await pc.wait_off(STAGE_WITHIN)
            said, _ = EXPECTED[firmware]
            assert f"netboot: firmware {said}" in pc.console.text
        job = await job_of(service, spec.mac)
        assert job.state == "done"
        assert [(one.evidence.disk.serial, one.verdict) for one in job.erasures] == [(DISK, "erased")]
        assert find_pattern(spec.disks[0].path) is None
        assert digest(stick.path) == before


def bring_back(lan: Lan, service: Service, stick: DiskSpec) -> MachineRow:
    """The stick is collected, as an operator does it; the one PC that is on the record, whose certificate is there."""
    said: list[str] = []
    papers = lan.folder / "papers"
    settings = load_settings(service.settings)
    status = kit(["collect", str(stick.path)], settings, name="", profiles=(), folder=papers, say=said.append)
    assert (status, len(said)) == (0, 2), said
    assert "on the record now" in said[0]
    (paper,) = papers.glob("certificate-*.json")
    assert DISK in paper.read_text()
    assert len(list(papers.glob("certificate-*.pdf"))) == 1
    with open_record(service.data / "record.sqlite") as record:
        (row,) = record.machines.overview()
    assert row.job is not None
    assert row.job.state == "done"
    assert [(one.evidence.disk.serial, one.verdict, one.level) for one in row.job.erasures] == [
        (DISK, "erased", "clear")
    ]
    return row


@pytest.mark.parametrize("firmware", [Firmware.UEFI, Firmware.SECURE_BOOT])
async def test_without_a_server_it_erases_and_its_certificate_is_issued_from_what_it_brings_back(
    firmware: Firmware,
) -> None:
    async with a_workshop(on=False) as (lan, service):
        stick = await asyncio.to_thread(make_stick, lan, service)
        spec = replace(await asyncio.to_thread(with_stick, lan, workshop_pc(1, firmware), stick), network=False)
        before = beside_its_data(stick)
        async with power_on(lan, spec) as pc:
            at = await answer(pc, ERASE)
            await answer(pc, YES, since=at)
            asked = pc.console.text[at:]
            assert re.search(rf"{DISK} 0,2 Go", asked)
            assert STICK not in asked
            await pc.wait_off(STAGE_WITHIN)
            assert "netboot: stage erase done" in pc.console.text
        assert find_pattern(spec.disks[0].path) is None
        assert beside_its_data(stick) == before
        visit = (await asyncio.to_thread(bring_back, lan, service, stick)).visit
        assert (visit.kit, visit.mode) == ("atelier-nord", "uefi")
        assert visit.secure_boot == ("on" if firmware is Firmware.SECURE_BOOT else "off")


async def test_by_bios_too_and_a_stick_that_is_taken_out_is_asked_for_and_known_again_when_it_is_back() -> None:
    async with a_workshop(on=False) as (lan, service):
        stick = await asyncio.to_thread(make_stick, lan, service)
        spec = replace(await asyncio.to_thread(with_stick, lan, workshop_pc(1, Firmware.BIOS), stick), network=False)
        before = beside_its_data(stick)
        other = lan.folder / "other.img"
        create_used(other, 64 << 20, "SOMEBODYS")
        async with power_on(lan, spec) as pc:
            at = await answer(pc, ERASE)
            await pc.throttle(DISK, 4 << 20)  # so that there is time
            at = await answer(pc, YES, since=at)
            await pc.console.wait_for(r"netboot: stage erase started", STAGE_WITHIN, since=at)
            await pc.take_out(STICK, 30)
            # Another one comes in its place, and takes its name.
            await pc.qmp.execute("blockdev-add", **{"driver": "file", "node-name": "other", "filename": str(other)})
            await pc.qmp.execute("device_add", driver="usb-storage", bus="usb.0", id="other", drive="other")
            await pc.throttle(DISK, 0)
            asked = len(pc.console.text)
            await pc.console.wait_for(r"n'est plus branchée", STAGE_WITHIN, since=asked)
            await pc.qmp.execute("device_add", driver="usb-storage", bus="usb.0", id="back", drive=image_name(1))
            await asyncio.sleep(10)
            await answer(pc, RETRY, since=asked)
            await pc.wait_off(STAGE_WITHIN)
        assert find_pattern(spec.disks[0].path) is None
        assert find_pattern(other) == 0
        assert beside_its_data(stick) == before
        visit = (await asyncio.to_thread(bring_back, lan, service, stick)).visit
        assert (visit.kit, visit.mode) == ("atelier-nord", "bios")
