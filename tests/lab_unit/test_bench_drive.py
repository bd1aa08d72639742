"""A drive on the lab's bench: it is there for one PC after the other, obeys, and says why when it cannot."""

import asyncio
from pathlib import Path

import pytest

from netboot.lab.bench_drive import bench_path, drive_on_bench
from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.network import Lan, open_lan
from netboot.shared.errors import NetbootError
from tests.lab_unit.drives.nvme_host import nvme_pc, old_image

pytestmark = [pytest.mark.root, pytest.mark.timeout(300)]

ERASED = 0x101
"""SSTAT of a sanitize that succeeded, all of the drive being erased (Base 2.0 §5.16.1.24)."""
FAILED = 3


def spec(lan: Lan, image: Path) -> NvmeSpec:
    return NvmeSpec(
        str(bench_path(lan, "ONE")), (Namespace(str(image)),), "ONE", behaviour=Behaviour(erase_seconds=0.2)
    )


def sanitized(socket: Path) -> int:
    """What one PC after the other, each gone once it has ordered or seen, makes of a block erase."""
    with nvme_pc(socket) as host:
        assert host.sanitize(2) == 0
    with nvme_pc(socket) as host:
        host.wait(lambda: host.sanitize_log()[1] in (ERASED, FAILED))
        return host.sanitize_log()[1]


async def test_one_drive_serves_pc_after_pc_with_the_manners_it_was_given(tmp_path: Path) -> None:
    old_image(tmp_path / "disk.img")
    async with open_lan() as lan:
        async with drive_on_bench(lan, spec(lan, tmp_path / "disk.img")) as drive:
            await drive.behave(Behaviour(erase=Outcome.FAILS, erase_seconds=0.2))
            assert await asyncio.to_thread(sanitized, drive.socket) == FAILED
            await drive.behave(Behaviour(erase_seconds=0.2))
            assert await asyncio.to_thread(sanitized, drive.socket) == ERASED
            with nvme_pc(drive.socket) as host:
                await drive.cut_power()
                assert host.pc.read32(0, 0x1C) == 0xFFFFFFFF
                await drive.give_power()
                assert host.pc.read32(0, 0x1C) == 0
        assert drive.program.status == 0
        async with drive_on_bench(lan, spec(lan, tmp_path / "disk.img")) as drive:
            with nvme_pc(drive.socket) as host:
                assert host.sanitize_log()[1] == ERASED, "it remembers without power"
    assert (tmp_path / "disk.img").read_bytes() == bytes(1 << 20)


async def test_a_drive_that_cannot_start_or_has_died_says_why(tmp_path: Path) -> None:
    async with open_lan() as lan:
        with pytest.raises(NetbootError, match=r"disk\.img"):
            async with drive_on_bench(lan, spec(lan, tmp_path / "disk.img")):
                pass
        old_image(tmp_path / "disk.img")
        async with drive_on_bench(lan, spec(lan, tmp_path / "disk.img")) as drive:
            drive.program.kill()
            await drive.program.wait()
            assert not await drive.answers()
            with pytest.raises(NetbootError, match="ended with status -9"):
                await drive.status()
        far = NvmeSpec(str(tmp_path / ("far" * 40)), (Namespace(str(tmp_path / "disk.img")),), "ONE")
        with pytest.raises(NetbootError, match="too long"):
            async with drive_on_bench(lan, far):
                pass
