"""A Wi-Fi network of a profile: sealed to the PC that customises, and its password in nothing that the server keeps."""

import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace
from nacl.public import PrivateKey

from netboot.jobs.actor import operator
from netboot.jobs.profile import Profile
from netboot.jobs.wifi_network import WifiNetwork, keyfile
from netboot.records.record import Record
from netboot.shared.private_files import PrivateFiles, SealError, seal_key_of, unseal
from netboot.shared.protocol import Hello, Leave, Plan, RunStage, Stay, Welcome, encode
from netboot.shared.stages import stage_name
from netboot.shared.stages.customise import Customise, CustomiseResult, Found
from netboot.shared.system_settings import SystemSettings
from netboot.shared.wifi import wifi_file
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import LiveBoard
from netboot.workshop.private_settings import PrivateSettings
from tests.customised import customised
from tests.workshop.conftest import LOST, TICKET_KEY, WIPE, hello, pc, row_of
from tests.workshop.player import Agent, agent_on, evidence, find_master, serving

WIFI = replace(WIPE, id="with-wifi", customise=SystemSettings(wifi="guests"))
SSID, PASSWORD = "Atelier-du-canal", "hush-hush-hush"
NETWORK = WifiNetwork(name="guests", ssid=SSID, password=PASSWORD)
PATH = wifi_file("guests")
KEY = PrivateKey.generate()
ANNE = operator("anne")


def with_networks(record: Record, *networks: WifiNetwork, profiles: tuple[Profile, ...] = (WIFI, LOST)) -> Workshop:
    """A server that was just started with these networks."""
    private = PrivateSettings({network.name: network for network in networks}, TICKET_KEY)
    return Workshop(
        record, LiveBoard(time.time), profiles, find_master, wait=600, ticket_key=TICKET_KEY, private=private
    )


@pytest.fixture
def workshop(record: Record) -> Workshop:
    return with_networks(record, NETWORK)


@pytest.fixture
async def server(workshop: Workshop) -> AsyncIterator[TestServer]:
    async with serving(workshop) as running:
        yield running


def said(key: PrivateKey | None = KEY, boot: str = "boot-1", *, token: str = "") -> Hello:
    told = hello(pc(), boot, token=token)
    return told if key is None else replace(told, seal_key=seal_key_of(key))


async def chosen(workshop: Workshop) -> None:
    assert await workshop.commands.choose(ANNE, row_of(workshop).machine, WIFI.id)


async def deployed(workshop: Workshop, agent: Agent) -> RunStage:
    """The order to customise, once all before it was done."""
    await chosen(workshop)
    await agent.hear(Plan)
    run = await agent.obey(pc(), until="deploy")
    assert isinstance(run, RunStage)
    assert isinstance(run.stage, Customise)
    return run


def done(run: RunStage, private: PrivateFiles, content: bytes | None = None) -> CustomiseResult:
    """What a PC says of its disk, on which this content lies."""
    assert isinstance(run.stage, Customise)
    digest = private.proof(private.files[0].content if content is None else content)
    return customised(run.stage.hostname, Found(part="wifi", path=PATH, what="file", mode=0o600, digest=digest))


def kept(tmp_path: Path, workshop: Workshop) -> bytes:
    """All that the server has on disk and in its journal."""
    files = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    events = workshop.record.journal.read(limit=1000)
    return files + b"".join(msgspec.json.encode(event) for event in events)


