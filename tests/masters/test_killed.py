"""Real processes that write to a store, killed at any moment: nothing half made is offered, and its room comes back.

Each is killed (SIGKILL) at moments spread over all that it does. After each: `netboot master verify` finds every
master whole, `list` offers only whole ones, no manifest that lies there lacks a chunk, and the next command works and
leaves in the store what its masters need and nothing else. `--all` does it at fifty moments each.
Only the process itself is killed, as by the kernel when memory is short: what it has started must end by itself.
"""

import itertools
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from netboot.auth.fingerprint import in_one_word
from netboot.auth.server_keys import load_key
from netboot.files.cache_folder import default_cache_folder
from netboot.shared.mounts import mounts_below
from netboot.shared.process import run
from netboot.store import Store
from netboot.store.store import chunk_name
from tests.masters.bundles import NANTES, bundle, import_command
from tests.masters.commands import Workshop
from tests.masters.images import LINUX, MIB, gpt_disk, loops_of, put, sized
from tests.masters.kills import Kills, begun, killed, moments, seconds_of
from tests.store.test_store import part, put_master

NOISE = 24 * MIB
RECIPE = Path(__file__).parents[2] / "images" / "debian-minimal.yaml"
MOMENTS = pytest.mark.parametrize(
    "kills",
    [
        pytest.param(8, marks=pytest.mark.timeout(300)),
        pytest.param(50, marks=[pytest.mark.matrix, pytest.mark.timeout(1800)]),
    ],
    ids=["some", "many"],
)

SMALLEST = """
name: smallest
version: "1"
title: {fr: Debian nu, en: Bare Debian}
licence: LicenseRef-Debian-main
suite: trixie
components: [main]
packages: [less]
locales: [en_GB.UTF-8]
keyboard: gb
timezone: Europe/Paris
hostname: debian
users: [{name: atelier}]
disk: 1024
esp: 64
"""
"""Installed it is no more than what apt needs; it would not start."""

Start = Callable[[], subprocess.Popen[bytes]]


class Images:
    """Disk images that no two imports share much of: a swap space, and noise of each one's own."""

    def __init__(self, folder: Path) -> None:
        swap = sized(folder / "swap", 2 * MIB)
        run(["mkswap", swap])
        self._folder = folder
        self._disk = gpt_disk(folder, [(LINUX, swap), (LINUX, sized(folder / "noise", NOISE))], size=32 * MIB)
        self._number = 0

    def next(self, kind: str) -> Path:
        self._number += 1
        put(self._disk, 3 * MIB, random.Random(self._number).randbytes(NOISE))
        image = self._folder / f"{self._number}.{kind}"
        run(["qemu-img", "convert", "-f", "raw", "-O", kind, self._disk, image])
        for before in self._folder.glob(f"{self._number - 1}.*"):
            before.unlink()
        return image


@pytest.fixture
def images(tmp_path: Path) -> Images:
    (tmp_path / "images").mkdir()
    return Images(tmp_path / "images")


def is_whole(workshop: Workshop) -> None:
    """What is offered is whole, and so is every manifest that lies there."""
    status, told = workshop.run("verify")
    assert (status, told) == (0, "Every master is whole.\n")
    status, told = workshop.run("list")
    assert status == 0, told
    store = workshop.store
    for digest in (name.removeprefix("manifests/") for name in store.blobs.list("manifests")):
        assert all(store.has_chunk(chunk.sha256) for chunk in store.manifest(digest).chunks)


def versions_of(store: Store) -> set[str]:
    return {digest for master in store.all_versions().values() for digest in master.all}


def needed_chunks(store: Store) -> set[str]:
    return {chunk_name(chunk.sha256) for digest in versions_of(store) for chunk in store.manifest(digest).chunks}


def is_clean(store: Store) -> None:
    """It keeps what its masters need, and nothing else."""
    assert set(store.blobs.list("manifests")) == {f"manifests/{digest}" for digest in versions_of(store)}
    assert set(store.blobs.list("chunks")) == needed_chunks(store)
    assert not any((store.folder / "drafts").iterdir())


def gives_room_back(workshop: Workshop) -> None:
    status, told = workshop.run("gc")
    assert status == 0, told
    is_clean(workshop.store)


