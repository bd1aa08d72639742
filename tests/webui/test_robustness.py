"""What is hostile: other sites, floods, huge and broken forms, wrong methods, values that agents made up."""

import asyncio
import json
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.auth.sessions import LASTS
from netboot.jobs.actor import operator
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.problems import Problem
from netboot.shared.protocol import (
    Plan,
    ProtocolError,
    RunStage,
    StageFinished,
    StageProgress,
    decode_from_agent,
    encode,
)
from netboot.shared.stages.erase import EraseResult, Erasure
from netboot.webui import live, render
from netboot.webui.keys import sessions_key
from netboot.webui.refusal import Refusal
from netboot.webui.render import LONGEST_TIME, clock, short_time
from netboot.webui.visitor import COOKIE
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import Row
from tests.webui.conftest import Person, hidden_fields, person_at
from tests.workshop.conftest import WIPE, disk, hello, pc, row_of
from tests.workshop.player import agent_on, eventually

BAD = "<script>alert(1)</script>\"'><img src=x>"


async def test_a_record_that_cannot_be_reached_is_told_and_nothing_else_of_the_page_fails(
    operator: Person, workshop: Workshop, tmp_path: Path
) -> None:
    file, away = tmp_path / "record.sqlite", tmp_path / "away"
    workshop.record._open.close()
    file.rename(away)
    for path in ("/record", "/masters", "/"):
        assert Refusal("record-away").sentence("fr") in unescape(await operator.get(path, 503))
    await operator.get("/static/page.css")
    away.rename(file)
    await operator.get("/record")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_forms_are_refused(operator: Person, headers: dict[str, str]) -> None:
    fields = {"form-token": await operator.token(), "language": "en"}
    for path in ("/sign-in", "/language", "/choose", "/first-start", "/sign-out", "/record"):
        async with operator.client.post(path, data=fields, headers=headers) as answer:
            assert answer.status == 403
            assert "Set-Cookie" not in answer.headers


async def test_this_pages_own_forms_are_taken(visitor: Person, page: TestServer) -> None:
    headers = {"Origin": str(page.make_url("")).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    async with visitor.client.post("/language", data={"language": "en"}, headers=headers) as answer:
        assert answer.status == 200


async def test_every_answer_forbids_what_is_not_from_here(visitor: Person) -> None:
    for path in ("/", "/nothing-here", "/static/page.css", "/sign-in", "/live"):
        async with visitor.client.get(path) as answer:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_page_has_its_style_and_its_script_also_when_the_record_fails(
    operator: Person, workshop: Workshop, tmp_path: Path
) -> None:
    workshop.record.close()
    (tmp_path / "record.sqlite").write_bytes(b"no database any more")
    assert "/static/page.css" in await operator.get("/", 500)
    for path in ("/static/page.css", "/static/page.js", "/static/mark.svg"):
        assert await operator.get(path)


@pytest.mark.parametrize(
    "path", ["/nothing-here", "/machine/nobody", "/machine/%00", "/machine/..%2f..", "/static/../web.py"]
)
async def test_what_is_not_there_gets_a_page_that_says_what_to_do(visitor: Person, path: str) -> None:
    assert "Revenez aux PC" in await visitor.get(path, 404)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/choose"), ("POST", "/"), ("DELETE", "/record"), ("PUT", "/live")]
)
async def test_a_wrong_method_gets_a_plain_page(visitor: Person, method: str, path: str) -> None:
    async with visitor.client.request(method, path) as answer:
        assert answer.status == 405
        assert "Revenez aux PC" in await answer.text()


async def test_a_huge_form_is_refused(operator: Person) -> None:
    async with operator.client.post("/choose", data={"named": "x" * 100_000}) as answer:
        assert answer.status == 413
        assert "Ce formulaire est trop grand" in await answer.text()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("application/x-www-form-urlencoded; charset=nothing", b"name=a"),
        ("application/x-www-form-urlencoded; charset=utf-16", b"n"),
    ],
)
async def test_a_form_of_another_kind_is_refused(visitor: Person, kind: str, body: bytes) -> None:
    async with visitor.client.post("/sign-in", data=body, headers={"Content-Type": kind}) as answer:
        assert answer.status in (403, 415)


