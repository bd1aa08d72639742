"""An f2fs that f2fs-tools fill and read: no kernel that mounts one is needed.

`sload.f2fs` keeps owners, modes and hard links, and gives each path an SELinux label, which is an extended attribute;
`dump.f2fs` tells all of an inode with these, and which blocks the file system itself counts as valid. No tool makes
holes or ACLs: a hole is a block that no inode names, an ACL one more extended attribute, so what `valid_blocks` says
stands for both.
"""

import hashlib
import os
import random
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from netboot.shared.process import run

BLOCK: Final = 4096
_SEGMENT: Final = 512
"""Blocks of a segment."""
_MAIN_AT: Final = 1024 + 92
"""Where the superblock says in which block the main area begins."""
_ROOT: Final = 3
"""Its root folder's inode, as mkfs.f2fs numbers them."""
_LABELS: Final = "/.* system_u:object_r:default_t:s0\n/etc(/.*)? system_u:object_r:etc_t:s0\n"
_PATH: Final = re.compile(r"^((?:\|   )*)\|-- (.+) <ino = (0x[0-9a-f]+)>", re.MULTILINE)
_INODE: Final = re.compile(r"is inode\n(.+?)\n\n(?:Do you want|Not a regular)", re.DOTALL)
_WHERE_IT_LIES: Final = re.compile(r"^(i_addr\[0x[0-9a-f]+\]|i_ext).*", re.MULTILINE)
_SEGMENT_OF_SIT: Final = re.compile(r"^segno: +(\d+)\tvblocks: *(\d+).*\n((?:\n| [ 0-9a-f]+)*)", re.MULTILINE)

Facts = dict[str, tuple[int, str, str]]


def fill(part: Path, tree: Path) -> None:
    """A new f2fs in this file with this tree, after more was planted there: files of all sizes, links, owners, modes;
    and a label for each."""
    chance = random.Random(3)
    for number in range(10):
        (tree / f"file{number}").write_bytes(chance.randbytes(number * 40_000))
    (tree / "pupils").mkdir()
    (tree / "pupils").chmod(0o2770)
    (tree / "pupils/Où ça ?").write_bytes(chance.randbytes(5000))
    (tree / "hard link").hardlink_to(tree / "file7")
    (tree / "soft link").symlink_to("pupils/nowhere")
    os.chown(tree / "file7", 1000, 4321)
    (tree / "file7").chmod(0o6711)
    os.chown(tree / "soft link", 33, 44, follow_symlinks=False)
    labels = part.with_name("file_contexts")
    labels.write_text(_LABELS, encoding="utf-8")
    run(["mkfs.f2fs", "-q", part])
    run(["sload.f2fs", "-P", "-s", labels, "-f", tree, part])


def facts(device: Path) -> Facts:
    """Of each path: its inode, all that stands in that (mode, owner, links, size, times, attributes with their values,
    which of its blocks are there), and its content's digest."""
    found: Facts = {"": (_ROOT, *_inode(device, f"{_ROOT:#x}"))}
    above: list[str] = []
    for depth, name, number in _PATH.findall(run(["fsck.f2fs", "--dry-run", "-t", device]).stdout):
        above[len(depth) // 4 :] = [name]
        found["/".join(above)] = (int(number, 16), *_inode(device, number))
    return found


def _inode(device: Path, number: str) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        told = run(["dump.f2fs", "-d", "1", "-i", number, device], stdin="y\n", cwd=folder).stdout
        dumped = [path.read_bytes() for path in Path(folder, "lost_found").glob("*")]
    inode = _INODE.search(told)
    assert inode is not None, told
    return _WHERE_IT_LIES.sub(r"\1", inode[1]), "".join(hashlib.sha256(one).hexdigest() for one in dumped)


def valid_blocks(device: Path) -> Iterator[int]:
    """The number of each block that the file system counts as valid, and of all before its main area."""
    with device.open("rb") as file:
        file.seek(_MAIN_AT)
        main = int.from_bytes(file.read(4), "little")
    yield from range(main)
    with tempfile.TemporaryDirectory() as folder:
        run(["dump.f2fs", "-s", "0~-1", device], cwd=folder)
        told = Path(folder, "dump_sit").read_text(encoding="ascii")
    for number, count, listed in _SEGMENT_OF_SIT.findall(told):
        bits = bytes.fromhex("".join(listed.split()))
        first = main + int(number) * _SEGMENT
        valid = [first + at for at in range(len(bits) * 8) if bits[at // 8] & 0x80 >> at % 8]
        assert len(valid) == int(count)
        yield from valid
