"""Disk images that are cut, damaged, enlarged or oddly named: refused before anything is stored, or taken in right."""

import json
import os
import random
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from netboot.masters import import_master
from netboot.masters.disk_file import open_disk
from netboot.masters.gpt import read_gpt
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Chunk, Manifest
from netboot.shared.process import run
from netboot.store import Store
from tests.masters.images import (
    ESP,
    LINUX,
    MIB,
    SWAP,
    cut,
    ext4,
    gpt_disk,
    is_empty,
    loop_with_4k_sectors,
    loops_of,
    put,
    sized,
    taken,
)

Lay = Callable[[Iterable[Chunk], Store, Path, int], None]
ROOT = (MIB, 24 * MIB)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """64 MiB: one ext4 with a system on it."""
    return gpt_disk(tmp_path, [(LINUX, ext4(tmp_path))])


@pytest.fixture
def swap_disk(tmp_path: Path) -> Path:
    """A disk with swap alone, whose import takes no time: partclone waits a second for each file system."""
    part = sized(tmp_path / "swap", 2 * MIB)
    run(["mkswap", part])
    return gpt_disk(tmp_path, [(SWAP, part)], name="swap.raw", size=8 * MIB)


def refused(file: Path, store: Store, words: str) -> NetbootError:
    """Import it, see it refused with these words, and nothing stored."""
    with pytest.raises(NetbootError, match=words) as caught:
        taken(file, store)
    assert caught.value.hint
    assert is_empty(store)
    return caught.value


def deployed(manifest: Manifest, store: Store, lay: Lay, folder: Path) -> Path:
    """A disk with this master, checked: the table whole by itself, the file system clean."""
    target = folder / "deployed.raw"
    lay(manifest.chunks, store, target, manifest.disk)
    assert "No errors detected" in run(["sfdisk", "--verify", target]).stdout
    assert "No problems found" in run(["sgdisk", "--verify", target]).stdout
    run(["e2fsck", "-f", "-n", cut(target, *ROOT, folder / "root.again")])
    return target


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


# ── partition tables that have lost a copy ──────────────────────────────────────────────────────────────────────────


@pytest.mark.root
def test_a_disk_whose_first_table_is_dead_is_repaired_from_its_copy(tmp_path: Path, disk: Path, lay: Lay) -> None:
    before = run(["sfdisk", "--dump", disk]).stdout
    put(disk, 512, bytes(4096))
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert manifest.understood
    assert manifest.understood.repaired == ("primary-gpt",)
    assert [(p.number, p.role, p.start, p.length) for p in manifest.partitions] == [(1, "root", *ROOT)]
    target = deployed(manifest, store, lay, tmp_path)
    assert run(["sfdisk", "--dump", target]).stdout.replace(str(target), str(disk)) == before


@pytest.mark.root
def test_a_disk_whose_first_mebibyte_is_gone_is_repaired_from_its_copy(tmp_path: Path, disk: Path, lay: Lay) -> None:
    put(disk, 0, bytes(MIB))
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert manifest.understood
    assert manifest.understood.repaired == ("protective-mbr", "primary-gpt")
    deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
@pytest.mark.parametrize("lost", ["first", "copy", "end"])
def test_a_disk_of_4k_sectors_is_repaired_as_such(tmp_path: Path, lay: Lay, lost: str) -> None:
    root, image = ext4(tmp_path), sized(tmp_path / "disk.raw", 64 * MIB)
    with loop_with_4k_sectors(image) as device:
        run(["sfdisk", "--quiet", device], stdin=f"label: gpt\nstart=256, size=6144, type={LINUX}\n")
        before = run(["sfdisk", "--dump", device]).stdout
    put(image, MIB, root.read_bytes())
    if lost == "first":
        put(image, 4096, bytes(8192))
    elif lost == "copy":
        put(image, 64 * MIB - 5 * 4096, bytes(5 * 4096))
    else:
        os.truncate(image, sum(ROOT))
    store = Store(tmp_path / "store")
    manifest = taken(image, store)
    assert manifest.sector == 4096
    assert manifest.understood
    assert manifest.understood.repaired == ({"first": "primary-gpt", "copy": "backup-gpt", "end": "disk-end"}[lost],)
    lay(manifest.chunks, store, target := tmp_path / "target.raw", manifest.disk)
    with loop_with_4k_sectors(target) as device:
        assert "No errors detected" in run(["sfdisk", "--verify", device]).stdout
        assert before.splitlines()[-1].split(" : ")[1] in run(["sfdisk", "--dump", device]).stdout


