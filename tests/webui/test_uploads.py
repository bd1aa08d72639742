"""An image that a browser sends: into the inbox, whole or not at all, and nowhere else."""

import asyncio
import socket
import threading
from html import unescape
from pathlib import Path

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestServer
from aiohttp.web import Application

from netboot.serve import inbox_upload, watched_upload
from netboot.serve.workbench import StoreWorkbench
from netboot.shared.errors import NetbootError
from netboot.webui.refusal import Refusal
from netboot.webui.texts import texts
from netboot.webui.visitor import COOKIE
from netboot.webui.workbench import workbench_key
from netboot.workshop.makings import Makings
from tests.webui.conftest import Person, hidden_fields
from tests.webui.making_page import *  # noqa: F403 — its fixtures: the store, the inbox, the page
from tests.workshop.player import eventually

pytestmark = pytest.mark.root

T = texts("fr")
SIZE = 5 << 20
NAMED = {"master-name": "ecole", "master-version": "2", "master-title": "École", "master-licence": "MIT"}


async def send(
    person: Person, content: bytes, name: str = "school.raw", status: int = 200, *, token: str | None = None
) -> str:
    """Fill in the form as a browser does."""
    form = FormData(quote_fields=False)
    form.add_field("form-token", await person.token() if token is None else token)
    form.add_field("file", content, filename=name, content_type="application/octet-stream")
    async with person.client.post("/masters/upload", data=form) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return unescape(text)


def inside(tmp_path: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in (tmp_path / "inbox").iterdir()}


async def test_what_is_sent_is_there_whole_and_can_be_imported(
    operator: Person, makings: Makings, image: Path, tmp_path: Path
) -> None:
    content = image.read_bytes()
    image.unlink()
    asked = await send(operator, content, "l'école.raw")
    assert (tmp_path / "inbox" / "l'école.raw").read_bytes() == content
    assert inside(tmp_path) == {"l'école.raw": len(content)}
    assert T["import_checked"] in asked
    await operator.post("/masters/import", hidden_fields(asked) | NAMED)
    await eventually(lambda: makings.shown is not None and not makings.runs)
    assert makings.shown is not None
    assert makings.shown.making.state == "done"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/cron.d/x", "x"),
        ("C:\\images\\school.raw", "school.raw"),
        (".hidden", ""),
        ("..", ""),
        ("x" * 201, ""),
    ],
)
async def test_a_name_is_no_path(operator: Person, makings: Makings, tmp_path: Path, name: str, kept: str) -> None:
    await send(operator, b"content", name, 200 if kept else 400)
    assert inside(tmp_path) == ({kept: 7} if kept else {})


async def test_no_file_takes_anothers_place(operator: Person, makings: Makings, image: Path, tmp_path: Path) -> None:
    before = image.read_bytes()
    assert "already" in await send(operator, b"other", image.name, 400)
    assert image.read_bytes() == before
    assert list(inside(tmp_path)) == [image.name]


async def test_it_stops_where_the_room_ends_and_leaves_nothing(
    operator: Person, makings: Makings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_upload, "KEPT_FREE", 1 << 60)
    assert "no room" in await send(operator, bytes(SIZE), status=400)
    assert inside(tmp_path) == {}


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetbootError, match=r"nothing can be put into .*: File name too long"):
        inbox_upload.InboxUpload(tmp_path / ("x" * 300), "school.raw")


async def test_a_folder_that_hangs_is_told_and_holds_up_nobody_else(
    operator: Person, makings: Makings, application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, write = threading.Event(), inbox_upload.InboxUpload.write

    def hang(self: inbox_upload.InboxUpload, data: bytes) -> None:
        answers.wait(60)
        write(self, data)

    monkeypatch.setattr(inbox_upload.InboxUpload, "write", hang)
    bench = application[workbench_key]
    assert isinstance(bench, StoreWorkbench)
    bench._uploads._within = 0.5
    silent = Refusal("inbox-silent").sentence("fr")
    try:
        for _ in range(3):
            assert silent in await send(operator, b"content", status=503)
        await operator.get("/masters")
    finally:
        answers.set()
    await eventually(lambda: inside(tmp_path) == {})
    await send(operator, b"content")
    assert inside(tmp_path) == {"school.raw": 7}


async def test_what_a_killed_server_left_of_one_takes_no_room_from_the_next(
    operator: Person, makings: Makings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "inbox" / ".upload"
    left.write_bytes(b"cut off")
    ask_room = inbox_upload.InboxUpload._require_room

    def asked(self: inbox_upload.InboxUpload, wanted: int) -> None:
        assert not left.exists() or left.read_bytes() != b"cut off", "its room is given back first"
        ask_room(self, wanted)

    monkeypatch.setattr(inbox_upload.InboxUpload, "_require_room", asked)
    await send(operator, b"content")
    assert inside(tmp_path) == {"school.raw": 7}


def test_a_slow_sticks_wait_is_no_silence() -> None:
    assert inbox_upload._ASK_ROOM / 1_000_000 < watched_upload.WITHIN * 2 / 3


@pytest.mark.parametrize("token", ["", "x", "x" * 100_000])
async def test_another_sites_form_sends_nothing(
    operator: Person, visitor: Person, makings: Makings, tmp_path: Path, token: str
) -> None:
    await send(operator, b"content", status=403, token=token)
    await send(visitor, b"content", status=403, token=await operator.token())
    assert inside(tmp_path) == {}


async def test_the_token_comes_first_and_what_is_no_form_of_parts_is_refused(
    operator: Person, makings: Makings, tmp_path: Path
) -> None:
    form = FormData()
    form.add_field("file", b"content", filename="x.raw")
    form.add_field("form-token", await operator.token())
    async with operator.client.post("/masters/upload", data=form) as answer:
        assert answer.status == 403
    await operator.post("/masters/upload", {"form-token": await operator.token()}, 415)
    head = {"Content-Type": "multipart/form-data; boundary=b"}
    for body in (b"", b"--b--\r\n", b"nothing", b"--b\r\n\r\n"):
        async with operator.client.post("/masters/upload", data=body, headers=head) as answer:
            assert answer.status in (400, 403, 415), await answer.text()
    assert inside(tmp_path) == {}


async def test_one_that_is_cut_off_leaves_nothing_and_the_next_one_begins(
    operator: Person, application: Application, page: TestServer, makings: Makings, tmp_path: Path
) -> None:
    token = await operator.token()
    cookie = next(each.value for each in operator.client.session.cookie_jar if each.key == COOKIE)
    body = (
        f'--b\r\nContent-Disposition: form-data; name="form-token"\r\n\r\n{token}\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="cut.raw"\r\n\r\n'
    ).encode() + bytes(1 << 20)
    head = (
        f"POST /masters/upload HTTP/1.1\r\nHost: {page.host}:{page.port}\r\nCookie: {COOKIE}={cookie}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {SIZE}\r\n\r\n"
    ).encode()

    def begin() -> socket.socket:
        line = socket.create_connection((page.host, page.port or 0))
        line.sendall(head + body)
        return line

    line = await asyncio.to_thread(begin)
    await eventually(lambda: any(inside(tmp_path).values()))
    assert list(inside(tmp_path)) == [".upload"]
    assert "cut.raw" not in await operator.get("/masters"), "what is not whole is not offered"
    await send(operator, b"content", status=503)
    line.close()
    await eventually(lambda: inside(tmp_path) == {})
    await send(operator, b"content")
    assert inside(tmp_path) == {"school.raw": 7}
