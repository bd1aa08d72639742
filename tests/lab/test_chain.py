"""From power-on to a booted master, on real firmware: three PCs in one workshop, seen from outside.

One run is shared by all tests of this file; `test_recovery.py` and `test_matrix.py` boot further PCs.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from netboot.lab.demo import MENU_TIMEOUT, Ended, PcReport, job_of, run_workshop
from netboot.lab.firmware import Firmware
from netboot.lab.journey import LOGIN_WITHIN, reach_menu
from netboot.lab.machine import power_on
from netboot.records.record import open_record

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.timeout(1800)]

OWN_LOADER = r"Booting `Debian'"
"""What the GRUB on the imaged disk says, before it loads its kernel."""
FIRMWARES = [Firmware.BIOS, Firmware.UEFI, Firmware.SECURE_BOOT]


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
    assert disk.erase_written >= disk.size
    assert disk.erase_read >= disk.size


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
    assert [(row.verdict, row.evidence.method) for row in job.erasures] == [("erased", "overwrite")]
    assert job.master_digest == ended.manifest.digest
    assert job.state == "done"


async def test_who_chose_is_on_the_record(ended: Ended) -> None:
    assert sorted(pc.job.chosen_by for pc in ended.report.pcs) == ["atelier", "atelier", "menu"]


async def test_the_chain_of_events_is_whole(ended: Ended) -> None:
    with open_record(ended.service.data / "record.sqlite") as record:
        check = record.verify_chain()
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
