"""Two lines for one PC on the page: shown side by side, answered by a person; forms go to the visit that was seen."""

from html import unescape

from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.jobs.policy import Policy
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, Stay, Welcome
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person, hidden_fields
from tests.workshop.conftest import ERASE, LOOK, hello, pc, row_of
from tests.workshop.player import agent_on, eventually

T = texts("fr")


async def answer(person: Person, visit: str, said: str, status: int = 200) -> str:
    """Say of a line whether it is the PC."""
    fields = {"form-token": await person.token(), "visit": visit, "answer": said}
    return unescape(await person.post("/line", fields, status))


async def test_a_person_sees_what_tells_two_lines_apart_and_says_which_is_the_pc(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    liar = replace(pc(), disks=())
    async with (
        agent_on(server, hello(pc())) as (real, welcome),
        agent_on(server, hello(liar, "forged")) as (forged, other),
    ):
        await real.hear(Stay)
        await forged.hear(Stay)
        page = unescape(await operator.get("/"))
        assert T["contested_title"] in page
        for sign in ("127.0.0.1", "98:fa:9b:00:00:01", "S4EWNX0N0001", T["contested_vouch"], T["contested_keep-out"]):
            assert sign in page, sign
        assert "/line" not in await visitor.get("/")
        assert T["contested_title"] in unescape(await visitor.get("/"))
        machine = row_of(workshop).machine
        assert T["contested_title"] in unescape(await operator.get(f"/machine/{machine}"))
        await operator.choose("all", ERASE.id, 409)
        await operator.choose(machine, ERASE.id, 409)
        await answer(operator, "no-such-visit", "vouch", 409)
        await visitor.post("/line", {"visit": welcome.visit, "answer": "vouch"}, 403)
        assert T["vouched"] in await answer(operator, welcome.visit, "vouch")
        assert (await forged.hear(Stay)).problem == Problem("not-this-pc")
        await answer(operator, other.visit, "vouch", 409)
        await real.hear(Welcome)
        assert T["contested_title"] not in unescape(await operator.get("/"))
        await operator.say_yes(await operator.choose(machine, ERASE.id))
        await real.hear(Plan)
        assert await real.obey(pc()) == Leave(action="poweroff")
    shown = unescape(await operator.get(f"/machine/{machine}"))
    assert T["standing_vouched"] in shown
    assert T["standing_refused"] in shown


async def test_the_proof_of_a_contested_visit_says_so_on_the_page(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=ERASE.id)) as (real, _):
        await real.hear(Plan)
        async with agent_on(server, hello(pc(), "forged")):
            assert await real.obey(pc()) == Leave(action="poweroff")
    assert T["standing_two-lines"] in unescape(await operator.get(f"/machine/{row_of(workshop).machine}"))


async def test_what_was_said_yes_to_is_not_done_to_what_the_pc_is_since(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())):
        machine = row_of(workshop).machine
        one, every = await operator.choose(machine, ERASE.id), await operator.choose("all", ERASE.id)
        form = hidden_fields(await operator.get(f"/machine/{machine}"))
    async with agent_on(server, hello(pc(), "boot-2")):
        await operator.say_yes(one, 409)
        await operator.say_yes(every, 409)
        await operator.post("/policy", {**form, "access": "denied"}, 409)
        assert row_of(workshop).state == "waiting"
        assert workshop.record.choices.pending() == ()
        assert workshop.policies.of(pc()) == Policy()


async def test_denying_a_made_up_pc_that_tells_the_adapters_of_eight_others_denies_none_of_them(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    for number in range(1, 8):
        async with agent_on(server, hello(pc(number), f"boot-{number}")):
            pass
    await eventually(lambda: not tuple(workshop._lines))
    nics = tuple(nic for number in (66, *range(1, 9)) for nic in pc(number).nics)
    liar = replace(pc(66), nics=nics)
    async with agent_on(server, hello(liar, "forged")):
        machine = next(row.machine for row in workshop.live_board.rows() if row.mac == nics[0].mac)
        fields = hidden_fields(await operator.get(f"/machine/{machine}"))
        await operator.post("/policy", {**fields, "access": "denied"})
    assert workshop.policies.of(liar).denied
    for number in range(1, 9):  # the eighth had not been here yet
        assert not workshop.policies.of(pc(number)).denied, number
    async with agent_on(server, hello(pc(8), "boot-8", profile=LOOK.id)) as (agent, _):
        await agent.hear(Plan)
