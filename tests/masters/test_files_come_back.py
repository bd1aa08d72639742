"""All files of a master come back on a larger disk that its file system then takes: contents, owners, times, ACLs,
extended attributes, SELinux labels, holes and hard links. Not for: LVM (`test_lvm_grows.py`), f2fs (`test_f2fs.py`)."""

from pathlib import Path

import pytest

from netboot.agent.disks.partitions import partition_device
from netboot.jobs.evidence import judge
from netboot.shared.growth import HEAD, size_in
from netboot.shared.process import run
from netboot.survey.loop import loop_device, writable_loop_device
from tests.agent.installed import prepared_pc, small_system
from tests.agent.test_grow import CHECKS, MAKERS, mounted
from tests.file_trees import Facts, facts, plant
from tests.lvm_disks import PLANTED
from tests.masters.conftest import Lay
from tests.masters.images import LINUX, MIB, gpt_disk, loops_of, sized
from tests.masters.saved import fog
from tests.masters.test_lvm_grows import customised, laid

pytestmark = pytest.mark.root

SIZE = 320
LARGE = 900
BASIC_DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"


def partition(folder: Path, kind: str) -> Path:
    """A file system with all that resizing could lose, and on what customising reaches, a system."""
    part = sized(folder / f"part.{kind}", SIZE * MIB)
    run([*MAKERS[kind], part])
    with writable_loop_device(part, offset=0, length=SIZE * MIB) as device, mounted(device, kind, folder / "in") as top:
        if kind != "ntfs":
            small_system(top)
            prepared_pc(top, folder)
        (top / PLANTED).mkdir(parents=True)
        plant(top / PLANTED, kind)
    return part


def looked_at(device: Path, kind: str, folder: Path) -> Facts:
    """All that there is to know of the files that were planted, once its own tool finds it sound."""
    run([*CHECKS[kind], device])
    with mounted(device, kind, folder / "looking", "-o", "ro") as top:
        return facts(top / PLANTED)


def length_of(device: Path, kind: str) -> int:
    with device.open("rb") as file:
        return size_in(kind, file.read(HEAD))


@pytest.mark.parametrize(
    ("kind", "saved"), [("xfs", "raw"), ("btrfs", "raw"), ("ext4", "resizable"), ("ntfs", "resizable")]
)
async def test_all_files_come_back_on_a_larger_disk_that_their_file_system_fills(
    tmp_path: Path, lay: Lay, kind: str, saved: str
) -> None:
    source = image = gpt_disk(
        tmp_path,
        [(BASIC_DATA if kind == "ntfs" else LINUX, partition(tmp_path, kind))],
        size=(SIZE + 4) * MIB,
    )
    if saved == "resizable":
        source, image = fog(image, tmp_path / "saved", resizable=True), tmp_path / "shrunk.raw"
    with loop_device(image, offset=MIB, length=SIZE * MIB) as device:
        before, size = looked_at(device, kind, tmp_path), length_of(device, kind)
    assert len(before) > 60
    assert (size < (SIZE - 20) * MIB) == (saved == "resizable")
    with laid(source, tmp_path, lay, size=LARGE) as (manifest, disk):
        assert not manifest.partitions[0].whole
        assert manifest.used < SIZE * MIB // 2
        device = partition_device(Path("/dev", disk.name), 1)
        assert size <= length_of(device, kind) <= manifest.partitions[0].length
        stage, result = await customised(manifest, disk, as_is=kind == "ntfs")
        assert judge(stage, "done", None, result).state == "done"
        assert length_of(device, kind) > (LARGE - 3) * MIB
        assert looked_at(device, kind, tmp_path) == before
        if kind != "ntfs":
            with mounted(device, kind, tmp_path / "looking", "-o", "ro") as top:
                assert (top / "etc/hostname").read_text() == "pc-7\n"
    assert not loops_of(tmp_path)
