"""Disk images that somebody else made: taken in, laid onto a disk without zeros, and still whole there."""

import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from netboot.masters.importing import import_master
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Chunk, Manifest
from netboot.shared.process import run
from netboot.store import Store

MIB = 1024 * 1024
KEY = SigningKey(b"\x09" * 32)
Lay = Callable[[Iterable[Chunk], Store, Path, int], None]

GPT = """\
label: gpt
first-lba: 2048
start=2048, size=81920, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="EFI system"
start=83968, size=65536, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
start=149504, size=16384, type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F
start=165888, size=16384, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
start=182272, size=40960, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7
"""
# number: start and length in MiB
ESP, ROOT, SWAP, FOREIGN, NTFS = (1, 40), (41, 32), (73, 8), (81, 8), (89, 20)
SIZE = 112 * MIB


def whole_image(folder: Path) -> Path:
    """A disk with an ESP, an ext4 root, swap, something unknown, and NTFS, each with something in it."""
    image = folder / "source.raw"
    image.touch()
    os.truncate(image, SIZE)
    run(["sfdisk", "--quiet", image], stdin=GPT)
    for (start, length), make in (
        (ESP, ["mkfs.vfat", "-F", "32", "-s", "1", "-n", "EFI"]),
        (ROOT, ["mke2fs", "-q", "-F", "-t", "ext4", "-L", "system", "-d", tree(folder)]),
        (SWAP, ["mkswap"]),
        (NTFS, ["mkntfs", "-Q", "-F", "-L", "Windows"]),
    ):
        part = folder / "part"
        part.touch()
        os.truncate(part, length * MIB)
        run([*make, part])
        if (start, length) == ESP:
            run(["mmd", "-i", part, "::/EFI", "::/EFI/vendor"])
            run(["mcopy", "-i", part, folder / "tree" / "letter", "::/EFI/vendor/shimx64.efi"])
        put(image, start * MIB, part.read_bytes())
        part.unlink()
    put(image, (SWAP[0] + 2) * MIB, b"somebody's secret" * 1000)
    put(image, FOREIGN[0] * MIB, random.Random(3).randbytes(FOREIGN[1] * MIB // 2))
    return image


def tree(folder: Path) -> Path:
    path = folder / "tree"
    path.mkdir(exist_ok=True)
    (path / "letter").write_bytes(random.Random(4).randbytes(3 * MIB))
    # A file of zeros that takes up blocks: they are in use like others.
    (path / "zeros").write_bytes(bytes(2 * MIB))
    return path


def put(image: Path, at: int, data: bytes) -> None:
    with image.open("r+b") as file:
        file.seek(at)
        file.write(data)


def cut(image: Path, place: tuple[int, int], to: Path) -> Path:
    with image.open("rb") as file:
        file.seek(place[0] * MIB)
        to.write_bytes(file.read(place[1] * MIB))
    return to


def taken(file: Path, store: Store, said: list[str] | None = None) -> Manifest:
    lines: list[str] = []
    manifest = import_master(
        file, store, KEY, name="taken", version="1", licence="MIT", title="Taken", progress=lines.append
    )
    if said is not None:
        said += lines
    return manifest


def covered(manifest: Manifest, place: tuple[int, int]) -> int:
    """How many bytes of a partition are in use."""
    start, end = place[0] * MIB, (place[0] + place[1]) * MIB
    return sum(max(0, min(b, end) - max(a, start)) for a, b in manifest.used_ranges)


@pytest.mark.root
def test_a_raw_image_is_whole_again_on_a_disk_without_zeros(tmp_path: Path, lay: Lay) -> None:
    image, store, said = whole_image(tmp_path), Store(tmp_path / "store"), list[str]()
    manifest = taken(image, store, said)

    assert [(p.number, p.role, p.filesystem and p.filesystem.kind, p.grow) for p in manifest.partitions] == [
        (1, "esp", "vfat", False),
        (2, "root", "ext4", False),
        (3, "swap", "swap", False),
        (4, "other", None, False),
        (5, "data", "ntfs", True),
    ]
    assert manifest.uefi is not None
    assert (manifest.uefi.partition, manifest.uefi.path) == (1, "/EFI/vendor/shimx64.efi")
    assert (manifest.disk, manifest.sector, manifest.table) == (SIZE, 512, "gpt")

    assert covered(manifest, ESP) < ESP[1] * MIB // 4
    assert 5 * MIB < covered(manifest, ROOT) < ROOT[1] * MIB
    assert covered(manifest, SWAP) == 4096
    assert covered(manifest, FOREIGN) == FOREIGN[1] * MIB
    assert covered(manifest, NTFS) < NTFS[1] * MIB
    assert [line for line in said if "whole" in line] == [
        "partition 4 (unknown file system): taken as a whole, because no tool here tells what of it is in use"
    ]

    disk = tmp_path / "disk.raw"
    lay(manifest.chunks, store, disk, SIZE)
    assert "No errors detected" in run(["sfdisk", "--verify", disk]).stdout
    root = cut(disk, ROOT, tmp_path / "root")
    run(["e2fsck", "-f", "-n", root])
    for name in ("letter", "zeros"):
        run(["debugfs", "-R", f"dump /{name} {tmp_path}/{name}", root])
        assert (tmp_path / name).read_bytes() == (tmp_path / "tree" / name).read_bytes()
    run(["fsck.vfat", "-n", cut(disk, ESP, tmp_path / "esp")])
    run(["ntfsfix", "--no-action", cut(disk, NTFS, tmp_path / "ntfs")])
    assert cut(disk, FOREIGN, tmp_path / "a").read_bytes() == cut(image, FOREIGN, tmp_path / "b").read_bytes()
    assert b"somebody's secret" not in disk.read_bytes()


@pytest.mark.root
def test_a_qcow2_image_gives_the_same_chunks_as_the_raw_one(tmp_path: Path) -> None:
    image = whole_image(tmp_path)
    packed = tmp_path / "packed.qcow2"
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", image, packed])
    raw, qcow2 = Store(tmp_path / "raw"), Store(tmp_path / "qcow2")
    assert taken(packed, qcow2).chunks == taken(image, raw).chunks
    assert not any((tmp_path / "qcow2" / "drafts").iterdir())


@pytest.mark.root
def test_a_file_system_that_was_not_shut_down_is_taken_as_a_whole(tmp_path: Path) -> None:
    image, said = whole_image(tmp_path), list[str]()
    part = cut(image, ROOT, tmp_path / "root")
    run(["debugfs", "-w", "-R", "set_super_value state 0", part])
    put(image, ROOT[0] * MIB, part.read_bytes())
    manifest = taken(image, Store(tmp_path / "store"), said)
    assert covered(manifest, ROOT) == ROOT[1] * MIB
    assert any("partition 2 (ext4): taken as a whole, because" in line for line in said)


@pytest.mark.root
def test_a_disk_of_4k_sectors_is_read_as_such(tmp_path: Path) -> None:
    image = tmp_path / "4kn.raw"
    image.touch()
    os.truncate(image, 64 * MIB)
    device = run(["losetup", "--find", "--show", "--sector-size=4096", image]).stdout.strip()
    try:
        run(["sfdisk", "--quiet", device], stdin="label: gpt\nstart=256, size=4096, type=linux\n")
    finally:
        run(["losetup", "--detach", device])
    manifest = taken(image, Store(tmp_path / "store"))
    assert manifest.sector == 4096
    assert [(p.start, p.length) for p in manifest.partitions] == [(MIB, 16 * MIB)]
    assert manifest.used_ranges[-1][1] == 64 * MIB


@pytest.mark.root
def test_what_is_no_disk_is_refused_and_no_loop_device_is_left(tmp_path: Path) -> None:
    image = tmp_path / "noise.raw"
    image.write_bytes(random.Random(5).randbytes(2 * MIB))
    with pytest.raises(NetbootError):
        taken(image, Store(tmp_path / "store"))
    assert str(image) not in run(["losetup", "--list"]).stdout


def test_a_qcow2_that_needs_another_file_is_refused(tmp_path: Path) -> None:
    base, overlay = tmp_path / "base.raw", tmp_path / "overlay.qcow2"
    base.write_bytes(bytes(MIB))
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", overlay])
    with pytest.raises(NetbootError, match="not whole"):
        taken(overlay, Store(tmp_path / "store"))


def test_a_qcow2_whose_data_are_elsewhere_is_refused(tmp_path: Path) -> None:
    outside, image = tmp_path / "outside", tmp_path / "image.qcow2"
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", f"data_file={outside}", image, "1M"])
    with pytest.raises(NetbootError, match="not whole"):
        taken(image, Store(tmp_path / "store"))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetbootError, match="is no file"):
        taken(tmp_path / "none.raw", Store(tmp_path / "store"))
