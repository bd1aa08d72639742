"""Two versions of a master side by side: which one PCs get, going back, what stays, what a store of before has."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from netboot.auth.server_keys import load_key, public_key
from netboot.masters.difference import Share, Shares, difference, shares
from netboot.serve.masters import Masters
from netboot.shared.manifest import Manifest, Understood
from netboot.shared.offers import Offers
from netboot.store import Store, StoreError
from netboot.store.store import manifest_name, master_name
from netboot.store.upkeep import collect_garbage, verify
from netboot.store.versions import Versions, read_versions
from tests.masters.commands import Workshop
from tests.masters.test_removing import own_profile
from tests.store.test_store import part, put_master


def put(workshop: Workshop, *letters: str, version: str = "1", name: str = "school") -> Manifest:
    key = load_key(workshop.data)
    return put_master(workshop.store, name, *(part(letter) for letter in letters), version=version, key=key)


def test_the_version_before_stays_and_the_one_before_that_does_not(workshop: Workshop) -> None:
    first = put(workshop, "a", "b", version="1")
    second = put(workshop, "b", "c", version="2")
    third = put(workshop, "c", "d", version="3")
    assert workshop.store.versions("school") == Versions(third.digest, second.digest)
    assert workshop.run("gc")[0] == 0
    assert [workshop.has(one) for one in (first, second, third)] == [False, True, True]
    status, said = workshop.run("list")
    assert status == 0
    assert said.splitlines()[:-1] == [
        f"school\t3\tMIT\t{third.digest}\tcurrent",
        f"school\t2\tMIT\t{second.digest}\tbefore",
    ]
    assert said.endswith("are free in the store.\n")


def test_what_is_published_again_pushes_nothing_out(workshop: Workshop) -> None:
    first, second = put(workshop, "a", version="1"), put(workshop, "b", version="2")
    put(workshop, "b", version="2")
    assert workshop.store.versions("school") == Versions(second.digest, first.digest)
    put(workshop, "a", version="1")
    assert workshop.store.versions("school") == Versions(first.digest, second.digest)


def test_going_back_is_told_to_a_server_that_runs(workshop: Workshop) -> None:
    first, second = put(workshop, "a", version="1"), put(workshop, "b", version="2")
    accepts = public_key(load_key(workshop.data))
    found = Masters(Store(workshop.data / "store", accepts=accepts))
    assert (needs := found("school")) is not None
    assert needs.manifest == second.digest
    status, said = workshop.run("use", "school", "1")
    assert status == 0
    assert "school 1 is current" in said
    assert (needs := found("school")) is not None
    assert needs.manifest == first.digest
    assert workshop.store.versions("school") == Versions(first.digest, second.digest)
    assert "current version already" in workshop.run("use", "school", "1")[1]
    assert "Version: 2," in workshop.run("show", "school", "--release", "2")[1]
    assert "Version: 1," in workshop.run("show", "school")[1]


def test_a_version_that_is_not_there_is_said_with_those_that_are(workshop: Workshop) -> None:
    first, second = put(workshop, "a", version="1"), put(workshop, "b", version="2")
    before = workshop.everything()
    for words in (("use", "school", "3"), ("show", "school", "--release", "3"), ("remove", "school", "--release", "3")):
        status, said = workshop.run(*words)
        assert status == 1
        assert "school has no version 3\n" in said
        assert f"it has: 2 ({second.digest[:12]}); 1 ({first.digest[:12]})" in said
    assert "no master scool" in workshop.run("use", "scool", "1")[1]
    assert workshop.everything() == before


def test_two_versions_of_one_name_are_told_apart_by_their_digests(workshop: Workshop) -> None:
    first, second = put(workshop, "a"), put(workshop, "b")
    assert "both versions of school are called 1" in workshop.run("use", "school", "1")[1]
    assert workshop.run("use", "school", first.digest[:12])[0] == 0
    assert workshop.store.names() == {"school": first.digest}
    assert workshop.store.versions("school") == Versions(first.digest, second.digest)


def test_a_version_that_is_not_whole_is_never_made_current(workshop: Workshop) -> None:
    first, second = put(workshop, "a", version="1"), put(workshop, "b", version="2")
    store = workshop.data / "store"
    (store / f"chunks/{first.chunks[0].sha256[:2]}/{first.chunks[0].sha256}.zst").unlink()
    status, said = workshop.run("use", "school", "1")
    assert status == 1
    assert "lacks 1 chunks" in said
    assert workshop.store.names() == {"school": second.digest}
    (store / manifest_name(first.digest)).write_bytes(b"damaged")
    assert workshop.run("use", "school", first.digest[:12])[0] == 1
    assert workshop.store.names() == {"school": second.digest}


def test_only_the_version_before_is_removed_alone_also_when_it_is_damaged(workshop: Workshop, tmp_path: Path) -> None:
    first, second = put(workshop, "a", version="1"), put(workshop, "b", version="2")
    own_profile(tmp_path / "ours", "pupil", "school")
    workshop.more = f"profiles: [{tmp_path / 'ours'}]\n"
    status, said = workshop.run("remove", "school", "--release", "2")
    assert status == 1
    assert "the current version is not removed alone" in said
    (workshop.data / "store" / manifest_name(first.digest)).write_bytes(b"damaged")
    assert workshop.run("gc")[0] == 1, "in doubt nothing is deleted"
    status, said = workshop.run("remove", "school", "--release", first.digest[:12])
    assert status == 0
    assert "1 manifest and 1 chunk," in said
    assert workshop.store.versions("school") == Versions(second.digest)
    assert not workshop.has(first)
    assert workshop.has(second)


def test_a_store_of_before_opens_and_gets_its_second_version_by_the_next_one(workshop: Workshop) -> None:
    first = put(workshop, "a", version="1")
    workshop.store.blobs.put(master_name("school"), f"{first.digest}\n".encode())
    assert workshop.store.versions("school") == Versions(first.digest)
    assert workshop.store.current("school") == first
    second = put(workshop, "b", version="2")
    assert workshop.store.versions("school") == Versions(second.digest, first.digest)


def test_nothing_is_deleted_while_nobody_can_tell_what_is_current(workshop: Workshop) -> None:
    school, office = put(workshop, "a"), put(workshop, "b", name="office")
    workshop.store.blobs.put(master_name("school"), b"\0" * 65)
    status, said = workshop.run("gc")
    assert status == 1
    assert "does not say which version is current" in said
    assert workshop.has(school)
    assert workshop.run("remove", "school")[0] == 0
    assert workshop.store.names() == {"office": office.digest}


@pytest.mark.parametrize("words", ["use school 1", "show school", "shrink school", "diff school"])
def test_one_of_which_nobody_can_tell_what_is_current_is_not_called_missing(workshop: Workshop, words: str) -> None:
    put(workshop, "a")
    workshop.store.blobs.put(master_name("school"), b"\0" * 65)
    status, said = workshop.run(*words.split())
    assert status == 1
    assert "school is damaged: it does not say which version is current" in said
    assert "has no master" not in said


def test_verify_reads_both_versions(workshop: Workshop) -> None:
    first = put(workshop, "a", version="1")
    put(workshop, "b", version="2")
    chunk = first.chunks[0].sha256
    (workshop.data / f"store/chunks/{chunk[:2]}/{chunk}.zst").write_bytes(b"damaged")
    (damage,) = verify(workshop.store, public_key(load_key(workshop.data)))
    assert damage.masters == ("school 1",)


def test_a_version_that_is_published_while_somebody_goes_back_is_never_lost(workshop: Workshop) -> None:
    first, ended = put(workshop, "a", version="1"), threading.Event()
    put(workshop, "b", version="2")

    def go_back_and_forth() -> None:
        while not ended.is_set():
            versions = workshop.store.versions("school")
            if versions is not None:
                with suppress(StoreError):  # another one since
                    workshop.store.use("school", versions.before)

    other = threading.Thread(target=go_back_and_forth)
    other.start()
    try:
        for number in range(60):
            new = put(workshop, "a", version=f"2.{number}")
            versions = workshop.store.versions("school")
            assert versions is not None
            assert new.digest in versions.all
    finally:
        ended.set()
        other.join()
    assert workshop.has(first), "nothing was deleted"


@given(st.text(alphabet="0a\nfz ", max_size=140) | st.text(max_size=200))
def test_whatever_stands_there_it_is_versions_or_nothing(text: str) -> None:
    versions = read_versions(text)
    assert versions is None or read_versions(versions.text()) == versions


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_the_version_before_is_what_was_current_before(published: list[str]) -> None:
    digests = [letter * 64 for letter in published]
    versions = Versions(digests[0])
    for digest in digests[1:]:
        was, versions = versions, versions.after(digest)
        assert versions.current == digest
        assert versions.before == (was.before if digest == was.current else was.current)
        assert versions.before != digest
    with pytest.raises(StoreError):
        versions.without(versions.current)


def test_what_differs_is_told_with_the_bytes_that_they_share(workshop: Workshop) -> None:
    put(workshop, "a", "b", "b", version="1")
    put(workshop, "b", "c", version="2")
    office = put(workshop, "x", name="office")
    status, said = workshop.run("diff", "school")
    assert status == 0
    lines = said.splitlines()
    assert "school 1 (2026-01-02T03:04:05Z) → school 2 (2026-01-02T03:04:05Z)" in lines
    assert "Written to each PC: 1.6 kB → 1.1 kB" in lines
    (common,) = [line for line in lines if line.startswith("In both: 0.6 kB in 1 chunk, packed ")]
    assert "0.0 kB" not in common
    assert any(line.startswith("Only in school 1: 0.6 kB in 1 chunk,") for line in lines)
    assert any(line.startswith("Only in school 2: 0.6 kB in 1 chunk,") for line in lines)
    back = workshop.run("diff", "school@2", "school@1")[1]
    assert "Written to each PC: 1.1 kB → 1.6 kB" in back
    assert "Title: “school” → “office”" in workshop.run("diff", "school", "office")[1]
    assert "office has one version only" in workshop.run("diff", "office")[1]
    assert "no version 7" in workshop.run("diff", "school@7", "office")[1]
    assert workshop.has(office)


def test_what_a_version_offers_to_profiles_no_more_is_told_by_name(workshop: Workshop) -> None:
    def offering(**offers: object) -> Manifest:
        return replace(put(workshop, "a"), understood=Understood(offers=replace(Offers(), **offers)))

    old = offering(timezones=tuple("abcdefg"), groups=("audio",), accounts={"root": 0}, mounts=(), locales=("fr_FR",))
    new = offering(timezones=("g", "h"), groups=("audio", "sudo"), accounts={"root": 1}, mounts=("var", "home"))
    told = difference(old, new, shares(old, new, {}))[:-3]
    assert told == (
        "Time zones: gone a, b, c, d, e and 1 more; new h",
        "Groups: new sudo",
        "Mounts beside the root: new home, var",
    )
    unknown = replace(new, understood=UNSET)
    assert difference(unknown, new, shares(new, new, {}))[0] == "Nothing else that the manifests say differs."


def test_a_master_and_itself_differ_in_nothing(workshop: Workshop) -> None:
    same = put(workshop, "a", "b")
    shared = shares(same, same, {})
    assert shared == Shares(Share(2, 1024, 0), Share(0, 0, 0), Share(0, 0, 0))
    assert difference(same, same, shared)[0] == "Nothing else that the manifests say differs."
    assert collect_garbage(workshop.store).manifests == 0
