"""SCSI disks of the lab's own that erase themselves, a bridge that loses registers, and disks that count replaced
sectors or store no zeros, in whole PCs: what each does, and what the verdict and the record say.

They are programs written from the standards: this proves the commands, real tools and kernel, the follow-up and our
verdicts, and nothing of any maker's firmware or bridge.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from netboot.lab.bench_drive import BenchDrive, bench_path, drive_on_bench
from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import SataDisk
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.behaviour import Bad, BadSectors, Behaviour, Outcome
from netboot.lab.drives.journal import read_journal
from netboot.lab.drives.sat_bridge.spec import BridgeSpec, Registers
from netboot.lab.drives.scsi.spec import SanitizeKind, ScsiDisk, ScsiModel, ScsiSpec
from netboot.lab.drives.specs import Spec
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.page_client import signed_in
from netboot.lab.service import OPERATOR, Service
from netboot.records.values import JobRow
from netboot.shared.erase_methods import Method
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.errors import NetbootError
from netboot.shared.stages.erase import Erasure
from tests.lab.papers import assert_paper, paper_of, print_figures
from tests.lab.test_firmware import beside_the_building
from tests.orders import overwritten

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(5400)]

SIZE = 64 << 20
PROFILE = """
id: {id}
name: {{fr: Essai, en: Trial}}
stages: [check, erase, finish]
options: {{erase: {options}}}
"""
OPTIONS: Mapping[str, str] = {
    "by-drive": "{level: any, otherwise: next}",
    "usual": "{}",
    "by-ata": "{level: any, by: ata-sanitize-block}",
}
KINDS: Mapping[str, tuple[Method, SanitizeKind]] = {
    "PBLOCK": ("scsi-sanitize-block", "block"),
    "PCRYPTO": ("scsi-sanitize-crypto", "crypto"),
    "PWRITES": ("scsi-sanitize-overwrite", "overwrite"),
}
STANDS = Behaviour(erase=Outcome.HANGS, erase_seconds=8)
GOES_ON = Behaviour(erase_seconds=8)
FOUND_AT_WORK = 20.0
"""Seconds after a restart in which a disk is found at work, before it goes on."""
SAYS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.GOOD: ("erased", ""),
    Outcome.FAILS: ("not-erased", "erase-failed-in-drive"),
    Outcome.HANGS: ("undetermined", "erase-stands-still"),
    Outcome.LIES: ("not-erased", "erase-marks-left"),
}


@dataclass(frozen=True)
class Bench:
    """A workshop with these drives on its bench."""

    lan: Lan
    service: Service
    drives: tuple[BenchDrive, ...]
    folder: Path

    @asynccontextmanager
    async def pc(self, profile: str, *, cut: bool = False) -> AsyncIterator[RunningPc]:
        """A PC with the drives, that takes this profile by itself; one that was `cut` short in it has its place."""
        if not cut:
            async with signed_in(self.service.page, OPERATOR, self.service.password) as client:
                await client.arm_batch(profile, 1)
        spec = replace(workshop_pc(1, Firmware.BIOS), drives=tuple(drive.socket for drive in self.drives))
        async with power_on(self.lan, spec) as pc:
            yield pc

    async def job(self, profile: str) -> JobRow:
        """What is on the record of it once the job is over, whatever came of it."""
        mac = workshop_pc(1, Firmware.BIOS).mac
        async with self.pc(profile) as pc:
            await pc.console.wait_for(r"netboot: hello", BOOT_WITHIN)
            for _ in range(int(2 * STAGE_WITHIN)):
                await asyncio.sleep(1)
                try:
                    job = await job_of(self.service, mac)
                except NetbootError:
                    continue
                if job.profile.id == profile and job.state in ("done", "failed"):
                    return job
        raise AssertionError(f"{profile} does not end")

    async def erased(self, profile: str) -> dict[str, Erasure]:
        """The proofs of that job, by the disks' serial numbers."""
        await self.job(profile)
        return await self.on_record()

    async def on_record(self) -> dict[str, Erasure]:
        """What the record has of the PC's last job, by the disks' serial numbers."""
        job = await job_of(self.service, workshop_pc(1, Firmware.BIOS).mac)
        found = {row.evidence.disk.serial: row.evidence for row in job.erasures}
        print_figures(found)
        return found


