"""File systems by what their own tools say of them: sound, taken whole, or refused before anything is stored."""

import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.masters.account import account
from netboot.shared.growth import HEAD
from netboot.shared.process import Completed, run
from netboot.store import Store
from netboot.survey.condition import SOUND, judge_f2fs
from netboot.survey.fat_check import fat_damage, was_left_dirty
from netboot.survey.features import unknown_features
from tests.masters.images import LINUX, MIB, ext4, gpt_disk, put, refused, sized, taken

WINDOWS = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
SIZE = {"xfs": 320, "btrfs": 300, "f2fs": 128, "exfat": 128, "ntfs": 32, "vfat": 40, "ext4": 24}
MAKERS = {
    "xfs": ["mkfs.xfs", "-q"],
    "btrfs": ["mkfs.btrfs", "-q"],
    "f2fs": ["mkfs.f2fs", "-q"],
    "exfat": ["mkfs.exfat"],
    "ntfs": ["mkntfs", "--quiet", "--fast", "--force"],
    "vfat": ["mkfs.vfat", "-F", "32", "-s", "1"],
    "ext4": ["mke2fs", "-q", "-t", "ext4"],
}


def made(folder: Path, kind: str) -> Path:
    """A file system of this kind, with nothing in it."""
    part = sized(folder / f"part.{kind}", SIZE[kind] * MIB)
    run([*MAKERS[kind], part])
    return part


def hibernated_windows(folder: Path) -> Path:
    """An NTFS whose Windows left its memory in it."""
    part, memory = made(folder, "ntfs"), folder / "memory"
    memory.write_bytes(b"hibr" + bytes(8188))  # what Windows has at the start of it, as ntfs-3g looks for
    run(["ntfscp", "--quiet", part, memory, "hiberfil.sys"])
    return part


def on_a_disk(folder: Path, part: Path) -> Path:
    size = part.stat().st_size + 4 * MIB
    return gpt_disk(folder, [(WINDOWS, part)], size=size)


def at(part: Path, place: int, form: str) -> int:
    with part.open("rb") as file:
        file.seek(place)
        value: int = struct.unpack(form, file.read(struct.calcsize(form)))[0]
    return value


@pytest.mark.root
@pytest.mark.parametrize("kind", SIZE)
def test_a_new_file_system_is_sound(tmp_path: Path, kind: str) -> None:
    said: list[str] = []
    manifest = taken(on_a_disk(tmp_path, made(tmp_path, kind)), Store(tmp_path / "store"), said)
    assert f"partition 1 ({kind}): checking" in said
    assert not manifest.partitions[0].whole
    assert manifest.used < SIZE[kind] * MIB * 3 // 4


# ── damaged ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def break_ext4(part: Path) -> None:
    run(["debugfs", "-w", "-R", "clri <2>", part])


def break_xfs(part: Path) -> None:
    put(part, 2 * 4096 + 4, b"\xff" * 400)  # the free space of its first group, by length


def break_btrfs(part: Path) -> None:
    tree = run(["btrfs", "inspect-internal", "dump-tree", "-t", "fs", part]).stdout
    node = next(line.split()[1] for line in tree.splitlines() if line.startswith("leaf "))
    for copy in re.findall(r"physical (\d+)", run(["btrfs-map-logical", "-l", node, part]).stdout):
        put(part, int(copy), b"\x5a" * 4096)


def break_f2fs(part: Path) -> None:
    put(part, at(part, 1024 + 80, "<I") * 4096, b"\x5a" * MIB)  # what says which blocks are in use


def break_exfat(part: Path) -> None:
    # Its root folder's first entries, after which the bitmap is found.
    sector, cluster = 1 << at(part, 108, "B"), 1 << at(part, 109, "B")
    heap, root = at(part, 88, "<I"), at(part, 96, "<I")
    put(part, (heap + (root - 2) * cluster) * sector, b"\x5a" * 128)


def break_ntfs(part: Path) -> None:
    (lcn,) = (at(part, 0x30, "<Q"),)
    put(part, lcn * 4096 + 6 * 1024 + 0x38, b"\x5a" * 64)  # the record of $Bitmap


def break_fat(part: Path) -> None:
    letter = part.with_name("letter")
    letter.write_bytes(b"a letter\n" * 3000)
    run(["mcopy", "-i", part, letter, "::/letter"])
    put(part, 32 * 512 + 4 * 10, bytes(8))  # in the middle of its chain


@pytest.mark.root
@pytest.mark.parametrize(
    ("kind", "break_it", "tool"),
    [
        ("ext4", break_ext4, "e2fsck"),
        ("xfs", break_xfs, "xfs_repair"),
        ("btrfs", break_btrfs, "btrfs check"),
        ("f2fs", break_f2fs, "fsck.f2fs"),
        ("exfat", break_exfat, "fsck.exfat"),
        ("ntfs", break_ntfs, "ntfs-3g.probe"),
        ("vfat", break_fat, "fsck.fat"),
    ],
)
def test_damage_is_refused_before_anything_is_stored(
    tmp_path: Path, kind: str, break_it: Callable[[Path], None], tool: str
) -> None:
    part = made(tmp_path, kind)
    break_it(part)
    error = refused(on_a_disk(tmp_path, part), Store(tmp_path / "store"), rf"partition 1 \({kind}\).*{tool} finds")
    assert "make the image, or the capture, again" in error.hint


