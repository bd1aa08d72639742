"""An f2fs comes back from its used blocks and grows, and a map that contradicts its checkpoint is not believed."""

import re
from pathlib import Path
from typing import BinaryIO

import pytest

from netboot.agent.customise.grow import grow
from netboot.agent.disks.partitions import partition_device
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.f2fs import f2fs_map_problem
from netboot.survey.loop import loop_device
from netboot.survey.used_ranges import Range
from tests.agent.test_customise import loop_disk
from tests.f2fs_trees import BLOCK, facts, fill, valid_blocks
from tests.masters.conftest import Lay
from tests.masters.images import LINUX, MIB, gpt_disk, sized, system_tree, taken

SIZE = 200 * MIB


def block(file: BinaryIO, at: int) -> bytes:
    file.seek(at)
    return file.read(BLOCK)


@pytest.mark.root
def test_an_f2fs_comes_back_from_what_is_in_use_and_takes_the_rest_of_a_larger_disk(tmp_path: Path, lay: Lay) -> None:
    part = sized(tmp_path / "root.f2fs", SIZE)
    fill(part, system_tree(tmp_path))
    before, valid = facts(part), list(valid_blocks(part))
    planted = before["file7"][1]
    assert all(
        re.search(rf"^{words}\]$", planted, re.M) for words in (r"i_uid .* 1000", r"i_gid .* 4321", r"i_links .* 2")
    )
    assert before["file7"] == before["hard link"]
    assert b"system_u:object_r:etc_t:s0".hex().upper() in before["etc/hostname"][1]
    image, store = gpt_disk(tmp_path, [(LINUX, part)], size=SIZE + 4 * MIB), Store(tmp_path / "store")
    manifest = taken(image, store)
    (root,) = manifest.partitions
    assert root.role == "root"
    assert not root.whole
    assert manifest.understood
    assert manifest.understood.system == "Test Linux 1 (small)"
    assert manifest.used < SIZE // 4
    lay(manifest.chunks, store, target := tmp_path / "target.raw", manifest.disk)
    with loop_device(target, offset=MIB, length=SIZE) as device:
        assert "[Fail]" not in run(["fsck.f2fs", "--dry-run", device]).stdout
        assert facts(device) == before
    with part.open("rb") as old, target.open("rb") as new:
        assert [at for at in valid if block(new, MIB + at * BLOCK) != block(old, at * BLOCK)] == []
    with loop_disk(target, 900 * MIB) as disk:
        assert grow(Path("/dev", disk.name), manifest).size > 890 * MIB
        assert facts(partition_device(Path("/dev", disk.name), 1)) == before


def test_a_map_that_contradicts_the_checkpoint_is_not_believed(tmp_path: Path) -> None:
    part = sized(tmp_path / "part.f2fs", SIZE)
    run(["mkfs.f2fs", "-q", part])
    content = part.read_bytes()
    # partclone 0.3.23's map of it: all before the main area, and the two blocks of the root folder.
    used: list[Range] = [(0, 0x1001000), (0x1600000, 0x1601000)]

    def problem(ranges: list[Range], data: bytes = content) -> str:
        return f2fs_map_problem(lambda start, end: data[start:end], ranges)

    assert problem(used) == ""
    assert "1 of its blocks are mapped, and its checkpoint counts 2" in problem(used[:1])
    assert "3 of its blocks" in problem([*used, (0x2000000, 0x2001000)])
    assert problem([(4096, 0x1001000), used[1]])
    assert problem([])
    for cut in (0, 1024, 1100, 5000):
        assert problem(used, content[:cut])
