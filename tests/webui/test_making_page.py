"""Making masters from the page: what is offered, to whom, and that a browser names things and no paths."""

import asyncio
import json
import os
from html import unescape
from pathlib import Path
from threading import Event

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.auth.server_keys import load_key
from netboot.files.assets import asset_folder
from netboot.jobs.making import Making
from netboot.records.record import Record
from netboot.serve.workbench import StoreWorkbench
from netboot.settings.config import Settings
from netboot.store import Store
from netboot.webui.texts import texts
from netboot.workshop.called import Called
from netboot.workshop.makings import Makings
from tests.store.test_store import part, put_master
from tests.webui.conftest import Person, hidden_fields
from tests.webui.making_page import *  # noqa: F403 — its fixtures: the store, the inbox, the page
from tests.workshop.player import eventually

pytestmark = pytest.mark.root

T = texts("fr")
NAMED = {"master-name": "ecole", "master-version": "2", "master-title": "École", "master-licence": "MIT"}
FILE = "old swap.raw"


async def take_in(operator: Person, file: str = FILE, status: int = 200, **named: str) -> str:
    """Fill in the form of one file."""
    fields = {"form-token": await operator.token(), "file": file} | NAMED | named
    return unescape(await operator.post("/masters/import", fields, status))


async def test_who_is_signed_in_sees_what_can_be_made_with_the_room_that_it_needs(
    operator: Person, visitor: Person, image: Path, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "recipes" / "broken.yaml").write_text("name: broken\nsuite: 13\n", encoding="utf-8")
    base = (asset_folder("images") / "debian-base.yaml").read_text(encoding="utf-8")
    (tmp_path / "recipes" / "our-base.yaml").write_text(base, encoding="utf-8")
    seen = unescape(await operator.get("/masters"))
    assert T["recipe_needs"].format(room="4,8 Go") in seen, "three times the 1536 MiB of debian-minimal's disk"
    assert "Debian 13, minimal" in seen
    assert "our-base" not in seen, "others extend it"
    assert T["recipe_mistake"] in seen
    assert "broken.yaml, line 2" in seen
    assert FILE in seen
    assert "8 Mo" in seen or "0,0 Go" in seen
    for path in ("/masters/build", "/masters/import", "/masters/stop"):
        assert path not in await visitor.get("/masters")
        await visitor.post(path, {"recipe": "debian-minimal", "file": FILE} | NAMED, 403)
    await visitor.get(f"/masters/import?file={FILE}", 403)


async def test_an_image_is_taken_in_by_forms_alone_and_told_on_the_page(
    operator: Person, visitor: Person, makings: Makings, store: Store, image: Path
) -> None:
    form = await operator.get(f"/masters/import?file={FILE}")
    assert FILE in form
    wrong = unescape(await operator.post("/masters/import", hidden_fields(form) | NAMED | {"master-name": "é"}))
    assert T["called_name-form"] in wrong
    assert makings.shown is None, "nothing has begun"
    began = unescape(await operator.post("/masters/import", hidden_fields(form) | NAMED))
    assert T["making_of_import"].format(name="ecole") in began
    await eventually(lambda: not makings.runs)
    assert T["making_done_as"].format(name="ecole", version="2") in unescape(await visitor.get("/masters"))
    manifest = store.current("ecole")
    assert manifest is not None
    assert image.is_file(), "what was taken in stays where it is"


async def test_under_a_taken_name_it_is_asked_once_more(
    operator: Person, makings: Makings, store: Store, settings: Settings, image: Path
) -> None:
    put_master(store, "ecole", part("a"), version="1", key=load_key(settings.data_folder))
    asked = await take_in(operator)
    assert T["called_taken"].format(name="ecole", version="1") in asked
    assert makings.shown is None
    await operator.post("/masters/import", hidden_fields(asked) | NAMED)
    await eventually(lambda: makings.shown is not None and not makings.runs)
    assert [one.version for one in (store.current("ecole"),) if one is not None] == ["2"]


