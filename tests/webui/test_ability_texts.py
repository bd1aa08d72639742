"""What a PC's page says of its disks erasing themselves: for volunteers, with what to do."""

from html import unescape

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.jobs.drive_password import password_of
from netboot.shared.disk_abilities import (
    Abilities,
    Announced,
    AtaSanitize,
    AtaSecurity,
    Discard,
    NvmeFormat,
    NvmeSanitize,
    SanitizeTimes,
)
from netboot.shared.inventory import Disk, DiskId
from netboot.webui.ability_texts import ABILITY_TEXTS, ability_lines
from netboot.webui.render import short_time
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person
from tests.workshop.conftest import hello, pc
from tests.workshop.player import agent_on

NEVER = AtaSecurity(supported=False)
NONE = AtaSanitize(supported=False)
DISK = Disk(name="sda", id=DiskId(serial="S1", size=10**9), transport="sata", ata=True)
CAN = "Sait s'effacer lui-même (temps d'après lui)"


def lines(can: Abilities, transport: str = "sata") -> list[str]:
    """What is said in French."""
    disk = replace(DISK, transport=transport, ata=transport == "sata", can=can)
    return ability_lines(disk, "fr", short_time, may_act=True)


@pytest.mark.parametrize("name", ABILITY_TEXTS)
def test_each_is_there_in_both_languages_and_names_the_same(name: str) -> None:
    text = ABILITY_TEXTS[name]
    assert set(text) == {"fr", "en"}
    assert [word in text["fr"] for word in ("{ways}", "{time}", "{password}")] == [
        word in text["en"] for word in ("{ways}", "{time}", "{password}")
    ]


def test_what_a_disk_can_is_told_with_its_times() -> None:
    ata = Abilities(
        ata_security=AtaSecurity(
            supported=True,
            enhanced=True,
            time=Announced(seconds=120),
            enhanced_time=Announced(seconds=508 * 60, or_longer=True),
        ),
        ata_sanitize=AtaSanitize(supported=True, crypto=True, overwrite=True, state="idle"),
        discard=Discard(most=1),
    )
    ways = "ATA SANITIZE (changement de clé, réécriture), SECURITY ERASE 2 min, SECURITY ERASE ENHANCED plus de 8,5 h"
    assert lines(ata) == [f"{CAN} : {ways}.", "Accepte TRIM, qui n'est pas un effacement."]
    nvme = Abilities(
        nvme_format=NvmeFormat(supported=True, crypto=True),
        nvme_sanitize=NvmeSanitize(crypto=True, block=True, times=SanitizeTimes(block=30), state="done"),
    )
    ways = "NVMe Sanitize (changement de clé, par blocs 30 s), NVMe Format (effacement, changement de clé)"
    assert lines(nvme, "nvme") == [f"{CAN} : {ways}."]


def test_not_told_is_not_cannot_and_what_nobody_asks_is_not_spoken_of() -> None:
    cannot, not_told = ([ABILITY_TEXTS[name]["fr"]] for name in ("cannot", "not_told"))
    assert lines(Abilities(ata_security=NEVER, ata_sanitize=NONE)) == cannot
    assert lines(Abilities(nvme_format=NvmeFormat(supported=False), nvme_sanitize=NvmeSanitize()), "nvme") == cannot
    for unclear in (Abilities(), Abilities(ata_security=NEVER), Abilities(ata_sanitize=NONE)):
        assert lines(unclear) == not_told
    assert lines(Abilities(), "usb") == []
    assert lines(Abilities(discard=Discard(most=0)), "virtio") == []


@pytest.mark.parametrize(
    ("can", "wanted"),
    [
        (Abilities(ata_security=AtaSecurity(supported=True, frozen=True)), ["frozen"]),
        (
            Abilities(ata_security=NEVER, ata_sanitize=AtaSanitize(supported=True, block=True, state="frozen")),
            ["frozen"],
        ),
        (Abilities(ata_security=AtaSecurity(supported=True, enabled=True, locked=True)), ["locked", "own_password"]),
        (
            Abilities(ata_security=AtaSecurity(supported=True, enabled=True, frozen=True, expired=True)),
            ["enabled", "own_password", "expired", "frozen"],
        ),
        (Abilities(ata_sanitize=AtaSanitize(supported=True, block=True, state="running")), ["running"]),
        (Abilities(nvme_sanitize=NvmeSanitize(block=True, state="failed")), ["failed"]),
        (Abilities(nvme_sanitize=NvmeSanitize(block=True, state="never")), []),
    ],
)
def test_what_is_in_the_way_is_told_first_with_what_to_do(can: Abilities, wanted: list[str]) -> None:
    said = lines(can)
    assert said[: len(wanted)] == [ABILITY_TEXTS[name]["fr"].format(password=password_of(DISK)) for name in wanted]
    assert said[len(wanted)].startswith(CAN)


async def test_netboots_own_password_is_shown_to_who_is_signed_in_and_others_read_how_to_see_it(
    visitor: Person, operator: Person, workshop: Workshop, server: TestServer
) -> None:
    security = AtaSecurity(supported=True, enabled=True, locked=True)
    disk = replace(pc().disks[0], transport="sata", ata=True, can=Abilities(ata_security=security))
    password = password_of(disk)
    assert password
    async with agent_on(server, hello(replace(pc(), disks=(disk,)))):
        path = f"/machine/{workshop.live_board.rows()[0].machine}"
        watched, signed_in = unescape(await visitor.get(path)), unescape(await operator.get(path))
    assert password not in watched
    assert "netboot-" not in watched
    assert ABILITY_TEXTS["own_password_untold"]["fr"] in watched
    assert ABILITY_TEXTS["own_password"]["fr"].format(password=password) in signed_in
    assert ABILITY_TEXTS["own_password_untold"]["fr"] not in signed_in


async def test_a_pcs_page_tells_each_disk_and_how_to_thaw_a_frozen_one(
    visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    security = AtaSecurity(supported=True, frozen=True, time=Announced(seconds=120))
    can = Abilities(ata_security=security, ata_sanitize=NONE)
    disks = (replace(pc().disks[0], transport="sata", ata=True, can=can),)
    async with agent_on(server, hello(replace(pc(), disks=disks))):
        text = unescape(await visitor.get(f"/machine/{workshop.live_board.rows()[0].machine}"))
    assert "Gelé par le micrologiciel du PC" in text
    assert "jusqu'à ce que le PC ait été mis en veille et réveillé, ou que le disque ait été débranché" in text
    assert "SECURITY ERASE 2 min." in text
