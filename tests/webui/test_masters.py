"""A master that no PC could be given: said on the page before anything is chosen, and never ordered."""

import time
from html import unescape
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.auth.server_keys import new_key, public_key
from netboot.bootmenu.ticket import Picked, issue
from netboot.jobs.job import MasterNeeds
from netboot.serve.masters import Masters, unfit
from netboot.shared.manifest import Understood
from netboot.shared.offers import Offers
from netboot.shared.problems import Problem
from netboot.shared.protocol import Plan, Stay
from netboot.shared.system_settings import SystemSettings
from netboot.store import Store
from netboot.store.store import chunk_name
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from netboot.workshop.left_out import LeftOut
from netboot.workshop.whole_masters import WholeMasters
from tests.store.test_store import KEY, PUBLIC, part, put_master
from tests.webui.conftest import Person
from tests.workshop.conftest import LOST, TICKET_KEY, WIPE, boarded, hello, pc, row_of
from tests.workshop.player import MASTER, agent_on

T = texts("fr")


def holding(workshop: Workshop, master: MasterNeeds) -> None:
    """Let the workshop's store hold this one."""
    workshop.find_master = lambda name: master if name == master.name else None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"signed": False}, "pas signé par cet atelier"),
        ({"not_customisable": "btrfs"}, "ne peut pas régler le système"),
    ],
)
async def test_it_is_refused_before_anybody_is_asked_whether_they_are_sure(
    operator: Person, workshop: Workshop, server: TestServer, change: dict[str, object], words: str
) -> None:
    holding(workshop, replace(MASTER, **change))
    async with agent_on(server, hello(pc())):
        assert words in await operator.choose("all", WIPE.id, 409)
        assert row_of(workshop).state == "waiting"


async def test_its_erase_is_not_ordered_when_it_was_chosen_in_the_menu(workshop: Workshop, server: TestServer) -> None:
    holding(workshop, replace(MASTER, signed=False))
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        stay = await agent.obey(pc(), until="check")
        assert isinstance(stay, Stay)
        assert stay.problem.code == "master-unsigned"