@pytest.mark.parametrize("file", ["", ".", "..", "../data", "/etc/passwd", "link.raw", ".hidden", "gone.raw", "a\x00b"])
async def test_only_what_lies_in_the_inbox_itself_is_taken_in(
    operator: Person, makings: Makings, image: Path, file: str, tmp_path: Path
) -> None:
    (tmp_path / "outside.raw").write_bytes(b"secret")
    (tmp_path / "inbox" / "link.raw").symlink_to(tmp_path / "outside.raw")
    (tmp_path / "inbox" / ".hidden").write_bytes(b"")
    await take_in(operator, file, 409)
    assert makings.shown is None


@pytest.mark.parametrize(
    "recipe", ["", "agent", "debian-base", "../images/debian-minimal", "broken", "debian-minimal.yaml"]
)
async def test_only_a_recipe_that_is_listed_is_built(
    operator: Person, makings: Makings, recipe: str, tmp_path: Path
) -> None:
    (tmp_path / "recipes" / "broken.yaml").write_text("name: broken\n", encoding="utf-8")
    await operator.post("/masters/build", {"form-token": await operator.token(), "recipe": recipe}, 409)
    assert makings.shown is None


async def test_a_recipe_of_the_workshops_own_takes_the_place_of_one_of_its_file_name(
    settings: Settings, tmp_path: Path
) -> None:
    own = (asset_folder("images") / "ubuntu-minimal.yaml").read_text(encoding="utf-8")
    (tmp_path / "recipes" / "debian-minimal.yaml").write_text(own, encoding="utf-8")
    order = StoreWorkbench(settings).order_to_build("debian-minimal")
    assert order is not None
    assert (order.recipe, order.name) == (f"{tmp_path}/recipes/debian-minimal.yaml", "ubuntu-minimal")


async def test_without_room_nothing_is_built_and_the_page_says_so_before(
    operator: Person, makings: Makings, tmp_path: Path
) -> None:
    minimal = (asset_folder("images") / "debian-minimal.yaml").read_text(encoding="utf-8")
    base = (asset_folder("images") / "debian-base.yaml").read_text(encoding="utf-8")
    (tmp_path / "recipes" / "debian-base.yaml").write_text(base, encoding="utf-8")
    (tmp_path / "recipes" / "huge.yaml").write_text(minimal.replace("disk: 1536", "disk: 1048576"), encoding="utf-8")
    assert T["recipe_no_room"] in unescape(await operator.get("/masters"))
    await operator.post("/masters/build", {"form-token": await operator.token(), "recipe": "huge"}, 507)
    assert makings.shown is None


async def test_one_at_a_time_and_stopped_by_the_button(
    operator: Person, visitor: Person, makings: Makings, store: Store, image: Path
) -> None:
    with store.exclusive():  # as a clean-up does: the import waits for it
        await take_in(operator)
        await eventually(lambda: makings.runs)
        await take_in(operator, status=409, **{"master-name": "other"})
        fields = {"form-token": await operator.token(), "recipe": "debian-minimal"}
        await operator.post("/masters/build", fields, 409)
        seen = await operator.get("/masters")
        assert T["recipe_later"] in unescape(seen)
        assert "/masters/stop" not in await visitor.get("/masters"), "who only watches may not"
        await operator.post("/masters/stop", hidden_fields(seen))
        await eventually(lambda: not makings.runs)
    assert T["making_why_stopped"] in unescape(await operator.get("/masters"))
    assert store.current("ecole") is None


async def test_how_far_it_is_comes_by_itself(
    operator: Person, page: TestServer, makings: Makings, store: Store, image: Path
) -> None:
    async def heard(until: str) -> str:
        """What the stream says, once it says this."""
        async with operator.client.get("/masters/live") as stream, asyncio.timeout(20):
            while True:
                line = (await stream.content.readline()).decode()
                told = json.loads(line.removeprefix("data: "))["html"] if line.startswith("data: ") else ""
                if until in told:
                    return str(told)

    with store.exclusive():
        await take_in(operator)
        assert "/masters/stop" in await heard('data-state="running"')
    assert T["making_done_as"].format(name="ecole", version="2") in unescape(await heard('data-state="done"'))


