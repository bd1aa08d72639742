"""What is known of a PC, the list of all PCs, the journal and its check, the masters."""

import sqlite3
import time
from html import unescape
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application
from msgspec.structs import replace

from netboot.jobs.actor import operator
from netboot.jobs.job import StageRecord
from netboot.jobs.profile import Profile
from netboot.records.values import Start
from netboot.shared.inventory import Battery, Dimm
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, Stay, Stuck
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.customise import Customise
from netboot.shared.stages.smart import Attribute, DiskHealth, SmartResult
from netboot.shared.wording import stuck_sentence
from netboot.webui import machine_page, record_page
from netboot.webui.render import clock
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import Row
from tests.customised import customised
from tests.webui.conftest import OPERATOR, Person
from tests.workshop.conftest import ERASE, LOOK, WIPE, hello, pc, row_of
from tests.workshop.player import agent_on, eventually


async def _wiped(workshop: Workshop, server: TestServer, number: int = 1) -> str:
    """A PC that went all the way; its id."""
    async with agent_on(server, hello(pc(number), f"boot-{number}")) as (agent, _):
        await workshop.commands.choose(operator(OPERATOR), row_of(workshop, number).machine, WIPE.id)
        await agent.hear(Plan)
        assert await agent.obey(pc(number)) == Leave(action="poweroff")
    return row_of(workshop, number).machine


async def test_a_machine_in_full(visitor: Person, operator: Person, workshop: Workshop, server: TestServer) -> None:
    text = await visitor.get(f"/machine/{await _wiped(workshop, server)}")
    for said in (
        "ThinkCentre M720q",
        "i5-8400T, 6 cœurs",
        "8 Go DDR4",
        "1000 Mb/s",
        "debian-minimal",
        "Preuves d&#39;effacement",
        "effacé",
        "256 000 000 000 / 256 000 000 000 octets",
        "réécriture de tout le disque, puis relecture",
        "58 s",
        "Horloge du PC au début (UTC)",
        "1980-01-01 00:00",
        "SHAKE-256(",
        "« Clear » (NIST SP 800-88)",
        "mémoire flash : blocs de réserve et retirés",
        'SMART: <span class="mono">bon</span>',
        'octets par secteur: <span class="mono">512</span>',
    ):
        assert said in text, said
    assert "Choisi par" not in text, "who chose is not for everybody"
    assert "<dd>anne</dd>" in await operator.get(f"/machine/{row_of(workshop).machine}")


