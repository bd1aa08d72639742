"""Virtual disks of every format: taken in as the raw disk is, and refused when cut, changed or of several files."""

import os
import random
import struct
from pathlib import Path

import pytest

from netboot.masters.formats.crc32c import crc32c
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.store import Store
from tests.masters.images import MIB, SWAP, gpt_disk, put, refused, sized, taken
from tests.masters.virtual_disks import KINDS, change, unpack, virtual_disk, with_sum

REFUSED_WHEN_CUT = "damaged|cut short|no whole number of sectors|no partition table"


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    """A disk with something everywhere, so that every part of a file counts."""
    noise = sized(tmp_path / "noise", 12 * MIB)
    noise.write_bytes(random.Random(9).randbytes(12 * MIB))
    return gpt_disk(tmp_path, [(SWAP, noise)], size=16 * MIB)


@pytest.mark.root
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_virtual_disk_gives_the_same_chunks_as_the_raw_one(tmp_path: Path, disk: Path, kind: str) -> None:
    store = Store(tmp_path / "store")
    manifest = taken(virtual_disk(disk, kind), store)
    assert manifest.disk == 64 * MIB
    assert manifest.chunks == taken(disk, Store(tmp_path / "raw")).chunks
    assert not any((tmp_path / "store" / "drafts").iterdir())


# As qemu-img makes it unless told otherwise: the disk is rounded up to whole cylinders.
@pytest.mark.root
def test_a_vhd_that_was_rounded_up_is_the_disk_that_its_table_tells_of(tmp_path: Path, swap_disk: Path) -> None:
    vhd = tmp_path / "disk.vhd"
    run(["qemu-img", "convert", "-f", "raw", "-O", "vpc", swap_disk, vhd])
    assert len(unpack(vhd)) > 8 * MIB
    manifest = taken(vhd, Store(tmp_path / "store"))
    assert manifest.disk == 8 * MIB
    assert manifest.chunks == taken(swap_disk, Store(tmp_path / "raw")).chunks