async def test_a_batch_that_was_armed_before_its_master_became_foreign_says_so_once_and_erases_nothing(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    batch = workshop.record.batches.arm(WIPE.id, 2, "anne")
    holding(workshop, MASTER)
    await workshop.show_batch()
    text = unescape(await operator.get("/machines"))
    assert T["batch_erases"] in text
    assert T["batch_stops"] not in text
    holding(workshop, replace(MASTER, signed=False))
    await workshop.show_batch()  # as a server does that starts with a new key
    text = unescape(await operator.get("/machines"))
    assert f"{T['batch_stops']} {Problem('master-unsigned', {'master': MASTER.name}).sentence('fr')}" in text
    assert T["batch_erases"] not in text
    async with agent_on(server, boarded(1, batch.id)) as (agent, _):
        await agent.hear(Plan)
        stay = await agent.obey(pc(), until="check")
        assert isinstance(stay, Stay)
        assert stay.problem.code == "master-unsigned"


async def test_one_of_which_the_store_lacks_a_chunk_is_neither_chosen_nor_armed(
    operator: Person, workshop: Workshop, server: TestServer, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store", accepts=PUBLIC)
    chunk = put_master(store, MASTER.name, part("a"), part("b")).chunks[1]
    store.blobs.remove(chunk_name(chunk.sha256))
    workshop.find_master = masters = Masters(store)
    workshop.whole_masters = WholeMasters(masters.missing)
    async with agent_on(server, hello(pc())):
        assert "incomplet (netboot master verify" in await operator.choose("all", WIPE.id, 409)
        assert row_of(workshop).state == "waiting"
    fields = {"form-token": await operator.token(), "profile": WIPE.id, "places": "2"}
    assert "incomplet (netboot master verify" in await operator.post("/batch/arm", fields, 409)
    assert workshop.record.batches.newest() is None


async def test_the_page_of_systems_says_which_are_foreign(operator: Person, workshop: Workshop) -> None:
    workshop.record.masters.remember(MASTER.manifest, name=MASTER.name, version="1", licence="MIT")
    assert "aucun PC ne l'accepte" not in await operator.get("/masters")
    holding(workshop, replace(MASTER, signed=False))
    assert "La signature du système debian-minimal" in await operator.get("/masters")


async def test_the_page_offers_a_shipped_profile_as_soon_as_its_master_is_here(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    holding(workshop, MASTER)
    workshop.left_out = LeftOut(
        [WIPE, LOST], shipped=[WIPE, LOST], find_master=lambda name: workshop.find_master(name), record=workshop.record
    )
    async with agent_on(server, hello(pc())):
        paths = ("/", f"/machine/{row_of(workshop).machine}")
        for path in paths:
            text = await operator.get(path)
            assert f'<option value="{WIPE.id}">' in text
            assert f'<option value="{LOST.id}">' not in text
        workshop.find_master = lambda name: MASTER
        for path in paths:
            assert f'<option value="{LOST.id}">' in await operator.get(path)


NO_ZONES = replace(MASTER, offers=Offers(timezones=("UTC",)))
IN_PARIS = replace(WIPE, customise=SystemSettings(timezone="Europe/Paris"))


async def test_a_system_without_what_the_profile_asks_for_is_refused_and_the_page_of_systems_says_what(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    workshop.record.masters.remember(MASTER.manifest, name=MASTER.name, version="1", licence="MIT")
    workshop.profiles = {**workshop.profiles, WIPE.id: IN_PARIS}
    holding(workshop, replace(MASTER, offers=Offers(timezones=("Europe/Paris",))))
    assert "fuseau horaire" not in unescape(await operator.get("/masters"))
    holding(workshop, NO_ZONES)
    assert "demande : fuseau horaire Europe/Paris." in unescape(await operator.get("/masters"))
    async with agent_on(server, hello(pc())):
        assert "la page des systèmes dit quoi" in unescape(await operator.choose("all", WIPE.id, 409))
        assert row_of(workshop).state == "waiting"


async def test_its_erase_is_not_ordered_when_the_menu_offered_it_before(workshop: Workshop, server: TestServer) -> None:
    workshop.profiles = {**workshop.profiles, WIPE.id: IN_PARIS}
    holding(workshop, NO_ZONES)
    picked = hello(pc(), profile=WIPE.id)
    pick = Picked(WIPE.id, picked.menu_mac, picked.inventory.system.uuid, digest=IN_PARIS.digest)
    picked = replace(picked, ticket=issue(TICKET_KEY, pick, now=time.time()))
    async with agent_on(server, picked) as (agent, _):
        await agent.hear(Plan)
        stay = await agent.obey(pc(), until="check")
        assert isinstance(stay, Stay)
        assert stay.problem == Problem("master-lacks", {"master": MASTER.name, "lacks": "timezone Europe/Paris"})


def test_a_server_tells_each_profile_that_its_master_cannot_be(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store(tmp_path_factory.mktemp("data") / "store", accepts=PUBLIC)
    manifest = put_master(store, "debian-minimal", part("a"))
    store.publish(replace(manifest, understood=Understood(system="Debian", offers=Offers(timezones=("UTC",)))), KEY)
    masters = Masters(store)
    missing = replace(WIPE, id="other", master="other")
    lines = list(unfit((WIPE, IN_PARIS, missing), masters))
    assert masters.lacks_master_of(IN_PARIS)
    assert len(lines) == 1
    assert lines[0].startswith("the profile wipe-and-debian is not offered: ")
    assert "time zone Europe/Paris" in lines[0]


def test_a_server_whose_key_was_replaced_finds_its_old_masters_unsigned(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("data")
    manifest = put_master(Store(folder / "store"), "debian-minimal", part("a"))
    found = Masters(Store(folder / "store", accepts=PUBLIC))
    told = found("debian-minimal")
    assert told is not None
    assert replace(told, growths=()) == MasterNeeds(
        manifest=manifest.digest, name="debian-minimal", disk=1024 * 1024, used=512, room=0
    )
    key = new_key(folder)
    replaced = Masters(Store(folder / "store", accepts=public_key(key)))
    needs = replaced("debian-minimal")
    assert needs is not None
    assert not needs.signed
    assert replaced.lacks_master_of(WIPE)
    assert replaced("nothing") is None
