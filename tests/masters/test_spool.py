"""Images that are packed, or come from standard input: taken in as the file is, or refused with nothing left."""

import os
import pty
import random
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key, public_key
from netboot.masters import spool
from netboot.masters.file_format import Packing
from netboot.masters.importing import import_master
from netboot.masters.packed import unpacked
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.store import Store
from netboot.store.upkeep import forget_drafts, verify
from tests.masters.images import KEY, MIB, SWAP, gpt_disk, is_empty, put, refused, sized, taken
from tests.masters.test_broken_off import command
from tests.masters.virtual_disks import virtual_disk

PROGRAMS = ("gzip", "xz", "bzip2", "zstd")


def pack(image: Path, program: str) -> Path:
    """The file as the program packs it, by a name that says nothing."""
    with image.open("rb") as plain, (packed := image.with_name(f"{image.stem}-packed")).open("wb") as out:
        subprocess.run([program, "--stdout"], stdin=plain, stdout=out, check=True)
    return packed


@pytest.fixture
def noisy_disk(tmp_path: Path) -> Path:
    """A disk full of noise, which nothing packs any smaller."""
    noise = sized(tmp_path / "noise", 6 * MIB)
    noise.write_bytes(random.Random(1).randbytes(6 * MIB))
    return gpt_disk(tmp_path, [(SWAP, noise)], name="noisy.raw", size=8 * MIB)


@pytest.mark.root
@pytest.mark.parametrize(
    ("program", "inside"),
    [*((program, "raw") for program in PROGRAMS), ("zstd", "qcow2"), ("xz", "vmdk"), ("gzip", "vhd-fixed")],
)
def test_a_packed_image_gives_the_same_chunks_as_the_image(
    tmp_path: Path, swap_disk: Path, program: str, inside: str
) -> None:
    image = swap_disk if inside == "raw" else virtual_disk(swap_disk, inside)
    store, said = Store(tmp_path / "store"), list[str]()
    manifest = taken(pack(image, program), store, said)
    assert manifest.chunks == taken(swap_disk, Store(tmp_path / "raw")).chunks
    assert not any((tmp_path / "store" / "drafts").iterdir())
    assert f"unpacking {image.stem}-packed ({program})" in said


