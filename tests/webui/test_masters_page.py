"""The page of masters on a real store: what is there, what uses it, and another version made current by an operator."""

import json
import sqlite3
from contextlib import closing
from functools import partial
from html import unescape
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy.exc import SQLAlchemyError

from netboot.jobs.actor import operator as an_operator
from netboot.jobs.job import MasterNeeds
from netboot.serve.shelf import FRESH, StoreShelf
from netboot.shared.manifest import Manifest, Origin
from netboot.store import Store, StoreError
from netboot.store.store import chunk_name, manifest_name
from netboot.store.versions import Versions
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.records.conftest import start
from tests.store.test_store import KEY, part, put_master
from tests.webui.conftest import OPERATOR, Person, hidden_fields
from tests.webui.shelved import *  # noqa: F403 — its fixtures: the store, and the page that shows it
from tests.workshop.conftest import hello, pc

T = texts("fr")


async def use(person: Person, manifest: Manifest, status: int = 200) -> str:
    fields = {"form-token": await person.token(), "name": manifest.name, "digest": manifest.digest}
    return unescape(await person.post("/masters/use", fields, status))


async def test_what_is_there_is_shown_with_what_uses_it(
    visitor: Person, workshop: Workshop, store: Store, versions: tuple[Manifest, Manifest]
) -> None:
    origin = Origin(workshop="Atelier de Nantes", key="ab" * 32, manifest="cd" * 32)
    store.publish(replace(versions[0], name="school", title="École", origin=(origin,)), KEY)
    visit = workshop.record.visits.greet(hello(pc()), "98:fa:9b:00:00:01")
    needs = MasterNeeds(manifest=versions[0].digest, name="debian-minimal", disk=2**20)
    start(workshop.record, visit, master=needs)
    text = unescape(await visitor.get("/masters"))
    assert T["masters_here"] in text
    assert text.count(T["master_current"]) == 2
    assert text.count(T["master_before"]) == 1
    assert T["master_profile"].format(profile="Effacer, puis installer Debian") in text
    assert "PC 1 (LENOVO ThinkCentre M720q" in text
    assert "École" in text
    assert "de l'atelier Atelier de Nantes" in text
    assert text.count(T["master_used_by_none"]) == 1
    assert "2026-01-02" in text
    assert T["master_use"] not in text, "a visitor orders nothing"


async def test_an_operator_gives_pcs_the_version_before_and_it_is_in_the_journal(
    operator: Person, workshop: Workshop, store: Store, versions: tuple[Manifest, Manifest]
) -> None:
    old, new = versions
    text = unescape(await operator.get("/masters"))
    assert text.count(T["master_use"]) == 1
    assert hidden_fields(text)["digest"] == old.digest
    assert T["master_in_use"] in await use(operator, old)
    assert store.versions("debian-minimal") == Versions(old.digest, new.digest)
    (event,) = [event for event in workshop.record.journal.read() if event.kind == "master-chosen"]
    body = json.loads(event.body)
    assert (body["digest"], body["version"]) == (old.digest, "13.1")
    assert body["by"] not in ("", OPERATOR)


async def test_nobody_else_and_nothing_else_changes_what_pcs_get(
    visitor: Person, operator: Person, workshop: Workshop, store: Store, versions: tuple[Manifest, Manifest]
) -> None:
    old, new = versions
    fields = {"name": old.name, "digest": old.digest}
    await visitor.post("/masters/use", fields, 403)
    await operator.post("/masters/use", fields, 403)  # without its form's token
    for manifest in (new, replace(old, name="other"), replace(old, version="0")):
        assert "n'est plus là" in await use(operator, manifest, 409)
    store.blobs.remove(chunk_name(old.chunks[0].sha256))
    assert "n'est plus là" in await use(operator, old, 409)
    assert store.versions("debian-minimal") == Versions(new.digest, old.digest)
    assert [event for event in workshop.record.journal.read() if event.kind == "master-chosen"] == []


async def test_the_journal_has_no_version_that_the_store_refused_and_the_store_none_that_it_refused(
    workshop: Workshop, store: Store, versions: tuple[Manifest, Manifest], tmp_path: Path
) -> None:
    old, new = versions
    order = partial(
        workshop.commands.use_master, an_operator("anne"), name=old.name, version="1", before=new.digest, use=store.use
    )

    def chosen() -> list[str]:
        return [event.kind for event in workshop.record.journal.read() if event.kind == "master-chosen"]

    with pytest.raises(StoreError, match="is no version"):
        await order("ab" * 32)
    assert chosen() == []
    with closing(sqlite3.connect(tmp_path / "record.sqlite")) as database, database:
        database.execute("create trigger full before insert on events begin select raise(abort, 'full'); end")
    with pytest.raises(SQLAlchemyError):
        await order(old.digest)
    assert store.versions("debian-minimal") == Versions(new.digest, old.digest)
    assert chosen() == []


async def test_what_no_pc_can_get_says_so_in_words(
    operator: Person, store: Store, versions: tuple[Manifest, Manifest]
) -> None:
    store.blobs.remove(chunk_name(versions[0].chunks[0].sha256))
    store.blobs.put(manifest_name(put_master(store, "school", part("x")).digest), b"damaged")
    text = unescape(await operator.get("/masters"))
    assert T["master_lacking"] in text
    assert T["master_damaged"] in text
    assert T["master_use"] not in text


async def test_an_empty_store_says_how_to_fill_it(visitor: Person) -> None:
    assert T["no_master"] in unescape(await visitor.get("/masters"))


def test_each_chunk_counts_once_and_sizes_are_looked_at_once_a_minute(
    store: Store, versions: tuple[Manifest, Manifest]
) -> None:
    now = [0.0]
    shelf = StoreShelf(store, clock=lambda: now[0])
    frames = {chunk.sha256: len(store.get_frame(chunk.sha256)) for one in versions for chunk in one.chunks}
    assert shelf.shown().taken == sum(frames.values())
    store.blobs.remove(chunk_name(versions[0].chunks[0].sha256))
    assert [one.state for one in shelf.shown().versions] == ["whole", "whole"]
    now[0] = FRESH
    assert [one.state for one in shelf.shown().versions] == ["whole", "lacking"]
    foreign = StoreShelf(Store(store.folder, accepts=b"\x01" * 32))
    assert {one.state for one in foreign.shown().versions} == {"unsigned"}