@pytest.mark.root
@pytest.mark.parametrize("left", [0, 512, 4096, 20 * 512, MIB])
def test_a_disk_that_was_cut_behind_its_last_partition_gets_a_new_end(
    tmp_path: Path, disk: Path, lay: Lay, left: int
) -> None:
    os.truncate(disk, sum(ROOT) + left)
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert manifest.understood
    assert manifest.understood.repaired == ("disk-end",)
    assert sum(ROOT) + 33 * 512 <= manifest.disk <= max(sum(ROOT) + left, sum(ROOT) + 33 * 512) + 4096
    deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
def test_a_copy_that_is_damaged_is_written_anew(tmp_path: Path, disk: Path, lay: Lay) -> None:
    put(disk, 64 * MIB - 33 * 512, b"\xee" * 33 * 512)
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert manifest.understood
    assert (manifest.disk, manifest.understood.repaired) == (64 * MIB, ("backup-gpt",))
    deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
def test_a_copy_that_is_older_than_the_table_is_written_anew(tmp_path: Path, disk: Path, lay: Lay) -> None:
    old = cut(disk, 64 * MIB - 33 * 512, 33 * 512, tmp_path / "old").read_bytes()
    run(["sfdisk", "--quiet", "--append", disk], stdin=f"start={30 * MIB // 512}, size=2048, type={LINUX}\n")
    put(disk, 64 * MIB - 33 * 512, old)
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert len(manifest.partitions) == 2
    assert manifest.understood
    assert manifest.understood.repaired == ("backup-gpt",)
    deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
def test_a_gpt_without_its_protective_mbr_gets_one(tmp_path: Path, disk: Path, lay: Lay) -> None:
    put(disk, 440, bytes(72))
    store = Store(tmp_path / "store")
    manifest = taken(disk, store)
    assert manifest.understood
    assert manifest.understood.repaired == ("protective-mbr",)
    deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
def test_a_disk_of_which_only_the_protective_mbr_is_left_has_no_table(tmp_path: Path, disk: Path) -> None:
    put(disk, 512, bytes(33 * 512))
    put(disk, 64 * MIB - 33 * 512, bytes(33 * 512))
    refused(disk, Store(tmp_path / "store"), "no partition table")


@pytest.mark.root
def test_an_image_of_one_partition_has_no_table(tmp_path: Path) -> None:
    error = refused(ext4(tmp_path), Store(tmp_path / "store"), "no partition table")
    assert "whole disk" in error.hint


@pytest.mark.root
def test_a_whole_table_is_left_as_it_is(tmp_path: Path, disk: Path) -> None:
    with open_disk(disk) as opened:
        found = read_gpt(opened.read, opened.size, 512)
    assert found is not None
    assert (found.disk, found.patches, found.repaired) == (64 * MIB, (), ())
    assert found.backup == 64 * MIB - 33 * 512


@given(st.lists(st.tuples(st.integers(0, 64 * 1024 - 64), st.binary(min_size=1, max_size=64)), max_size=6))
def test_any_damage_to_a_table_gives_a_whole_one_or_none(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, bytes]]
) -> None:
    """Of 64 KiB, both copies in it: whatever is read back is on the disk twice, the same."""
    size = 64 * 1024
    image = _tiny(tmp_path_factory)
    for at, data in damage:
        image[at : at + len(data)] = data

    def read(start: int, end: int) -> bytes:
        return bytes(image[start:end])

    found = read_gpt(read, size, 512)
    if found is None:
        return
    assert found.disk % 512 == 0
    whole = bytearray(image[: found.disk]).ljust(found.disk, b"\0")
    for at, data in found.patches:
        whole[at : at + len(data)] = data
    again = read_gpt(lambda start, end: bytes(whole[start:end]), found.disk, 512)
    assert again is not None
    assert (again.patches, again.repaired, again.partitions) == ((), (), found.partitions)


_made: list[bytes] = []


