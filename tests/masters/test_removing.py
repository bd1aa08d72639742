"""`netboot master remove` and `gc` on a real store and a real record: what profiles use and PCs at work need stays, and
in doubt everything."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from netboot.files.data_folder import LOCK
from netboot.jobs.job import Job, MasterNeeds
from netboot.records.record import Record, open_record
from netboot.shared.inventory import amount
from netboot.shared.manifest import Manifest
from netboot.shared.problems import Problem
from netboot.store.store import manifest_name
from netboot.store.upkeep import needed
from tests.masters.commands import Workshop
from tests.records.conftest import MAC, hello, pc, start
from tests.store.test_store import part, put_master


@pytest.fixture
def record(workshop: Workshop) -> Iterator[Record]:
    """Held open, as a running server holds it."""
    with open_record(workshop.record_file) as opened:
        yield opened


def ordered(record: Record, manifest: Manifest, number: int = 1) -> Job:
    """A job of this PC, which has begun to get this master."""
    needs = MasterNeeds(manifest=manifest.digest, name=manifest.name, disk=manifest.disk)
    visit = record.visits.greet(hello(pc(number), f"boot-{number}"), MAC)
    return start(record, visit, master=needs)


def test_what_a_pc_at_work_was_ordered_stays_when_its_master_is_removed(workshop: Workshop, record: Record) -> None:
    school = put_master(workshop.store, "school", part("a"), part("b"))
    office = put_master(workshop.store, "office", part("b"), part("c"))
    job = ordered(record, school)
    status, said = workshop.run("remove", "school")
    assert status == 0
    assert "school is deleted: 0 manifests and 0 chunks, 0.0 kB are free again" in said
    assert "Kept for PC 1 (LENOVO ThinkCentre M720q" in said
    assert school.digest in said
    assert workshop.store.names() == {"office": office.digest}
    assert workshop.has(school)
    assert "There was nothing to free.\nKept for PC 1" in workshop.run("gc")[1]
    # The manifest, its note of lengths, and a chunk.
    block = (workshop.data / "store" / manifest_name(school.digest)).stat().st_blocks * 512
    record.jobs.end(job.id, None)
    assert workshop.run("gc") == (0, f"Deleted: 1 manifest and 1 chunk, {amount(3 * block)} are free again.\n")
    assert not workshop.has(school)
    assert workshop.has(office)
    assert workshop.run("gc") == (0, "There was nothing to free.\n")


@pytest.mark.parametrize("words", [("remove", "office"), ("gc",)])
def test_an_older_version_stays_for_the_pc_that_was_ordered_it(
    workshop: Workshop, record: Record, words: tuple[str, ...]
) -> None:
    old = put_master(workshop.store, "school", part("a"), part("b"))
    older = put_master(workshop.store, "school", part("d"), version="0")
    before = put_master(workshop.store, "school", part("f"), version="1.9")
    new = put_master(workshop.store, "school", part("b"), part("c"), version="2")
    office = put_master(workshop.store, "office", part("e"))
    ordered(record, old)
    record.jobs.end(ordered(record, older, number=2).id, Problem("agent-error"))
    assert workshop.run(*words)[0] == 0
    there = [workshop.has(one) for one in (old, before, new, older, office)]
    assert there == [True, True, True, False, words == ("gc",)]


def damaged(workshop: Workshop) -> None:
    workshop.record_file.write_bytes(b"no database, whoever wrote this" * 200)
    workshop.record_file.chmod(0o600)


def of_a_newer_netboot(workshop: Workshop) -> None:
    open_record(workshop.record_file).close()
    with sqlite3.connect(workshop.record_file) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()


def read_by_others(workshop: Workshop) -> None:
    open_record(workshop.record_file).close()
    workshop.record_file.chmod(0o644)


def lost(workshop: Workshop) -> None:
    (workshop.data / LOCK).write_text("4711\n")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (damaged, "not a database"),
        (of_a_newer_netboot, "install that version or a newer one"),
        (read_by_others, "chmod 600"),
        (lost, "put the record back"),
    ],
)
@pytest.mark.parametrize("words", [("remove", "school"), ("gc",)])
def test_nothing_is_deleted_while_the_record_cannot_be_read(
    workshop: Workshop, spoil: Callable[[Workshop], None], why: str, words: tuple[str, ...]
) -> None:
    put_master(workshop.store, "school", part("a"))
    put_master(workshop.store, "school", part("b"), version="2")
    spoil(workshop)
    before = workshop.everything()
    status, said = workshop.run(*words)
    assert status == 1
    assert "nothing was deleted" in said
    assert why in said
    assert workshop.everything() == before


def test_where_no_server_ran_no_pc_is_at_work(workshop: Workshop) -> None:
    put_master(workshop.store, "school", part("a"))
    assert workshop.run("remove", "school")[0] == 0
    assert workshop.everything() == {}
    assert not workshop.record_file.exists(), "to ask makes no record"


@pytest.mark.parametrize("words", [("remove", "school"), ("gc",)])
def test_nothing_is_deleted_during_an_import(workshop: Workshop, words: tuple[str, ...]) -> None:
    school = put_master(workshop.store, "school", part("a"))
    with workshop.store.writing():
        chunk = workshop.store.put_chunk(part("b"))
        status, said = workshop.run(*words)
        assert workshop.store.has_chunk(chunk)
    assert status == 1
    assert "try again when it has ended" in said
    assert workshop.store.names() == {"school": school.digest}
    assert workshop.has(school)


def test_a_master_goes_also_when_another_is_damaged_but_frees_nothing(workshop: Workshop) -> None:
    school = put_master(workshop.store, "school", part("a"))
    office = put_master(workshop.store, "office", part("b"))
    workshop.store.blobs.put(manifest_name(office.digest), b"damaged")
    status, said = workshop.run("remove", "school")
    assert status == 1
    assert "school is deleted, but no room was freed" in said
    assert "then: netboot master gc" in said
    assert list(workshop.store.names()) == ["office"]
    assert workshop.has(school)


def test_what_killed_imports_left_is_freed(workshop: Workshop) -> None:
    school = put_master(workshop.store, "school", part("a"))
    workshop.store.put_chunk(part("b"))
    workshop.store.put_chunk(part("c"))
    draft = workshop.data / "store/drafts/left-half-made"
    draft.write_bytes(b"x" * 5_000_000)
    status, said = workshop.run("gc")
    assert status == 0
    assert re.fullmatch(r"Deleted: 0 manifests and 2 chunks, 5\.\d MB are free again\.\n", said)
    assert not draft.exists()
    assert workshop.has(school)


def test_a_store_that_is_not_there_yet_holds_nothing_to_free(workshop: Workshop) -> None:
    assert workshop.run("gc") == (0, "There was nothing to free.\n")


def test_a_master_of_another_workshops_key_is_no_hindrance(workshop: Workshop) -> None:
    foreign = put_master(workshop.store, "school", part("a"), key=SigningKey(b"\x08" * 32))
    for version, letter in enumerate("bcd"):
        put_master(workshop.store, "office", part(letter), version=str(version))
    assert "Deleted: 1 manifest and 1 chunk" in workshop.run("gc")[1]
    assert workshop.has(foreign)


def test_a_master_that_is_not_there_is_told(workshop: Workshop) -> None:
    put_master(workshop.store, "school", part("a"))
    status, said = workshop.run("remove", "scool")
    assert status == 1
    assert "no master scool" in said
    assert "no master debian-minimal" in workshop.run("remove", "debian-minimal")[1], "though profiles name it"


def own_profile(folder: Path, name: str, master: str) -> None:
    """A profile of the workshop's own."""
    folder.mkdir(exist_ok=True)
    text = f"id: {name}\nname: {{fr: Poste {name}, en: The {name} PC}}\nmaster: {master}\n"
    (folder / f"{name}.yaml").write_text(f"{text}stages: [check, erase, deploy, customise, finish]\n", encoding="utf-8")