# ── Windows ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.root
def test_a_hibernated_windows_is_refused_with_the_cure(tmp_path: Path) -> None:
    error = refused(on_a_disk(tmp_path, hibernated_windows(tmp_path)), Store(tmp_path / "store"), "hibernated")
    assert "powercfg /hibernate off" in error.hint


@pytest.mark.root
def test_a_windows_that_was_not_hibernated_is_taken(tmp_path: Path) -> None:
    part, memory = made(tmp_path, "ntfs"), tmp_path / "memory"
    memory.write_bytes(bytes(8192))  # after Windows woke up
    run(["ntfscp", "--quiet", part, memory, "hiberfil.sys"])
    assert taken(on_a_disk(tmp_path, part), Store(tmp_path / "store")).used < 20 * MIB


@pytest.mark.root
def test_an_ntfs_that_is_marked_for_a_check_is_refused_with_the_cure(tmp_path: Path) -> None:
    part = made(tmp_path, "ntfs")
    run(["ntfsfix", part])  # which asks Windows for a check
    error = refused(on_a_disk(tmp_path, part), Store(tmp_path / "store"), "marked it for a check")
    assert "chkdsk /f" in error.hint


def bitlocker(folder: Path) -> Path:
    """The header of a volume and of its metadata, as libblkid tells BitLocker (and libbde's documents describe it)."""
    part = sized(folder / "part.bde", 32 * MIB)
    header = bytearray(512)
    header[:11] = b"\xeb\x58\x90-FVE-FS-"
    header[160:176] = bytes.fromhex("3bd6674929 2ed84a8399f6a339e3d001".replace(" ", ""))
    header[176:200] = struct.pack("<3Q", MIB, 2 * MIB, 3 * MIB)
    header[510:] = b"\x55\xaa"
    put(part, 0, bytes(header))
    for place in (1, 2, 3):
        put(part, place * MIB, b"-FVE-FS-" + struct.pack("<HH", 64, 2))
    assert "BitLocker" in run(["blkid", "--probe", "--output=value", "--match-tag=TYPE", part]).stdout
    return part


@pytest.mark.root
def test_bitlocker_is_refused_with_the_cure(tmp_path: Path) -> None:
    error = refused(on_a_disk(tmp_path, bitlocker(tmp_path)), Store(tmp_path / "store"), "encrypted by BitLocker")
    assert "manage-bde -off C:" in error.hint


# ── switched off while at work ──────────────────────────────────────────────────────────────────────────────────────


def hibernated_linux(folder: Path) -> Path:
    """The swap that a Linux left its memory in."""
    part = sized(folder / "swap", 2 * MIB)
    run(["mkswap", part])
    put(part, 4086, b"S1SUSPEND\0")  # as the kernel does: kernel/power/swap.c
    return part


@pytest.mark.root
def test_a_hibernated_linux_is_refused(tmp_path: Path) -> None:
    refused(
        on_a_disk(tmp_path, hibernated_linux(tmp_path)), Store(tmp_path / "store"), "hibernated, its memory is in it"
    )


@pytest.mark.root
def test_a_fat_that_was_not_shut_down_is_taken_whole(tmp_path: Path) -> None:
    part = made(tmp_path, "vfat")
    put(part, 65, b"\x01")
    manifest = taken(on_a_disk(tmp_path, part), Store(tmp_path / "store"))
    assert manifest.partitions[0].whole == "it was not shut down cleanly"
    assert manifest.used > 40 * MIB


@pytest.mark.root
def test_an_exfat_that_was_not_shut_down_is_taken_whole(tmp_path: Path) -> None:
    part = made(tmp_path, "exfat")
    put(part, 106, b"\x02")
    manifest = taken(on_a_disk(tmp_path, part), Store(tmp_path / "store"))
    assert manifest.partitions[0].whole == "it was not shut down cleanly"


def luks(folder: Path) -> Path:
    """What cryptsetup encrypts."""
    part, key = sized(folder / "luks", 20 * MIB), folder / "key"
    key.write_bytes(b"x" * 16)
    run(["cryptsetup", "luksFormat", "--batch-mode", "--pbkdf=pbkdf2", "--pbkdf-force-iterations=1000", part, key])
    return part


@pytest.mark.root
def test_luks_is_taken_whole_and_said(tmp_path: Path) -> None:
    manifest = taken(gpt_disk(tmp_path, [(LINUX, luks(tmp_path))]), Store(tmp_path / "store"))
    assert manifest.used > 20 * MIB
    told = account(manifest)
    assert "Taken whole: partition 1 (crypto_LUKS), because it is encrypted by LUKS." in told
    assert any("IMPOSSIBLE, its root is on crypto_LUKS" in line for line in told)