async def test_a_windows_licence_in_the_firmware_is_told_and_its_absence_is_not(
    visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    for number, licence in enumerate((True, False)):
        firmware = replace(pc(number).firmware, windows_licence=licence)
        async with agent_on(server, hello(replace(pc(number), firmware=firmware), f"boot-{number}")):
            text = await visitor.get(f"/machine/{row_of(workshop, number).machine}")
        assert ("Licence Windows" in text) == licence
        assert ("dans le firmware ; édition inconnue, la clé reste dans le PC" in text) == licence


async def test_an_adapter_without_a_speed_is_not_called_without_a_cable(
    visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    nics = tuple(replace(pc().nics[0], mac=f"98:fa:9b:00:01:0{n}", mbps=0, link=link, boot=n == 0)
                 for n, link in enumerate(("up", "down", "unknown")))  # fmt: skip
    async with agent_on(server, hello(replace(pc(), nics=nics))):
        text = await visitor.get(f"/machine/{workshop.live_board.rows()[0].machine}")
    for said in ("branché, vitesse non dite", "pas de câble, ou autre bout éteint", "branchement non dit"):
        assert text.count(said) == 1


async def test_what_is_not_told_is_not_called_empty_and_a_wrong_clock_is_told(
    visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    battery, module = Battery(model="SMP 01AV", kept=62, cycles=90), Dimm(locator="DIMM2", untold=True)
    odd = replace(pc(), dimms=(module,), batteries=(battery, Battery(model="LGC 02")), clock=315_532_900)
    async with agent_on(server, hello(odd)):
        text = await visitor.get(f"/machine/{workshop.live_board.rows()[0].machine}")
    for said in (
        "DIMM2 : barrette, taille non dite",
        "SMP 01AV : garde 62 % de sa capacité, 90 cycles",
        "LGC 02 : état non dit",
        "elle disait 1980-01-01 : pile",
    ):
        assert said in text, said
    async with agent_on(server, hello(replace(pc(2), clock=int(time.time()) + 50_000), "boot-2")):
        assert "elle disait" not in await visitor.get(f"/machine/{row_of(workshop, 2).machine}")


async def test_the_row_says_who_is_stuck_and_what_each_bad_disk_has(visitor: Person, workshop: Workshop) -> None:
    faults = tuple(Problem("erase-refused", {"disk": name, "left": "4.1 kB"}) for name in ("WD1", "WD2"))
    several = Problem("several-not-erased", {"count": "2", "disks": "WD1, WD2"})
    stuck = (Stuck(disk="WD3", seconds=61.0),)
    workshop.live_board.put(Row(mac="98:fa:9b:00:00:01", state="working", problem=several, faults=faults, stuck=stuck))
    text = unescape(await visitor.get("/"))
    for said in (*(problem.sentence("fr") for problem in (several, *faults)), stuck_sentence(stuck[0], "fr")):
        assert said in text
    workshop.live_board.put(Row(mac="98:fa:9b:00:00:01", state="failed", problem=faults[0], faults=faults[:1]))
    assert unescape(await visitor.get("/")).count(faults[0].sentence("fr")) == 1


@pytest.mark.parametrize("ends", ["badly", "with a warning"])
async def test_what_a_tool_said_is_beside_the_sentence_on_the_pcs_page_and_not_on_the_page(
    visitor: Person, workshop: Workshop, server: TestServer, ends: str
) -> None:
    said = {"error": "efibootmgr ended with status 5:\n\u202etried: efibootmgr --create"}
    problem = Problem("customise" if ends == "badly" else "boot-entry", said)
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        run = await agent.obey(pc(), until="deploy")
        assert isinstance(run, RunStage)
        assert isinstance(run.stage, Customise)
        await agent.start(run)
        if ends == "badly":
            await agent.finish(run, None, outcome="failed", problem=problem)
            assert await agent.order() == Stay(problem=problem)
        else:
            await agent.finish(run, replace(customised(run.stage.hostname), warning=problem))
            await agent.obey(pc())
        live_board = await visitor.get("/")
        text = unescape(await visitor.get(f"/machine/{row_of(workshop).machine}"))
    assert "efibootmgr" not in live_board
    assert problem.sentence("fr") in text
    told = "error: efibootmgr ended with status 5: ⟨U+202E⟩tried: efibootmgr --create"
    assert f'<details><summary>Détail technique</summary><span class="mono">{told}</span></details>' in text


async def test_what_a_disk_says_of_its_health_is_on_the_pcs_page_with_its_mark_and_its_figures(
    visitor: Person, workshop: Workshop
) -> None:
    record = workshop.record
    visit = record.visits.greet(hello(pc()), pc().nics[0].mac)
    look = Profile(id="look", name={"fr": "Santé", "en": "Health"}, stages=("check", "smart", "finish"))
    record.choices.choose(visit.machine_id, "look", OPERATOR)
    job = record.jobs.begin(visit.id, starts={"look": Start(profile=look, master=None, hostname="pc-1")})
    assert job is not None
    figure = Attribute(id=5, name="Reallocated_Sector_Ct", raw="304", value=93, worst=93, threshold=36)
    health = DiskHealth(
        disk=pc().disks[0].id, model="ST3500418AS", passed=True, reallocated=304, attributes=(figure,), verdict="worn"
    )
    record.jobs.stage_finished(
        job.id, StageRecord(stage="check", state="done", result=CheckResult(inventory=pc())), 2, 1
    )
    record.jobs.stage_finished(
        job.id, StageRecord(stage="smart", state="done", result=SmartResult(disks=(health,))), 61, 2
    )
    text = unescape(await visitor.get(f"/machine/{visit.machine_id}"))
    assert "Santé des disques</th>" in text
    said = f"ST3500418AS {pc().disks[0].id.text} 256,0 Go : usé (secteurs réalloués : 304)"
    assert f'<small class="says-doubt"><span class="sign" aria-hidden="true"></span>{said}</small>' in text
    assert '<span class="mono">5 Reallocated_Sector_Ct 304 (93/93/36)</span>' in text


async def test_a_pc_whose_line_is_lost_at_work_says_since_when_and_what_to_do(
    visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        run = await agent.obey(pc(), until="check")
        assert isinstance(run, RunStage)
        await agent.start(run)
        await eventually(lambda: row_of(workshop).stage == "erase")
        assert "plus rien de ce PC" not in unescape(await visitor.get("/"))
        await agent.break_off()
        await eventually(lambda: row_of(workshop).state == "silent")
        since = clock(row_of(workshop).since)
        assert f"Effacement : plus rien de ce PC depuis {since} (UTC). Vérifiez son câble" in unescape(
            await visitor.get("/")
        )


async def test_a_machines_events_are_for_operators(
    visitor: Person, operator: Person, workshop: Workshop, server: TestServer
) -> None:
    place = f"/machine/{await _wiped(workshop, server)}"
    text = await operator.get(place)
    for event in ("Journal de ce PC", "preuve d&#39;effacement", "boot-1"):
        assert event in text
        assert event not in await visitor.get(place), "a boot id must not be told: a hello with it is heard"


async def test_every_pc_is_found_by_what_is_written_on_it(
    visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    for number in (1, 2, 3):
        await _wiped(workshop, server, number)
    assert "PC trouvés : 3" in await visitor.get("/machines")
    for search in ("PC0X7Q02", "pc0x7q02", "98:FA:9B:00:00:02", "S4EWNX0N0002"):
        text = await visitor.get(f"/machines?search={search}")
        assert "PC trouvés : 1" in text
        assert row_of(workshop, 2).machine in text
    assert "PC trouvés : 0" in await visitor.get("/machines?search=nothing-like-it")


async def test_a_long_list_is_read_page_by_page(
    visitor: Person, workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_page, "PAGE", 1)
    for number in (1, 2):
        await _wiped(workshop, server, number)
    assert "/machines?search=&amp;after=1" in await visitor.get("/machines")
    second = await visitor.get("/machines?search=&after=1")
    assert row_of(workshop, 2).machine in second
    assert row_of(workshop, 1).machine not in second


async def test_the_journal_is_for_who_is_signed_in_and_is_whole(
    visitor: Person, operator: Person, workshop: Workshop, server: TestServer
) -> None:
    await _wiped(workshop, server)
    await visitor.get("/record", 403)
    assert "travail terminé" in await operator.get("/record")
    text = await operator.post("/record", {"form-token": await operator.token()})
    assert f"Le journal est intact : {len(workshop.record.journal.read(limit=1000))} événements relus" in text
    assert "Aucun événement" in await operator.get("/record?after=999999")


async def test_a_journal_that_was_changed_is_noticed(
    operator: Person, workshop: Workshop, server: TestServer, tmp_path: Path
) -> None:
    await _wiped(workshop, server)
    with sqlite3.connect(tmp_path / "record.sqlite") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute(
            "UPDATE events SET body = replace(body, 'wipe-and-debian', 'inventory-only') WHERE sequence > 2"
        )
    text = await operator.post("/record", {"form-token": await operator.token()})
    assert "Le journal a été modifié à l&#39;événement" in text


async def test_only_one_check_of_the_journal_runs_at_a_time(operator: Person, application: Application) -> None:
    turns = application[record_page.checking_key]
    turns._here = turns._most
    assert "Le serveur est occupé" in await operator.post("/record", {"form-token": await operator.token()}, 503)


async def test_the_masters_are_listed(visitor: Person, workshop: Workshop) -> None:
    assert "Aucun système" in await visitor.get("/masters")
    workshop.record.masters.remember("cd" * 32, name="debian-minimal", version="13.2", licence="GPL-2.0-or-later")
    text = await visitor.get("/masters")
    assert "debian-minimal" in text
    assert "cd" * 32 in text


async def test_a_pc_that_cannot_be_booted_has_the_reason_in_its_row_in_both_languages(
    visitor: Person, workshop: Workshop
) -> None:
    workshop.live_board.sighted("02:00:00:00:00:01", firmware="uefi-arm", note="firmware-arm")
    assert "un ordinateur ARM : les systèmes de l&#39;atelier" in await visitor.get("/")
    async with visitor.client.post("/language", data={"language": "en", "back": "/"}):
        assert "This is an ARM computer" in await visitor.get("/")


async def test_work_that_was_cut_stands_first_in_the_list_and_on_the_pcs_page_until_it_is_done_anew(
    visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=ERASE.id)) as (agent, _):
        await agent.hear(Plan)
        run = await agent.obey(pc(), until="check")
        assert isinstance(run, RunStage)
        await agent.start(run)
        await agent.receipt()
    place = f"/machine/{row_of(workshop).machine}"
    for path in ("/machines", place):
        assert "ne répond plus depuis l&#39;étape Effacement" in await visitor.get(path)
    async with agent_on(server, hello(pc(), "boot-2", profile=LOOK.id)) as (agent, _):
        await agent.hear(Plan)
        assert isinstance(await agent.obey(pc()), Leave)
    for path in ("/machines", place, "/"):
        text = await visitor.get(path)
        assert "À refaire" in text
        assert "pendant l&#39;étape Effacement" in text
    assert "Effacer les disques" in await visitor.get("/machines")
    async with agent_on(server, hello(pc(), "boot-3", profile=ERASE.id)) as (agent, _):
        await agent.hear(Plan)
        assert isinstance(await agent.obey(pc()), Leave)
    for path in ("/machines", place, "/"):
        assert "À refaire" not in await visitor.get(path)


async def test_the_list_shows_the_work_of_an_earlier_visit(
    visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    await _wiped(workshop, server)
    async with agent_on(server, hello(pc(), "boot-2")):
        pass
    assert "Effacer, puis installer Debian" in (await visitor.get("/machines")).partition("<table")[2]