@given(body=st.binary(max_size=300))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_bytes_in_a_form_break_the_page(visitor: Person, body: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    async with visitor.client.post("/language", data=body, headers=kind, allow_redirects=False) as answer:
        assert answer.status in (303, 413, 415)


async def test_what_agents_say_is_shown_as_text_and_nothing_else(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    bad = pc(1, replace(disk(BAD), model=BAD))
    bad = replace(
        bad, system=replace(bad.system, product=BAD, manufacturer=BAD), nics=(replace(bad.nics[0], model=BAD),)
    )
    async with agent_on(server, hello(bad)) as (agent, _):
        machine = row_of(workshop).machine
        asked = await operator.choose("all", WIPE.id)
        await operator.say_yes(asked)
        await agent.hear(Plan)
        run = await agent.hear(RunStage)
        await agent.say(StageProgress(job=run.job, stage="check", done=1, total=2, rate=1e300, part=BAD))
        await eventually(lambda: row_of(workshop).part == BAD)
        workshop.live_board.put(
            replace(row_of(workshop), hostname=BAD, note=BAD, problem=Problem("disk-gone", {"disk": BAD}))
        )
        pages = [asked] + [await operator.get(path) for path in ("/", f"/machine/{machine}", "/machines", "/record")]
        found = await operator.get("/machines?search=%3Cscript%3E")
        for text in (*pages, found):
            assert "<script>alert" not in text
            assert "<img" not in text
        assert "&lt;script&gt;" in pages[1]


@pytest.mark.parametrize("rate", [0.0, 5e-324, 1e-9, 1.0, 1e308])
async def test_no_rate_of_an_agent_breaks_the_page_for_all(visitor: Person, workshop: Workshop, rate: float) -> None:
    workshop.live_board.put(Row(mac="98:fa:9b:00:00:01", state="working", done=0, total=2**63 - 1, rate=rate))
    assert "0 %" in await visitor.get("/")


@given(seconds=st.floats())
@example(seconds=float("-inf"))
@example(seconds=float("nan"))
def test_a_time_is_always_short(seconds: float) -> None:
    assert len(short_time(seconds, "fr")) <= 8
    assert len(short_time(LONGEST_TIME, "en")) <= 8


@pytest.mark.parametrize("at", [315_532_800.0, 0.0, 1e12])
def test_a_clock_of_any_year_is_shown(at: float) -> None:
    assert clock(at) in ("1980-01-01 00:00", "1970-01-01 00:00", "1000000000000")


@pytest.mark.parametrize(
    "moments",
    [
        {"started": 1e308},
        {"finished": -1e308},
        {"finished": 1e13},
        {"ended": 1e11},
        {"began": -1.0},
        {"pc_clock": 1e13},
    ],
)
def test_an_erasure_at_no_time_of_any_clock_is_no_message(moments: dict[str, float]) -> None:
    said = Erasure(disk=disk("S1").id, evidence=Overwritten(), verdict="not-erased")
    report = StageFinished(
        number=1,
        job="ab" * 16,
        stage="erase",
        at=1.0,
        outcome="done",
        result=EraseResult(erasures=(replace(said, **moments),)),
    )
    with pytest.raises(ProtocolError):
        decode_from_agent(encode(report))


async def _events(
    person: Person, count: int = 50, *, until: Callable[[str, str], bool] = lambda name, data: False
) -> list[tuple[str, str]]:
    """The first events of the live stream, or those up to the wanted one."""
    found: list[tuple[str, str]] = []
    async with person.client.get("/live") as answer, asyncio.timeout(10):
        assert answer.status == 200
        while len(found) < count:
            name = (await answer.content.readline()).decode().removeprefix("event: ").strip()
            data = (await answer.content.readline()).decode().removeprefix("data:").strip()
            await answer.content.readline()
            if name != "beat":
                found.append((name, data))
            if until(name, data):
                break
    return found


async def test_the_stream_begins_with_every_row_and_then_tells_each_change(
    visitor: Person, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "GATHER", 0.05)
    one = workshop.live_board.put(Row(mac="98:fa:9b:00:00:01", state="waiting", machine="m", label="PC 1"))
    reading = asyncio.create_task(_events(visitor, 7))
    await asyncio.sleep(0.2)
    for percent in (10, 20, 30):
        workshop.live_board.put(replace(one, state="working", done=percent, total=100))
    (first, waiting, _, conflicts, _, second, nobody) = await reading
    assert json.loads(first[1])["state"] == "waiting"
    assert waiting == ("waiting", "1")
    assert conflicts == ("conflicts", '{"html": ""}')
    assert "30 %" in json.loads(second[1])["html"], "the newest only"
    assert nobody == ("waiting", "0")


async def test_a_choice_that_was_followed_goes_from_every_page(
    visitor: Person, workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "GATHER", 0.05)
    async with agent_on(server, hello(pc())):
        machine = row_of(workshop).machine
    await eventually(lambda: row_of(workshop).state == "home")
    await workshop.commands.choose(operator("anne"), machine, "erase-only")
    (_, _, (_, before)) = await _events(visitor, 3)
    assert "Effacer les disques" in before
    reading = asyncio.create_task(
        _events(visitor, until=lambda name, data: name == "pending" and "disques" not in data)
    )
    await asyncio.sleep(0.2)
    async with agent_on(server, hello(pc(), "boot-2")) as (agent, _):
        await agent.hear(Plan)
        await reading


async def test_a_rows_form_is_only_in_the_stream_of_who_is_signed_in(
    visitor: Person, operator: Person, workshop: Workshop
) -> None:
    workshop.live_board.put(Row(mac="98:fa:9b:00:00:01", state="waiting", machine="m", label="PC 1"))
    (theirs, _), (ours, _) = await _events(visitor, 2), await _events(operator, 2)
    assert hidden_fields(json.loads(theirs[1])["html"]) == {}
    assert hidden_fields(json.loads(ours[1])["html"])["form-token"] == await operator.token()


async def test_a_row_that_the_live_board_forgot_is_taken_off_the_page(
    visitor: Person, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "GATHER", 0.01)
    monkeypatch.setattr("netboot.workshop.live_board.ROWS", 1)
    workshop.live_board.put(Row(mac="98:fa:9b:00:00:01", state="booting"))
    reading = asyncio.create_task(_events(visitor, 7))
    await asyncio.sleep(0.2)
    workshop.live_board.put(Row(mac="98:fa:9b:00:00:02", state="booting"))
    assert ("gone", "98:fa:9b:00:00:01") in await reading


Viewer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _watching(address: str, port: int, cookie: str = "") -> Viewer:
    """A viewer at this address of loopback, who has read the stream's first event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    writer.write(f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
    async with asyncio.timeout(10):
        await reader.readuntil(b"beat")
    return reader, writer


async def _told_its_end(viewer: Viewer) -> bytes:
    """What the viewer reads up to the stream's end (RFC 9112 §7.1: the last chunk)."""
    async with asyncio.timeout(5):
        return await viewer[0].readuntil(b"\r\n0\r\n\r\n")


async def test_addresses_that_took_every_seat_keep_nobody_out_and_the_oldest_of_who_has_most_gives_way(
    application: Application, page: TestServer
) -> None:
    viewers = application[live.viewers_key]
    assert page.port is not None
    honest = await _watching("127.0.0.99", page.port)
    greedy = [await _watching(f"127.0.1.{1 + number // 16}", page.port) for number in range(live.VIEWERS)]
    assert len(viewers) == live.VIEWERS
    await _told_its_end(greedy[0])
    late = [await _watching(f"127.0.2.{number}", page.port) for number in range(1, 11)]
    assert len(viewers) == live.VIEWERS
    assert not honest[0].at_eof()
    assert not any(reader.at_eof() for reader, _ in late)


async def test_one_address_has_few_seats_and_its_newest_viewer_gets_one(
    application: Application, page: TestServer
) -> None:
    assert page.port is not None
    own = [await _watching("127.0.0.9", page.port) for _ in range(live.VIEWERS_OF_ADDRESS + 1)]
    await _told_its_end(own[0])
    assert len(application[live.viewers_key]) == live.VIEWERS_OF_ADDRESS


async def test_the_stream_of_a_page_left_open_ends_at_sign_out(
    application: Application, page: TestServer, operator: Person, workshop: Workshop
) -> None:
    assert page.port is not None
    cookie = operator.client.session.cookie_jar.filter_cookies(page.make_url("/"))[COOKIE]
    left_open = await _watching("127.0.0.1", page.port, f"{COOKIE}={cookie.value}")
    watcher = await _watching("127.0.0.1", page.port)
    await operator.post("/sign-out", {"form-token": await operator.token()})
    await _told_its_end(left_open)  # at once, not at the next beat
    workshop.live_board.put(Row(mac="98:fa:9b:00:00:02", state="waiting", machine="n", label="PC 2"))
    async with asyncio.timeout(5):
        assert b"form-token" not in await watcher[0].readuntil(b"PC 2"), "who only watches stays"


async def test_a_stream_ends_with_the_working_day_of_its_session(
    application: Application, operator: Person, workshop: Workshop
) -> None:
    async with operator.client.get("/live") as answer, asyncio.timeout(10):
        while b"beat" not in await answer.content.readline():
            pass
        sessions = application[sessions_key]
        sessions._clock = lambda: time.monotonic() + LASTS + 1
        workshop.live_board.put(Row(mac="98:fa:9b:00:00:02", state="waiting", machine="n", label="PC 2"))
        assert b"PC 2" not in await answer.content.read()


async def test_a_viewer_that_does_not_read_is_let_go(
    application: Application, page: TestServer, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "READ_WITHIN", 0.2)
    monkeypatch.setattr(live, "GATHER", 0.0)
    viewers = application[live.viewers_key]
    assert page.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", page.port, limit=1024)
    writer.write(b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await eventually(lambda: len(viewers) == 1)
    filler = "x" * 10_000
    async with asyncio.timeout(20):
        number = 0
        while len(viewers):
            number += 1
            workshop.live_board.put(Row(mac=f"98:fa:9b:00:00:{number % 64:02x}", state="booting", note=filler))
            await asyncio.sleep(0.001)
    writer.close()
    assert reader is not None


async def test_a_stopping_server_lets_its_viewers_go(application: Application, page: TestServer) -> None:
    async with person_at(page) as person, person.client.get("/live") as answer, asyncio.timeout(5):
        await answer.content.readline()
        application[live.viewers_key].end()
        await answer.content.read()


async def test_a_row_is_made_once_for_all_who_see_the_same_of_it(
    page: TestServer, visitor: Person, operator: Person, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(*given: object, **more: object) -> str:
        made.append(given)
        return render.part(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(live, "part", counted)
    workshop.live_board.put(Row(mac="98:fa:9b:00:00:01", state="waiting", machine="m", label="PC 1"))
    async with person_at(page) as other:
        assert await _events(visitor, 1) == await _events(other, 1)
        assert await _events(operator, 1) != await _events(other, 1)
    assert len([given for given in made if given[1] == "row.html.j2"]) == 2
