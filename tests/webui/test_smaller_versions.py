"""A smaller version of a master is made from the page: where it may gain by it, and nobody's profile would lose it."""

import os
from html import unescape
from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key
from netboot.jobs.profile import Profile
from netboot.masters.importing import import_master
from netboot.masters.shrinking import as_it_is
from netboot.settings.config import Settings
from netboot.shared.manifest import Manifest
from netboot.shared.stages import StageName
from netboot.store import Store
from netboot.store.versions import Versions
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from netboot.workshop.makings import Makings
from tests.masters.images import roomy_disk
from tests.masters.test_disk_end import prepared
from tests.store.test_store import part, put_master
from tests.webui.conftest import Person
from tests.webui.making_page import *  # noqa: F403 — its fixtures: the store, the inbox, the page
from tests.workshop.player import eventually

pytestmark = pytest.mark.root

T = texts("fr")
LONG = 120.0
"""Seconds: file systems are checked, on whatever else this machine does."""


@pytest.fixture
def whole(tmp_path: Path, settings: Settings, store: Store) -> Manifest:
    """A master in its image's own size, which is mostly free."""
    key, about = load_key(settings.data_folder), {"name": "ecole", "version": "1", "licence": "MIT", "title": "École"}
    return import_master(roomy_disk(tmp_path), store, key, None, as_it_is, **about, progress=lambda _: None)


async def shrink(person: Person, manifest: Manifest, status: int = 200) -> str:
    """Press the button of this version."""
    fields = {"form-token": await person.token(), "name": manifest.name, "digest": manifest.digest}
    return unescape(await person.post("/masters/shrink", fields, status))


async def test_an_operator_makes_a_smaller_version_and_the_page_says_what_is_gained_and_what_goes(
    operator: Person, visitor: Person, makings: Makings, store: Store, settings: Settings, whole: Manifest
) -> None:
    put_master(store, "small", part("a"), version="1", key=load_key(settings.data_folder))
    seen = unescape(await operator.get("/masters"))
    assert seen.count(T["master_shrink"]) == 1, "the other one would gain nothing"
    assert T["master_shrink_keeps"].format(version="1") in seen
    assert "/masters/shrink" not in await visitor.get("/masters")
    await visitor.post("/masters/shrink", {"name": "ecole", "digest": whole.digest}, 403)
    began = await shrink(operator, whole)
    assert T["making_of_shrink"].format(name="ecole") in began
    await eventually(lambda: not makings.runs, within=LONG)
    small = store.current("ecole")
    assert small is not None
    assert (small.version, small.shrunk_from) == ("1-small", whole.disk)
    assert store.versions("ecole") == Versions(small.digest, whole.digest)
    told = unescape(await visitor.get("/masters"))
    assert T["making_done_as"].format(name="ecole", version="1-small") in told
    assert T["making_shrunk"].format(disk="0,3 Go", before="0,8 Go") in told
    assert T["master_shrink"] not in unescape(await operator.get("/masters")), "nor is the version before offered"
    await shrink(operator, small, 409)
    await shrink(operator, whole, 409)


async def test_of_a_btrfs_with_room_behind_it_one_is_made_and_the_page_says_which_disk_is_enough(
    operator: Person, makings: Makings, store: Store, settings: Settings, tmp_path: Path
) -> None:
    image, _ = prepared(tmp_path, "btrfs")
    key, about = load_key(settings.data_folder), {"name": "ecole", "version": "1", "licence": "MIT", "title": "École"}
    large = import_master(image, store, key, None, as_it_is, **about, progress=lambda _: None)
    await shrink(operator, large)
    await eventually(lambda: not makings.runs, within=LONG)
    told = unescape(await operator.get("/masters"))
    assert T["making_done_as"].format(name="ecole", version="1-small") in told
    assert T["making_fits"].format(disk="0,4 Go") in told
    assert T["master_shrink"] not in told


async def test_where_a_version_before_would_go_it_is_said_which(
    operator: Person, makings: Makings, store: Store, settings: Settings, tmp_path: Path
) -> None:
    key, about = load_key(settings.data_folder), {"name": "ecole", "version": "1", "licence": "MIT", "title": "École"}
    put_master(store, "ecole", part("a"), version="0.9", key=key)
    import_master(roomy_disk(tmp_path), store, key, None, as_it_is, **about, progress=lambda _: None)
    told = T["master_shrink_drops"].format(version="1", dropped="0.9")
    assert told in unescape(await operator.get("/masters"))


async def test_none_is_made_where_a_profile_would_not_let_it_grow_again(
    operator: Person, workshop: Workshop, makings: Makings, whole: Manifest
) -> None:
    stages: tuple[StageName, ...] = ("check", "erase", "deploy", "finish")
    plain = Profile(id="plain", name={"fr": "Tel quel", "en": "As it is"}, stages=stages, master="ecole")
    workshop.profiles = {**workshop.profiles, plain.id: plain}
    seen = unescape(await operator.get("/masters"))
    assert T["master_kept_whole"] in seen
    assert T["master_shrink"] not in seen
    await shrink(operator, whole, 409)
    assert makings.shown is None


async def test_none_is_offered_or_made_by_a_server_that_is_not_root(
    operator: Person, makings: Makings, whole: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "/masters/shrink" not in await operator.get("/masters")
    await shrink(operator, whole, 409)
    assert makings.shown is None