def test_what_profiles_use_is_not_removed_and_the_profiles_are_named(workshop: Workshop, tmp_path: Path) -> None:
    put_master(workshop.store, "school", part("a"))
    put_master(workshop.store, "debian-minimal", part("b"))
    own_profile(tmp_path / "ours", "pupil", "school")
    own_profile(tmp_path / "ours", "teacher", "school")
    workshop.more = f"language: en\nprofiles: [{tmp_path / 'ours'}]\n"
    before = workshop.everything()
    status, said = workshop.run("remove", "school")
    assert status == 1
    assert "the profiles pupil (“The pupil PC”), teacher (“The teacher PC”)" in said
    assert "name another master there" in said
    status, said = workshop.run("remove", "debian-minimal")
    assert status == 1
    assert "wipe-and-debian (“" in said
    assert "debian-new-disk (“" in said
    assert "replaced by one of yours with the same `id`" in said
    assert workshop.everything() == before


def test_a_master_goes_once_no_profile_uses_it_any_more(workshop: Workshop, tmp_path: Path) -> None:
    """Those that come with netboot are replaced by their ids."""
    put_master(workshop.store, "debian-minimal", part("b"))
    own_profile(tmp_path / "ours", "wipe-and-debian", "school")
    workshop.more = f"profiles: [{tmp_path / 'ours'}]\n"
    assert "the profile debian-new-disk (“" in workshop.run("remove", "debian-minimal")[1]
    own_profile(tmp_path / "ours", "debian-new-disk", "school")
    assert workshop.run("remove", "debian-minimal")[0] == 0
    assert workshop.everything() == {}


def test_nothing_is_deleted_while_a_profile_cannot_be_read(workshop: Workshop, tmp_path: Path) -> None:
    school = put_master(workshop.store, "school", part("a"))
    own_profile(tmp_path / "ours", "pupil", "[school")
    workshop.more = f"profiles: [{tmp_path / 'ours'}]\n"
    status, said = workshop.run("remove", "school")
    assert status == 1
    assert "pupil.yaml" in said
    assert workshop.store.names() == {"school": school.digest}
    assert workshop.has(school)


def test_needed_is_every_version_and_what_is_held_and_there() -> None:
    assert needed(versions=["a", "lost"], keep=["b", "gone"], there=["a", "b", "c"]) == {"a", "lost", "b"}
    assert needed(versions=[], keep=[], there=["a"]) == set()
