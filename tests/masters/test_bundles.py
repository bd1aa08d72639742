"""`netboot master export` and `import-bundle` between two workshops: whole masters and what changed since, and files
that are refused and leave nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from netboot.auth.fingerprint import in_one_word
from netboot.auth.server_keys import load_key, public_key
from netboot.masters.bundle import command_line
from netboot.shared.manifest import Chunk, Manifest, Origin, Understood, parse_signed
from netboot.store import Store
from netboot.store.blobs import read_blob
from netboot.store.store import chunk_name, manifest_name
from netboot.store.upkeep import verify
from tests.masters.bundles import ANGERS, NANTES, bundle, import_command, told
from tests.masters.commands import Workshop
from tests.store.test_store import part, put_master

PRINT = in_one_word(bytes(NANTES.verify_key))


@pytest.fixture
def other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Workshop:
    """The workshop of Nantes, with a school master of two versions."""
    (tmp_path / "nantes/data").mkdir(parents=True)
    (tmp_path / "nantes/data").chmod(0o700)
    nantes = Workshop(tmp_path / "nantes/data", capsys, more="certificates: {name: Atelier de Nantes}\n")
    put(nantes, "school", "a", "b", version="1")
    put(nantes, "school", "b", "c", version="2", created="2026-02-02T00:00:00Z")
    return nantes


def put(workshop: Workshop, name: str, *letters: str, version: str = "1", created: str = "") -> Manifest:
    key = load_key(workshop.data)
    manifest = put_master(workshop.store, name, *(part(letter) for letter in letters), version=version, key=key)
    if created:
        store = workshop.store
        store.blobs.remove(manifest_name(manifest.digest))
        before = store.versions(name)
        assert before is not None
        if before.before:
            store.use(name, before.before)
        manifest = replace(manifest, created=created)
        store.publish(manifest, key)
    return manifest


def nothing_new(workshop: Workshop, before: dict[str, bytes]) -> bool:
    return workshop.everything() == before and not list((workshop.data / "store").glob("drafts/*"))


def test_a_master_goes_to_another_workshop_whole_and_is_signed_anew(
    workshop: Workshop, other: Workshop, tmp_path: Path
) -> None:
    file = tmp_path / "school.bundle"
    status, said = other.run("export", "school", str(file))
    assert status == 0
    assert told(other) in said
    assert f"{file.stat().st_size / 1000:.1f}"[:2] in said
    status, said = workshop.run("import-bundle", str(file), "--trust", told(other))
    assert status == 0, said
    assert "Atelier de Nantes" in said
    assert re.search(r"are needed in the store, and [\d.]+ [GT]B are free", said)
    assert "taking in: 100 % of" in said
    theirs = other.store.current("school")
    assert theirs is not None
    key = public_key(load_key(workshop.data))
    ours = Store(workshop.data / "store", accepts=key).current("school")
    assert ours is not None
    assert parse_signed(read_blob(workshop.store.blobs, manifest_name(ours.digest)), key) == ours
    origin = Origin(workshop="Atelier de Nantes", key=public_key(load_key(other.data)).hex(), manifest=theirs.digest)
    assert ours == replace(theirs, origin=(origin,))
    assert workshop.has(ours)
    assert verify(workshop.store, key) == ()
    assert f"Taken in from: “Atelier de Nantes” (there {theirs.digest})" in workshop.run("show", "school")[1]
    assert not list(tmp_path.glob(".school*"))


def test_a_change_travels_without_what_the_other_has(workshop: Workshop, other: Workshop, tmp_path: Path) -> None:
    first, change = tmp_path / "first", tmp_path / "change"
    assert other.run("export", "school", str(first), "--release", "1")[0] == 0
    said = other.run("export", "school", str(change), "--since", "1")[1]
    assert "1 of its 2 chunks are left out: who takes this in must have school 1" in said
    key = ("--trust", told(other))
    status, said = workshop.run("import-bundle", str(change), *key)
    assert status == 1
    assert "leaves out what school 1 of “Atelier de Nantes” has, and 1 of those 1 chunks are not here" in said
    assert workshop.everything() == {}
    assert workshop.run("import", str(first), *key)[0] == 0, "`import` knows it by its first bytes"
    status, said = workshop.run("import-bundle", str(change))
    assert status == 0, "asked about its key once"
    ours = workshop.store.current("school")
    assert ours is not None
    assert ours.version == "2"
    assert workshop.has(ours)
    assert verify(workshop.store, public_key(load_key(workshop.data))) == ()
    assert workshop.run("list")[1].count("school\t") == 2


def test_a_change_is_not_taken_in_where_what_it_leaves_out_is_damaged(
    workshop: Workshop, other: Workshop, tmp_path: Path
) -> None:
    first, change = tmp_path / "first", tmp_path / "change"
    assert other.run("export", "school", str(first), "--release", "1")[0] == 0
    assert other.run("export", "school", str(change), "--since", "school@1")[0] == 0
    assert workshop.run("import-bundle", str(first), "--trust", told(other))[0] == 0
    workshop.store.blobs.put(chunk_name(put_master(other.store, "x", part("b")).chunks[0].sha256), b"damaged")
    before = workshop.everything()
    status, said = workshop.run("import-bundle", str(change))
    assert status == 1
    assert "1 of those 1 chunks are not here" in said
    assert nothing_new(workshop, before)
    assert workshop.run("import-bundle", str(first))[0] == 0, "the whole one mends it"
    assert workshop.run("import-bundle", str(change))[0] == 0


def test_a_master_goes_through_a_pipe(workshop: Workshop, other: Workshop) -> None:
    def command(told: Workshop, *words: str) -> list[str]:
        settings = os.fspath(told.data.with_name("settings.yaml"))
        return [sys.executable, "-m", "netboot", "master", *words, "--config", settings]

    trust = ("--trust", told(other))
    told(workshop)
    with subprocess.Popen(command(other, "export", "school", "-"), stdout=subprocess.PIPE) as out:
        ended = subprocess.run(
            command(workshop, "import-bundle", "-", *trust),
            stdin=out.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (out.returncode, ended.returncode) == (0, 0), ended.stderr
    assert list(workshop.store.names()) == ["school"]
    image = subprocess.run(
        command(workshop, "import", "-", "--name", "x", "--title", "x", "--release", "1", "--licence", "MIT"),
        input=b"netboot-bundle1\n" + b"x" * 5000,
        capture_output=True,
        check=False,
    )
    assert image.returncode == 1
    assert b"netboot master import-bundle" in image.stderr


def test_what_is_written_to_a_pipe_that_ends_is_told(other: Workshop) -> None:
    told(other)
    settings = os.fspath(other.data.with_name("settings.yaml"))
    command = [sys.executable, "-m", "netboot", "master", "export", "school", "-", "--config", settings]
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert ended.returncode == 1
    assert "cannot be written to standard output: Broken pipe" in ended.stderr
    assert "Traceback" not in ended.stderr


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_cut_or_damaged_is_refused_and_leaves_nothing(workshop: Workshop, tmp_path: Path) -> None:
    file, store = tmp_path / "school.bundle", Store(tmp_path / "elsewhere")
    whole = bundle(store, put_master(store, "school", *(part(letter) for letter in "abcdefgh")))
    file.write_bytes(whole)
    old = put(workshop, "office", "x")
    before = workshop.everything()
    for at in (10, 200, len(whole) // 2, len(whole) - 97, len(whole) - 1):
        file.write_bytes(whole[:at])
        status, said = workshop.run("import-bundle", str(file), "--trust", PRINT)
        assert status == 1
        assert "nothing was taken in" in said
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert workshop.run("import-bundle", str(file), "--trust", PRINT)[0] == 1
        assert nothing_new(workshop, before)
    assert workshop.has(old)


def test_a_chunk_that_is_not_what_its_master_says_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    """By a workshop that is trusted: its file is whole and signed."""
    file, store = tmp_path / "school.bundle", Store(tmp_path / "elsewhere")
    manifest = put_master(store, "school", part("a"), part("b"))
    last = manifest.chunks[1].sha256
    before = workshop.everything()
    good = store.get_frame(last)
    for frame in (store.get_frame(manifest.chunks[0].sha256), b"no frame", good + b"behind it", good[:-1]):
        file.write_bytes(bundle(store, manifest, frames={last: frame}))
        status, said = workshop.run("import-bundle", str(file), "--trust", PRINT)
        assert status == 1
        assert f"the chunk {last} is damaged" in said
        assert nothing_new(workshop, before)
    longer = replace(manifest, chunks=(manifest.chunks[0], Chunk(512, 1024, last)))
    file.write_bytes(bundle(store, longer))
    assert "not as long as its manifest says" in workshop.run("import-bundle", str(file))[1]
    assert nothing_new(workshop, before)


def test_a_manifest_that_another_key_signed_is_refused_before_anybody_is_asked(
    workshop: Workshop, tmp_path: Path
) -> None:
    file, store = tmp_path / "school.bundle", Store(tmp_path / "elsewhere")
    file.write_bytes(bundle(store, put_master(store, "school", part("a")), signed=ANGERS))
    status, said = workshop.run("import-bundle", str(file), "--trust", PRINT)
    assert status == 1
    assert "its manifest is signed by another key" in said
    assert not (workshop.data / "workshops").exists()


def test_one_that_is_older_is_said_and_must_be_wanted(workshop: Workshop, other: Workshop, tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    assert other.run("export", "school", str(new))[0] == 0
    assert other.run("export", "school", str(old), "--release", "1")[0] == 0
    assert workshop.run("import-bundle", str(new), "--trust", told(other))[0] == 0
    before = workshop.everything()
    status, said = workshop.run("import-bundle", str(old))
    assert status == 1
    assert "it is older than 2 of 2026-02-02T00:00:00Z, which is here" in said
    assert "--older" in said
    assert nothing_new(workshop, before)
    assert workshop.run("import-bundle", str(old), "--older")[0] == 0
    ours = workshop.store.current("school")
    assert ours is not None
    assert ours.version == "1"
    assert "here already: school 2" in workshop.run("import-bundle", str(new))[1], "netboot master use takes it back"


def test_the_version_before_that_is_mended_becomes_current_only_where_it_is_wanted(
    workshop: Workshop, other: Workshop, tmp_path: Path
) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    assert other.run("export", "school", str(new))[0] == 0
    assert other.run("export", "school", str(old), "--release", "1")[0] == 0
    assert workshop.run("import-bundle", str(old), "--trust", told(other))[0] == 0
    assert workshop.run("import-bundle", str(new))[0] == 0
    damaged = workshop.store.manifest(workshop.store.all_versions()["school"].before).chunks[0].sha256
    workshop.store.blobs.put(chunk_name(damaged), b"damaged")
    status, said = workshop.run("import-bundle", str(old))
    assert (status, "--older" in said) == (1, True)
    current = workshop.store.current("school")
    assert current is not None
    assert current.version == "2"
    assert workshop.run("import-bundle", str(old), "--older")[0] == 0


def test_one_of_the_same_name_from_elsewhere_needs_a_persons_word(
    workshop: Workshop, other: Workshop, tmp_path: Path
) -> None:
    own, file = put(workshop, "school", "x"), tmp_path / "school.bundle"
    assert other.run("export", "school", str(file))[0] == 0
    key = ("--trust", told(other))
    status, said = workshop.run("import-bundle", str(file), *key)
    assert status == 1
    assert "a master school here already, which does not come from that workshop" in said
    assert workshop.store.names() == {"school": own.digest}
    assert workshop.run("import-bundle", str(file), "--name", "school-nantes")[0] == 0
    assert list(workshop.store.names()) == ["school", "school-nantes"]
    assert workshop.run("import-bundle", str(file), "--name", "school")[0] == 0
    versions = workshop.store.versions("school")
    assert versions is not None
    assert versions.before == own.digest
    assert workshop.run("import-bundle", str(file), "--name", "../school")[0] == 1


def test_one_that_comes_home_is_known(workshop: Workshop, other: Workshop, tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    assert other.run("export", "school", str(there))[0] == 0
    assert workshop.run("import-bundle", str(there), "--trust", told(other))[0] == 0
    assert workshop.run("export", "school", str(back))[0] == 0
    before = other.everything()
    status, said = other.run("import-bundle", str(back), "--trust", told(workshop))
    assert status == 0
    assert "here already: school 2" in said
    assert other.everything() == before


def test_a_workshops_own_file_is_taken_back_in_without_a_question(other: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "school.bundle"
    assert other.run("export", "school", str(file))[0] == 0
    school = other.store.current("school")
    assert other.run("remove", "school")[0] == 0
    assert other.run("import-bundle", str(file))[0] == 0
    assert other.store.current("school") == school
    assert school is not None
    assert school.origin is UNSET


def test_a_loader_that_the_workshops_shim_revokes_is_refused(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, store = tmp_path / "school.bundle", Store(tmp_path / "elsewhere")
    manifest = put_master(store, "school", part("a"))
    file.write_bytes(bundle(store, replace(manifest, understood=Understood(generations={"grub": 2}))))
    monkeypatch.setattr(command_line, "level_of", lambda _: {"sbat": 1, "grub": 5})
    status, said = workshop.run("import-bundle", str(file), "--trust", PRINT)
    assert status == 1
    assert "would not start under Secure Boot" in said
    assert workshop.everything() == {}
    assert workshop.run("import-bundle", str(file), "--without-secure-boot")[0] == 0


def test_what_there_is_no_room_for_is_said_before(
    workshop: Workshop, other: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`shutil.disk_usage` says of the store's disk that it is full: no disk of this size can be had here."""
    file = tmp_path / "school.bundle"
    assert other.run("export", "school", str(file))[0] == 0
    full = shutil.disk_usage(tmp_path)._replace(free=10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    status, said = workshop.run("import-bundle", str(file), "--trust", told(other))
    assert status == 1
    assert "MiB are needed" in said
    assert workshop.everything() == {}
    status, said = other.run("export", "school", str(tmp_path / "second.bundle"))
    assert status == 1
    assert "are needed for" in said
    assert not list(tmp_path.glob("*second*"))


def test_an_export_is_of_what_is_whole_and_overwrites_nothing(other: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "school.bundle"
    file.write_bytes(b"somebody's")
    assert "is there already" in other.run("export", "school", str(file))[1]
    assert file.read_bytes() == b"somebody's"
    assert "no version 9" in other.run("export", "school", str(tmp_path / "x"), "--since", "9")[1]
    manifest = other.store.current("school")
    assert manifest is not None
    sha256 = manifest.chunks[-1].sha256
    other.store.blobs.put(chunk_name(sha256), b"damaged")
    assert other.run("export", "school", str(tmp_path / "x"))[0] == 1
    other.store.blobs.remove(chunk_name(sha256))
    assert "lacks 1 chunks" in other.run("export", "school", str(tmp_path / "x"))[1]
    assert not list(tmp_path.glob("*x"))


def test_a_master_of_before_keeps_its_digest(tmp_path: Path) -> None:
    """What it says of where it comes from stands in none that was made here, nor in any of before."""
    manifest = replace(put_master(Store(tmp_path), "school", part("a")), uefi=None)
    assert manifest.digest.startswith("7fe7c3754b5d"), "as before there was an origin"


def test_a_killed_import_offers_nothing_and_the_next_one_ends_it(workshop: Workshop, tmp_path: Path) -> None:
    store = Store(tmp_path / "elsewhere")
    manifest = put_master(store, "school", *(os.urandom(16 * 1024) for _ in range(48)))
    whole = bundle(store, manifest)
    command = import_command(workshop, "-", "--trust", PRINT)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as killed:
        assert killed.stdin is not None
        assert killed.stderr is not None
        killed.stdin.write(whole[: len(whole) * 3 // 4])
        killed.stdin.flush()
        while b"taking in: 20 %" not in killed.stderr.readline():
            assert killed.poll() is None
        killed.kill()
    assert workshop.store.names() == {}
    assert workshop.store.blobs.list("manifests") == []
    assert workshop.store.blobs.list("chunks") != [], "it was at work"
    subprocess.run(command, input=whole, check=True, capture_output=True)
    ours = workshop.store.current("school")
    assert ours is not None
    assert workshop.has(ours)
    assert not list((workshop.data / "store/drafts").iterdir())