def test_an_f2fs_that_is_still_mounted_by_its_checkpoint_is_not_shut_down() -> None:
    # f2fs-tools 1.15: `fsck.f2fs --dry-run` of a file fresh from mkfs.f2fs, and what its kernel code has for one that
    # was not unmounted: the same without CP_UMOUNT_FLAG.
    printed = "Info: checkpoint state = 185 :  trimmed nat_bits compacted_summary unmount\n\n[FSCK] x [Ok..]\n"
    assert judge_f2fs(_done(printed)) == SOUND
    left = printed.replace("185", "184").replace(" unmount", "")
    assert judge_f2fs(_done(left)).whole == "it was not shut down cleanly"
    for wrong in ("", printed.replace("[Ok..]", "[Fail]"), "[FSCK]"):
        assert judge_f2fs(_done(wrong)).refused
    assert judge_f2fs(_done(printed, 255)).refused


def _done(stdout: str, status: int = 0) -> Completed:
    return Completed(("fsck.f2fs",), status, stdout, "", 0.1)


# ── made by newer tools ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.root
@pytest.mark.parametrize("feature", ["FEATURE_I29", "FEATURE_R29"])
def test_an_ext4_of_features_nobody_knows_is_taken_whole(tmp_path: Path, feature: str) -> None:
    part = ext4(tmp_path)
    run(["debugfs", "-w", "-R", f"feature {feature}", part])
    manifest = taken(gpt_disk(tmp_path, [(LINUX, part)]), Store(tmp_path / "store"))
    assert "not known here (0x20000000)" in str(manifest.partitions[0].whole)
    assert manifest.used > 24 * MIB


@pytest.mark.root
@pytest.mark.parametrize(
    ("kind", "place", "value"),
    [
        ("xfs", 216, b"\x00\x00\x00\x4b"),  # exchange-range, as mkfs.xfs 6.10 and later can make
        ("btrfs", 64 * 1024 + 0xB4, b"\x0b"),  # block-group-tree
        ("f2fs", 1024 + 2180, b"\x02"),  # zoned
    ],
)
def test_a_file_system_of_newer_features_is_taken_whole(tmp_path: Path, kind: str, place: int, value: bytes) -> None:
    part = made(tmp_path, kind)
    put(part, place, value)
    manifest = taken(on_a_disk(tmp_path, part), Store(tmp_path / "store"))
    assert "features that are not known here" in str(manifest.partitions[0].whole)
    assert manifest.used > SIZE[kind] * MIB


@given(st.sampled_from(["xfs", "btrfs", "f2fs", "ext4", "ntfs"]), st.binary(max_size=300), st.integers(0, HEAD))
def test_any_head_has_known_features_or_not(kind: str, data: bytes, length: int) -> None:
    assert isinstance(unknown_features(kind, (data * (HEAD // max(1, len(data)) + 1))[:length]), str)
    assert unknown_features(kind, b"") == "" or kind != "ntfs"


# ── what fsck.fat says ──────────────────────────────────────────────────────────────────────────────────────────────

# dosfstools 4.2, `fsck.fat -n` of a FAT32 of 64 MiB: its dirty bit set, heads and sectors zeroed in one boot sector, a
# cluster marked as used in the first FAT, FSINFO's count changed.
TRIFLES = """\
fsck.fat 4.2 (2021-01-31)
There are differences between boot sector and its backup.
This is mostly harmless. Differences: (offset:original/backup)
  24:00/20, 26:00/08, 65:01/00
  Not automatically fixing this.
Dirty bit is set. Fs was not properly unmounted and some data may be corrupt.
 Automatically removing dirty bit.
FATs differ but appear to be intact.
  Using first FAT.
Reclaimed 1 unused cluster (512 bytes).
Free cluster summary wrong (16 vs. really 128433)
  Auto-correcting.

Leaving filesystem unchanged.
v.img: 3 files, 589/129022 clusters
"""
TORN = "/R1\n  Contains a free cluster (50). Assuming EOF.\n"


def test_trifles_of_a_fat_are_no_damage() -> None:
    assert fat_damage(TRIFLES) == ""
    assert was_left_dirty(TRIFLES)
    assert not was_left_dirty(TRIFLES.replace("Dirty bit is set", "All is well"))


@pytest.mark.parametrize("printed", ["", "fsck.fat 4.2 (2021-01-31)\n", TRIFLES.replace("v.img", "v.img is odd:")])
def test_a_check_of_a_fat_that_came_to_no_end_is_damage(printed: str) -> None:
    assert fat_damage(printed)


@given(st.text(max_size=80))
def test_a_line_that_is_not_known_is_damage(line: str) -> None:
    head, tail = TRIFLES.split("Dirty", 1)
    assert fat_damage(f"{head}{TORN}Dirty{tail}") == "/R1"
    if fat_damage(f"{head}{line}\nDirty{tail}") == "":
        assert all(not part.strip() or fat_damage(f"{part}\nv.img: 3 files, 5/9 clusters") == "" for part in
                   line.splitlines())  # fmt: skip