@pytest.mark.root
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_virtual_disk_that_was_cut_anywhere_is_refused(tmp_path: Path, full_disk: Path, kind: str) -> None:
    image = virtual_disk(full_disk, kind)
    size = image.stat().st_size
    places = random.Random(5)
    lengths = {size - 1, size - 513, size - 4096, size - 70_000, size // 2, 300_000, 65536, 512}
    lengths |= {places.randrange(1, size) for _ in range(4)}
    whole = image.read_bytes()
    for length in sorted(lengths, reverse=True):
        if kind in ("vmdk-stream", "qcow2-compressed") and whole[length:].count(0) == size - length:
            continue  # what follows the last compressed piece, up to a whole sector
        if kind == "vhd-fixed" and length >= size - 512 - 33 * 512 and length % 512 == 0:
            continue  # a raw disk without the second copy of its table, which is mended
        os.truncate(image, length)
        try:
            refused(image, Store(tmp_path / "store"), REFUSED_WHEN_CUT)
        except BaseException as error:
            raise AssertionError(f"cut from {size} to {length} bytes") from error


# Where the headers and tables are; one bit is changed at a time. Below zero is from the end.
TABLES = {
    "vmdk": [(4, 80), (0x200, 0x360), (0x2A00, 0x2A08), (0x2C00, 0x2D80), (0x3C00, 0x3C08), (0x3E00, 0x3F80)],
    "vmdk-stream": [(4, 80), (0x200, 0x360), (0x2A00, 0x2A08), (0x2C00, 0x2D80), (0x10000, 0x1000C)],
    "vmdk-footer": [(4, 80), (0x200, 0x360), (-1536, -1008), (-512, -496)],
    "vdi": [(0x44, 0x54), (0x154, 0x1C8), (0x200, 0x240)],
    "vhd": [(0, 86), (512, 600), (1536, 1568), (-512, -400)],
    "vhd-fixed": [(-504, -400)],
    "vhdx": [
        (8, 12), (65536, 65660), (131072, 131200), (196608, 196700), (2 << 20, (2 << 20) + 128),
        (3 << 20, (3 << 20) + 192), ((3 << 20) + 65536, (3 << 20) + 65600),
    ],
    "qcow2": [(4, 24), (32, 112)],
}  # fmt: skip


@pytest.mark.root
@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("kind", sorted(TABLES))
def test_a_header_or_table_that_was_changed_is_refused_or_still_gives_the_same_disk(
    tmp_path: Path, full_disk: Path, kind: str, seed: int
) -> None:
    image = virtual_disk(full_disk, kind)
    disk, whole = full_disk.read_bytes(), image.read_bytes()
    places = [at % len(whole) for start, end in TABLES[kind] for at in range(start, end)]
    hints: list[str] = []
    for at in random.Random(seed).sample(places, 15):
        put(image, at, bytes([whole[at] ^ (1 << at % 8)]))
        try:
            found = unpack(image)
        except NetbootError as error:
            hints.append(error.hint)
        else:
            if len(found) < len(disk):
                refused(image, Store(tmp_path / "store"), "cut short")
                found = disk
            # A disk that is longer by zeros is the one that its partition table tells of.
            assert found.rstrip(b"\0") == disk.rstrip(b"\0"), f"another disk after the change at {at:#x}"
        put(image, at, whole[at : at + 1])
    assert hints
    assert all(hints)
    assert unpack(image) == disk


def test_a_qcow2_that_ends_in_one_of_its_tables_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "disk"
    run(["qemu-img", "create", "-q", "-f", "qcow2", image, "1G"])
    run(["qemu-io", "-f", "qcow2", "-c", "write -P 1 0 64k", "-c", "write -z 600M 64k", image])
    os.truncate(image, image.stat().st_size - 100)
    assert run(["qemu-img", "check", "-f", "qcow2", image]).status == 0, "it says nothing of this"
    refused(image, Store(tmp_path / "store"), "its tables lie behind its end")


@pytest.mark.parametrize(
    ("kind", "at", "data", "words"),
    [
        ("vmdk", 12, bytes(8), "only names the files"),
        ("vmdk", 12, b"\0" * 7 + b"\1", "damaged: it says that its disk has"),
        ("vmdk", 12, b"\xff" * 8, "damaged: it says that its disk has"),
        ("vmdk", 72, b"\1", "in use"),
        ("vmdk", 73, b"\n \n\n", "copied as text"),
        ("vmdk", 4, b"\4", "version 4"),
        ("vmdk", 28, bytes(8), "one of several"),
        ("vmdk", 0x200, bytes(1024), "one of several"),
        ("vmdk-stream", 8, b"\3\0\1\0", "without markers"),
        ("vmdk-footer", -512, b"\1" * 16, "its end is missing"),
        ("vdi", 0x4C, b"\4", "snapshot"),
        ("vdi", 0x1B8, b"\7", "snapshot"),
        ("vdi", 0x1A8, b"\7", "snapshot"),
        ("vdi", 0x170, b"\0\0\0\0\0\0\0\1", "damaged: it says that its disk has"),
        ("vdi", 0x44, b"\0\0\0\0", "version 0.0"),
        ("vdi", 0x178, b"\0\0\x20\0", "blocks of 2097152"),
        ("qcow2", 24, b"\1" + bytes(7), "damaged: it says that its disk has"),
        ("qcow2", 24, bytes(8), "damaged: it says that its disk has 0"),
    ],
)
def test_a_header_is_refused_before_qemu_img_sees_the_file(
    tmp_path: Path, full_disk: Path, monkeypatch: pytest.MonkeyPatch, kind: str, at: int, data: bytes, words: str
) -> None:
    image = virtual_disk(full_disk, kind)
    put(image, at % image.stat().st_size, data)
    monkeypatch.setenv("PATH", "/nowhere")
    refused(image, Store(tmp_path / "store"), words)


DESCRIPTIONS = [
    (b"parentCID=ffffffff", b"parentCID=0badcafe", "needs the disk that it was made from"),
    (b"CID=", b'parentFileNameHint="/etc/shadow"\nCID=', r"needs \"/etc/shadow\""),
    (b"# The Disk Data Base", b'RW 63 FLAT "/etc/shadow" 0', "in 2 files"),
    (b"RW 32768 SPARSE", b"RW 32768 FLAT  ", "in 1 files"),
    (b"RW 32768 SPARSE", b"RW 99999 SPARSE", "its disk has 16777216 bytes, or 51199488"),
    (b"monolithicSparse", b"twoGbMaxExtentSparse", "the kind 'twoGbMaxExtentSparse'"),
    (b"#DDB", b'encryption.keySafe = "vmware:key/list/(x)"', "encrypted"),
]


@pytest.mark.parametrize(("old", "new", "words"), DESCRIPTIONS)
def test_a_vmdk_that_names_another_file_is_refused_unopened(
    tmp_path: Path, full_disk: Path, monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes, words: str
) -> None:
    image = virtual_disk(full_disk, "vmdk")
    change(image, 512, 1024, lambda text: text.replace(old, new, 1)[:1024])
    monkeypatch.setenv("PATH", "/nowhere")
    refused(image, Store(tmp_path / "store"), words)


# qemu-img looks for the name of a parent behind the first sector, wherever the header says that the description is.
def test_a_vmdk_with_two_descriptions_is_judged_by_both(
    tmp_path: Path, full_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = virtual_disk(full_disk, "vmdk")
    text = image.read_bytes()[512:2048]
    put(image, 28, struct.pack("<QQ", 12, 3))
    put(image, 12 * 512, text)
    put(image, 512, text.replace(b"CID=", b'parentFileNameHint="/etc/shadow"\nCID=', 1)[: len(text)])
    monkeypatch.setenv("PATH", "/nowhere")
    refused(image, Store(tmp_path / "store"), "/etc/shadow")


def test_the_parts_of_a_vmdk_of_several_files_are_refused(tmp_path: Path, full_disk: Path) -> None:
    for subformat in ("twoGbMaxExtentSparse", "monolithicFlat"):
        name = tmp_path / f"{subformat}.vmdk"
        run(["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", f"subformat={subformat}", full_disk, name])
        error = refused(
            name, Store(tmp_path / "store"), "the description of a VMDK image, whose disk is in other files"
        )
        assert "qemu-img convert" in error.hint
    refused(tmp_path / "twoGbMaxExtentSparse-s001.vmdk", Store(tmp_path / "store"), "one of several files")


@pytest.mark.parametrize("at", ["beginning", "end", "both"])
@pytest.mark.parametrize(
    ("field", "data", "words"),
    [
        (60, struct.pack(">I", 4), "needs the disk that it was made from"),
        (60, struct.pack(">I", 9), "type 9"),
        (12, struct.pack(">I", 0x20000), "version 2"),
        (48, struct.pack(">Q", 1 << 60), "damaged: it says that its disk has"),
    ],
)
def test_a_vhd_with_another_footer_is_refused(
    tmp_path: Path, full_disk: Path, monkeypatch: pytest.MonkeyPatch, at: str, field: int, data: bytes, words: str
) -> None:
    image = virtual_disk(full_disk, "vhd")
    places = {"beginning": (0,), "end": (-512,), "both": (0, -512)}[at]
    for place in places:
        change(image, place % image.stat().st_size, 512, lambda footer: with_sum(
            footer[:field] + data + footer[field + len(data) :], 64,
        ))  # fmt: skip
    monkeypatch.setenv("PATH", "/nowhere")
    refused(image, Store(tmp_path / "store"), words)


def test_a_vhd_whose_ends_are_of_two_disks_is_refused(tmp_path: Path, full_disk: Path) -> None:
    image = virtual_disk(full_disk, "vhd")
    change(image, image.stat().st_size - 512, 512, lambda footer: with_sum(footer[:68] + bytes(16) + footer[84:], 64))
    refused(image, Store(tmp_path / "store"), "contradict each other")


def test_two_blocks_of_a_vhd_over_each_other_are_refused(tmp_path: Path, full_disk: Path) -> None:
    image = virtual_disk(full_disk, "vhd")
    change(image, 1536, 4, lambda entry: struct.pack(">I", struct.unpack(">I", entry)[0] + 1))
    refused(image, Store(tmp_path / "store"), "over each other")


# qemu-img 7.2 takes the geometry for every maker that it does not know, VirtualBox for one: the disk lost its end.
@pytest.mark.parametrize(("maker", "whole"), [(b"vbox", True), (b"win ", True), (b"vpc ", False)])
def test_the_size_of_a_vhd_is_what_the_guest_saw(tmp_path: Path, full_disk: Path, maker: bytes, whole: bool) -> None:
    image = virtual_disk(full_disk, "vhd-fixed")
    geometry = struct.pack(">HBB", 481, 4, 17)
    change(image, 16 * MIB, 512, lambda footer: with_sum(
        footer[:28] + maker + footer[32:56] + geometry + footer[60:], 64,
    ))  # fmt: skip
    disk = full_disk.read_bytes()
    assert unpack(image) == (disk if whole else disk[: 481 * 4 * 17 * 512])


def test_a_vhdx_with_a_parent_is_refused(tmp_path: Path, full_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = virtual_disk(full_disk, "vhdx")
    parameters = image.read_bytes().index(struct.pack("<II", 1 << 20, 0), 2 << 20)
    put(image, parameters + 4, b"\2")
    monkeypatch.setenv("PATH", "/nowhere")
    refused(image, Store(tmp_path / "store"), "needs the disk that it was made from")


def test_a_vhdx_with_changes_in_its_log_is_refused(
    tmp_path: Path, full_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = virtual_disk(full_disk, "vhdx")
    for at in (65536, 131072):

        def open_again(header: bytes) -> bytes:
            bare = header[:4] + bytes(4) + header[8:48] + b"\7" * 16 + header[64:]
            return bare[:4] + struct.pack("<I", crc32c(bare)) + bare[8:]

        change(image, at, 4096, open_again)
    monkeypatch.setenv("PATH", "/nowhere")
    error = refused(image, Store(tmp_path / "store"), "in use when it was copied")
    assert "qemu-img check -r all" in error.hint


def test_a_vhdx_of_4096_byte_sectors_is_refused(tmp_path: Path, full_disk: Path) -> None:
    image = virtual_disk(full_disk, "vhdx")
    items = image.read_bytes()[3 << 20 : (3 << 20) + 65536]
    entry = items.index(bytes.fromhex("1dbf41816fa90947ba47f233a8faab5f"))
    (sector,) = struct.unpack("<I", items[entry + 16 : entry + 20])
    put(image, (3 << 20) + sector, struct.pack("<I", 4096))
    refused(image, Store(tmp_path / "store"), "other sectors than 512")