@pytest.mark.root
@MOMENTS
def test_imports(workshop: Workshop, images: Images, kills: int) -> None:
    workshop.run("list")  # writes the settings

    def import_of(image: Path) -> subprocess.Popen[bytes]:
        words = ["--name=school", "--title=School", "--release=1", "--licence=MIT", "--without-secure-boot"]
        settings = f"--config={workshop.data.with_name('settings.yaml')}"
        return begun([sys.executable, "-m", "netboot", "master", "import", *words, settings, os.fspath(image)])

    whole = min(seconds_of(import_of(images.next("qcow2"))) for _ in range(2))
    at, offered = Kills(kills, 11, whole), 0
    for share in at:
        before = workshop.store.names()["school"]
        at.kill(import_of(images.next("qcow2")), share)
        until = time.monotonic() + 30
        while loops_of(workshop.data.parent) and time.monotonic() < until:
            time.sleep(0.05)
        assert loops_of(workshop.data.parent) == []
        is_whole(workshop)
        offered += workshop.store.names()["school"] != before
        store = workshop.store
        at.hits += any((store.folder / "drafts").iterdir()) or set(store.blobs.list("chunks")) > needed_chunks(store)
        if share > 0.5:
            assert seconds_of(import_of(images.next("raw"))) > 0
            assert not any((store.folder / "drafts").iterdir())
        gives_room_back(workshop)
    assert at.hits > 0, "no kill came while something was half made"
    assert offered < at.done, "every kill came too late"


@pytest.mark.root
@MOMENTS
def test_builds(workshop: Workshop, images: Images, tmp_path: Path, kills: int) -> None:
    key = bytes(load_key(workshop.data)).hex()
    cache = Store(tmp_path / "cache")

    def build_of(image: Path) -> subprocess.Popen[bytes]:
        words = [os.fspath(word) for word in (RECIPE, image, workshop.data / "store", cache.folder)]
        return begun([sys.executable, "-m", "tests.masters.build_like", *words, key])

    whole = min(seconds_of(build_of(images.next("raw"))) for _ in range(2))
    at = Kills(kills, 12, whole)
    for share in at:
        image = images.next("raw")
        at.kill(build_of(image), share)
        is_whole(workshop)
        at.hits += any((cache.folder / "drafts").iterdir())
        # Begun again, it is built or copied to its end, and the builds' own store has nothing but it.
        assert seconds_of(build_of(image)) > 0
        is_whole(workshop)
        assert not any((cache.folder / "drafts").iterdir())
        current = Store(cache.folder).names()
        assert current == workshop.store.names()
        gives_room_back(workshop)
    assert at.hits > 0, "no kill came while something was half made"


def works_in(folder: Path) -> set[str]:
    """The programs that work in this folder, or speak of it."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            places = {os.fspath((process / name).readlink()) for name in ("root", "cwd")}
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if os.fspath(folder) in words or any(place.startswith(os.fspath(folder)) for place in places):
                found.add(words)
    return found


@pytest.fixture
def install_of(workshop: Workshop, tmp_path: Path) -> Callable[[Path], subprocess.Popen[bytes]]:
    """A build whose packages mmdebstrap installs; they were downloaded before where this machine has them."""
    recipe, key = tmp_path / "smallest.yaml", bytes(load_key(workshop.data)).hex()
    recipe.write_text(SMALLEST, encoding="utf-8")
    downloaded = default_cache_folder() / "masters-packages" / "trixie"
    if downloaded.is_dir():
        packages = tmp_path / "cache-packages" / "trixie"
        packages.mkdir(parents=True)
        for package in downloaded.glob("*.deb"):
            shutil.copy2(package, packages)

    def build_of(image: Path) -> subprocess.Popen[bytes]:
        words = [os.fspath(word) for word in (recipe, image, workshop.data / "store", tmp_path / "cache")]
        return begun([sys.executable, "-m", "tests.masters.build_like", *words, key, "installing"])

    return build_of


def all_ends(folder: Path) -> None:
    """Nothing works on in this folder, and nothing is mounted there."""
    until = time.monotonic() + 30
    while works_in(folder) and time.monotonic() < until:
        time.sleep(0.05)
    assert works_in(folder) == set()
    assert not mounts_below(folder)


@pytest.mark.lab
@pytest.mark.root
@pytest.mark.timeout(600)
def test_mmdebstrap_and_all_that_it_started_end_with_a_build(
    install_of: Callable[[Path], subprocess.Popen[bytes]], images: Images, tmp_path: Path
) -> None:
    """Else they would work on in a draft that the next build removes, and hold its packages' lock."""
    process = install_of(images.next("raw"))
    assert process.stdout is not None
    while b"unpacking" not in process.stdout.readline():
        assert process.poll() is None
    assert any("dpkg" in words for words in works_in(tmp_path / "cache/drafts"))
    killed(process, 0)
    all_ends(tmp_path)


