"""Folders of Clonezilla and of FOG: taken in as the disk that was saved, or refused before anything is stored."""

import random
import shutil
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.masters.saved.partclone_image import partition_size
from netboot.masters.saved.table_dump import read_dump
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest, Partition
from netboot.shared.process import run
from netboot.store import Store
from tests.masters.images import ESP, LINUX, MIB, SWAP, ext4, gpt_disk, loops_of, put, refused, sized, taken
from tests.masters.saved import clonezilla, fog, table_of

BIOS_BOOT = "21686148-6449-6E6F-744E-656564454649"
Save = Callable[..., Path]


def swap(folder: Path) -> Path:
    part = sized(folder / "swap", 2 * MIB)
    run(["mkswap", "--label", "memory", part])
    return part


@pytest.fixture
def gpt(tmp_path: Path) -> Path:
    """64 MiB: GRUB's own partition, an ESP, swap, and a system on ext4; boot code."""
    core, esp = tmp_path / "core", sized(tmp_path / "esp", 34 * MIB)
    core.write_bytes(random.Random(6).randbytes(MIB))
    run(["mkfs.vfat", "-F", "32", "-s", "1", esp])
    run(["mmd", "-i", esp, "::/EFI", "::/EFI/BOOT"])
    run(["mcopy", "-i", esp, core, "::/EFI/BOOT/BOOTX64.EFI"])
    parts = [(BIOS_BOOT, core), (ESP, esp), (SWAP, swap(tmp_path)), (LINUX, ext4(tmp_path))]
    image = gpt_disk(tmp_path, parts)
    put(image, 0, random.Random(7).randbytes(440))
    run(["sfdisk", "--quiet", "--part-label", image, "4", 'a "root", é'])
    return image


@pytest.fixture
def mbr(tmp_path: Path) -> Path:
    return mbr_disk(tmp_path)


@pytest.fixture(scope="module")
def saved_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk with an MBR, saved by Clonezilla: partclone waits two seconds for each partition."""
    folder = tmp_path_factory.mktemp("once")
    return clonezilla(mbr_disk(folder), folder / "saved")


@pytest.fixture
def saved(tmp_path: Path, saved_once: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(saved_once, tmp_path / "saved"))


def mbr_disk(tmp_path: Path) -> Path:
    """48 MiB: a system on ext4, swap in an extended partition; boot code, and more of it behind the first sector."""
    image = sized(tmp_path / "disk.raw", 48 * MIB)
    script = (
        "label: dos\nlabel-id: 0x1badcafe\n"
        "start=2048, size=49152, type=83, bootable\nstart=53248, size=40960, type=5\nstart=55296, size=4096, type=82\n"
    )
    run(["sfdisk", "--quiet", image], stdin=script)
    put(image, MIB, ext4(tmp_path).read_bytes())
    put(image, 27 * MIB, swap(tmp_path).read_bytes())
    put(image, 0, random.Random(7).randbytes(440))
    put(image, 512, random.Random(8).randbytes(60 * 1024))
    return image


def without_label(manifest: Manifest) -> tuple[Partition, ...]:
    """FOG keeps no swap's label."""
    return tuple(
        replace(p, filesystem=replace(p.filesystem, label="")) if p.role == "swap" and p.filesystem else p
        for p in manifest.partitions
    )


@pytest.mark.root
@pytest.mark.parametrize(
    ("disk", "save", "how"),
    [
        ("mbr", clonezilla, {}),
        ("gpt", clonezilla, {"suffix": "zst", "pieces": 900_000}),
        ("gpt", clonezilla, {"suffix": "uncomp", "disk": "nvme0n1"}),
        ("gpt", fog, {}),
        ("mbr", fog, {"suffix": "zst", "pieces": 900_000}),
    ],
)
def test_a_disk_that_was_saved_is_the_same_master(
    tmp_path: Path, request: pytest.FixtureRequest, disk: str, save: Save, how: dict[str, str]
) -> None:
    image: Path = request.getfixturevalue(disk)
    plain = taken(image, Store(tmp_path / "plain"))
    store = Store(tmp_path / "store")
    manifest = taken(save(image, tmp_path / "saved", **how), store)
    assert (manifest.disk, manifest.table_id, manifest.understood) == (plain.disk, plain.table_id, plain.understood)
    different = set(manifest.chunks) ^ set(plain.chunks)
    if save is fog:
        assert without_label(manifest) == without_label(plain)
        swaps = [p for p in plain.partitions if p.role == "swap"]
        different = {c for c in different if not any(p.start <= c.offset < p.end for p in swaps)}
    else:
        assert manifest.partitions == plain.partitions
    assert not different
    assert not loops_of(tmp_path)
    assert not [path for path in store.folder.rglob("*") if path.suffix in (".raw", ".spooled", ".swap")]


# ── what is not whole ───────────────────────────────────────────────────────────────────────────────────────────────


