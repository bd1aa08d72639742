"""A whole PC gets a prepared Windows by UEFI: erased, written, its answer file by ntfs-3g's tools, drivers of its model
and a file by lowntfs-3g over the FUSE of the agent's own kernel; all is read from its disk afterwards.

No Windows is on it: a real NTFS with a prepared Windows' folders and hives that hivex wrote, behind an ESP whose loader
is empty. Nothing is started from this disk.
"""

import asyncio
import hashlib
import json
import mmap
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key, new_key
from netboot.lab.building import start_building
from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.firmware import Firmware
from netboot.lab.journey import STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import arm, open_service
from netboot.masters.importing import import_master
from netboot.records.record import open_record
from netboot.shared.growth import HEAD, size_in
from netboot.shared.process import run
from netboot.shared.stages.customise import CustomiseResult, Forgotten
from netboot.store import Store
from netboot.survey.loop import loop_device
from tests.agent.test_customise_windows import ANSWERS, RECOVERY, mounted, there
from tests.file_trees import Facts
from tests.masters.images import ESP, MIB, gpt_disk, sized
from tests.survey.windows_disks import WINDOWS, ntfs, windows_tree

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(2400)]

RESERVED = "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"
"""The type of the empty partition that Windows keeps before its own."""
NUMBER = 3
"""Of the partition with the Windows: what its installer makes is an ESP, the empty one, Windows, its recovery."""
DISK = 1024 * MIB
PROFILE = """
id: school-windows
name: {fr: École, en: School}
stages: [check, erase, deploy, customise, finish]
master: windows
hostname: school-{number}
customise:
  locale: fr_FR.UTF-8
  keyboard: be
  timezone: Europe/Brussels
  users:
    - {name: eleve, title: Élève, sign_in: first-login}
  folders:
    - {path: /netboot/drivers/wifi, beside: wifi, models: ["Netboot Lab Virtual*"]}
    - {path: /netboot/drivers/other, beside: other, models: ["LENOVO*"]}
  files:
    - {path: /ProgramData/school/read-me.txt, text: "Welcome\\n"}
end: poweroff
"""
READ_ME = "ProgramData/school/read-me.txt"
DRIVERS = "netboot/drivers/wifi"
PAGE_FILE = "pagefile.sys"
MEMORY = b"the prepared PC's memory: a password; "
SAID = (
    "<TimeZone>Romance Standard Time</TimeZone>",
    "<InputLocale>040c:0000080c</InputLocale>",
    "<UserLocale>fr-FR</UserLocale>",
    r"pnputil.exe /add-driver %SystemDrive%\netboot\drivers\*.inf /subdirs /install",
    'net.exe user eleve "" /add /fullname:"&#201;l&#232;ve" /logonpasswordchg:yes',
)
"""What the answer file says of the profile."""


def windows_disk(folder: Path) -> Path:
    """The disk of a PC that was prepared, as Windows' own installer lays one out."""
    esp = sized(folder / "esp", 16 * MIB)
    run(["mkfs.vfat", esp])
    for path in ("::/EFI", "::/EFI/Microsoft", "::/EFI/Microsoft/Boot", "::/EFI/Boot"):
        run(["mmd", "-i", esp, path])
    (folder / "loader").write_bytes(b"MZ")
    for path in ("::/EFI/Microsoft/Boot/bootmgfw.efi", "::/EFI/Boot/bootx64.efi"):
        run(["mcopy", "-i", esp, folder / "loader", path])
    tree = windows_tree(folder)
    (tree / PAGE_FILE).write_bytes(MEMORY * 100_000)
    parts = (
        (ESP, esp),
        (RESERVED, sized(folder / "reserved", MIB)),
        (WINDOWS, ntfs(folder, tree)),
        (RECOVERY, sized(folder / "recovery", 4 * MIB)),
    )
    return gpt_disk(folder, parts, size=96 * MIB)


def with_windows(folder: Path, image: Path) -> Path:
    """A folder of masters with this one alone."""
    masters = folder / "masters"
    masters.mkdir(mode=0o700)
    new_key(masters)
    about = {"name": "windows", "version": "1", "licence": "none", "title": "Windows"}
    import_master(image, Store(masters / "store"), load_key(masters), **about, progress=print)
    return masters


def own_profile(folder: Path) -> tuple[Path, dict[str, str]]:
    """The folder of its profile with the drivers beside it, and the digest of each of this model's."""
    drivers = {
        "wifi.inf": b"[Version]\r\nClass=Net\r\n",
        "wifi.cat": b"",
        "x64/WiFi 6.sys": os.urandom(3 * MIB + 17),
        "x64/deeper/setup.exe": b"MZ",
    }
    profiles = folder / "profiles"
    for name, content in drivers.items():
        path = profiles / "wifi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (profiles / "other").mkdir()
    (profiles / "other/other.inf").write_text("[Version]\r\n")
    (profiles / "90-school.yaml").write_text(PROFILE, encoding="utf-8")
    return profiles, {f"{DRIVERS}/{name}": hashlib.sha256(content).hexdigest() for name, content in drivers.items()}


