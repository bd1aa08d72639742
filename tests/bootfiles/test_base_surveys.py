"""The agent's base has all by which a capture reads a disk: it surveys one as the server does, in a root of its own."""

import os
import subprocess
from pathlib import Path

import pytest
import zstandard

from netboot.bootfiles import BootFiles, agent_archive
from netboot.shared.process import run
from tests.masters.images import ESP, LINUX, MIB, SWAP, ext4, gpt_disk, sized
from tests.workshop.capturing import block_device

pytestmark = pytest.mark.root

SURVEY = """
import sys
from pathlib import Path
from netboot.survey.disk_file import open_device
from netboot.survey.whole_disk import survey
with open_device(Path(sys.argv[1]), "disk", int(sys.argv[2])) as disk:
    found = survey(disk, lambda _: None)
print(found.uefi.path, found.understood.system, sep="; ")
for one in found.layout.partitions:
    print(one.filesystem.kind, one.whole, sep="; ")
"""
SIZE = 700 * MIB
ROOT = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"


@pytest.fixture(scope="module")
def root(built: BootFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the kernel unpacks on a PC."""
    folder = tmp_path_factory.mktemp("root")
    for archive in (built.path("agent-base.img").read_bytes(), agent_archive({"language": "fr"})):
        plain = zstandard.ZstdDecompressor().decompressobj().decompress(archive)
        command = ["cpio", "--extract", "--make-directories", "--no-absolute-filenames", "--unconditional", "--quiet"]
        subprocess.run(command, input=plain, cwd=folder, check=True)
    (folder / "survey.py").write_text(SURVEY, encoding="utf-8")
    return folder


@pytest.fixture
def disk(tmp_path: Path, built: BootFiles) -> Path:
    """One file system of each kind that is looked into."""
    esp = sized(tmp_path / "esp", 34 * MIB)
    run(["mkfs.vfat", "-F", "32", "-s", "1", esp])
    run(["mmd", "-i", esp, "::/EFI", "::/EFI/debian"])
    run(["mcopy", "-i", esp, built.path("shimx64.efi"), "::/EFI/debian/shimx64.efi"])
    parts = [(ESP, esp), (ROOT, ext4(tmp_path))]
    for kind, size, words in (
        ("xfs", 304, ["-q"]),
        ("btrfs", 128, ["-q"]),
        ("f2fs", 64, ["-q"]),
        ("exfat", 32, []),
        ("ntfs", 32, ["-Q", "-F"]),
    ):
        part = sized(tmp_path / kind, size * MIB)
        run([f"mkfs.{kind}", *words, part])
        parts.append((LINUX, part))
    run(["mkswap", sized(tmp_path / "swap", 4 * MIB)])
    return gpt_disk(tmp_path, [*parts, (SWAP, tmp_path / "swap")], size=SIZE)


def test_the_base_surveys_every_file_system_that_a_capture_knows(root: Path, disk: Path) -> None:
    script = (
        'for name in dev proc sys; do mount --rbind "/$name" "$1/$name"; done; mount -t tmpfs none "$1/tmp"; '
        'exec chroot "$1" /usr/bin/env PYTHONPATH=/usr/lib/netboot /usr/bin/python3 /survey.py "$2" "$3"'
    )
    with block_device(disk) as device:
        words = ["unshare", "--mount", "--propagation=private", "sh", "-ec", script, "sh", os.fspath(root)]
        said = run([*words, device, str(SIZE)], timeout=110).stdout.splitlines()
    assert said[0] == "/EFI/debian/shimx64.efi; Test Linux 1 (small)"
    kinds = ["vfat", "ext4", "xfs", "btrfs", "f2fs", "exfat", "ntfs", "swap"]
    assert said[1:] == [f"{kind}; UNSET" for kind in kinds]
