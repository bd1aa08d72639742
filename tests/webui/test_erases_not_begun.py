"""What a PC's page says of an erase that the drive was to do by itself, and that was never ordered of it."""

from html import unescape

from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.shared.disk_abilities import Abilities, AtaSanitize, AtaSecurity
from netboot.shared.erase_methods import KINDS
from netboot.shared.inventory import label
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import Erase, EraseResult, Erasure
from netboot.shared.thawing import Thawing
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person
from tests.workshop.conftest import ERASE, hello, pc, row_of
from tests.workshop.player import agent_on, eventually

FROZEN = Abilities(
    ata_security=AtaSecurity(supported=True, frozen=True), ata_sanitize=AtaSanitize(supported=True, block=True)
)


async def test_a_frozen_disk_that_was_not_thawed_has_no_rows_of_an_order_that_nobody_gave(
    visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    disk = replace(pc().disks[0], name="sda", transport="sata", ata=True, can=FROZEN)
    found = replace(pc(), disks=(disk,))
    t = texts("fr")
    async with agent_on(server, hello(found, profile=ERASE.id)) as (agent, _):
        run = await agent.begin_after("check", found)
        assert isinstance(run.stage, Erase)
        (order,) = run.stage.disks
        assert order.method == "ata-sanitize-block"
        frozen = Problem("erase-frozen", {"disk": label(disk)})
        left = Erasure(
            disk=disk.id, evidence=KINDS[order.method].evidence(), verdict="not-erased", problem=frozen,
            thawing=Thawing(tried=True, slept=6.0, thawed=False),
        )  # fmt: skip
        await agent.finish(run, EraseResult(erasures=(left,)), outcome="failed", problem=frozen)
        await eventually(lambda: row_of(workshop).state == "failed")
        text = unescape(await visitor.get(f"/machine/{row_of(workshop).machine}"))
    for said in (t["order_none"], "le PC a dormi 6 s : resté gelé", frozen.sentence("fr")):
        assert said in text
    for unsaid in (t["marks"], t["drive_said"], t["read_back"]):
        assert unsaid not in text
