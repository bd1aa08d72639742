"""Imports onto a full disk, and what killed ones left: nothing stays behind, nothing half made is offered."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key, public_key
from netboot.masters.importing import import_master
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.store import Store
from netboot.store.upkeep import forget_drafts, verify
from tests.masters.images import KEY, LINUX, MIB, ext4, gpt_disk, loops_of, put, sized


def command(folder: Path, data: Path, image: Path, name: str = "school") -> list[str]:
    """The command line of an import into this data folder."""
    settings = folder / "settings.yaml"
    settings.write_text(f"data: {data}\n", encoding="utf-8")
    words = [f"--name={name}", "--title=School", "--release=1", "--licence=MIT", f"--config={settings}"]
    return [sys.executable, "-m", "netboot", "master", "import", *words, os.fspath(image)]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A qcow2 whose import takes some seconds: unpacking, reading three file systems, packing what is not known."""
    noise = sized(tmp_path / "noise", 48 * MIB)
    noise.write_bytes(random.Random(7).randbytes(48 * MIB))
    disk = gpt_disk(tmp_path, [(LINUX, ext4(tmp_path)), (LINUX, noise)], size=128 * MIB)
    packed = tmp_path / "disk.qcow2"
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, packed])
    return packed


def test_what_is_half_made_is_kept_while_its_maker_lives(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.draft(".raw") as draft:
        draft.write_bytes(b"half")
        forget_drafts(Store(tmp_path))
        assert draft.exists()
    left = tmp_path / "drafts" / "0123.build"
    (left / "root").mkdir(parents=True)
    (left / "root" / "file").write_bytes(b"half")
    forget_drafts(Store(tmp_path))
    assert not left.exists()


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of its own with these mount options."""
    folder = tmp_path / "small"
    folder.mkdir()
    run(["mount", "-t", "tmpfs", "-o", request.param, "tmpfs", folder])
    try:
        yield folder
    finally:
        run(["umount", folder])


# Too small from the start; no place for one more file, in the middle of the work; nor for the first.
@pytest.mark.root
@pytest.mark.parametrize("small_disk", ["size=64m", "size=600m,nr_inodes=40", "size=600m,nr_inodes=2"], indirect=True)
def test_an_import_onto_a_full_disk_says_so_in_one_sentence(tmp_path: Path, small_disk: Path, image: Path) -> None:
    data = small_disk / "data"
    ended = subprocess.run(command(tmp_path, data, image), check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    last = ended.stderr.strip().splitlines()
    assert last[-2].startswith("netboot: ")
    assert "MiB free" in last[-2] or "No space left on device" in last[-2]
    assert last[-1].startswith("  → ")
    assert "larger disk" in last[-1]
    if (data / "store").exists():
        store = Store(data / "store")
        assert store.names() == {}
        assert not list(store.folder.glob("chunks/*/*")), "what no master uses takes the room"
        assert not list(store.folder.glob("drafts/*"))
    assert loops_of(tmp_path) == []


@pytest.mark.root
@pytest.mark.parametrize("small_disk", ["size=700m,nr_inodes=160"], indirect=True)
def test_the_masters_that_are_there_survive_a_full_disk(tmp_path: Path, small_disk: Path, image: Path) -> None:
    data = small_disk / "data"
    other = gpt_disk(tmp_path, [(LINUX, ext4(tmp_path, name="other.ext4"))], name="other.raw")
    put(other, 0, b"\x90" * 16)
    subprocess.run(command(tmp_path, data, other, "old"), check=True, capture_output=True)
    for number in range(200):
        try:
            (small_disk / f"file{number}").touch()
        except OSError:
            (small_disk / f"file{number - 1}").unlink()
            break
    for number in range(12):
        (small_disk / f"file{number}").unlink()
    ended = subprocess.run(command(tmp_path, data, image), check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "No space left on device" in ended.stderr
    store = Store(data / "store")
    assert list(store.names()) == ["old"]
    assert verify(store, public_key(load_key(data))) == ()


@pytest.mark.root
@pytest.mark.parametrize("small_disk", ["size=500m"], indirect=True)
def test_a_disk_that_fills_up_while_an_image_is_unpacked_is_said(small_disk: Path, image: Path) -> None:
    store = Store(small_disk / "store")

    def meanwhile(line: str) -> None:
        if line.startswith("unpacking"):
            with suppress(OSError), (small_disk / "filler").open("wb") as file:
                for _ in range(500):
                    file.write(bytes(MIB))
                    file.flush()

    with pytest.raises(NetbootError, match="MiB free") as caught:
        import_master(image, store, KEY, name="a", version="1", licence="MIT", title="A", progress=meanwhile)
    assert "larger disk" in caught.value.hint
    assert not any((store.folder / "drafts").iterdir())


@pytest.mark.root
def test_what_a_killed_mmdebstrap_left_mounted_is_let_go_of_before_its_draft_is_deleted(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "drafts" / "a.build" / "root", tmp_path / "elsewhere"
    for folder in (root / "proc", root / "dev", elsewhere):
        folder.mkdir(parents=True)
    run(["mount", "-t", "proc", "proc", root / "proc"])
    run(["mount", "-t", "tmpfs", "tmpfs", root / "dev"])
    (root / "dev" / "shm").mkdir()
    run(["mount", "-t", "tmpfs", "tmpfs", root / "dev" / "shm"])
    run(["mount", "-t", "tmpfs", "tmpfs", elsewhere])
    try:
        forget_drafts(Store(tmp_path))
        assert not root.exists()
        assert elsewhere.is_mount()
    finally:
        for place in (root / "dev" / "shm", root / "dev", root / "proc", elsewhere):
            if place.is_mount():
                run(["umount", place])