async def test_the_pc_that_customises_gets_it_and_nothing_that_is_kept_has_it(
    tmp_path: Path, workshop: Workshop, server: TestServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with agent_on(server, said()) as (agent, _):
        run = await deployed(workshop, agent)
        private = unseal(run.sealed, KEY)
        assert [(file.path, file.content) for file in private.files] == [(PATH, keyfile(NETWORK))]
        with pytest.raises(SealError):
            unseal(run.sealed, PrivateKey.generate())
        assert PASSWORD not in encode(run)
        assert SSID not in encode(run)
        await agent.start(run)
        await agent.finish(run, done(run, private))
        finish = await agent.order()
        assert isinstance(finish, RunStage)
        assert finish.sealed == b""
        await agent.start(finish)
        await agent.finish(finish, None)
        assert await agent.order() == Leave(action="poweroff")
    everything = kept(tmp_path, workshop)
    assert private.proof(keyfile(NETWORK)).encode() in everything
    for secret in (PASSWORD, SSID, private.key.hex()):
        assert secret.encode() not in everything
        assert secret not in caplog.text
        assert secret not in repr(workshop.live_board.rows())


async def test_no_stage_before_it_is_told_it(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, said()) as (agent, _):
        await chosen(workshop)
        await agent.hear(Plan)
        for name in ("check", "erase", "deploy"):
            run = await agent.order()
            assert isinstance(run, RunStage)
            assert run.sealed == b""
            await agent.start(run)
            await agent.finish(run, evidence(run.stage, pc()))
            assert stage_name(run.stage) == name


async def test_a_disk_with_another_content_is_not_as_it_was_ordered(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, said()) as (agent, _):
        run = await deployed(workshop, agent)
        await agent.start(run)
        await agent.finish(run, done(run, unseal(run.sealed, KEY), b"[connection]\n"))
        stopped = await agent.order()
        assert isinstance(stopped, Stay)
        assert f"/{PATH} is not as it was ordered" in stopped.problem.technical


async def test_after_a_restart_it_is_sealed_anew_and_the_evidence_is_judged_by_the_same_proof(
    workshop: Workshop, record: Record, server: TestServer
) -> None:
    async with agent_on(server, said()) as (agent, welcome):
        run = await deployed(workshop, agent)
        await agent.start(run)
        await agent.break_off()
    again = with_networks(record, NETWORK)
    async with serving(again) as server, agent_on(server, said(token=welcome.token)) as (agent, _):
        await agent.hear(Plan)
        anew = await agent.order()
        assert isinstance(anew, RunStage)
        assert anew.stage == run.stage
        assert unseal(anew.sealed, KEY) == unseal(run.sealed, KEY)
        await agent.finish(run, done(run, unseal(run.sealed, KEY)))
        following = await agent.order()
        assert isinstance(following, RunStage)
        assert following.stage != run.stage


@pytest.mark.parametrize("restarted", [False, True])
async def test_who_read_the_token_off_the_lan_and_tells_another_key_is_given_nothing_to_open(
    workshop: Workshop, record: Record, server: TestServer, restarted: bool
) -> None:
    thief = PrivateKey.generate()
    async with agent_on(server, said()) as (agent, welcome):
        await deployed(workshop, agent)
        async with (
            serving(with_networks(record, NETWORK) if restarted else workshop) as place,
            agent_on(place, said(thief, token=welcome.token)) as (forged, _),
        ):
            await forged.hear(Plan)
            stolen = await forged.order()
            assert isinstance(stolen, RunStage)
            with pytest.raises(SealError):
                unseal(stolen.sealed, thief)
            assert unseal(stolen.sealed, KEY).files


async def test_an_agent_that_has_lost_its_key_is_stopped_before_the_erase(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, said()) as (agent, welcome):
        await agent.break_off()
    async with agent_on(server, said(PrivateKey.generate(), token=welcome.token)) as (agent, _):
        await chosen(workshop)
        await agent.hear(Plan)
        stopped = await agent.obey(pc(), until="erase")
        assert isinstance(stopped, Stay)
        assert stopped.problem.code == "wifi-withheld"
        assert "another key" in stopped.problem.values["error"]


async def test_a_network_that_is_gone_stops_the_pc_before_its_erase(record: Record) -> None:
    workshop = with_networks(record)
    async with serving(workshop) as server, agent_on(server, said()) as (agent, _):
        await chosen(workshop)
        await agent.hear(Plan)
        stopped = await agent.obey(pc(), until="erase")
        assert isinstance(stopped, Stay)
        assert (stopped.problem.code, stopped.problem.values["network"]) == ("wifi-withheld", "guests")
    assert not [event for event in record.journal.read(limit=1000) if event.kind == "erasure"]


@pytest.mark.parametrize("key", ["", "00" * 32])
async def test_an_agent_to_which_nothing_can_be_sealed_stops_before_the_erase(
    workshop: Workshop, server: TestServer, key: str
) -> None:
    async with agent_on(server, replace(said(None), seal_key=key)) as (agent, _):
        await chosen(workshop)
        await agent.hear(Plan)
        stopped = await agent.obey(pc(), until="erase")
        assert isinstance(stopped, Stay)
        assert stopped.problem.code == "wifi-withheld"


async def test_a_line_that_came_meanwhile_gets_nothing_and_the_pc_waits_for_a_persons_word(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, said()) as (agent, welcome):
        await chosen(workshop)
        run = await agent.begin_after("erase", pc())
        async with agent_on(server, said(PrivateKey.generate(), "forged-boot")) as (forged, _):
            assert (await forged.hear(Stay)).problem.code == "two-lines"
            await agent.finish(run, evidence(run.stage, pc()))
            stopped = await agent.order()
            assert isinstance(stopped, Stay)
            assert stopped.problem.code == "two-lines"
            await workshop.commands.vouch(ANNE, welcome.visit)
            assert (await forged.hear(Stay)).problem.code == "not-this-pc"
            await agent.hear(Welcome)
            await agent.hear(Plan)
            order = await agent.order()
            assert isinstance(order, RunStage)
            assert isinstance(order.stage, Customise)
            assert unseal(order.sealed, KEY).files