@contextmanager
def windows_on(disk: Path) -> Iterator[Path]:
    """Its partition on this disk's image, which is not written to."""
    table = json.loads(run(["sfdisk", "--json", disk]).stdout)["partitiontable"]
    part = table["partitions"][NUMBER - 1]
    with loop_device(disk, offset=part["start"] * 512, length=part["size"] * 512) as device:
        yield device


def looked_at(disk: Path, folder: Path) -> Facts:
    with windows_on(disk) as device:
        return there(device, folder)


@pytest.mark.usefixtures("built")
async def test_a_pc_is_erased_and_gets_a_windows_with_its_answer_file_the_drivers_of_its_model_and_a_file(
    tmp_path: Path,
) -> None:
    image = await asyncio.to_thread(windows_disk, tmp_path)
    masters = await asyncio.to_thread(with_windows, tmp_path, image)
    profiles, drivers = own_profile(tmp_path)
    before = await asyncio.to_thread(looked_at, image, tmp_path / "look")
    disk = DiskSpec(Bus.SATA, tmp_path / "pc.img", DISK, "WINDISK1")
    await asyncio.to_thread(create_used, disk.path, disk.size, disk.serial)
    spec = workshop_pc(1, Firmware.UEFI, disk)
    async with open_lan() as lan, open_service(lan, masters, profiles=[profiles]) as service:
        await start_building(lan)
        await asyncio.to_thread(arm, service, [spec], "school-windows")
        await service.start()
        async with power_on(lan, spec) as pc:
            print(f"\nerased, written, customised, off after {await pc.wait_off(STAGE_WITHIN):.0f} s")
        job = await job_of(service, spec.mac)
        assert (job.state, job.problem) == ("done", None)
        assert [(row.stage, row.state) for row in job.stages][3] == ("customise", "done")
        assert [row.verdict for row in job.erasures] == ["erased"]
        with open_record(service.data / "record.sqlite") as record:
            ended = record.jobs.ended_job(job.visit_id, job.id)
        assert ended is not None
        (result,) = (stage.result for stage in ended.stages if isinstance(stage.result, CustomiseResult))
    assert find_pattern(disk.path) is None
    after = await asyncio.to_thread(looked_at, disk.path, tmp_path / "look")
    with windows_on(disk.path) as device:
        with mounted(device, tmp_path / "look") as root:
            answers = (root / ANSWERS).read_text(encoding="ascii")
            assert (root / READ_ME).read_bytes() == b"Welcome\n"
            assert (root / PAGE_FILE).read_bytes() == bytes(len(MEMORY) * 100_000)
            placed = {path: hashlib.sha256((root / path).read_bytes()).hexdigest() for path in drivers}
        with device.open("rb") as file, mmap.mmap(file.fileno(), DISK // 2, prot=mmap.PROT_READ) as bare:
            assert bare.find(MEMORY) == -1
            grown = size_in("ntfs", file.read(HEAD))
        flags = "".join(re.findall(r"Flags: 0x(\d{4})", run(["ntfsinfo", "-fm", device]).stdout))
        run(["ntfsfix", "--no-action", device])
    assert placed == drivers
    assert f"<ComputerName>{job.hostname}</ComputerName>" in answers
    assert [words for words in SAID if words not in answers.replace("&quot;", '"')] == []
    folders = {"netboot", "netboot/drivers", DRIVERS, f"{DRIVERS}/x64", f"{DRIVERS}/x64/deeper"}
    assert after.keys() - before.keys() == {
        *folders, *drivers, "ProgramData", "ProgramData/school", READ_ME, ANSWERS
    }  # fmt: skip
    assert {path for path in before if after[path] != before[path]} == {PAGE_FILE}
    assert result.forgotten == (Forgotten(what="swap", files=1),)
    # It has grown to the recovery, which moved to the disk's end, and is for Windows to check.
    assert grown is not None
    assert grown > DISK - 32 * MIB
    assert flags[-1] == "1"
    assert result.own == ("hostname",)
    assert result.changed == (ANSWERS, DRIVERS, READ_ME)
    found = {one.path: (one.part, one.what, one.digest) for one in result.found}
    assert found[ANSWERS] == ("answer-file", "file", hashlib.sha256(answers.encode()).hexdigest())
    assert found[READ_ME] == ("files", "file", hashlib.sha256(b"Welcome\n").hexdigest())
    assert found[DRIVERS][:2] == ("folders", "folder")
    assert result.boot_entry
