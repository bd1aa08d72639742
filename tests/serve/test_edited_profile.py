"""A profile is edited while a PC waits for it, and `serve` starts again: nobody agreed to what is in it now."""

from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key
from netboot.lab.firmware import Firmware
from netboot.lab.machine import workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.service import arm, open_service
from netboot.records.record import open_record
from tests.boot_files import BOOT_FILES

pytestmark = [pytest.mark.root, *BOOT_FILES]

LOOK = """id: look
name: {fr: Regarder, en: Look}
stages: [check, finish]
"""


async def test_a_server_that_starts_with_an_edited_profile_withdraws_what_waited_for_it(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    load_key(tmp_path)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    file = profiles / "look.yaml"
    file.write_text(LOOK, encoding="utf-8")
    async with open_lan() as lan, open_service(lan, tmp_path, dhcp="off", profiles=[profiles]) as service:
        arm(service, [workshop_pc(1, Firmware.BIOS)], "look")
        file.write_text(LOOK.replace("check, finish", "check, erase, finish"), encoding="utf-8")
        await service.start()
        assert await service.wait_for_log("the profile look was changed", 5)
        assert await service.stop() == 0
        with open_record(service.data / "record.sqlite") as record:
            assert record.choices.pending() == ()
