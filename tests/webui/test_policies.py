"""Denying a PC, and setting how it boots, on the page: also a PC that never said hello."""

from html import unescape
from typing import get_args

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.jobs.identity import Key
from netboot.jobs.policy import Loader, Policy
from netboot.settings.config import MachineSettings
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stay
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from netboot.workshop.policies import Policies
from tests.webui.conftest import Person, hidden_fields
from tests.workshop.conftest import ERASE, LOOK, WIPE, hello, pc, row_of
from tests.workshop.player import agent_on

T = texts("fr")
OFFICE = "02:1a:9b:00:00:99"
DENIED = Policy(denied=True)


async def rule(person: Person, status: int = 200, **fields: str) -> str:
    """Fill in the form of a PC."""
    if "machine" in fields:
        fields = {"visit": hidden_fields(await person.get(f"/machine/{fields['machine']}"))["visit"], **fields}
    return unescape(await person.post("/policy", {"form-token": await person.token(), **fields}, status))


async def known(workshop: Workshop, server: TestServer) -> str:
    """A PC that has been here; gives its id."""
    async with agent_on(server, hello(pc())):
        return row_of(workshop).machine


async def test_an_office_pc_seen_on_the_board_is_denied_by_its_address(operator: Person, workshop: Workshop) -> None:
    workshop.live_board.sighted(OFFICE, firmware="UEFI")
    assert f'href="/address/{OFFICE}"' in await operator.get("/")
    assert T["address_title"].format(mac=OFFICE) in unescape(await operator.get(f"/address/{OFFICE}"))
    page = await rule(operator, mac=OFFICE, access="denied", note="le PC de la comptable")
    assert T["saved"] in page
    assert workshop.policies(OFFICE) == DENIED
    assert T["rule_denied"] in await operator.get("/")
    listed = await operator.get("/policies")
    assert "le PC de la comptable" in listed
    assert "anne" in listed
    await rule(operator, mac=OFFICE, access="allowed")
    assert workshop.policies(OFFICE) == Policy()
    assert T["rule_denied"] not in await operator.get("/")


