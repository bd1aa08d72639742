"""What may be ordered is asked in one place, and before anything is done."""

from collections.abc import Awaitable, Callable
from typing import cast

import pytest
from aiohttp.test_utils import TestServer

from netboot.jobs.actor import Actor, Role, operator
from netboot.jobs.identity import Key
from netboot.jobs.policy import Policy
from netboot.records.refusals import NotAllowed
from netboot.workshop.commands import Commands
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import ERASE, hello, pc, row_of
from tests.workshop.player import agent_on

READER = Actor("person", "rosa", cast(Role, "reader"))
Order = Callable[[Commands, str, str], Awaitable[object]]
ORDERS: dict[str, Order] = {
    "choose": lambda commands, machine, visit: commands.choose(READER, machine, ERASE.id, seen=visit),
    "cancel": lambda commands, machine, _: commands.cancel(READER, machine),
    "vouch": lambda commands, _, visit: commands.vouch(READER, visit),
    "keep out": lambda commands, _, visit: commands.keep_out(READER, visit),
    "arm": lambda commands, _, __: commands.arm(READER, ERASE.id, 2),
    "disarm": lambda commands, _, __: commands.disarm(READER, "1"),
    "set a policy": lambda commands, _, __: commands.set_policy(
        READER, [Key("mac", "98:fa:9b:00:00:01")], Policy(True)
    ),
    "answer": lambda commands, machine, visit: commands.answer(READER, machine, visit, ()),
    "answer a stage": lambda commands, _, visit: commands.answer_stage(READER, visit, "", "again"),
    "merge": lambda commands, machine, _: commands.merge(READER, machine, machine),
    "separate": lambda commands, machine, _: commands.separate(READER, machine),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=list(ORDERS))
async def test_who_may_only_read_orders_nothing(workshop: Workshop, server: TestServer, order: Order) -> None:
    async with agent_on(server, hello(pc())) as (_, welcome):
        before = workshop.record.journal.last()
        with pytest.raises(NotAllowed):
            await order(workshop.commands, row_of(workshop).machine, welcome.visit)
        assert workshop.record.journal.last() == before
        assert row_of(workshop).state == "waiting"


async def test_an_operators_order_is_on_the_record_under_their_name(workshop: Workshop, server: TestServer) -> None:
    batch = await workshop.commands.arm(operator("anne"), ERASE.id, 2)
    assert (batch.who, batch.profile, batch.places) == ("anne", ERASE.id, 2)
    assert workshop.live_board.batch == batch
    assert await workshop.commands.disarm(operator("anne"), batch.id)
    assert not await workshop.commands.disarm(operator("anne"), batch.id)
