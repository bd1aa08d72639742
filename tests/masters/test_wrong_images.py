"""Disk images that are cut, damaged or oddly named: refused before anything is stored, or taken in right."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from netboot.masters.importing import import_master
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.disk_file import open_disk
from netboot.survey.disk_layout import read_layout
from netboot.survey.loader_generations import read_generations, started_by
from netboot.survey.uefi_loaders import choose_loader, list_esp
from tests.masters.images import (
    ESP,
    LINUX,
    MIB,
    ext4,
    gpt_disk,
    is_empty,
    loops_of,
    put,
    refused,
    sized,
    taken,
)

# ── files that are cut or damaged ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.root
@pytest.mark.parametrize("packed", [(), ("-c",)], ids=["plain", "compressed"])
@pytest.mark.parametrize("part", [0.9, 0.5, 0.01])
def test_a_qcow2_that_was_cut_is_refused(tmp_path: Path, disk: Path, packed: tuple[str, ...], part: float) -> None:
    qcow2 = tmp_path / "disk.qcow2"
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", *packed, disk, qcow2])
    os.truncate(qcow2, int(qcow2.stat().st_size * part))
    refused(qcow2, Store(tmp_path / "store"), "damaged|cut short")


@pytest.mark.root
def test_a_qcow2_with_damaged_tables_is_refused(tmp_path: Path, disk: Path) -> None:
    qcow2 = tmp_path / "disk.qcow2"
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, qcow2])
    (table,) = struct.unpack(">Q", qcow2.read_bytes()[40:48])
    put(qcow2, table, b"\xff" * 64)
    refused(qcow2, Store(tmp_path / "store"), "damaged")


@pytest.mark.root
def test_a_raw_disk_that_was_cut_inside_a_partition_is_refused(tmp_path: Path, disk: Path) -> None:
    os.truncate(disk, 20 * MIB)
    refused(disk, Store(tmp_path / "store"), "partition 1 ends at .* cut short")


@pytest.mark.root
def test_a_table_of_40_gb_in_a_file_of_10_is_refused(tmp_path: Path) -> None:
    image = sized(tmp_path / "disk.raw", 40 * 10**9 // 512 * 512)
    run(["sfdisk", "--quiet", image], stdin=f"label: gpt\nstart=2048, type={LINUX}\n")
    os.truncate(image, 10 * 10**9)
    refused(image, Store(tmp_path / "store"), "40.0 GB.*10.0 GB")


@pytest.mark.root
def test_a_dos_table_beyond_the_file_is_refused(tmp_path: Path) -> None:
    image = sized(tmp_path / "disk.raw", 64 * MIB)
    run(["sfdisk", "--quiet", image], stdin="label: dos\nstart=2048, type=83\n")
    os.truncate(image, 30 * MIB)
    refused(image, Store(tmp_path / "store"), "cut short")


@pytest.mark.root
@pytest.mark.parametrize("extra", [1, 100, 511])
def test_an_odd_length_is_refused_before_anything_is_packed(tmp_path: Path, disk: Path, extra: int) -> None:
    os.truncate(disk, 64 * MIB + extra)
    refused(disk, Store(tmp_path / "store"), "no whole number of sectors")


@pytest.mark.root
@pytest.mark.parametrize("size", [0, 512, MIB])
def test_a_file_of_zeros_is_no_disk(tmp_path: Path, size: int) -> None:
    refused(sized(tmp_path / "zeros.raw", size), Store(tmp_path / "store"), "no partition table")


@pytest.mark.root
def test_words_that_no_manifest_may_hold_are_refused_before_anything_is_packed(tmp_path: Path, swap_disk: Path) -> None:
    for wrong in ({"name": ".lock"}, {"name": "-x"}, {"title": "two\nlines"}, {"version": "a b"}, {"licence": ""}):
        words = {"name": "taken", "version": "1", "licence": "MIT", "title": "Taken", **wrong}
        store = Store(tmp_path / "store")
        with pytest.raises(NetbootError, match="makes no master"):
            import_master(swap_disk, store, SigningKey(b"\x09" * 32), progress=lambda _: None, **words)
        assert is_empty(store)


@pytest.mark.root
def test_an_image_that_is_written_to_while_it_is_read_is_refused(tmp_path: Path, disk: Path) -> None:
    store = Store(tmp_path / "store")

    def meanwhile(line: str) -> None:
        if line.startswith("packing: 50"):
            put(disk, 2 * MIB, b"a guest writes")

    with pytest.raises(NetbootError, match="changed while it was read"):
        import_master(
            disk, store, SigningKey(b"\x09" * 32), name="a", version="1", licence="MIT", title="A", progress=meanwhile
        )
    assert is_empty(store)
    assert store.names() == {}


@pytest.mark.root
def test_a_disk_of_which_only_the_protective_mbr_is_left_has_no_table(tmp_path: Path, disk: Path) -> None:
    put(disk, 512, bytes(33 * 512))
    put(disk, 64 * MIB - 33 * 512, bytes(33 * 512))
    refused(disk, Store(tmp_path / "store"), "no partition table")


@pytest.mark.root
def test_an_image_of_one_partition_has_no_table(tmp_path: Path) -> None:
    error = refused(ext4(tmp_path), Store(tmp_path / "store"), "no partition table")
    assert "whole disk" in error.hint


# ── names, and files that are something else ────────────────────────────────────────────────────────────────────────

NAMES = [
    "-x.raw", "--help", "2026-11-28T10:00.qcow2", "nbd:unix:x", "json:{}", "a,b=c.raw", "a b\nc.raw", "é\udcff.raw",
    "c:disk.raw", "file:disk.raw", "x@@1M", "%s.raw",
]  # fmt: skip


@pytest.mark.root
@pytest.mark.parametrize(
    ("name", "packed"), [*((name, True) for name in NAMES), *((name, False) for name in NAMES[:3])], ids=ascii
)
def test_a_file_may_have_any_name(
    tmp_path: Path, swap_disk: Path, monkeypatch: pytest.MonkeyPatch, name: str, packed: bool
) -> None:
    if packed:
        run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", swap_disk, tmp_path / "packed"])
        (tmp_path / "packed").rename(tmp_path / name)
    else:
        swap_disk.rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    manifest = taken(Path(name), Store(tmp_path / "store"), said)
    assert manifest.partitions[0].role == "swap"
    assert all(line.isprintable() for line in said)
    assert not loops_of(tmp_path)


@pytest.mark.parametrize("kind", ["qed", "parallels"])
def test_another_format_is_named_with_its_cure(tmp_path: Path, kind: str) -> None:
    image = tmp_path / "disk.img"
    run(["qemu-img", "create", "-q", "-f", kind, image, "64M"])
    assert "qemu-img convert" in refused(image, Store(tmp_path / "store"), "image").hint


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"COWD", "VMware ESX"),
        (b"OOOO CMMM Bochs Virtual HD Image", "Bochs"),
        (b"LUKS\xba\xbe", "LUKS"),
        (b"\x04\x22\x4d\x18", "packed with lz4"),
        (b"PK\3\4", "ZIP"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (bytes(257) + b"ustar", "tar archive"),
        (b"partclone-image", "partclone"),
    ],
)
def test_what_is_no_disk_image_is_named_with_its_cure(tmp_path: Path, start: bytes, words: str) -> None:
    image = sized(tmp_path / "disk.raw", MIB)
    put(image, 0, start)
    refused(image, Store(tmp_path / "store"), f"{words}.*, which is not read")


def test_a_folder_and_a_pipe_are_no_image(tmp_path: Path) -> None:
    refused(tmp_path, Store(tmp_path / "store"), "is a folder, and neither Clonezilla nor FOG")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", Store(tmp_path / "store"), "no file")


# What names another file is refused by its header alone: qemu-img would open that file, or ask that server.
@pytest.mark.parametrize(
    "where", ["/etc/shadow", "nbd://127.0.0.1:1/x", 'json:{"driver":"file","filename":"/etc/shadow"}']
)
@pytest.mark.parametrize("how", ["backing", "data"])
def test_a_qcow2_that_names_another_file_is_refused_unopened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, how: str
) -> None:
    image = tmp_path / "disk.raw"
    if how == "backing":
        run(["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", where, "-F", "raw", image, "1M"])
    else:
        run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", f"data_file={tmp_path}/outside", image, "1M"])
    monkeypatch.setenv("PATH", "/nowhere")
    refused(image, Store(tmp_path / "store"), "not whole")


@pytest.mark.root
def test_a_raw_disk_whose_boot_code_looks_like_qcow2_opens_no_other_file(tmp_path: Path, disk: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"root:secret" * 1000)
    overlay = tmp_path / "overlay"
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", overlay])
    put(disk, 0, overlay.read_bytes()[:440])
    refused(disk, Store(tmp_path / "store"), "not whole")


@pytest.mark.root
def test_what_qemu_img_says_of_a_whole_image_is_no_fault(tmp_path: Path, disk: Path) -> None:
    qcow2 = tmp_path / "disk.qcow2"
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, qcow2])
    run(["qemu-img", "snapshot", "-c", "before", qcow2])
    assert json.loads(run(["qemu-img", "info", "--output=json", qcow2]).stdout)["snapshots"]
    assert taken(qcow2, Store(tmp_path / "store")).partitions[0].role == "root"


@pytest.mark.root
def test_an_esp_without_heads_and_sectors_is_read(tmp_path: Path) -> None:
    esp = sized(tmp_path / "esp", 34 * MIB)
    run(["mkfs.vfat", "-F", "32", "-s", "1", esp])
    run(["mmd", "-i", esp, "::/EFI", "::/EFI/opensuse"])
    loader = tmp_path / "loader"
    loader.write_bytes(b"MZ")
    for name in ("shim.efi", "grubx64.efi", "grub.efi", "MokManager.efi"):
        run(["mcopy", "-i", esp, loader, f"::/EFI/opensuse/{name}"])
    put(esp, 24, bytes(4))
    image = gpt_disk(tmp_path, [(ESP, esp), (LINUX, ext4(tmp_path))])
    manifest = taken(image, Store(tmp_path / "store"))
    assert manifest.uefi is not None
    assert (manifest.uefi.path, manifest.uefi.label) == ("/EFI/opensuse/shim.efi", "opensuse")
    assert manifest.understood
    assert "/EFI/opensuse/MokManager.efi" not in manifest.understood.loaders
    assert manifest.understood.removable == ()


def loaders_of(image: Path) -> None:
    """Have the boot loaders read that a start from the first partition goes through."""
    with open_disk(image) as disk:
        partition = read_layout(disk, print).partitions[0]
        paths = list_esp(disk, partition)
        read_generations(disk, partition, started_by(paths, choose_loader(paths, 1)))


@pytest.mark.root
@pytest.mark.parametrize(
    ("break_fat", "said"),
    [
        # Of 1 sector a cluster: the whole table says "free", so that a file longer than a sector ends too early.
        (lambda esp: put(esp, 32 * 512 + 12, bytes(4000)), "the boot loader /EFI/opensuse/shim.efi of disk.raw"),
        # Nothing of what is in the partition can be listed: that there is no loader is not known.
        (lambda esp: put(esp, 32 * 512, bytes(600 * 1024)), "the EFI system partition"),
    ],
)
def test_an_esp_that_cannot_be_read_is_not_one_without_boot_loaders(
    tmp_path: Path, break_fat: Callable[[Path], None], said: str
) -> None:
    esp = sized(tmp_path / "esp", 34 * MIB)
    run(["mkfs.vfat", "-F", "32", "-s", "1", esp])
    run(["mmd", "-i", esp, "::/EFI", "::/EFI/opensuse"])
    loader = tmp_path / "loader"
    loader.write_bytes(b"MZ" + bytes(5000))
    run(["mcopy", "-i", esp, loader, "::/EFI/opensuse/shim.efi"])
    break_fat(esp)
    image = gpt_disk(tmp_path, [(ESP, esp), (LINUX, ext4(tmp_path))])
    refused(image, Store(tmp_path / "store"), "fsck.fat finds damage")
    # And where that check is passed, by a fault that it does not look for:
    with pytest.raises(NetbootError, match=said):
        loaders_of(image)


@pytest.mark.root
@pytest.mark.parametrize("formatted", [True, False])
def test_an_esp_with_nothing_in_it_has_no_boot_loader(tmp_path: Path, formatted: bool) -> None:
    esp = sized(tmp_path / "esp", 34 * MIB)
    if formatted:
        run(["mkfs.vfat", "-F", "32", esp])
    image = gpt_disk(tmp_path, [(ESP, esp), (LINUX, ext4(tmp_path))])
    assert taken(image, Store(tmp_path / "store")).uefi is None