@asynccontextmanager
async def bench(folder: Path, specs: Sequence[Spec]) -> AsyncIterator[Bench]:
    """The sockets in `specs` are names only; their images are made, full of old data."""
    profiles = folder / "profiles"
    profiles.mkdir()
    for number, (name, options) in enumerate(OPTIONS.items()):
        (profiles / f"9{number}-{name}.yaml").write_text(PROFILE.format(id=name, options=options), encoding="utf-8")
    async with beside_the_building(menu_timeout=300, profiles=[profiles]) as (lan, service), AsyncExitStack() as stack:
        drives = []
        for spec in specs:
            for disk in getattr(spec, "disks", ()):
                create_used(Path(disk.image), SIZE, disk.model.serial)
            placed = msgspec.structs.replace(spec, socket=str(bench_path(lan, spec.socket)))
            drives.append(await stack.enter_async_context(drive_on_bench(lan, placed)))
        yield Bench(lan, service, tuple(drives), folder)


def scsi(folder: Path, serial: str, behaviour: Behaviour, *kinds: SanitizeKind, grown: int = 0) -> ScsiDisk:
    return ScsiDisk(str(folder / serial), ScsiModel(serial=serial, sanitize=kinds), behaviour, grown)


def sata(folder: Path, serial: str, behaviour: Behaviour, **model: object) -> SataDisk:
    return SataDisk(str(folder / serial), AtaModel(serial=serial, **model), behaviour)  # type: ignore[arg-type]  # a test's shorthand


def told(one: Erasure) -> tuple[str, str]:
    return one.verdict, one.problem.code if one.problem else ""


@pytest.mark.parametrize("outcome", SAYS)
async def test_the_verdict_is_what_such_a_disk_did(tmp_path: Path, outcome: Outcome) -> None:
    behaviour = Behaviour(erase=outcome, erase_seconds=8)
    disks = tuple(scsi(tmp_path, serial, behaviour, kind) for serial, (_, kind) in KINDS.items())
    async with bench(tmp_path, [ScsiSpec("scsi", disks)]) as one:
        found = await one.erased("by-drive")
        paper = await asyncio.to_thread(paper_of, one.service, tmp_path / "papers")
    assert found.keys() == set(KINDS)
    assert_paper(paper, found)
    for serial, erasure in found.items():
        assert told(erasure) == SAYS[outcome], serial
        assert erasure.method == KINDS[serial][0]
        said = erasure.evidence
        assert isinstance(said, FirmwareErased)
        assert said.marked > 1000
        assert said.tool.startswith("sg_sanitize: version")
        assert erasure.counts_before is not None
        assert erasure.counts_before.grown_defects == 0
        assert (find_pattern(tmp_path / serial) is None) == (outcome is Outcome.GOOD)
        if outcome is Outcome.GOOD:
            assert erasure.level == ("clear" if serial == "PWRITES" else "purge")
            assert erasure.support is not None
            assert said.value == {"PBLOCK": 0, "PCRYPTO": None, "PWRITES": said.pattern}[serial]


async def test_a_disk_that_refuses_is_overwritten(tmp_path: Path) -> None:
    disks = tuple(scsi(tmp_path, serial, Behaviour(erase=Outcome.REFUSES), kind) for serial, (_, kind) in KINDS.items())
    async with bench(tmp_path, [ScsiSpec("scsi", disks)]) as one:
        for serial, erasure in (await one.erased("by-drive")).items():
            assert (erasure.verdict, erasure.method) == ("erased", "overwrite"), serial
            assert find_pattern(tmp_path / serial) is None


