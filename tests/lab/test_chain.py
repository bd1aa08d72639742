"""From power-on to a booted master, on real firmware: three PCs in one workshop, seen from outside.

One run is shared by all tests of this file; `test_recovery.py` and `test_matrix.py` boot further PCs.
"""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from netboot.lab.demo import DEAD_BATTERY, MENU_TIMEOUT, Ended, PcReport, job_of, run_workshop
from netboot.lab.firmware import Firmware
from netboot.lab.journey import LOGIN_WITHIN, reach_menu
from netboot.lab.machine import power_on
from netboot.lab.page_client import PageRow, signed_in
from netboot.lab.service import OPERATOR
from netboot.records.record import open_record
from netboot.shared.process import run

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.timeout(1800)]

OWN_LOADER = r"Booting `Debian'"
"""What the GRUB on the imaged disk says, before it loads its kernel."""
HOUR = 3600
FIRMWARES = [Firmware.BIOS, Firmware.UEFI, Firmware.SECURE_BOOT]
METHODS = {Firmware.BIOS: "overwrite", Firmware.UEFI: "nvme-format", Firmware.SECURE_BOOT: "overwrite"}
"""By the demo's disks, SATA, NVMe and virtio: of QEMU's own, NVMe alone says that it can erase itself."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ended() -> AsyncIterator[Ended]:
    """The three PCs' whole way; the workshop stands until the last test of this file."""
    async with run_workshop(pcs=3, say=print) as run:
        yield run


def of(ended: Ended, firmware: Firmware) -> PcReport:
    return next(pc for pc in ended.report.pcs if pc.imaged.firmware is firmware)


@pytest.mark.parametrize("firmware", FIRMWARES)
async def test_the_pc_boots_its_master_from_its_disk_alone(ended: Ended, firmware: Firmware) -> None:
    pc = of(ended, firmware)
    assert [start.problem for start in pc.starts] == [""] * len(pc.starts)
    assert pc.booted
    ways = {start.way for start in pc.starts}
    assert ways == ({"disk"} if firmware is Firmware.BIOS else {"own entry", "removable path"})


@pytest.mark.parametrize("firmware", [Firmware.UEFI, Firmware.SECURE_BOOT])
async def test_the_firmware_starts_the_master_by_the_entry_that_the_agent_wrote(
    ended: Ended, firmware: Firmware
) -> None:
    assert ended.manifest.uefi is not None
    entries = {start.way: start.entry for start in of(ended, firmware).starts}
    assert entries["own entry"] == ended.manifest.uefi.label
    # What OVMF falls back to has another name, so the label tells the two apart.
    assert entries["removable path"] not in (None, ended.manifest.uefi.label)


@pytest.mark.parametrize("firmware", FIRMWARES)
async def test_the_last_partition_and_its_file_system_grew_to_the_end_of_the_larger_disk(
    ended: Ended, firmware: Firmware
) -> None:
    (disk,) = next(spec for spec in ended.specs if spec.firmware is firmware).disks
    table = json.loads(run(["sfdisk", "--json", disk.path]).stdout)["partitiontable"]
    last = max(table["partitions"], key=lambda partition: partition["start"])
    start, size = last["start"] * table["sectorsize"], last["size"] * table["sectorsize"]
    assert ended.manifest.disk < disk.size - (2 << 20) <= start + size <= disk.size
    header = run(["dumpe2fs", "-h", f"{disk.path}?offset={start}"]).stdout
    told = dict(line.split(":", 1) for line in header.splitlines() if ":" in line)
    block = int(told["Block size"])
    assert int(told["Block count"]) == size // block


async def test_every_pc_has_its_own_hostname(ended: Ended) -> None:
    assert sorted(pc.job.hostname for pc in ended.report.pcs) == ["pc-1", "pc-2", "pc-3"]


@pytest.mark.parametrize("firmware", FIRMWARES)
async def test_secure_boot_is_on_in_the_agent_and_in_the_master_where_the_firmware_has_it_on(
    ended: Ended, firmware: Firmware
) -> None:
    pc = of(ended, firmware)
    on = firmware is Firmware.SECURE_BOOT
    assert pc.imaged.secure_boot is on
    assert {start.secure_boot for start in pc.starts} == {on}


