"""Small disk images made by real tools, and what is done to them: what the tests of imports share."""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from netboot.masters.importing import import_master
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest
from netboot.shared.process import run
from netboot.store import Store

MIB = 1024 * 1024
KEY = SigningKey(b"\x09" * 32)
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
SWAP = "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"
LVM = "E6D6D379-F507-44C2-A23C-238F2A3DF928"

Part = tuple[str, Path]
"""A partition's type and the file with what is in it."""


def sized(path: Path, size: int) -> Path:
    """A file of zeros."""
    path.touch()
    os.truncate(path, size)
    return path


def put(image: Path, at: int, data: bytes) -> None:
    with image.open("r+b") as file:
        file.seek(at)
        file.write(data)


def cut(image: Path, start: int, length: int, to: Path) -> Path:
    """These bytes of the image as a file."""
    with image.open("rb") as file:
        file.seek(start)
        to.write_bytes(file.read(length))
    return to


def system_tree(folder: Path, name: str = "Test Linux 1 (small)") -> Path:
    """The folders of an installed system, as far as anybody here looks at them."""
    tree = folder / "system"
    (tree / "etc").mkdir(parents=True)
    (tree / "usr/lib").mkdir(parents=True)
    (tree / "usr/lib/os-release").write_text(f'PRETTY_NAME="{name}"\nID=test\n', encoding="utf-8")
    (tree / "etc/os-release").symlink_to("../usr/lib/os-release")
    (tree / "etc/hostname").write_text("master\n", encoding="utf-8")
    (tree / "etc/letter").write_bytes(random.Random(4).randbytes(3 * MIB))
    return tree


def ext4(folder: Path, size: int = 24 * MIB, *, name: str = "root.ext4") -> Path:
    """An ext4 with an installed system."""
    part = sized(folder / name, size)
    tree = folder / "system" if (folder / "system").exists() else system_tree(folder)
    run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, part])
    return part


def gpt_disk(folder: Path, parts: Sequence[Part], *, name: str = "disk.raw", size: int = 64 * MIB) -> Path:
    """A GPT disk with these partitions, one after the other from 1 MiB on."""
    image = sized(folder / name, size)
    lines, at = ["label: gpt", "unit: sectors", "first-lba: 34"], MIB
    for kind, part in parts:
        length = part.stat().st_size
        lines.append(f"start={at // 512}, size={length // 512}, type={kind}")
        at += length
    run(["sfdisk", "--quiet", image.absolute()], stdin="\n".join(lines) + "\n")
    at = MIB
    for _, part in parts:
        put(image, at, part.read_bytes())
        at += part.stat().st_size
    return image


def roomy_disk(folder: Path, *, name: str = "roomy.raw", size: int = 768 * MIB) -> Path:
    """A GPT disk with an installed system on an ext4 that is mostly free."""
    image, start = sized(folder / name, size), MIB
    length = size - 2 * MIB
    run(["sfdisk", "--quiet", image], stdin=f"label: gpt\nstart={start // 512}, size={length // 512}, type={LINUX}\n")
    tree = folder / "system" if (folder / "system").exists() else system_tree(folder)
    run(["mke2fs", "-q", "-F", "-t", "ext4", "-E", f"offset={start}", "-d", tree, image, f"{length // 1024}k"])
    return image


def taken(file: Path, store: Store, said: list[str] | None = None) -> Manifest:
    """The master that comes of this file."""
    lines: list[str] = []
    manifest = import_master(
        file, store, KEY, name="taken", version="1", licence="MIT", title="Taken", progress=lines.append
    )
    if said is not None:
        said += lines
    return manifest


def is_empty(store: Store) -> bool:
    """Whether nothing at all was stored."""
    return not any(path.is_file() and path.name != ".lock" for path in store.folder.rglob("*"))


def loops_of(folder: Path) -> list[str]:
    """The loop devices of files in this folder."""
    listed = run(["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"]).stdout.splitlines()
    return [line for line in listed if str(folder) in line]


@contextmanager
def loop_with_4k_sectors(image: Path) -> Iterator[str]:
    """The image as a disk of 4Kn, which can be written to."""
    device = run(["losetup", "--find", "--show", "--sector-size=4096", image]).stdout.strip()
    try:
        yield device
    finally:
        run(["losetup", "--detach", device])


def refused(file: Path, store: Store, words: str) -> NetbootError:
    """Import it, see it refused with these words, and nothing stored."""
    with pytest.raises(NetbootError, match=words) as caught:
        taken(file, store)
    assert caught.value.hint
    assert is_empty(store)
    return caught.value
