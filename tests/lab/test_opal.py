"""Drives of the lab's own with TCG's locks, in whole PCs: Debian's kernel speaks to them, a person types their PSID.

They are programs written from the standards: this proves the commands, the real kernel, the question and our verdicts,
and nothing of any maker's firmware.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from netboot.lab.bench_drive import BenchDrive, bench_path, drive_on_bench
from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.journal import read_journal
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.drives.tcg.spec import LockedRange, OpalSpec
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.page_client import signed_in
from netboot.lab.service import OPERATOR, Service
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.errors import NetbootError
from netboot.shared.stages.erase import Erasure
from tests.lab.papers import assert_paper, paper_of, print_figures
from tests.lab.test_drive_passwords import machine_of
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

SIZE = 64 << 20
LABEL = "LABPSID0123456789ABCDEFGHJKLMNPQ"
WRONG = "LABPSID0123456789ABCDEFGHJKLMNPX"
PROFILE = """
id: opal
name: {{fr: Opal, en: Opal}}
stages: [check, erase, finish]
options: {{erase: {{level: any, otherwise: next{more}}}}}
"""
GIVE, NO_CODE = 1, 2
OpalDrive = tuple[OpalSpec, Behaviour]
REVERT = ", by: opal-revert"
LONGEST = 2700.0
"""Seconds in which a Revert that does not end is given up."""


def locks(outcome: Outcome = Outcome.GOOD, **fields: object) -> OpalDrive:
    """A drive whose former owner locked it, and how its Revert and its Sanitize end."""
    return OpalSpec(LABEL, **fields), Behaviour(erase=outcome, erase_seconds=2, erase_announces=4)  # type: ignore[arg-type]


def told(erasure: Erasure) -> tuple[str, str, str, bool]:
    return (
        erasure.verdict, erasure.problem.code if erasure.problem else "", erasure.method, erasure.reverted,
    )  # fmt: skip


async def test_a_locked_drive_is_opened_by_the_code_on_its_label_and_then_erased_with_proof(tmp_path: Path) -> None:
    drives = {
        "OWHOLE": locks(),
        "ORANGE": locks(locked=(LockedRange(2048, 8192),)),
        "OSHADOW": locks(locked=(), shadow=True),
        "OLIES": locks(Outcome.LIES),
        "OREFUSES": locks(Outcome.REFUSES),
        "OUNREAD": locks(),
    }
    codes = dict.fromkeys(drives, (LABEL,)) | {"OWHOLE": (WRONG, LABEL), "OUNREAD": ()}
    found = await erased(tmp_path, drives, codes)
    assert {name: told(one) for name, one in found.items()} == {
        "OWHOLE": ("erased", "", "nvme-sanitize-block", True),
        "ORANGE": ("erased", "", "nvme-sanitize-block", True),
        "OSHADOW": ("erased", "", "nvme-sanitize-block", True),
        "OLIES": ("not-erased", "erase-marks-left", "nvme-sanitize-block", True),
        "OREFUSES": ("not-erased", "erase-opal-kept", "nvme-sanitize-block", False),
        "OUNREAD": ("not-erased", "erase-opal-locked", "nvme-sanitize-block", False),
    }
    for name, one in found.items():
        assert (find_pattern(tmp_path / name) is None) == (one.verdict == "erased"), name
        if one.reverted:
            assert isinstance(one.evidence, FirmwareErased)
            assert one.evidence.marked > 1000
    assert {name: reverts(tmp_path / name) for name in found} == {
        "OWHOLE": ["success"], "ORANGE": ["success"], "OSHADOW": ["success"], "OLIES": ["success"],
        "OREFUSES": ["fail"], "OUNREAD": [],
    }  # fmt: skip


async def test_a_revert_as_the_method_is_told_by_marks_or_by_all_that_is_read(tmp_path: Path) -> None:
    drives = {
        "ROPEN": locks(locked=()),
        "ROPENLIES": locks(Outcome.LIES, locked=()),
        "RZEROS": locks(leaves="zeros"),
        "RNOISE": locks(),
        "RSHUTLIES": locks(Outcome.LIES),
        "RFAILS": locks(Outcome.FAILS),
    }
    found = await erased(tmp_path, drives, dict.fromkeys(drives, (LABEL,)), more=REVERT)
    assert {name: told(one)[:2] for name, one in found.items()} == {
        "ROPEN": ("erased", ""),
        "ROPENLIES": ("not-erased", "erase-marks-left"),
        "RZEROS": ("erased", ""),
        "RNOISE": ("undetermined", "erase-shut-before"),
        "RSHUTLIES": ("undetermined", "erase-shut-before"),
        "RFAILS": ("not-erased", "erase-refused-by-drive"),
    }
    for name, one in found.items():
        assert isinstance(one.evidence, FirmwareErased)
        assert (one.method, one.evidence.shut) == ("opal-revert", not name.startswith("ROPEN")), name
        assert one.evidence.tool.startswith("Linux 6."), name
        assert (one.evidence.marked > 1000) == name.startswith("ROPEN"), name
        assert (find_pattern(tmp_path / name) is None) == (name in ("ROPEN", "RZEROS", "RNOISE")), name


async def test_a_revert_that_does_not_end_is_given_up_and_holds_up_no_other_disk_no_other_job_and_not_the_pc(
    tmp_path: Path,
) -> None:
    """Linux asks such a drive for ever, and no signal ends that. Nothing else is done to it until the power is off."""
    drives = {
        "HOPEN": locks(Outcome.HANGS, locked=()),
        "HSHUT": locks(Outcome.HANGS),
        "RGOOD": locks(locked=()),
    }
    async with opal_bench(tmp_path, drives, REVERT) as bench, bench.pc() as pc:
        await answer_all(pc, dict.fromkeys(drives, (LABEL,)))
        await pc.console.wait_for(r"netboot: stage erase failed", LONGEST)
        found, _ = await bench.told(pc)
        await bench.choose("erase-only")
        await pc.console.wait_for(r"netboot: stopped several-not-erased", 2 * STAGE_WITHIN, since=len(pc.console.text))
        job = await job_of(bench.service, pc.spec.mac)
        await bench.choose("inventory-only")
        await pc.wait_off(STAGE_WITHIN)
    assert {name: told(one)[:2] for name, one in found.items()} == {
        "HOPEN": ("undetermined", "erase-stands-still"),
        "HSHUT": ("undetermined", "erase-stands-still"),
        "RGOOD": ("erased", ""),
    }
    assert job.profile.id == "erase-only"
    assert {row.evidence.disk.serial: told(row.evidence)[:2] for row in job.erasures} == {
        "HOPEN": ("not-erased", "erase-opal-silent"),
        "HSHUT": ("not-erased", "erase-opal-silent"),
        "RGOOD": ("erased", ""),
    }
    for name in ("HOPEN", "HSHUT"):
        said = found[name].evidence
        assert isinstance(said, FirmwareErased)
        assert (found[name].method, said.accepted, said.state_after) == ("opal-revert", "not-told", "running")
        assert 1800 <= said.seconds < 2000
        assert find_pattern(tmp_path / name) is not None, "it stood at 40 %"
        assert reverts(tmp_path / name) == []


async def test_a_revert_that_was_cut_at_40_percent_is_done_again_by_the_code(tmp_path: Path) -> None:
    drives = {
        "COPEN": locks(Outcome.HANGS, locked=()),
        "CZEROS": locks(Outcome.HANGS, leaves="zeros"),
        "CNOISE": locks(Outcome.HANGS),
    }
    async with opal_bench(tmp_path, drives, REVERT) as bench:
        async with bench.pc() as pc:
            await answer_all(pc, dict.fromkeys(drives, (LABEL,)))
            await all_at_40_percent(bench.drives.values())
        for name, drive in bench.drives.items():
            assert find_pattern(tmp_path / name) is not None, name
            await drive.behave(locks()[1])
        async with bench.pc() as pc:
            await pc.console.wait_for("netboot: left undone power-cut", BOOT_WITHIN)
            await answer_all(pc, dict.fromkeys(drives, (LABEL,)))
            await pc.console.wait_for(r"netboot: stage erase (done|failed)", 2 * STAGE_WITHIN)
            found, paper = await bench.told(pc)
    assert {name: told(one) for name, one in found.items()} == {
        "COPEN": ("erased", "", "opal-revert", False),
        "CZEROS": ("erased", "", "opal-revert", False),
        "CNOISE": ("undetermined", "erase-shut-before", "opal-revert", False),
    }
    for name, one in found.items():
        assert one.cut is not None, name
        assert (one.cut.method, one.cut.found) == ("opal-revert", "undone"), name
        assert find_pattern(tmp_path / name) is None, name
        assert reverts(tmp_path / name) == ["success"], name
    for disk in paper["disks"]:
        assert "à nouveau" in disk["cut"]["fr"]
        assert "again" in disk["cut"]["en"]


def reverts(image: Path) -> list[object]:
    """How each Revert that the drive was told, and that ended, ended."""
    return [one["status"] for one in read_journal(image) if one["command"] == "opal_revert"]


async def all_at_40_percent(drives: Iterable[BenchDrive]) -> None:
    """Wait until the Revert of each stands there."""
    async with asyncio.timeout(STAGE_WITHIN):
        for drive in drives:
            while (await drive.status())["progress"] != 0.4:
                drive.program.must_run()
                await asyncio.sleep(1)


async def erased(
    tmp_path: Path, drives: Mapping[str, OpalDrive], codes: Mapping[str, tuple[str, ...]], *, more: str = ""
) -> dict[str, Erasure]:
    """What goes on the record of a PC with these drives, by their serial numbers, when a person types these codes in
    turn, and then says that there is none."""
    async with opal_bench(tmp_path, drives, more) as bench, bench.pc() as pc:
        await answer_all(pc, codes)
        await pc.console.wait_for(r"netboot: stage erase (done|failed)", 2 * STAGE_WITHIN)
        assert "TCG Opal" in pc.console.text
        found, _ = await bench.told(pc)
        return found


@dataclass(frozen=True)
class OpalBench:
    """A workshop whose next PC takes the profile by itself, and these drives by their serial numbers."""

    lan: Lan
    service: Service
    drives: Mapping[str, BenchDrive]
    folder: Path

    @asynccontextmanager
    async def pc(self) -> AsyncIterator[RunningPc]:
        """The PC, from its power-on to a power cut."""
        spec = replace(workshop_pc(1, Firmware.BIOS), drives=tuple(drive.socket for drive in self.drives.values()))
        async with power_on(self.lan, spec) as pc:
            yield pc

    async def choose(self, profile: str) -> None:
        """On the page of the one PC."""
        async with signed_in(self.service.page, OPERATOR, self.service.password) as client:
            await client.choose(profile, await machine_of(client))

    async def told(self, pc: RunningPc) -> tuple[dict[str, Erasure], Mapping[str, Any]]:
        """What is on the record, which comes a moment after the console's word, and the paper's JSON."""
        until = asyncio.get_running_loop().time() + 60
        while not (job := await job_of(self.service, pc.spec.mac)).erasures:
            assert asyncio.get_running_loop().time() < until, "nothing came to the record"
            await asyncio.sleep(1)
        paper = await asyncio.to_thread(paper_of, self.service, self.folder / "papers")
        found = {row.evidence.disk.serial: row.evidence for row in job.erasures}
        print_figures(found)
        assert_paper(paper, found)
        return found, paper


@asynccontextmanager
async def opal_bench(folder: Path, drives: Mapping[str, OpalDrive], more: str) -> AsyncIterator[OpalBench]:
    """`more` are options of the erase stage. The drives are full of old data."""
    profiles = folder / "profiles"
    profiles.mkdir()
    (profiles / "90-own.yaml").write_text(PROFILE.format(more=more), encoding="utf-8")
    async with beside_the_building(menu_timeout=300, profiles=[profiles]) as (lan, service), AsyncExitStack() as stack:
        there = {}
        for name, (opal, behaviour) in drives.items():
            create_used(folder / name, SIZE, name)
            one = NvmeSpec(
                str(bench_path(lan, name)), (Namespace(str(folder / name)),), name, behaviour=behaviour,
                sanitize=("block",), format=False, opal=opal,
            )  # fmt: skip
            there[name] = await stack.enter_async_context(drive_on_bench(lan, one))
        async with signed_in(service.page, OPERATOR, service.password) as client:
            await client.arm_batch("opal", 1)
        yield OpalBench(lan, service, there, folder)


async def answer_all(pc: RunningPc, codes: Mapping[str, tuple[str, ...]]) -> None:
    """Type these codes in turn, each when the PC asks for it, then that there is none."""
    await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
    left = {name: list(each) for name, each in codes.items()}
    since = 0
    for _ in range(sum(len(each) + (not each) for each in codes.values())):
        since = await answer(pc, left, since)
    assert not any(left.values()), "each code was asked for"


async def answer(pc: RunningPc, codes: dict[str, list[str]], since: int) -> int:
    """Answer the next question for a code at the serial line, as its reader does; where the console stood before."""
    await pc.console.wait_for(r"netboot: question [0-9a-f]{16}", 2 * STAGE_WITHIN, since=since)
    start = len(pc.console.text[:since]) + pc.console.text[since:].index("netboot: question ")
    await pc.console.wait_for(r"verrouillé le disque NETBOOT LAB NVME \w+ ", 60, since=start)
    asked = re.search(r"verrouillé le disque NETBOOT LAB NVME (\w+)", pc.console.text[start:])
    assert asked is not None
    code = codes[asked[1]].pop(0) if codes[asked[1]] else ""
    at = len(pc.console.text)
    # What is typed before the PC listens is dropped.
    said, shown = (f"{code}\r", rf"Code lu : {code[:4]} ") if code else (f"{NO_CODE}", rf"Réponse {NO_CODE} :")
    for _ in range(100):
        pc.console.write("\x7f" * 40 + said)
        with suppress(NetbootError):
            await pc.console.wait_for(shown, 5, since=at)
            break
    pc.console.write(f"{GIVE}\r" if code else "\r")
    await pc.console.wait_for(r"netboot: question closed keyboard", 120, since=at)
    return at
