"""Masters with swap behind their root, Debian's classic layout: the root grows, and swap is anew at the end."""

import json
from pathlib import Path

import pytest

from netboot.agent.customise.grow import grow
from netboot.masters.account import account
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.loop import loop_device, writable_loop_device
from tests.agent.installed import small_system
from tests.agent.test_customise import loop_disk
from tests.file_trees import Facts, facts, plant
from tests.lvm_disks import SWAP_UUID, mounted
from tests.masters.conftest import Lay
from tests.masters.images import MIB, sized, taken

pytestmark = pytest.mark.root

GPT = "label: gpt\nsize=8MiB, type=U\nsize=160MiB, type=L\nsize=30MiB, type=S\n"
DOS = "label: dos\nsize=160MiB, type=83, bootable\ntype=5\nsize=30MiB, type=82\n"
LOGICAL = "label: dos\nsize=8MiB, type=83\ntype=5\nsize=160MiB, type=83\nsize=30MiB, type=82\n"
LARGE = 700 * MIB


def table(disk: Path) -> dict[int, dict[str, object]]:
    told = json.loads(run(["sfdisk", "--json", disk]).stdout)["partitiontable"]["partitions"]
    return {int(str(row["node"]).removeprefix(str(disk)).lstrip("p")): row for row in told}


def place(row: dict[str, object]) -> tuple[int, int]:
    return int(str(row["start"])) * 512, int(str(row["size"])) * 512


def installed(folder: Path, script: str, root: int, swap: int, size: int = 220 * MIB) -> Path:
    """A disk with this table, a system in its root, and swap with a UUID and a label."""
    disk = sized(folder / "disk.raw", size)
    run(["sfdisk", "--quiet", disk], stdin=script)
    rows = table(disk)
    start, length = place(rows[root])
    with writable_loop_device(disk, offset=start, length=length) as device:
        run(["mke2fs", "-q", "-t", "ext4", device])
        with mounted(device, folder / "making", "ext4") as top:
            small_system(top)
            plant(top, "ext4")
    start, length = place(rows[swap])
    with writable_loop_device(disk, offset=start, length=length) as device:
        run(["mkswap", "--uuid", SWAP_UUID, "--label", "memory", device])
    return disk


def files(disk: Path, row: dict[str, object], folder: Path) -> Facts:
    start, length = place(row)
    with loop_device(disk, offset=start, length=length) as device:
        run(["e2fsck", "-f", "-n", device])
        with mounted(device, folder / "looking", "ext4", "--options=ro") as top:
            return facts(top)


@pytest.mark.parametrize(
    ("script", "root", "swap"),
    [
        pytest.param(GPT, 2, 3, id="gpt"),
        pytest.param(DOS, 1, 5, id="swap in an extended partition"),
        pytest.param(LOGICAL, 5, 6, id="both in an extended partition"),
    ],
)
def test_a_root_before_swap_takes_the_rest_and_swap_the_end(
    tmp_path: Path, lay: Lay, script: str, root: int, swap: int
) -> None:
    image, store = installed(tmp_path, script, root, swap), Store(tmp_path / "store")
    manifest = taken(image, store)
    assert [one.number for one in manifest.partitions if one.grow] == [root]
    assert f"partition {root} (ext4) takes the rest of a larger disk" in "\n".join(account(manifest))
    was = table(image)
    before = files(image, was[root], tmp_path)
    lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
    with loop_disk(tmp_path / "pc.img", LARGE) as disk:
        device = Path("/dev", disk.name)
        grown = grow(device, manifest)
        assert grown.size > 600 * MIB
        run(["sfdisk", "--verify", device])
        now = table(device)
        (start, length), (first, size) = place(now[root]), place(now[swap])
        assert (start, size) == (place(was[root])[0], place(was[swap])[1])
        assert first - (start + length) <= 2 * MIB
        assert LARGE - (first + size) <= 2 * MIB
        for number in (one.number for one in manifest.partitions):
            at = int(Path(f"/sys/class/block/{disk.name}p{number}/start").read_text()) * 512
            assert at == place(now[number])[0], "the kernel has it where the table has"
        same = ("type", "uuid", "name", "bootable", "attrs")
        assert [[row.get(key) for key in same] for row in now.values()] == [
            [row.get(key) for key in same] for row in was.values()
        ]
        assert files(device, now[root], tmp_path) == before
        with loop_device(device, offset=first, length=size) as area:
            told = run(["blkid", "--probe", "--output=export", area]).stdout
        assert {f"UUID={SWAP_UUID}", "LABEL=memory", "TYPE=swap"} <= set(told.splitlines())
        # A job that was cut does it again.
        assert grow(device, manifest) == grown
        assert table(device) == now


def test_on_a_disk_of_its_own_size_it_stays_as_it_is(tmp_path: Path, lay: Lay) -> None:
    image, store = installed(tmp_path, GPT, 2, 3, 200 * MIB), Store(tmp_path / "store")
    manifest = taken(image, store)
    lay(manifest.chunks, store, tmp_path / "pc.img", manifest.disk)
    with loop_disk(tmp_path / "pc.img", manifest.disk) as disk:
        assert grow(Path("/dev", disk.name), manifest).size == 160 * MIB
        found = {number: place(row) for number, row in table(Path("/dev", disk.name)).items()}
    assert found == {number: place(row) for number, row in table(image).items()}
