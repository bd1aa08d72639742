"""The agent's base has all by which a capture reads a disk, a Windows gets its answer file, and a kit decides.

Each in a root of its own, by the base's programs and its Python.
"""

import os
import subprocess
from pathlib import Path

import pytest
import zstandard

from netboot.bootfiles import BootFiles, agent_archive
from netboot.kit.archive import KIT_KNOWS
from netboot.shared.process import run
from netboot.shared.windows import READY
from tests.masters.images import ESP, LINUX, MIB, SWAP, ext4, gpt_disk, sized
from tests.survey.windows_disks import WINDOWS, ntfs, windows_tree
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
print(found.understood.windows.name, found.understood.windows.state, found.understood.windows.answers, sep="; ")
for one in found.layout.partitions:
    print(one.filesystem.kind, one.whole, sep="; ")
"""
ANSWER = """
import sys
from pathlib import Path
from netboot.alone.kit_visit import KitVisit
from netboot.agent.customise.parcels import Parcels
from netboot.agent.customise.windows import give_answer_file, look_at_answer_file
from netboot.agent.customise.windows_files import look_in_windows, place_in_windows
from netboot.jobs.answer_file import answer_file
from netboot.shared.system_settings import SystemSettings
from netboot.shared.windows import Windows
from netboot.shared.parcel import Parcel, ParcelFile, pieces_of
from netboot.shared.placed_files import PlacedFile
windows = Windows(partition=1, architecture="amd64", panther="Windows/Panther")
settings = SystemSettings(timezone="Europe/Paris", files=(PlacedFile(path="/read-me.txt", text="x"),))
parcels = Parcels({"netboot/drivers": Parcel((ParcelFile("a.inf", "0644", pieces_of([b"x"])),))}, lambda _: b"x")
file = answer_file(windows, "pc-7", settings)
place_in_windows(Path(sys.argv[1]), settings, parcels)
give_answer_file(Path(sys.argv[1]), file)
print(*(one.path for one in look_in_windows(Path(sys.argv[1]), settings, parcels)))
found = look_at_answer_file(Path(sys.argv[1]), file)
print(found.path, oct(found.mode), "Romance Standard Time" in file.text)
"""
SIZE = 700 * MIB
ROOT = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"


@pytest.fixture(scope="module")
def root(built: BootFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the kernel unpacks on a PC."""
    folder = tmp_path_factory.mktemp("root")
    folder.chmod(0o755)  # as the kernel has it: a registry is read as nobody
    for archive in (built.path("agent-base.img").read_bytes(), agent_archive({}, knows=KIT_KNOWS)):
        plain = zstandard.ZstdDecompressor().decompressobj().decompress(archive)
        command = ["cpio", "--extract", "--make-directories", "--no-absolute-filenames", "--unconditional", "--quiet"]
        subprocess.run(command, input=plain, cwd=folder, check=True)
    (folder / "survey.py").write_text(SURVEY, encoding="utf-8")
    (folder / "answer.py").write_text(ANSWER, encoding="utf-8")
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
    ):
        part = sized(tmp_path / kind, size * MIB)
        run([f"mkfs.{kind}", *words, part])
        parts.append((LINUX, part))
    parts.append((WINDOWS, ntfs(tmp_path, windows_tree(tmp_path), 32 * MIB)))
    run(["mkswap", sized(tmp_path / "swap", 4 * MIB)])
    return gpt_disk(tmp_path, [*parts, (SWAP, tmp_path / "swap")], size=SIZE)


def python(root: Path, program: str, *words: str) -> list[str]:
    """What a program says there."""
    script = (
        'for name in dev proc sys; do mount --rbind "/$name" "$1/$name"; done; mount -t tmpfs none "$1/tmp"; '
        'root="$1"; shift; exec chroot "$root" /usr/bin/env PYTHONPATH=/usr/lib/netboot /usr/bin/python3 "$@"'
    )
    mount = ["unshare", "--mount", "--propagation=private", "sh", "-ec", script, "sh", os.fspath(root)]
    return run([*mount, program, *words], timeout=110).stdout.splitlines()


def test_the_base_surveys_every_file_system_that_a_capture_knows(root: Path, disk: Path) -> None:
    with block_device(disk) as device:
        said = python(root, "/survey.py", os.fspath(device), str(SIZE))
    assert said[0] == "/EFI/debian/shimx64.efi; Test Linux 1 (small)"
    kinds = ["vfat", "ext4", "xfs", "btrfs", "f2fs", "exfat", "ntfs", "swap"]
    assert said[1] == f"Windows 11 Pro 24H2 (26100); {READY}; ()"
    assert said[2:] == [f"{kind}; UNSET" for kind in kinds]


def test_the_base_gives_a_windows_its_answer_file_and_what_a_profile_puts_there(root: Path, tmp_path: Path) -> None:
    with block_device(ntfs(tmp_path, windows_tree(tmp_path))) as device:
        said = python(root, "/answer.py", os.fspath(device))
    assert said == ["netboot/drivers read-me.txt", "Windows/Panther/unattend.xml 0o644 True"]