@pytest.mark.root
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_packed_image_that_was_cut_is_refused_and_nothing_stored(
    tmp_path: Path, noisy_disk: Path, program: str
) -> None:
    packed = pack(noisy_disk, program)
    size = packed.stat().st_size
    for length in (size - 1, size - 20, size // 2, 70_000, 1000, 7):
        os.truncate(packed, length)
        refused(packed, Store(tmp_path / "store"), "cut short|damaged")


# Of two members the second is missing: what packed them cannot know that, the disk's own table does.
@pytest.mark.root
def test_a_packed_image_that_lacks_its_last_member_is_refused(tmp_path: Path, noisy_disk: Path) -> None:
    os.truncate(noisy_disk, 3 * MIB)
    refused(pack(noisy_disk, "gzip"), Store(tmp_path / "store"), "partition 1 ends at .* cut short")


@pytest.mark.root
def test_a_packed_image_of_several_members_is_one_disk(tmp_path: Path, noisy_disk: Path) -> None:
    whole = noisy_disk.read_bytes()
    with (tmp_path / "members").open("wb") as out:
        for start, end in ((0, 3 * MIB), (3 * MIB, len(whole))):
            part = tmp_path / "part.raw"
            part.write_bytes(whole[start:end])
            out.write(pack(part, "bzip2").read_bytes())
    assert taken(tmp_path / "members", Store(tmp_path / "store")).disk == 8 * MIB


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_packed_twice_is_refused(tmp_path: Path, program: str) -> None:
    once = pack(sized(tmp_path / "disk.raw", MIB), "gzip")
    refused(pack(once, program), Store(tmp_path / "store"), "packed twice, now with gzip")


def test_a_packed_archive_is_named_with_its_cure(tmp_path: Path) -> None:
    sized(tmp_path / "disk.raw", MIB)
    run(["tar", "--create", "--gzip", f"--file={tmp_path}/archive", "--directory", tmp_path, "disk.raw"])
    assert "tar --extract" in refused(tmp_path / "archive", Store(tmp_path / "store"), "a tar archive").hint


def test_a_packed_file_that_names_another_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "disk"
    run(["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", "/etc/shadow", "-F", "raw", image, "1M"])
    refused(pack(image, "xz"), Store(tmp_path / "store"), "not whole: it needs '/etc/shadow'")


def test_an_image_that_is_written_to_while_it_is_unpacked_is_refused(tmp_path: Path, noisy_disk: Path) -> None:
    packed, store = pack(noisy_disk, "gzip"), Store(tmp_path / "store")

    def meanwhile(line: str) -> None:
        put(packed, 4, b"time")

    with pytest.raises(NetbootError, match="changed while it was read"):
        import_master(packed, store, KEY, name="a", version="1", licence="MIT", title="A", progress=meanwhile)
    assert is_empty(store)


def test_zeros_that_are_unpacked_take_no_room(tmp_path: Path) -> None:
    packed = pack(sized(tmp_path / "zeros.raw", 300 * MIB), "zstd")
    with spool.open_image(packed, Store(tmp_path / "store"), lambda _: None) as image:
        assert image.size == 300 * MIB
        assert os.fstat(image.handle).st_blocks == 0


def test_an_image_larger_than_any_disk_is_not_unpacked_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "LARGEST", 100 * MIB)
    packed = pack(sized(tmp_path / "zeros.raw", 101 * MIB), "zstd")
    refused(packed, Store(tmp_path / "store"), "holds more than")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 44 MiB beside what a store leaves free."""
    folder = tmp_path / "small"
    folder.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", folder])
    try:
        yield folder
    finally:
        run(["umount", folder])


@pytest.mark.root
def test_unpacking_stops_when_the_store_has_no_more_room(tmp_path: Path, small_disk: Path) -> None:
    noise = sized(tmp_path / "noise.raw", 0)
    noise.write_bytes(random.Random(3).randbytes(150 * MIB))
    free: list[int] = []

    def watched(parts: Iterable[bytes], packing: Packing, name: str) -> Iterator[bytes]:
        for piece in unpacked(parts, packing, name):
            free.append(os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize)
            yield piece

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("netboot.masters.spool.unpacked", watched)
        error = refused(pack(noise, "zstd"), Store(small_disk / "store"), "MiB free, and 256 MiB are needed")
    assert "larger disk" in error.hint
    assert min(free) > 150 * MIB


# ── standard input ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.root
@pytest.mark.parametrize(
    ("program", "inside"),
    [
        *(("cat", kind) for kind in ("raw", "qcow2", "vmdk", "vdi", "vhd", "vhd-fixed", "vhdx")),
        ("xz", "raw"),
        ("zstd", "vhdx"),
    ],
)
def test_an_image_comes_from_standard_input(tmp_path: Path, swap_disk: Path, program: str, inside: str) -> None:
    image = swap_disk if inside == "raw" else virtual_disk(swap_disk, inside)
    data = tmp_path / "data"
    words = [program] if program == "cat" else [program, "--stdout"]
    with image.open("rb") as plain, subprocess.Popen(words, stdin=plain, stdout=subprocess.PIPE) as sender:
        done = subprocess.run(
            command(tmp_path, data, Path("-")), stdin=sender.stdout, check=True, capture_output=True, text=True
        )
    assert "Size" in done.stderr
    store = Store(data / "store")
    assert verify(store, public_key(load_key(data))) == ()
    manifest = store.manifest(store.names()["school"])
    assert manifest.chunks == taken(swap_disk, Store(tmp_path / "raw")).chunks
    assert not any((store.folder / "drafts").iterdir())


@pytest.mark.root
@pytest.mark.parametrize(("program", "words"), [("cat", "cut short"), ("gzip", "standard input is cut short")])
def test_standard_input_that_breaks_off_is_refused(tmp_path: Path, noisy_disk: Path, program: str, words: str) -> None:
    sent = pack(noisy_disk, program) if program != "cat" else noisy_disk
    os.truncate(sent, 3 * MIB)
    with sent.open("rb") as given:
        done = subprocess.run(
            command(tmp_path, tmp_path / "data", Path("-")), stdin=given, check=False, capture_output=True, text=True
        )
    assert done.returncode == 1
    assert words in done.stderr
    assert is_empty(Store(tmp_path / "data" / "store"))


def test_a_terminal_nothing_and_no_standard_input_are_refused(tmp_path: Path) -> None:
    words = command(tmp_path, tmp_path / "data", Path("-"))
    master, slave = pty.openpty()
    try:
        done = [
            subprocess.run(words, stdin=slave, check=False, capture_output=True, text=True, timeout=60),
            subprocess.run(
                ["sh", "-c", 'exec "$@" <&-', "sh", *words], check=False, capture_output=True, text=True, timeout=60
            ),
            subprocess.run(words, stdin=subprocess.DEVNULL, check=False, capture_output=True, text=True, timeout=60),
        ]
    finally:
        os.close(master)
        os.close(slave)
    assert [one.returncode for one in done] == [1, 1, 1]
    assert ["nothing comes from standard input" in one.stderr for one in done] == [True, True, False]
    assert "no partition table" in done[2].stderr


def test_what_a_killed_import_had_taken_from_standard_input_is_forgotten_by_the_next(tmp_path: Path) -> None:
    store = Store(tmp_path / "data" / "store")
    drafts = store.folder / "drafts"
    with subprocess.Popen(
        command(tmp_path, tmp_path / "data", Path("-")), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as importing:
        assert importing.stdin is not None
        importing.stdin.write(random.Random(6).randbytes(3 * MIB))
        importing.stdin.flush()
        until = time.monotonic() + 90
        while not any(path.stat().st_size for path in drafts.glob("*")) and time.monotonic() < until:
            time.sleep(0.05)
        forget_drafts(store)
        assert any(drafts.iterdir()), "what is half made is kept while its maker lives"
        importing.kill()
        importing.wait()
    assert any(drafts.iterdir())
    refused(tmp_path / "none.raw", store, "no file")
    assert not any(drafts.iterdir())