@pytest.mark.parametrize("written", ["02-1A-9B-00-00-99", "021a9b000099", " 02:1a:9b:00:00:99 ", "021a.9b00.0099"])
async def test_an_address_is_taken_as_people_write_it(operator: Person, written: str) -> None:
    async with operator.client.get("/address", params={"mac": written}, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"/address/{OFFICE}"


@pytest.mark.parametrize("written", ["", "02:1a", "zz:1a:9b:00:00:99", "x" * 9999, "02:1a:9b:00:00:99:00"])
async def test_what_is_no_address_is_refused(operator: Person, written: str) -> None:
    async with operator.client.get("/address", params={"mac": written}) as answer:
        assert answer.status == 400
    await rule(operator, 400, mac=written, access="denied")


async def test_a_known_pc_is_denied_by_all_its_own_names_and_nothing_can_be_chosen_for_it(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    machine = await known(workshop, server)
    page = await rule(operator, machine=machine, access="denied")
    assert T["says"].format(machine=T["rule_access"], state=T["rule_denied"]) in page
    assert workshop.policies(pc().nics[0].mac) == workshop.policies("", pc().system.uuid) == DENIED
    await operator.choose(machine, ERASE.id, 409)
    assert workshop.record.choices.pending() == ()
    address = pc().nics[0].mac
    async with operator.client.get(f"/address/{address}", allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"/machine/{machine}#rule"


async def test_the_screen_of_a_waiting_pc_says_at_once_that_it_is_denied(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        await rule(operator, machine=row_of(workshop).machine, access="denied")
        assert (await agent.hear(Stay)).problem == Problem("denied")


async def test_a_pc_denied_by_its_dock_is_allowed_where_its_page_points_to(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    dock = "00:50:b6:00:00:99"
    docked = replace(pc(), nics=(replace(pc().nics[0], mac=dock, driver="r8152", boot=True),))
    async with agent_on(server, hello(docked)):
        machine = next(row.machine for row in workshop.live_board.rows() if row.mac == dock)
        link = f'href="/address/{dock}#rule"'
        assert link not in await operator.get(f"/machine/{machine}")
        await rule(operator, mac=dock, access="denied")
        page = unescape(await operator.get(f"/machine/{machine}"))
        assert f"{T['denied_dock']} <a {link}>" in page
        page = unescape(await operator.get(f"/address/{dock}"))
        assert T["address_dock"] in page
        assert 'value="denied" selected' in page
        await rule(operator, mac=dock, access="allowed")
        assert link not in await operator.get(f"/machine/{machine}")
        assert not workshop.policies.of(docked).denied


async def test_a_virtual_pc_denied_by_its_made_up_address_is_not_said_to_be_at_a_dock(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    made_up = "52:54:00:00:00:99"
    virtual = replace(pc(), nics=(replace(pc().nics[0], mac=made_up, driver="virtio_net", boot=True),))
    async with agent_on(server, hello(virtual)):
        machine = next(row.machine for row in workshop.live_board.rows() if row.mac == made_up)
        await rule(operator, mac=made_up, access="denied")
        page = unescape(await operator.get(f"/machine/{machine}"))
        assert f'{T["denied_adapter"]} <a href="/address/{made_up}#rule">' in page
        assert T["denied_dock"] not in page
        page = unescape(await operator.get(f"/address/{made_up}"))
        assert T["address_shared"] in page
        assert T["address_dock"] not in page


async def test_a_pc_without_a_name_denied_by_the_adapter_it_came_by_is_allowed_on_its_own_page(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    made_up = "52:54:00:00:00:99"
    nameless = replace(
        pc(),
        system=replace(pc().system, uuid="", serial=""),
        board=replace(pc().board, serial=""),
        nics=(replace(pc().nics[0], mac=made_up, driver="virtio_net", boot=True),),
    )
    async with agent_on(server, hello(nameless)):
        machine = next(row.machine for row in workshop.live_board.rows() if row.mac == made_up)
        page = await rule(operator, machine=machine, access="denied")
        assert T["says"].format(machine=T["rule_access"], state=T["rule_denied"]) in page
        assert T["denied_adapter"] not in page


async def test_a_waiting_pc_that_is_denied_is_left_out_of_a_choice_for_all(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(1), "boot-1")), agent_on(server, hello(pc(2), "boot-2")):
        await rule(operator, machine=row_of(workshop, 1).machine, access="denied")
        asked = await operator.choose("all", WIPE.id)
        assert T["concerned"].format(count=1) in asked
        assert row_of(workshop, 1).machine not in asked


@pytest.mark.parametrize("loader", get_args(Loader))
async def test_loader_dhcp_and_default_are_set_and_shown_again(
    operator: Person, workshop: Workshop, server: TestServer, loader: Loader
) -> None:
    machine = await known(workshop, server)
    page = await rule(
        operator,
        machine=machine,
        access="allowed",
        loader=loader,
        dhcp="merged",
        default=LOOK.id,
        note="en BIOS",
    )
    assert workshop.policies(pc().nics[0].mac) == Policy(loader=loader, dhcp="merged", default=LOOK.id)
    for value in (loader, "merged", LOOK.id):
        assert f'value="{value}" selected' in page


@pytest.mark.parametrize("field", [{"loader": "pxe"}, {"dhcp": "full"}, {"default": WIPE.id}, {"default": "armed"}])
async def test_what_is_not_in_the_lists_is_refused_above_all_a_default_that_writes(
    operator: Person, workshop: Workshop, field: dict[str, str]
) -> None:
    await rule(operator, 400, mac=OFFICE, **field)
    assert workshop.record.policies.all() == ()


async def test_what_the_settings_deny_is_not_allowed_on_the_page(operator: Person, workshop: Workshop) -> None:
    settings = Policies([MachineSettings(mac=OFFICE, denied=True, loader="grub", note="le serveur")])
    workshop.policies.machines, workshop.policies._fixed = settings.machines, settings._fixed
    page = await rule(operator, mac=OFFICE, access="allowed", dhcp="merged")
    assert T["rule_fixed_denied"] in page
    assert 'name="access"' not in page
    assert workshop.policies(OFFICE) == Policy(denied=True, loader="grub", dhcp="merged")
    assert "le serveur" in await operator.get("/policies")


async def test_only_a_signed_in_operator_sets_and_lists(visitor: Person, operator: Person, workshop: Workshop) -> None:
    await visitor.post("/policy", {"mac": OFFICE, "access": "denied"}, 403)
    await operator.post("/policy", {"mac": OFFICE, "access": "denied"}, 403)
    await visitor.get("/policies", 403)
    workshop.record.policies.set_for([Key("mac", OFFICE)], Policy(), "anne", note="chez la comptable")
    assert "la comptable" not in await visitor.get(f"/address/{OFFICE}")
    assert "/policy" not in await visitor.get(f"/address/{OFFICE}")
