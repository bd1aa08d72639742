"""A name of a master that is lost or unreadable: each command tells it, and the server goes on with all others."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key
from netboot.records.record import open_record
from netboot.serve.masters import Masters, remember_masters
from netboot.store import StoreError
from tests.masters.commands import Workshop
from tests.store.test_lost_folders import UNREADABLE
from tests.store.test_store import part, put_master


def test_names_that_are_lost_are_told_by_whoever_lists_or_verifies_masters(workshop: Workshop) -> None:
    put_master(workshop.store, "school", part("a"), key=load_key(workshop.data))
    put_master(workshop.store, "office", part("b"), key=load_key(workshop.data))
    shutil.rmtree(workshop.data / "store/masters")
    for words in ("list", "verify"):
        status, told = workshop.run(words)
        assert status == 1
        assert "masters, which says what masters there are, is lost" in told


@pytest.mark.parametrize("lies_there", ["damaged", "unreadable"])
def test_a_name_that_cannot_be_read_is_told_and_holds_up_no_other(workshop: Workshop, lies_there: str) -> None:
    key = load_key(workshop.data)
    school = put_master(workshop.store, "school", part("a"), part("b"), key=key)
    office = put_master(workshop.store, "office", part("b"), key=key)
    name = workshop.data / "store/masters/school"
    name.unlink()
    if lies_there == "damaged":
        name.write_bytes(b"\0" * 65)
        why = "does not say which version is current"
    else:
        name.symlink_to(UNREADABLE)
        why = "masters/school cannot be read: Input/output error"
    for words in (("list",), ("verify",), ("gc",), ("show", "school"), ("remove", "school", "--release", "1")):
        status, told = workshop.run(*words)
        assert status == 1
        assert why in told
        assert "Every master is whole" not in told
    assert office.digest in workshop.run("list")[1]
    assert workshop.has(school)
    with suppress(StoreError):
        assert Masters(workshop.store)("school") is None
    with open_record(workshop.record_file) as record:
        remember_masters(record, workshop.store)
        assert [row.name for row in record.masters.all()] == ["office"]
    assert workshop.run("remove", "school")[0] == 0
    assert workshop.run("verify") == (0, "Every master is whole.\n")
    assert not workshop.has(school)


@pytest.mark.root
def test_where_the_names_are_lost_no_image_is_read(workshop: Workshop, tmp_path: Path) -> None:
    put_master(workshop.store, "school", part("a"), key=load_key(workshop.data))
    shutil.rmtree(workshop.data / "store/masters")
    before = workshop.everything()
    status, told = workshop.run(
        "import", str(tmp_path / "none.raw"), "--name", "office", "--title", "Office", "--release", "1",
        "--licence", "MIT", "--without-secure-boot",
    )  # fmt: skip
    assert status == 1
    assert "masters, which says what masters there are, is lost" in told
    assert workshop.everything() == before
