"""Twenty PCs join a batch at one instant while a person disarms it, and lines break meanwhile.

A place and its job are one transaction, and the order goes by a line. So a place on the record whose order nobody heard
is that of a PC whose line broke, and its next hello goes on with it.
"""

import asyncio
import random
from collections import Counter

import pytest
from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from aiohttp.test_utils import TestServer

from netboot.shared.protocol import RunStage, Stay, decode_from_server
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import ERASE, boarded
from tests.workshop.player import Agent

PCS = 20
WITHIN = 60.0
"""Seconds until each PC knows what it does: twenty hellos of one instant are written one after the other."""


async def joins(server: TestServer, number: int, batch: str, breaks: int) -> RunStage | Stay:
    """What a PC is told whose line breaks so often before it has heard anything."""
    connector = TCPConnector(local_addr=(f"127.0.1.{number}", 0))
    async with asyncio.timeout(WITHIN), ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as client:
        while True:
            async with client.ws_connect(server.make_url("/agent/link")) as line:
                agent = Agent(line)
                await agent.say(boarded(number, batch))
                if breaks:
                    breaks -= 1
                    await asyncio.sleep(random.uniform(0, 0.3))
                    await agent.break_off()
                    continue
                while not isinstance(heard := decode_from_server(await line.receive_str()), RunStage | Stay):
                    pass
            if not (isinstance(heard, Stay) and heard.problem.code == "same-names"):  # its older line lingers
                return heard
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.3, 1.0])
async def test_each_place_of_a_batch_that_is_disarmed_as_twenty_join_is_ordered_and_no_other(
    workshop: Workshop, server: TestServer, seconds: float
) -> None:
    batch = workshop.record.batches.arm(ERASE.id, PCS, "anne")

    async def disarm() -> bool:
        await asyncio.sleep(seconds)
        return await asyncio.to_thread(workshop.record.batches.disarm, batch.id, "anne")

    disarming = asyncio.create_task(disarm())
    told = await asyncio.gather(*(joins(server, number, batch.id, number % 3) for number in range(1, PCS + 1)))
    disarmed = await disarming
    ordered = {heard.job for heard in told if isinstance(heard, RunStage)}
    kept_out = Counter(heard.problem.code for heard in told if isinstance(heard, Stay))
    events = workshop.record.journal.read(limit=10_000)
    jobs = [event.job_id for event in events if event.kind == "job-started"]
    taken = [event.visit_id for event in events if event.kind == "batch-place"]
    seen = workshop.record.batches.newest()
    assert seen is not None
    print(f"disarmed after {seconds} s: {len(taken)} places, {len(ordered)} ordered, {kept_out}")
    assert len(taken) == len(set(taken)) == len(seen.taken) == len(jobs)
    assert ordered == set(jobs)
    assert len(ordered) + kept_out.total() == PCS
    assert kept_out.keys() <= {"batch-over"}
    assert disarmed or not kept_out