@pytest.mark.lab
@pytest.mark.root
@pytest.mark.matrix
@pytest.mark.timeout(7200)
def test_installations(
    install_of: Callable[[Path], subprocess.Popen[bytes]], workshop: Workshop, images: Images, tmp_path: Path
) -> None:
    cache = Store(tmp_path / "cache")
    whole = seconds_of(install_of(images.next("raw")))
    installing = 0
    for share in moments(50, seed=15):
        process = install_of(images.next("raw"))
        time.sleep(share * whole)
        installing += any("dpkg" in words or "apt" in words for words in works_in(cache.folder / "drafts"))
        killed(process, 0)
        all_ends(tmp_path)
        is_whole(workshop)
    assert installing > 0, "no kill came during the installation"
    assert seconds_of(install_of(images.next("raw"))) > 0
    assert not any((cache.folder / "drafts").iterdir())
    assert Store(cache.folder).names() == workshop.store.names()
    is_whole(workshop)
    gives_room_back(workshop)
    print(f"50 builds of {whole:.0f} s each killed, {installing} of them while mmdebstrap was at work")


@pytest.mark.root
@MOMENTS
def test_bundle_imports(workshop: Workshop, tmp_path: Path, kills: int) -> None:
    source = random.Random(16)
    elsewhere = Store(tmp_path / "elsewhere")
    numbers = itertools.count(1)

    def next_bundle() -> Path:
        parts = (source.randbytes(512) for _ in range(600))
        manifest = put_master(elsewhere, "school", *parts, version=str(next(numbers)))
        (tmp_path / "bundle").write_bytes(bundle(elsewhere, manifest))
        return tmp_path / "bundle"

    def import_of(file: Path) -> subprocess.Popen[bytes]:
        print_of_theirs = in_one_word(bytes(NANTES.verify_key))
        return begun(import_command(workshop, os.fspath(file), "--trust", print_of_theirs, "--without-secure-boot"))

    whole = min(seconds_of(import_of(next_bundle())) for _ in range(2))
    at, offered = Kills(kills, 17, whole), 0
    for share in at:
        before = workshop.store.names()["school"]
        file = next_bundle()
        at.kill(import_of(file), share)
        is_whole(workshop)
        store = workshop.store
        offered += store.names()["school"] != before
        at.hits += set(store.blobs.list("chunks")) > needed_chunks(store)
        if share > 0.5:
            assert seconds_of(import_of(file)) > 0
        gives_room_back(workshop)
    assert at.hits > 0, "no kill came while something was half made"
    assert offered < at.done, "every kill came too late"


@pytest.mark.root
@MOMENTS
def test_clean_ups(workshop: Workshop, kills: int) -> None:
    workshop.run("list")
    key = load_key(workshop.data)
    store = workshop.store
    source = random.Random(13)
    numbers = itertools.count(1)
    put_master(store, "office", part("a"), part("b"), key=key)

    def put_version() -> None:
        parts = (source.randbytes(512) for _ in range(60))
        put_master(store, "school", part("b"), *parts, version=str(next(numbers)), key=key)

    put_version()
    put_version()

    def with_garbage() -> subprocess.Popen[bytes]:
        put_version()  # and of the three versions, one is nobody's
        for _ in range(200):
            store.put_chunk(source.randbytes(512))
        command = [sys.executable, "-m", "netboot", "master", "gc"]
        settings = f"--config={workshop.data.with_name('settings.yaml')}"
        return subprocess.Popen([*command, settings], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def until_it_deletes(process: subprocess.Popen[bytes]) -> None:
        before = len(store.blobs.list("manifests"))
        while process.poll() is None and len(store.blobs.list("manifests")) == before:
            pass

    process = with_garbage()
    until_it_deletes(process)
    start = time.monotonic()
    while process.poll() is None and set(store.blobs.list("chunks")) > needed_chunks(store):
        pass
    deleting = time.monotonic() - start
    seconds_of(process)
    is_clean(workshop.store)
    at = Kills(kills, 14, deleting)
    for share in at:
        process = with_garbage()
        until_it_deletes(process)
        at.kill(process, share)
        is_whole(workshop)
        left = set(store.blobs.list("chunks"))
        gives_room_back(workshop)
        at.hits += left > set(store.blobs.list("chunks"))
    assert at.hits > 0, "no kill came in the middle"
