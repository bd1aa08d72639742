"""A kit's full stick, in a whole PC: told before anything is erased, and the work goes on once there is room."""

import asyncio
from dataclasses import replace

import pytest

from netboot.kit.partitions import DATA, FIRST, MIB
from netboot.lab.disks import find_pattern
from netboot.lab.firmware import Firmware
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.pc import image_name
from netboot.shared.process import run
from tests.lab.test_kit import (
    ERASE,
    RETRY,
    STAGE_WITHIN,
    STICK,
    YES,
    a_workshop,
    answer,
    beside_its_data,
    bring_back,
    make_stick,
    with_stick,
)

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

OLD = "::OLD.BIN"


async def test_a_full_stick_is_told_before_anything_is_erased_and_used_again_when_it_has_room() -> None:
    async with a_workshop(on=False) as (lan, service):
        stick = await asyncio.to_thread(make_stick, lan, service)
        spec = replace(await asyncio.to_thread(with_stick, lan, workshop_pc(1, Firmware.UEFI), stick), network=False)
        old = lan.folder / "old"
        with old.open("xb") as file:
            file.truncate(DATA - 4 * MIB)
        place = f"{stick.path}@@{FIRST}"
        await asyncio.to_thread(run, ["mcopy", "-i", place, old, OLD])
        before = beside_its_data(stick)
        async with power_on(lan, spec) as pc:
            at = await answer(pc, ERASE)
            at = await answer(pc, YES, since=at)
            await pc.console.wait_for(r"La clé est pleine", STAGE_WITHIN, since=at)
            assert "netboot: stage check started" not in pc.console.text
            assert find_pattern(spec.disks[0].path) is not None
            asked = pc.console.text.rindex("netboot: question ")
            await pc.take_out(STICK, 30)
            await asyncio.to_thread(run, ["mdel", "-i", place, OLD])
            await pc.qmp.execute("device_add", driver="usb-storage", bus="usb.0", id="back", drive=image_name(1))
            await asyncio.sleep(10)
            await answer(pc, RETRY, since=asked)
            await pc.wait_off(STAGE_WITHIN)
            assert "netboot: stage erase done" in pc.console.text
        assert find_pattern(spec.disks[0].path) is None
        assert beside_its_data(stick) == before
        await asyncio.to_thread(bring_back, lan, service, stick)