async def test_a_reason_in_another_words_is_shown_and_never_as_html(
    operator: Person, record: Record, makings: Makings
) -> None:
    making = Making(id="m", kind="build", name="ecole", source="ecole.yaml", began=1.0)
    record.makings.begin(making, "anne")
    record.makings.end(replace(making, state="failed", ended=2.0, message="<b>no</b>", hint="\u202elook"))
    await makings.recover()
    seen = await operator.get("/masters")
    assert "&lt;b&gt;no&lt;/b&gt;" in seen
    assert "\u202e" not in seen
    assert T["making_why_failed"] in unescape(seen)


async def test_a_folder_that_is_not_there_is_said_and_never_taken_for_an_empty_one(
    operator: Person, makings: Makings, tmp_path: Path
) -> None:
    (tmp_path / "inbox").rmdir()
    (tmp_path / "recipes").rmdir()
    seen = unescape(await operator.get("/masters"))
    assert f"{T['inbox_unread']} " in seen
    assert "No such file or directory" in seen
    assert f"there is no folder {tmp_path}/recipes" in seen
    await take_in(operator, FILE, 409)


async def test_a_name_in_no_utf8_is_said_and_keeps_no_page_from_being_shown(
    operator: Person, makings: Makings, image: Path, tmp_path: Path
) -> None:
    for name in (b"inbox/\xe9cole.img", b"recipes/\xe9cole.yaml"):
        with open(os.fsencode(tmp_path) + b"/" + name, "xb") as file:  # noqa: PTH123 — a name of bytes
            file.write(b"name: ecole\n")
    seen = unescape(await operator.get("/masters"))
    assert "cole.img" in seen
    assert T["file_unnamed"] in seen
    assert "the name of its file is not in UTF-8" in seen
    assert FILE in seen
    await take_in(operator, "\ufffdcole.img", 409)
    await operator.get("/masters/import?file=%EF%BF%BDcole.img", 409)
    await operator.post("/masters/build", {"form-token": await operator.token(), "recipe": "\ufffdcole"}, 409)
    assert makings.shown is None


async def test_a_server_that_is_not_root_offers_no_import_and_does_none(
    operator: Person, makings: Makings, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    seen = await operator.get("/masters")
    assert FILE in seen
    assert "/masters/import" not in seen
    assert "/masters/upload" not in seen
    assert T["import_root"] in unescape(seen)
    await operator.get(f"/masters/import?file={FILE}", 409)
    await take_in(operator, status=409)
    assert makings.shown is None


async def test_a_folder_that_hangs_is_said_and_holds_up_no_other_page(
    operator: Person, visitor: Person, makings: Makings, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang, scandir = Event(), os.scandir

    def hanging(folder: object) -> object:
        if folder == os.fspath(image.parent):
            hang.wait(60)
        return scandir(folder)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", hanging)
    try:
        looks = [asyncio.create_task(operator.get("/masters")) for _ in range(8)]
        seen = await asyncio.gather(*looks)
        assert all("does not answer" in one for one in seen)
        async with asyncio.timeout(3):
            assert "does not answer" in await operator.get("/masters"), "told at once by now"
            await visitor.get("/machines")
    finally:
        hang.set()


def test_a_server_that_starts_gives_back_the_room_of_an_upload_that_was_cut_off(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "inbox/.upload").write_bytes(b"cut off")
    StoreWorkbench(settings).forget_cut_off()
    assert list((tmp_path / "inbox").iterdir()) == []
    (tmp_path / "inbox").rmdir()
    StoreWorkbench(settings).forget_cut_off()  # it starts all the same


def test_what_is_ordered_is_inside_the_inbox(settings: Settings, image: Path, tmp_path: Path) -> None:
    order = StoreWorkbench(settings).order_to_import(FILE, Called("ecole", "2", "École", "MIT"))
    assert order is not None
    assert order.file == f"{tmp_path}/inbox/{FILE}"