async def test_a_sanitize_that_goes_on_after_a_power_cut_is_followed_to_its_end_and_not_ordered_again(
    tmp_path: Path,
) -> None:
    disks = tuple(scsi(tmp_path, serial, STANDS, KINDS[serial][1]) for serial in ("PBLOCK", "PWRITES"))
    async with bench(tmp_path, [ScsiSpec("scsi", disks)]) as one:
        async with one.pc("by-drive") as pc:
            await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
            async with asyncio.timeout(STAGE_WITHIN):
                while await states(one) != [("running", 0.4)] * 2:
                    one.drives[0].program.must_run()
                    await asyncio.sleep(1)
        assert [find_pattern(tmp_path / disk.model.serial) is None for disk in disks] == [False, False]
        async with one.pc("by-drive", cut=True) as pc:
            await pc.console.wait_for(r"netboot: left undone power-cut", BOOT_WITHIN)
            await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
            await asyncio.sleep(FOUND_AT_WORK)
            assert await states(one) == [("running", 0.4)] * 2
            await one.drives[0].behave(GOES_ON)
            await pc.wait_off(2 * STAGE_WITHIN)
            found = await one.on_record()
    assert found.keys() == {"PBLOCK", "PWRITES"}
    for serial, erasure in found.items():
        assert told(erasure) == ("erased", ""), serial
        assert erasure.method == KINDS[serial][0]
        assert erasure.cut is not None
        assert erasure.cut.found == "followed"
        said = erasure.evidence
        assert isinstance(said, FirmwareErased)
        assert (said.resumed, said.state_after) == ("running", "idle")
        assert said.states[0].state == "running"
        assert find_pattern(tmp_path / serial) is None


async def test_a_change_of_key_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    """It answers at its end, so what became of it nobody can know; the disk may still be at it at first."""
    disk = scsi(tmp_path, "PCRYPTO", STANDS, "crypto")
    async with bench(tmp_path, [ScsiSpec("scsi", (disk,))]) as one:
        async with one.pc("by-drive") as pc:
            await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
            async with asyncio.timeout(STAGE_WITHIN):
                while await states(one) != [("running", 0.4)]:
                    one.drives[0].program.must_run()
                    await asyncio.sleep(1)
        assert find_pattern(tmp_path / "PCRYPTO") is not None
        async with one.pc("by-drive", cut=True) as pc:
            await pc.console.wait_for(r"netboot: left undone power-cut", BOOT_WITHIN)
            await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
            await asyncio.sleep(FOUND_AT_WORK)
            await one.drives[0].behave(GOES_ON)
            await pc.wait_off(2 * STAGE_WITHIN)
            found = await one.on_record()
        paper = await asyncio.to_thread(paper_of, one.service, tmp_path / "papers")
    erasure = found["PCRYPTO"]
    assert (*told(erasure), erasure.method) == ("erased", "", "scsi-sanitize-crypto")
    assert erasure.cut is not None
    assert (erasure.cut.method, erasure.cut.found) == ("scsi-sanitize-crypto", "undone")
    said = erasure.evidence
    assert isinstance(said, FirmwareErased)
    assert (said.resumed, said.accepted, said.marked > 1000) == ("", "yes", True)
    assert find_pattern(tmp_path / "PCRYPTO") is None
    assert_paper(paper, found)
    assert "à nouveau" in paper["disks"][0]["cut"]["fr"]


async def states(one: Bench) -> list[tuple[str, float]]:
    """What the sanitize of each disk of the first drive is at, and how far."""
    disks = (await one.drives[0].status())["disks"]
    assert isinstance(disks, list)
    return [(disk["sanitize"], disk["progress"] or 0.0) for disk in disks]


def bridges(folder: Path) -> dict[str, BridgeSpec]:
    """Disks by serial number that can all that ATA has, behind bridges that hand registers on, cut them down or lose
    them."""
    return {
        f"B{number}": BridgeSpec(f"bridge{number}", (sata(folder, f"B{number}", Behaviour()),), registers)
        for number, registers in enumerate(Registers)
    }


def assert_never_ordered(image: Path) -> None:
    journal = read_journal(image)
    assert not [entry for entry in journal if entry["command"] == "sanitize" and entry["feature"]], "only asked"
    assert not [entry for entry in journal if str(entry["command"]).startswith("security_set")]


