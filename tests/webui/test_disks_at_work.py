"""The disks that a PC erases, each with its progress and what is known of its time left, on the page."""

from html import unescape

import pytest
from aiohttp.test_utils import TestServer

from netboot.lab.page_client import ERASES_ITSELF
from netboot.shared.disk_progress import DiskProgress
from netboot.shared.protocol import Plan, RunStage, StageProgress
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import Row
from tests.jobs.conftest import HDD
from tests.webui.conftest import Person
from tests.workshop.conftest import hello, pc, row_of
from tests.workshop.player import agent_on, eventually

DISKS = (
    DiskProgress(disk="Samsung SSD S5Y1 500.1 GB", step="drive", permille=304, left=700.0, more=True),
    DiskProgress(disk="WDC WD10 W1 1.0 TB", step="writing", permille=125, left=7200.0),
    DiskProgress(disk="OLD H1 80.0 GB", step="failed", permille=1000),
    DiskProgress(disk="LATE L1 80.0 GB", step="drive", permille=990, late=True, more=True),
)


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_each_disk_at_work_has_its_line_until_the_stage_is_over(
    visitor: Person, workshop: Workshop, server: TestServer, language: str
) -> None:
    async with agent_on(server, hello(pc(), profile="erase-only")) as (agent, _):
        await agent.hear(Plan)
        run = await agent.obey(pc(), until="check")
        assert isinstance(run, RunStage)
        await agent.start(run)
        await agent.say(
            StageProgress(job=run.job, stage="erase", done=50, total=100, rate=9e7, part="only one", disks=DISKS)
        )
        await eventually(lambda: row_of(workshop).disks == DISKS)
        assert (row_of(workshop).seconds_left, row_of(workshop).at_least) == (7200, True)
        async with visitor.client.post("/language", data={"language": language, "back": "/"}) as answer:
            text = " ".join(unescape(await answer.text()).split())
        assert "only one" not in text, "each is named in its own line"
        for said in {
            "fr": (
                "Samsung SSD S5Y1 500,1 Go",
                "<strong>30 %</strong> s'efface lui-même, reste au moins 12 min",
                "<strong>12 %</strong> écriture, reste 2,0 h",
                "échec",
                "s'efface lui-même, plus long qu'annoncé",
                "reste au moins 2,0 h",
            ),
            "en": (
                "Samsung SSD S5Y1 500.1 GB",
                "<strong>30 %</strong> erases itself, at least 12 min left",
                "<strong>12 %</strong> writing, 2.0 h left",
                "failed",
                "erases itself, longer than announced",
            ),
        }[language]:
            assert said in text, said
        assert [name.split()[-3] for name in ERASES_ITSELF.findall(text)] == ["S5Y1", "L1"]
        await agent.finish(run, None, outcome="failed")
        await eventually(lambda: row_of(workshop).state == "failed")
    assert row_of(workshop).disks == ()
    assert 'class="at-work"' not in await visitor.get("/")


async def test_a_disks_name_is_text_whatever_it_holds(visitor: Person, workshop: Workshop) -> None:
    evil = DiskProgress(disk=f"<b>\u202e{HDD.id.serial}", step="writing")
    workshop.live_board.put(Row(mac="98:fa:9b:00:00:01", state="working", total=1, disks=(evil,)))
    text = await visitor.get("/")
    assert "<b>" not in text
    assert "\u202e" not in text
