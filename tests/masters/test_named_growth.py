"""A profile names what grows, on real disks: what lies behind goes to the end whole, whenever the power is cut."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netboot.agent.customise.grow import grow
from netboot.agent.disks.partitions import partition_device
from netboot.agent.failures import StageFailed
from netboot.masters.account import account
from netboot.serve.masters import Masters
from netboot.shared.manifest import Manifest
from netboot.shared.problems import Problem
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.loop import loop_device, writable_loop_device
from netboot.survey.named_growth import with_growing
from tests.agent.boot_http import BootHttp
from tests.agent.installed import small_system
from tests.agent.test_customise import customise, loop_disk
from tests.file_trees import Facts, facts, plant
from tests.lvm_disks import SWAP_UUID, mounted
from tests.masters.conftest import Lay
from tests.masters.images import MIB, sized, taken
from tests.masters.test_what_lies_behind import ntfs, ntfs_files, place, table

pytestmark = pytest.mark.root

LINUX = """label: gpt
size=8MiB, type=U
size=120MiB, type=L, name="root"
size=20MiB, type=S
size={home}MiB, type=933AC7E1-2EB4-4F13-B844-0E14E2AEF915, name="home", attrs="GUID:60"
"""
LARGE = 900 * MIB
KEPT = ("type", "uuid", "name", "attrs")


@contextmanager
def inside(disk: Path, number: int, *, write: bool = False) -> Iterator[Path]:
    start, length = place(table(disk)[number])
    with (writable_loop_device if write else loop_device)(disk, offset=start, length=length) as device:
        yield device


def installed(folder: Path, kind: str) -> Path:
    """A system in its root, swap behind it, and behind that a home of this kind."""
    home = 300 if kind == "xfs" else 140  # no xfs is smaller
    disk = sized(folder / "disk.raw", (160 + home) * MIB)
    run(["sfdisk", "--quiet", disk], stdin=LINUX.format(home=home))
    with inside(disk, 2, write=True) as device:
        run(["mke2fs", "-q", "-t", "ext4", device])
        with mounted(device, folder / "making", "ext4") as top:
            small_system(top)
            plant(top, "ext4")
    with inside(disk, 3, write=True) as device:
        run(["mkswap", "--uuid", SWAP_UUID, device])
    with inside(disk, 4, write=True) as device:
        run([f"mkfs.{kind}", "-q", device])
        with mounted(device, folder / "making", kind) as top:
            plant(top, kind)
    return disk


CHECKS = {"ext4": ("e2fsck", "-f", "-n"), "btrfs": ("btrfs", "check"), "xfs": ("xfs_repair", "-n")}


def files(disk: Path, number: int, kind: str, folder: Path) -> Facts:
    with inside(disk, number) as device:
        run([*CHECKS[kind], device])
        with mounted(device, folder / "looking", kind, "--options=ro") as top:
            return {name: fact for name, fact in facts(top).items() if name != "lost+found"}


def kept(disk: Path) -> list[list[object]]:
    return [[row.get(key) for key in KEPT] for row in table(disk).values()]


def grow_until(monkeypatch: pytest.MonkeyPatch, what: str, device: Path, manifest: Manifest) -> None:
    """Grow, and have the power cut when this step is to begin."""

    def power_cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cutting:
        cutting.setattr(f"netboot.agent.customise.grow.{what}", power_cut)
        with pytest.raises(KeyboardInterrupt):
            grow(device, manifest)


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "xfs"])
def test_a_root_before_swap_and_a_home_takes_the_rest_and_both_the_end(
    tmp_path: Path, lay: Lay, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    image, store = installed(tmp_path, kind), Store(tmp_path / "store")
    manifest = taken(image, store)
    assert [one.number for one in manifest.partitions if one.grow] == [4]
    said = "\n".join(account(manifest))
    least = "0.8" if kind == "xfs" else "0.4"
    assert (
        f"Grows when named: partition 2 (ext4), by “deploy: {{grow: 2}}” in a profile's options, on disks of {least} "
        f"GB and more; partition 3 (swap) goes to the end; partition 4 ({kind}) goes to the end."
    ) in said
    before = {2: files(image, 2, "ext4", tmp_path), 4: files(image, 4, kind, tmp_path)}
    was, named = table(image), with_growing(manifest, 2)
    lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
    with loop_disk(tmp_path / "pc.img", LARGE) as disk:
        device = Path("/dev", disk.name)
        for cut in ("copy_partition", "with_places"):  # before anything is copied, and before the table says so
            grow_until(monkeypatch, cut, device, named)
            assert [place(row) for row in table(device).values()] == [place(row) for row in was.values()]
            assert files(device, 4, kind, tmp_path) == before[4]
        for cut in ("show_partitions", "make_swap", "_grow_in"):  # once the table says so
            grow_until(monkeypatch, cut, device, named)
            assert files(device, 4, kind, tmp_path) == before[4]
        grown = grow(device, named)
        assert grown.size > 560 * MIB
        run(["sfdisk", "--verify", device])
        now = table(device)
        assert place(now[2])[0] == place(was[2])[0]
        assert LARGE - sum(place(now[4])) <= 2 * MIB
        assert kept(device) == kept(image)
        assert {2: files(device, 2, "ext4", tmp_path), 4: files(device, 4, kind, tmp_path)} == before
        with inside(device, 3) as swap:
            assert f"UUID={SWAP_UUID}\n" in run(["blkid", "--probe", "--output=export", swap]).stdout
        # What is where the home was is the root's now: a job that was cut copies nothing from there again.
        with partition_device(device, 2).open("r+b") as root:
            root.seek(place(was[4])[0] - place(was[2])[0])
            root.write(b"the root's own" * 1000)
        assert grow(device, named) == grown
        assert files(device, 4, kind, tmp_path) == before[4]


def test_where_the_copy_would_lie_over_what_is_copied_all_stays_and_is_told(tmp_path: Path, lay: Lay) -> None:
    image, store = installed(tmp_path, "ext4"), Store(tmp_path / "store")
    manifest = taken(image, store)
    before = {number: files(image, number, "ext4", tmp_path) for number in (2, 4)}
    lay(manifest.chunks, store, tmp_path / "pc.img", 400 * MIB)
    with loop_disk(tmp_path / "pc.img", 400 * MIB) as disk:
        device = Path("/dev", disk.name)
        grown = grow(device, with_growing(manifest, 2))
        assert grown.size == 120 * MIB
        assert grown.spare == pytest.approx(111 * MIB, abs=2 * MIB), "which is told"
        assert [place(row) for row in table(device).values()] == [place(row) for row in table(image).values()]
        assert {number: files(device, number, "ext4", tmp_path) for number in (2, 4)} == before


WINDOWS = """label: gpt
size=8MiB, type=U
size=16MiB, type=E3C9E316-0B5C-4DB8-817D-F92DF00215AE
size=120MiB, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7
size=60MiB, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, name="data"
size=40MiB, type=DE94BBA4-06D1-4D40-A16A-BFD50179D6AC, name="recovery", attrs="RequiredPartition GUID:63"
"""


def test_an_ntfs_before_another_and_a_recovery_takes_the_rest_and_both_the_end(tmp_path: Path, lay: Lay) -> None:
    image, store = sized(tmp_path / "disk.raw", 260 * MIB), Store(tmp_path / "store")
    run(["sfdisk", "--quiet", image], stdin=WINDOWS)
    for number in (3, 4, 5):
        start = place(table(image)[number])[0] // 512
        with inside(image, number, write=True) as device:
            run(["mkntfs", "--quick", "--force", "--quiet", f"--partition-start={start}", device])
            with ntfs(device, tmp_path / "making") as top:
                plant(top, "ntfs", files=20)
    manifest = taken(image, store)
    assert [one.number for one in manifest.partitions if one.grow] == [4]
    before = {number: ntfs_files(image, table(image)[number], tmp_path) for number in (3, 4, 5)}
    lay(manifest.chunks, store, tmp_path / "pc.img", 700 * MIB)
    with loop_disk(tmp_path / "pc.img", 700 * MIB) as disk:
        device = Path("/dev", disk.name)
        assert grow(device, with_growing(manifest, 3)).size > 550 * MIB
        now = table(device)
        assert kept(device) == kept(image)
        assert {number: ntfs_files(device, now[number], tmp_path) for number in (3, 4, 5)} == before
        for number in (4, 5):
            with inside(device, number) as moved, moved.open("rb") as file:
                assert int.from_bytes(file.read(32)[0x1C:0x20], "little") * 512 == place(now[number])[0]


async def test_the_customise_stage_grows_what_its_order_names_and_refuses_what_cannot(tmp_path: Path, lay: Lay) -> None:
    image, store = installed(tmp_path, "ext4"), Store(tmp_path / "store")
    manifest = taken(image, store)
    before = files(image, 4, "ext4", tmp_path)
    lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
    with loop_disk(tmp_path / "pc.img", LARGE) as disk:
        device = Path("/dev", disk.name)
        async with BootHttp(manifest, image.read_bytes()) as boot_http:
            with pytest.raises(StageFailed) as caught:
                await customise(boot_http, disk, "pc-7", grow=3)
            told = Problem("master-grow", {"master": manifest.name, "grow": "3", "obstacle": "kind"})
            assert caught.value.problem == told
            assert [place(row) for row in table(device).values()] == [place(row) for row in table(image).values()]
            result = await customise(boot_http, disk, "pc-7", grow=2)
        assert result.grown > 700 * MIB
        assert result.warning is None
        assert files(device, 4, "ext4", tmp_path) == before
        with inside(device, 2) as root, mounted(root, tmp_path / "looking", "ext4", "--options=ro") as top:
            assert (top / "etc/hostname").read_text() == "pc-7\n"


def test_the_server_knows_of_each_partition_whether_it_grows_and_how_the_root_does_then(tmp_path: Path) -> None:
    image, store = installed(tmp_path, "ext4"), Store(tmp_path / "store")
    manifest = taken(image, store)
    needs = Masters(store)(manifest.name)
    assert needs is not None
    assert needs.grows_from == 0
    assert [(one.named, one.obstacle) for one in needs.growths] == [(1, "kind"), (2, ""), (3, "kind"), (4, "")]
    root = needs.growth(2)
    assert root.grows_from == manifest.disk
    assert root.grows_at == pytest.approx(430 * MIB, abs=3 * MIB)
    assert (needs.growth(4).grows_from, needs.growth(9).obstacle) == (0, "missing")