@pytest.mark.parametrize("firmware", FIRMWARES)
async def test_after_the_erase_nothing_of_the_old_data_is_left_and_every_sector_was_written_and_read(
    ended: Ended, firmware: Firmware
) -> None:
    (disk,) = of(ended, firmware).imaged.disks
    assert disk.old_data_at is None
    # QEMU's own Format writes zeros, and its counters leave them out.
    assert disk.erase_written >= disk.size or METHODS[firmware] == "nvme-format"
    assert disk.erase_read >= disk.size


async def test_of_a_pc_whose_clock_has_no_battery_the_evidence_bears_the_servers_times_and_the_page_tells_it(
    ended: Ended,
) -> None:
    wrong = datetime.fromisoformat(DEAD_BATTERY).replace(tzinfo=UTC).timestamp()
    (spec,) = (spec for spec in ended.specs if spec.clock)
    async with signed_in(ended.service.page, OPERATOR, ended.service.password) as client:
        for pc in ended.report.pcs:
            dead = pc.imaged.mac == spec.mac
            (row,) = pc.job.erasures
            evidence = row.evidence
            assert time.time() - 2 * HOUR < evidence.started < evidence.finished < time.time()
            assert abs(evidence.pc_clock - (wrong if dead else evidence.started)) < HOUR
            said = await client.text(f"/machine/{row.machine_id}")
            assert ("elle disait 2005-01-01 : pile de l&#39;horloge" in said) is dead


@pytest.mark.parametrize("firmware", FIRMWARES)
async def test_the_deploy_read_back_at_least_what_the_master_holds(ended: Ended, firmware: Firmware) -> None:
    (disk,) = of(ended, firmware).imaged.disks
    assert disk.deploy_written >= ended.manifest.used
    assert disk.deploy_read >= ended.manifest.used
    # What no chunk covers was not sent: less is written than the disk holds.
    assert disk.deploy_written < ended.manifest.disk


@pytest.mark.parametrize("firmware", FIRMWARES)
async def test_the_record_has_every_stage_the_verdict_and_the_master(ended: Ended, firmware: Firmware) -> None:
    job = of(ended, firmware).job
    assert [(row.stage, row.state) for row in job.stages] == [
        (stage, "done") for stage in ("check", "erase", "deploy", "customise", "finish")
    ]
    assert [(row.verdict, row.evidence.method) for row in job.erasures] == [("erased", METHODS[firmware])]
    assert job.master_digest == ended.manifest.digest
    assert job.state == "done"


async def test_who_chose_is_on_the_record(ended: Ended) -> None:
    assert sorted(pc.job.chosen_by for pc in ended.report.pcs) == ["", "atelier", "atelier"], (
        "nobody who signs in chose in the menu"
    )


async def test_the_page_shows_every_pc_done_and_its_disk_erased(ended: Ended) -> None:
    async with signed_in(ended.service.page, OPERATOR, ended.service.password) as client:
        rows = await client.rows()
    assert sorted(rows, key=lambda row: row.mac) == [
        PageRow(spec.mac, "done", ((spec.disks[0].serial, "erased"),)) for spec in ended.specs
    ]


async def test_the_chain_of_events_is_whole(ended: Ended) -> None:
    with open_record(ended.service.data / "record.sqlite") as record:
        check = record.journal.verify()
    assert check.broken is None
    assert check.events > 3 * 10


@pytest.mark.parametrize(
    "firmware",
    [
        pytest.param(Firmware.BIOS, marks=pytest.mark.matrix),
        Firmware.UEFI,
        pytest.param(Firmware.SECURE_BOOT, marks=pytest.mark.matrix),
    ],
)
async def test_a_pc_that_nobody_chose_boots_its_own_disk_and_nothing_is_written(
    ended: Ended, firmware: Firmware
) -> None:
    """The same PC, imaged before, comes back to the menu untouched: it is not erased again."""
    spec = next(spec for spec in ended.specs if spec.firmware is firmware)
    before = of(ended, firmware).job.id
    since = len(ended.service.log())
    async with power_on(ended.lan, spec) as pc:
        await reach_menu(ended.service, pc, since=since)
        await pc.console.wait_for(OWN_LOADER, within=MENU_TIMEOUT + 120)
        (stats,) = (await pc.block_stats()).values()
        assert stats.write_operations == 0
        assert stats.bytes_written == 0
        assert stats.bytes_read > 0
        await pc.console.wait_for(rf"{of(ended, firmware).job.hostname} login:", within=LOGIN_WITHIN)
    assert (await job_of(ended.service, spec.mac)).id == before
