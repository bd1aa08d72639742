"""Makes the documents' pictures of the page: `python -m tests.webui.pictures`, at the top of the repository.

Beside what the page's tests need it needs Debian's pngquant: a hundred colours are enough.

The PCs never existed, the rest is real: agents are played over the real line (`tests/workshop/player.py`), and the
server's own code makes the page of what they say. Not a test: whoever changes the page runs it and looks.
"""

import asyncio
import subprocess
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from aiohttp.test_utils import TestServer
from aiohttp.web import Application
from msgspec.structs import replace

from netboot.files.assets import asset_folder
from netboot.jobs.identity import Key
from netboot.jobs.policy import Policy
from netboot.jobs.profiles import load_profiles
from netboot.records.record import open_record
from netboot.settings.config import Settings
from netboot.shared.disk_progress import DiskProgress
from netboot.shared.inventory import Disk, Firmware, Inventory, System, amount, label
from netboot.shared.language import Language
from netboot.shared.problems import Problem
from netboot.shared.protocol import Plan, RunStage, StageProgress
from netboot.shared.stages import StageName
from netboot.shared.stages.erase import EraseResult
from netboot.web import page_application
from netboot.webui.keys import sessions_key
from netboot.webui.visitor import COOKIE, LANGUAGE_COOKIE
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import LiveBoard
from tests.webui.browser import browser_in
from tests.webui.conftest import HASH
from tests.workshop.conftest import TICKET_KEY, disk, hello, pc
from tests.workshop.player import Agent, agent_on, erasure, eventually, find_master, serving

DOCS: Final = Path(__file__).parents[2] / "docs"
PICTURES: Final[dict[Language, Path]] = {"en": DOCS / "page.png", "fr": DOCS / "page.fr.png"}
OPERATOR: Final = "Samira"
INSTALL: Final = "wipe-and-debian"
BOOTING: Final = "98:fa:9b:00:00:06"
OFFICE: Final = "3c:52:82:10:4e:07"

UEFI: Final = Firmware(mode="uefi", secure_boot="on")
BIOS: Final = Firmware(mode="bios")


def made(number: int, maker: str, product: str, serial: str, *, firmware: Firmware, holds: Disk) -> Inventory:
    """A PC as its agent tells of it."""
    return replace(
        pc(number, holds), system=System(manufacturer=maker, product=product, serial=serial), firmware=firmware
    )


def hard_disk(model: str, serial: str) -> Disk:
    """500 GB on platters."""
    return replace(disk(serial, 500), name="sda", model=model, rotational=True, rotation=7200, transport="sata")


PCS: Final = [
    made(1, "LENOVO", "ThinkCentre M720q", "PC0X7Q01", firmware=UEFI, holds=disk("S4EWNX0N0001")),
    made(2, "HP", "EliteDesk 800 G3 DM", "CZC7480K2B", firmware=UEFI, holds=disk("S4EWNX0N0417")),
    made(3, "Dell Inc.", "OptiPlex 7020", "8GWXQ52", firmware=BIOS, holds=hard_disk("WDC WD5000AAKX", "WD-WCC2E5PA")),
    made(4, "HP", "ProBook 450 G2", "CND4482X1P", firmware=BIOS, holds=hard_disk("ST500LM021", "W6220KLM")),
    made(5, "LENOVO", "ThinkPad T480", "PF1BQ2R7", firmware=UEFI, holds=disk("S4EWNX0N0882")),
]


async def fill(workshop: Workshop, stack: AsyncExitStack) -> None:
    """PCs in different states; those that are on the line stay there until `stack` is left."""
    server: TestServer = await stack.enter_async_context(serving(workshop))

    async def arrive(number: int, profile: str = INSTALL) -> Agent:
        agent, _ = await stack.enter_async_context(
            agent_on(server, hello(PCS[number], f"boot-{number}", profile=profile))
        )
        return agent

    done = await arrive(0)
    await done.hear(Plan)
    await done.obey(PCS[0])
    installing, deploy = await at_stage(await arrive(1), PCS[1], after="erase")
    await installing.tick(deploy, 1_480_000_000, 2_000_000_000, rate=96e6)
    erasing, erase = await at_stage(await arrive(2), PCS[2], after="check")
    far = DiskProgress(disk=label(PCS[2].disks[0]), step="writing", permille=310, left=690e9 / 142e6)
    told = StageProgress(
        job=erase.job, stage="erase", done=310 * 10**9, total=10**12, rate=142e6, part=far.disk, disks=(far,)
    )
    await erasing.say(told)
    stopped, erase = await at_stage(await arrive(3), PCS[3], after="check")
    (broken,) = PCS[3].disks
    where = 311_385_128_960
    fault = Problem("erase-unread", {"disk": label(broken), "unread": amount(broken.id.size - where)})
    unread = replace(erasure(broken.id, verified=where), verdict="undetermined", level="none", problem=fault)
    await stopped.finish(erase, EraseResult(erasures=(unread,)), outcome="failed", problem=fault)
    await arrive(4, profile="")
    workshop.live_board.sighted(BOOTING, firmware="UEFI")
    workshop.live_board.sighted(OFFICE, firmware="BIOS")
    keep_away = Policy(denied=True)
    await asyncio.to_thread(workshop.policies.set, workshop.record, [Key("mac", OFFICE)], keep_away, OPERATOR)
    states = ["done", "working", "working", "failed", "waiting", "booting", "booting"]
    await eventually(lambda: [row.state for row in workshop.live_board.rows()] == states)
    await eventually(lambda: [row.percent for row in workshop.live_board.rows()][1:3] == [74, 31])


async def at_stage(agent: Agent, inventory: Inventory, *, after: StageName) -> tuple[Agent, RunStage]:
    """The agent is at the stage that comes after this one."""
    await agent.hear(Plan)
    order = await agent.obey(inventory, until=after)
    assert isinstance(order, RunStage)
    await agent.start(order)
    return agent, order


def take(folder: Path, application: Application, page: TestServer) -> None:
    """One picture in each language."""
    with browser_in(folder / "browser", width=1280) as browser:
        for language, picture in PICTURES.items():
            browser.open(str(page.make_url("/sign-in")))
            browser.driver.add_cookie({"name": COOKIE, "value": application[sessions_key].sign_in(OPERATOR)})
            browser.driver.add_cookie({"name": LANGUAGE_COOKIE, "value": language})
            browser.open(str(page.make_url("/")))
            browser.wait_for(OFFICE)
            browser.shot(picture)
            subprocess.run(["pngquant", "--force", "--strip", "--ext=.png", picture], check=True)


async def main() -> None:
    """Write docs/page.png and docs/page.fr.png."""
    with tempfile.TemporaryDirectory() as folder, open_record(Path(folder) / "record.sqlite") as record:
        record.people.set_operator(OPERATOR, HASH)
        profiles = load_profiles([asset_folder("images") / "profiles"])
        workshop = Workshop(record, LiveBoard(time.time), profiles, find_master, wait=600, ticket_key=TICKET_KEY)
        application = await page_application(workshop, Settings())
        async with AsyncExitStack() as stack:
            await fill(workshop, stack)
            page = TestServer(application)
            await stack.enter_async_context(page)
            await asyncio.to_thread(take, Path(folder), application, page)


if __name__ == "__main__":
    asyncio.run(main())
