"""LVM: of its volumes only what is in use is taken, their system is said; what is not understood is taken whole."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.masters.account import account
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.loop import writable_loop_device
from netboot.survey.lvm import read_physical_volume
from netboot.survey.lvm_text import LvmError
from tests.lvm_disks import Wanted, disk_with_group, last_partition, lvm
from tests.masters.conftest import Lay
from tests.masters.images import LVM, MIB, cut, ext4, gpt_disk, loops_of, put, refused, sized, taken

# As LVM keeps a group (lvm2 2.03.16, `pvck --dump metadata`), with volumes for which it needs the kernel's
# device-mapper to make them: vgcfgrestore checks the text, and writes it to the disk.
_GROUP = """
contents = "Text Format Volume Group"
version = 1
vg%(name)s {
    id = "cXLg1J-cA18-Ng9R-jSsg-FoSV-QUBK-7bogzt"
    seqno = 7
    format = "lvm2"
    status = ["RESIZEABLE", "READ", "WRITE"]
    flags = []
    extent_size = 2048
    max_lv = 0
    max_pv = 0
    metadata_copies = 0
    physical_volumes {
        pv0 {
            id = "%(uuid)s"
            device = "%(device)s"
            status = ["ALLOCATABLE"]
            flags = []
            dev_size = 163840
            pe_start = 2048
            pe_count = 79
        }
    }
    logical_volumes {
        root {
            id = "aaaaaa-cA18-Ng9R-jSsg-FoSV-QUBK-7bogzt"
            status = ["READ", "WRITE", "VISIBLE"]
            flags = []
            segment_count = 1
            segment1 { start_extent = 0 extent_count = 24 type = "%(kind)s" stripe_count = 1 stripes = ["pv0", 10] }
        }
        home {
            id = "bbbbbb-cA18-Ng9R-jSsg-FoSV-QUBK-7bogzt"
            status = ["READ", "WRITE", "VISIBLE"]
            flags = []
            segment_count = 2
            segment1 { start_extent = 0 extent_count = 4 type = "striped" stripe_count = 1 stripes = ["pv0", 40] }
            segment2 { start_extent = 4 extent_count = 4 type = "striped" stripe_count = 1 stripes = ["pv0", 50] }
        }
    }
}
"""
SIZE = 80 * MIB
ROOT, PIECES = 11 * MIB, ((41 * MIB, 45 * MIB), (51 * MIB, 55 * MIB))


def physical_volume(folder: Path) -> Path:
    """80 MiB: a system on ext4 in a volume of one piece, a volume of two pieces; all else is old data."""
    part = sized(folder / "root.pv", SIZE)
    put(part, 0, random.Random(5).randbytes(SIZE))
    name = f"netboot{random.Random(str(folder)).randrange(10**9)}"
    device = run(["losetup", "--find", "--show", part]).stdout.strip()
    try:
        run(["pvcreate", "--yes", device])
        run(["vgcreate", "--autobackup=n", "--physicalextentsize=1m", f"vg{name}", device])
        uuid = run(["pvs", "--noheadings", "--options=pv_uuid", device]).stdout.strip()
        backup = folder / "backup"
        backup.write_text(_GROUP % {"name": name, "uuid": uuid, "device": device, "kind": "striped"}, encoding="utf-8")
        run(["vgcfgrestore", "--file", backup, f"vg{name}"])
    finally:
        run(["losetup", "--detach", device])
    put(part, ROOT, ext4(folder).read_bytes())
    return part


@pytest.mark.root
def test_of_lvm_only_what_is_in_use_is_taken(tmp_path: Path, lay: Lay) -> None:
    part, said = physical_volume(tmp_path), list[str]()
    image, store = gpt_disk(tmp_path, [(LVM, part)], size=SIZE + 4 * MIB), Store(tmp_path / "store")
    manifest = taken(image, store, said)
    ranges = manifest.used_ranges

    def covered(start: int, end: int) -> int:
        return sum(max(0, min(b, MIB + end) - max(a, MIB + start)) for a, b in ranges)

    assert covered(0, MIB) == MIB
    assert 5 * MIB < covered(ROOT, ROOT + 24 * MIB) < 20 * MIB
    assert all(covered(*piece) == 4 * MIB for piece in PIECES)
    assert covered(0, SIZE) < 30 * MIB
    root, home = manifest.partitions[0].volumes or ()
    assert f"volume {home.name}: taken as a whole, because it lies in several pieces" in said
    lines = account(manifest)
    assert f"What it is: Test Linux 1 (small), its root on volume {root.name} (ext4) in partition 1." in lines
    assert f"Taken whole: partition 1 (LVM2_member), because of its volume {home.name}: it lies in" in "\n".join(lines)
    assert (root.role, root.length, home.length, home.filesystem) == ("root", 24 * MIB, 8 * MIB, None)
    assert manifest.not_customisable == ""
    assert not manifest.partitions[0].grow
    lay(manifest.chunks, store, target := tmp_path / "target.raw", manifest.disk)
    run(["e2fsck", "-f", "-n", cut(target, MIB + ROOT, 24 * MIB, tmp_path / "again")])
    again, before = target.read_bytes(), image.read_bytes()
    assert again[MIB : 2 * MIB] == before[MIB : 2 * MIB]
    for start, end in PIECES:
        assert again[MIB + start : MIB + end] == before[MIB + start : MIB + end]
    assert not loops_of(tmp_path)


@pytest.mark.root
def test_a_group_for_one_machine_alone_is_taken_whole_and_its_system_not_changed(tmp_path: Path) -> None:
    """By another machine-id the system would not be that machine any more, and find no root."""
    image = disk_with_group(tmp_path, [Wanted("root", 48, "ext4", root=True)], size=80)
    part = last_partition(image)
    with writable_loop_device(image, offset=part["start"] * 512, length=part["size"] * 512) as device:
        lvm(device, "vgchange", "--yes", "--systemid=school", "debian-vg")
    manifest = taken(image, Store(tmp_path / "store"))
    assert manifest.not_customisable == "LVM2_member"
    assert manifest.partitions[-1].whole == "its LVM group is for one machine alone (system_id)"


@pytest.mark.root
def test_a_damaged_file_system_in_a_volume_is_refused(tmp_path: Path) -> None:
    part = physical_volume(tmp_path)
    broken = cut(part, ROOT, 24 * MIB, tmp_path / "broken")
    run(["debugfs", "-w", "-R", "clri <2>", broken])
    put(part, ROOT, broken.read_bytes())
    refused(
        gpt_disk(tmp_path, [(LVM, part)], size=SIZE + 4 * MIB), Store(tmp_path / "store"), "e2fsck finds it damaged"
    )


@pytest.mark.root
def test_metadata_that_is_damaged_is_not_believed(tmp_path: Path) -> None:
    part = physical_volume(tmp_path)
    content = part.read_bytes()
    at = content.rindex(b"extent_count = 24", 0, MIB)
    put(part, at + 16, b"9")
    manifest = taken(gpt_disk(tmp_path, [(LVM, part)], size=SIZE + 4 * MIB), Store(tmp_path / "store"))
    assert manifest.partitions[0].whole == "its LVM metadata is damaged"
    assert manifest.used > SIZE

    def read(start: int, end: int) -> bytes:
        return content[start:end]

    whole = read_physical_volume(read, SIZE)
    assert [(volume.name, len(volume.ranges)) for volume in whole.volumes] == [("root", 1), ("home", 2)]
    with pytest.raises(LvmError, match="larger than the partition"):
        read_physical_volume(read, SIZE - 2 * MIB)


@given(st.binary(max_size=600), st.integers(0, 3), st.binary(max_size=200))
def test_any_bytes_are_a_physical_volume_or_not(data: bytes, sector: int, label: bytes) -> None:
    content = bytearray(data.ljust(4096, b"\0"))
    head = b"LABELONE" + sector.to_bytes(8, "little") + bytes(4) + (32).to_bytes(4, "little") + b"LVM2 001" + label
    content[sector * 512 : sector * 512 + len(head)] = head
    with pytest.raises(LvmError):
        read_physical_volume(lambda start, end: bytes(content[start:end]), len(content))