def _tiny(tmp_path_factory: pytest.TempPathFactory) -> bytearray:
    if not _made:
        image = sized(tmp_path_factory.mktemp("tiny") / "disk.raw", 64 * 1024)
        run(["sfdisk", "--quiet", image], stdin=f"label: gpt\nfirst-lba: 34\nstart=40, size=16, type={LINUX}\n")
        _made.append(image.read_bytes())
    return bytearray(_made[0])


# ── more room than any partition takes ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.root
@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_what_an_image_was_enlarged_by_is_not_in_use(tmp_path: Path, lay: Lay, label: str) -> None:
    root = ext4(tmp_path)
    image = gpt_disk(tmp_path, [(LINUX, root)])
    if label == "dos":
        run(["sfdisk", "--quiet", "--wipe=always", image], stdin="label: dos\nstart=2048, size=49152, type=83\n")
    plain = taken(image, Store(tmp_path / "plain"))
    run(["qemu-img", "resize", "-q", "-f", "raw", image, "3G"])
    store = Store(tmp_path / "store")
    manifest = taken(image, store)
    assert manifest.used == plain.used
    assert manifest.chunks == plain.chunks
    assert manifest.disk == plain.disk <= 64 * MIB
    if label == "gpt":
        deployed(manifest, store, lay, tmp_path)


@pytest.mark.root
def test_a_table_that_stands_far_from_the_start_is_on_the_disk_as_well(tmp_path: Path, lay: Lay) -> None:
    image = sized(tmp_path / "disk.raw", 64 * MIB)
    run(["sgdisk", "--move-main-table=4096", f"--new=1:8192:{8192 + 49151}", "--typecode=1:8300", image])
    put(image, 4 * MIB, ext4(tmp_path).read_bytes())
    store = Store(tmp_path / "store")
    manifest = taken(image, store)
    lay(manifest.chunks, store, target := tmp_path / "target.raw", manifest.disk)
    assert "No problems found" in run(["sgdisk", "--verify", target]).stdout
    assert len(json.loads(run(["sfdisk", "--json", target]).stdout)["partitiontable"]["partitions"]) == 1


@pytest.mark.root
def test_boot_code_before_the_first_partition_is_kept(tmp_path: Path, swap_disk: Path) -> None:
    code = random.Random(9).randbytes(30 * 1024)
    put(swap_disk, 64 * 1024, code)
    store = Store(tmp_path / "store")
    first = taken(swap_disk, store).chunks[0]
    assert store.get_chunk(first.sha256)[64 * 1024 : 64 * 1024 + len(code)] == code


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


@pytest.mark.parametrize("kind", ["vmdk", "vdi", "vpc", "vhdx", "qed", "parallels"])
def test_another_format_is_named_with_its_cure(tmp_path: Path, kind: str) -> None:
    image = tmp_path / "disk.img"
    run(["qemu-img", "create", "-q", "-f", kind, image, "64M"])
    assert "qemu-img convert" in refused(image, Store(tmp_path / "store"), "image").hint


@pytest.mark.parametrize("program", ["gzip", "xz", "zstd"])
def test_a_packed_image_is_named_with_its_cure(tmp_path: Path, program: str) -> None:
    image = sized(tmp_path / "disk.raw", MIB)
    run([program, "--keep", image])
    (packed,) = set(tmp_path.glob("disk.raw.*"))
    assert "unpack it first" in refused(packed, Store(tmp_path / "store"), "packed with").hint


def test_a_folder_and_a_pipe_are_no_image(tmp_path: Path) -> None:
    refused(tmp_path, Store(tmp_path / "store"), "no file")
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
    refused(gpt_disk(tmp_path, [(ESP, esp), (LINUX, ext4(tmp_path))]), Store(tmp_path / "store"), said)


@pytest.mark.root
@pytest.mark.parametrize("formatted", [True, False])
def test_an_esp_with_nothing_in_it_has_no_boot_loader(tmp_path: Path, formatted: bool) -> None:
    esp = sized(tmp_path / "esp", 34 * MIB)
    if formatted:
        run(["mkfs.vfat", "-F", "32", esp])
    image = gpt_disk(tmp_path, [(ESP, esp), (LINUX, ext4(tmp_path))])
    assert taken(image, Store(tmp_path / "store")).uefi is None