async def test_behind_a_bridge_no_ata_erase_is_ordered(tmp_path: Path) -> None:
    behind = bridges(tmp_path)
    async with bench(tmp_path, list(behind.values())) as one:
        refused = await one.job("by-ata")
    assert refused.state == "failed"
    for serial in behind:
        assert find_pattern(tmp_path / serial) is not None
        assert_never_ordered(tmp_path / serial)


async def test_behind_a_bridge_a_disk_is_overwritten_whatever_becomes_of_its_registers(tmp_path: Path) -> None:
    behind = bridges(tmp_path)
    async with bench(tmp_path, list(behind.values())) as one:
        found = await one.erased("by-drive")
    assert found.keys() == behind.keys()
    for serial, erasure in found.items():
        assert erasure.method == "overwrite", serial
        # A bridge may also make it unclear where the disk ends: then it is not known to be erased.
        assert told(erasure) in (("erased", ""), ("undetermined", "hidden-area-unclear")), serial
        assert overwritten(erasure).written == overwritten(erasure).verified == SIZE
        assert find_pattern(tmp_path / serial) is None
        assert_never_ordered(tmp_path / serial)


async def test_replaced_sectors_make_an_overwrite_no_clear_and_an_erase_that_reaches_them_is_taken_first(
    tmp_path: Path,
) -> None:
    pending = Behaviour(bad=(BadSectors(first=4096, count=8, kind=Bad.PENDING),))
    cannot = {"security": False, "enhanced_erase": False, "sanitize_crypto": False, "sanitize_block": False}
    turning = sata(tmp_path, "TURNS", pending, rotation=5400, sanitize_overwrite=True, **cannot)
    worn = sata(tmp_path, "WORN", pending, rotation=5400, sanitize_overwrite=False, **cannot)
    whole = sata(tmp_path, "WHOLE", Behaviour(), rotation=5400, sanitize_overwrite=True, **cannot)
    grown = scsi(tmp_path, "GROWN", Behaviour(), grown=3)
    async with bench(tmp_path, [AhciSpec("sata", (turning, worn, whole)), ScsiSpec("scsi", (grown,))]) as one:
        found = await one.erased("usual")
    assert told(found["WHOLE"]) == told(found["TURNS"]) == ("erased", "")
    assert (found["WHOLE"].method, found["TURNS"].method) == ("overwrite", "ata-sanitize-overwrite")
    for serial, replaced in (("WORN", 8), ("GROWN", 3)):
        erasure = found[serial]
        assert told(erasure) == ("undetermined", "erase-out-of-reach"), serial
        assert (erasure.method, erasure.level) == ("overwrite", "none")
        assert overwritten(erasure).verified == SIZE, "all that it shows was written and read back"
        assert erasure.counts_after is not None
        assert erasure.counts_after.replaced == replaced
        assert find_pattern(tmp_path / serial) is None, "the lab's disks keep no replaced sectors"
    before = found["WORN"].counts_before
    assert before is not None
    assert (before.reallocated, before.pending) == (0, 8)


async def test_a_disk_that_stores_no_zeros_is_noticed_and_overwritten_all_the_same(tmp_path: Path) -> None:
    # Slow beside what a PC without acceleration takes for a write, some 20 ms a MiB, whatever becomes of it.
    elides = Behaviour(elides_zeros=True, bytes_per_second=4 << 20)
    stores = Behaviour(bytes_per_second=4 << 20)
    disks = (scsi(tmp_path, "ELIDES", elides), scsi(tmp_path, "STORES", stores))
    async with bench(tmp_path, [ScsiSpec("scsi", disks)]) as one:
        found = await one.erased("by-drive")
    for serial, erasure in found.items():
        assert told(erasure) == ("erased", ""), serial
        tried = overwritten(erasure).zero_writes
        assert tried is not None
        print(json.dumps({"disk": serial, "zeros": tried.zeros, "pattern": tried.pattern}))
        assert tried.elided == (serial == "ELIDES"), tried
        assert find_pattern(tmp_path / serial) is None