def cut(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


@pytest.mark.root
@pytest.mark.parametrize("save", [clonezilla, fog])
@pytest.mark.parametrize("suffix", ["gz", "uncomp"])
def test_a_cut_or_damaged_image_is_refused(tmp_path: Path, mbr: Path, save: Save, suffix: str) -> None:
    folder = save(mbr, tmp_path / "saved", suffix=suffix)
    (image,) = [file for file in folder.iterdir() if ".img" in file.name or "-img" in file.name]
    whole = image.read_bytes()
    cut(image)
    refused(folder, Store(tmp_path / "store"), "damaged|cut short")
    if suffix == "uncomp" and save is clonezilla:  # FOG saves without checksums
        image.write_bytes(whole)
        put(image, len(whole) // 2, b"\x5a" * 64)
        refused(folder, Store(tmp_path / "store"), "cannot be restored")
    image.unlink()
    refused(folder, Store(tmp_path / "store"), "no image of partition 1")


@pytest.mark.root
def test_a_piece_that_is_missing_is_named(tmp_path: Path, mbr: Path) -> None:
    folder = clonezilla(mbr, tmp_path / "saved", pieces=900_000)
    (folder / "sda1.ext4-ptcl-img.gz.ab").unlink()
    refused(folder, Store(tmp_path / "store"), "lacks sda1.ext4-ptcl-img.gz.ab")
    other = fog(mbr, tmp_path / "fog", pieces=900_000)
    (other / "d1p1.img.000").unlink()
    refused(other, Store(tmp_path / "store"), "lacks d1p1.img.000")


@pytest.mark.root
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "disk").write_text("sda sdb"), "2 disks"),
        (lambda f: (f / "disk").write_text("../../etc/x"), "no partition table of its disk"),
        (lambda f: (f / "sda-pt.sf").write_text("label: gpt\n"), "no partition"),
        (lambda f: (f / "sda-pt.sf").write_bytes(bytes(2 << 20)), "too long"),
        (lambda f: (f / "sda1.ext4-ptcl-img.gz").rename(f / "sda1.ext4-ptcl-img.lz4"), "packed with lz4"),
        (lambda f: (f / "sda1.ext4-ptcl-img.gz").rename(f / "sda1.ntfs-img"), "no image of partition 1"),
        (lambda f: (f / "sda1.xfs-ptcl-img.gz").touch(), "two images of partition 1"),
        (lambda f: (f / "sda1.ext4-ptcl-img.gz").write_bytes(b"no image"), "no image by partclone"),
    ],
)
def test_a_folder_that_contradicts_itself_is_refused(
    tmp_path: Path, saved: Path, change: Callable[[Path], object], said: str
) -> None:
    change(saved)
    refused(saved, Store(tmp_path / "store"), said)


@pytest.mark.root
def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, saved: Path) -> None:
    image = saved / "sda1.ext4-ptcl-img.gz"
    image.unlink()
    image.symlink_to("/etc/passwd")
    refused(saved, Store(tmp_path / "store"), "no file that can be read")


@pytest.mark.root
def test_an_image_of_a_larger_partition_writes_over_nothing(tmp_path: Path, saved: Path) -> None:
    dump = (saved / "sda-pt.sf").read_text(encoding="utf-8")
    (saved / "sda-pt.sf").write_text(dump.replace("49152", "40960"), encoding="utf-8")
    refused(saved, Store(tmp_path / "store"), "is of a partition of .* and the table has")


def test_a_disk_of_4k_sectors_is_refused_with_the_cure() -> None:
    text = f"label: gpt\nunit: sectors\nsector-size: 4096\n\n/dev/sda1 : start=256, size=256, type={LINUX}\n"
    with pytest.raises(NetbootError, match="sectors of 4096 bytes"):
        read_dump(text, "sda-pt.sf")


# ── tables and heads from anybody ───────────────────────────────────────────────────────────────────────────────────

# util-linux 2.20's sfdisk -d, as Clonezilla's folders of before 2015 have it.
OLD = """\
# partition table of /dev/sda
unit: sectors

/dev/sda1 : start=     2048, size=   204800, Id=83, bootable
/dev/sda2 : start=   206848, size=     4096, Id=82
/dev/sda3 : start=        0, size=        0, Id= 0
/dev/sda4 : start=        0, size=        0, Id= 0
"""


def test_the_older_form_of_a_table_is_read() -> None:
    table = read_dump(OLD, "sda-pt.sf")
    assert [(p.number, p.start, p.length, p.kind, p.is_swap) for p in table.partitions] == [
        (1, MIB, 100 * MIB, "83", False),
        (2, 101 * MIB, 2 * MIB, "82", True),
    ]
    assert (table.label, table.disk, table.first) == ("dos", 103 * MIB, MIB)


@pytest.mark.root
def test_a_table_is_written_again_as_it_was(tmp_path: Path, gpt: Path) -> None:
    dump = table_of(gpt, "sda")
    again = sized(tmp_path / "again.raw", 64 * MIB)
    run(["sfdisk", "--quiet", again], stdin=read_dump(dump, "sda-pt.sf").script)
    assert table_of(again, "sda") == dump


_fields = st.sampled_from(
    ["start=1", "size=9", "type=83", "Id=5", 'name="a, b"', 'name="\\x22"', "uuid=x", "bootable", 'attrs="GUID:63"',
     ",", "start=99999999999999999999", "name=\"\n\"", "write", "type=82", f"uuid={uuid.UUID(int=5)}", "=", '"']
)  # fmt: skip


@given(st.lists(st.lists(_fields, max_size=5).map(", ".join), max_size=5), st.text(max_size=30))
def test_any_table_is_read_into_lines_that_sfdisk_may_have_or_refused(lines: list[str], more: str) -> None:
    text = "label: dos\n" + "".join(f"/dev/sda{n} : {line}\n" for n, line in enumerate(lines, 1)) + more
    try:
        table = read_dump(text, "x")
    except NetbootError:
        return
    assert table.disk > 0
    for line in table.script.splitlines()[3:]:
        number, _, fields = line.partition(" : ")
        assert not line or (
            number.isdecimal()
            and fields.startswith(("start=", "size=", "type=", "name=", "bootable", "attrs=", "uuid="))
        )


@given(st.binary(max_size=200), st.binary(max_size=120))
def test_any_head_of_an_image_has_a_size_or_is_refused(data: bytes, more: bytes) -> None:
    for head in (data, b"partclone-image\0" + bytes(14) + b"0002\xde\xc0" + more, bytes(30) + b"0001" + more):
        with suppress(NetbootError):
            assert partition_size(head, "x") >= 0
