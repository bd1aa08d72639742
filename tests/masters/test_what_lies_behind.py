"""Masters with more behind what grows: swap, as Debian has it, is made anew at the end; Windows' recovery is copied."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from netboot.agent.customise.grow import grow
from netboot.agent.disks.partitions import partition_device
from netboot.masters.account import account
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.loop import loop_device, writable_loop_device
from netboot.survey.moved_ntfs import moved_boot_sectors
from tests.agent.installed import small_system
from tests.agent.test_customise import loop_disk
from tests.file_trees import Facts, facts, plant, unmount
from tests.lvm_disks import SWAP_UUID, mounted
from tests.masters.conftest import Lay
from tests.masters.images import MIB, put, sized, taken
from tests.masters.test_shrinking import looked_at

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
        run(["mkswap", "--uuid", SWAP_UUID, "--label", "my swap $1 \\", device])
    return disk


def files(disk: Path, row: dict[str, object], folder: Path) -> Facts:
    start, length = place(row)
    with loop_device(disk, offset=start, length=length) as device:
        run(["e2fsck", "-f", "-n", device])
        with mounted(device, folder / "looking", "ext4", "--options=ro") as top:
            return looked_at(top)


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
    # Boot code, and in a GPT's first sector what Windows knows the disk by, which a dos table has already.
    put(image, 0, bytes(range(1, 221)) * 2 + (b"mark\0\0" if script == GPT else b""))
    first_bytes = image.read_bytes()[:446]
    manifest = taken(image, store)
    assert [one.number for one in manifest.partitions if one.grow] == [root]
    said = "\n".join(account(manifest))
    assert f"partition {root} (ext4) takes the rest of a larger disk" in said
    assert f"; partition {swap} (swap) goes to the end of the disk" in said
    was = table(image)
    before = files(image, was[root], tmp_path)
    lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
    with loop_disk(tmp_path / "pc.img", LARGE) as disk:
        device = Path("/dev", disk.name)
        grown = grow(device, manifest)
        assert grown.size > 600 * MIB
        run(["sfdisk", "--verify", device])
        with device.open("rb") as file:
            assert file.read(446) == first_bytes
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
        assert {f"UUID={SWAP_UUID}", r"LABEL=my\ swap\ \$1\ \\", "TYPE=swap"} <= set(told.splitlines())
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


WINDOWS = """label: gpt
size=8MiB, type=U
size=16MiB, type=E3C9E316-0B5C-4DB8-817D-F92DF00215AE
size=120MiB, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7
size=40MiB, type=DE94BBA4-06D1-4D40-A16A-BFD50179D6AC, name="recovery", attrs="RequiredPartition GUID:63"
"""


def windows(folder: Path, script: str = WINDOWS, size: int = 220 * MIB) -> Path:
    """A disk as Windows' setup lays it out: ESP, reserved, the system, and behind it the recovery, on NTFS both."""
    disk = sized(folder / "disk.raw", size)
    run(["sfdisk", "--quiet", disk], stdin=script)
    for row in table(disk).values():
        start, length = place(row)
        if length < 40 * MIB:
            continue
        with writable_loop_device(disk, offset=start, length=length) as device:
            run(["mkntfs", "--quick", "--force", "--quiet", f"--partition-start={start // 512}", device])
            with ntfs(device, folder / "making") as top:
                plant(top, "ntfs", files=20)
    return disk


@contextmanager
def ntfs(device: Path, folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    run(["mount", "-t", "ntfs-3g", *options, device, folder])
    try:
        yield folder
    finally:
        unmount(folder)


def ntfs_files(disk: Path, row: dict[str, object], folder: Path) -> Facts:
    start, length = place(row)
    with loop_device(disk, offset=start, length=length) as device:
        run(["ntfsfix", "--no-action", device])
        with ntfs(device, folder / "looking", "-o", "ro") as top:
            return facts(top)


def test_a_windows_before_its_recovery_takes_the_rest_and_the_recovery_the_end(
    tmp_path: Path, lay: Lay, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, store = windows(tmp_path), Store(tmp_path / "store")
    manifest = taken(image, store)
    assert [one.number for one in manifest.partitions if one.grow] == [3]
    said = "partition 3 (ntfs) takes the rest of a larger disk; partition 4 (ntfs) goes to the end of the disk"
    assert said in "\n".join(account(manifest))
    was = table(image)
    before = {number: ntfs_files(image, was[number], tmp_path) for number in (3, 4)}
    lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
    with loop_disk(tmp_path / "pc.img", LARGE) as disk:
        device = Path("/dev", disk.name)
        # Cut after the copy, before the table says so: nothing is lost.
        with monkeypatch.context() as cut:
            cut.setattr("netboot.agent.customise.grow.with_places", power_cut)
            with pytest.raises(KeyboardInterrupt):
                grow(device, manifest)
        assert [place(row) for row in table(device).values()] == [place(row) for row in was.values()]
        grown = grow(device, manifest)
        assert grown.size > 600 * MIB
        now = table(device)
        (start, length), (first, size) = place(now[3]), place(now[4])
        assert (start, size) == (place(was[3])[0], place(was[4])[1])
        assert first - (start + length) <= 2 * MIB
        assert LARGE - (first + size) <= 2 * MIB
        same = ("type", "uuid", "name", "attrs")
        assert [[row.get(key) for key in same] for row in now.values()] == [
            [row.get(key) for key in same] for row in was.values()
        ]
        assert {number: ntfs_files(device, now[number], tmp_path) for number in (3, 4)} == before
        with device.open("rb") as file:
            file.seek(first + 0x1C)
            assert int.from_bytes(file.read(4), "little") * 512 == first, "where an NTFS says that it begins"
        # A job that was cut does it again: what is where the recovery was is Windows' own now.
        with partition_device(device, 3).open("r+b") as file:
            file.seek(place(was[4])[0] - start)
            file.write(b"Windows" * 1000)
        assert grow(device, manifest) == grown
        assert table(device) == now
        assert ntfs_files(device, now[4], tmp_path) == before[4]


def power_cut(*_: object) -> str:
    raise KeyboardInterrupt


def test_a_recovery_that_would_lie_over_itself_stays(tmp_path: Path, lay: Lay) -> None:
    image, store = windows(tmp_path), Store(tmp_path / "store")
    manifest = taken(image, store)
    size = 220 * MIB
    lay(manifest.chunks, store, tmp_path / "pc.img", size)
    with loop_disk(tmp_path / "pc.img", size) as disk:
        grown = grow(Path("/dev", disk.name), manifest)
        assert grown.size <= 120 * MIB
        assert grown.spare == pytest.approx(size - 185 * MIB, abs=MIB), "which is told"
        found = {number: place(row) for number, row in table(Path("/dev", disk.name)).items()}
    assert found == {number: place(row) for number, row in table(image).items()}


def test_a_second_recovery_is_not_overwritten_by_the_first(tmp_path: Path, lay: Lay) -> None:
    """Each has room for itself at the end, and there the first would lie where the second is copied from."""
    older = 'size=40MiB, type=DE94BBA4-06D1-4D40-A16A-BFD50179D6AC, name="older"\n'
    image, store = windows(tmp_path, WINDOWS + older, 240 * MIB), Store(tmp_path / "store")
    manifest = taken(image, store)
    assert [one.number for one in manifest.partitions if one.grow] == [3]
    was = table(image)
    before = {number: ntfs_files(image, was[number], tmp_path) for number in (3, 4, 5)}
    for size, grows in ((285 * MIB, False), (400 * MIB, True)):
        lay(manifest.chunks, store, tmp_path / f"{size}.img", size)
        with loop_disk(tmp_path / f"{size}.img", size) as disk:
            device = Path("/dev", disk.name)
            assert (grow(device, manifest).size > 121 * MIB) is grows
            now = table(device)
            assert {number: ntfs_files(device, now[number], tmp_path) for number in (3, 4, 5)} == before


DOS_WINDOWS = "label: dos\nsize=120MiB, type=7, bootable\nsize=40MiB, type=27\n"


@pytest.mark.parametrize("script", [WINDOWS, DOS_WINDOWS], ids=["too long to be copied", "dos"])
def test_a_recovery_that_is_not_moved_does_not_grow_either(
    tmp_path: Path, lay: Lay, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr("netboot.shared.growth._COPIED_MOST", 30 * MIB)
    image, store = windows(tmp_path, script), Store(tmp_path / "store")
    manifest = taken(image, store)
    last = max(table(image))
    assert f"Grows: nothing; partition {last} (ntfs) is the last one, a recovery" in "\n".join(account(manifest))
    lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
    with loop_disk(tmp_path / "pc.img", LARGE) as disk:
        device = Path("/dev", disk.name)
        assert grow(device, manifest).size == 0
        assert [place(row) for row in table(device).values()] == [place(row) for row in table(image).values()]


LARGE_GPT = GPT.replace("size=160MiB", "size=1600MiB")
LARGE_DOS = DOS.replace("size=160MiB", "size=1600MiB")
LARGE_WINDOWS = WINDOWS.replace("size=120MiB", "size=1600MiB")


@pytest.mark.parametrize(
    ("script", "root", "swap"),
    [pytest.param(LARGE_GPT, 2, 3, id="gpt"), pytest.param(LARGE_DOS, 1, 5, id="swap in an extended partition")],
)
def test_a_root_before_swap_is_made_smaller_and_grows_again(
    tmp_path: Path, lay: Lay, script: str, root: int, swap: int
) -> None:
    image, store = installed(tmp_path, script, root, swap, 1650 * MIB), Store(tmp_path / "store")
    manifest = taken(image, store)
    assert manifest.shrunk_from == pytest.approx(1640 * MIB, rel=0.02)
    assert manifest.disk < 700 * MIB
    before = files(image, table(image)[root], tmp_path)
    lay(manifest.chunks, store, tmp_path / "pc.img", 900 * MIB)
    with loop_disk(tmp_path / "pc.img", 900 * MIB) as disk:
        device = Path("/dev", disk.name)
        assert grow(device, manifest).size > 800 * MIB
        run(["sfdisk", "--verify", device])
        now = table(device)
        assert files(device, now[root], tmp_path) == before
        first, size = place(now[swap])
        with loop_device(device, offset=first, length=size) as area:
            told = run(["blkid", "--probe", "--output=export", area]).stdout
        assert {f"UUID={SWAP_UUID}", "TYPE=swap"} <= set(told.splitlines())


def test_a_windows_before_its_recovery_is_made_smaller_and_grows_again(tmp_path: Path, lay: Lay) -> None:
    image, store = windows(tmp_path, LARGE_WINDOWS, 1680 * MIB), Store(tmp_path / "store")
    manifest = taken(image, store)
    assert manifest.disk < 700 * MIB
    was = table(image)
    before = {number: ntfs_files(image, was[number], tmp_path) for number in (3, 4)}
    lay(manifest.chunks, store, tmp_path / "small.img", manifest.disk)
    now = table(tmp_path / "small.img")
    same = ("type", "uuid", "name", "attrs")
    assert [[row.get(key) for key in same] for row in now.values()] == [
        [row.get(key) for key in same] for row in was.values()
    ]
    assert {number: ntfs_files(tmp_path / "small.img", now[number], tmp_path) for number in (3, 4)} == before
    lay(manifest.chunks, store, tmp_path / "pc.img", 900 * MIB)
    with loop_disk(tmp_path / "pc.img", 900 * MIB) as disk:
        device = Path("/dev", disk.name)
        assert grow(device, manifest).size > 800 * MIB
        now = table(device)
        assert {number: ntfs_files(device, now[number], tmp_path) for number in (3, 4)} == before


@pytest.mark.parametrize(
    ("script", "root", "swap"),
    [
        pytest.param(GPT, 2, 3, id="gpt"),
        pytest.param(DOS, 1, 5, id="swap in an extended partition"),
        pytest.param(LOGICAL, 5, 6, id="both in an extended partition"),
        pytest.param(DOS.replace("30MiB", "10MiB") + "size=15MiB, type=82\n", 1, 5, id="two swaps"),
    ],
)
def test_a_power_cut_at_any_sector_of_the_table_is_gone_on_from(
    tmp_path: Path, lay: Lay, monkeypatch: pytest.MonkeyPatch, script: str, root: int, swap: int
) -> None:
    image, store = installed(tmp_path, script, root, swap), Store(tmp_path / "store")
    for number in table(image).keys() - {1, 2, root, swap}:
        start, length = place(table(image)[number])
        with writable_loop_device(image, offset=start, length=length) as area:
            run(["mkswap", area])
    manifest = taken(image, store)
    assert [one.number for one in manifest.partitions if one.grow] == [root]
    before = files(image, table(image)[root], tmp_path)
    writes = 0

    def cut_after(fd: int, data: bytes, at: int) -> int:
        nonlocal writes
        writes -= 1
        if writes < 0:
            raise KeyboardInterrupt
        return pwrite(fd, data, at)

    pwrite = os.pwrite
    for allowed in range(5):
        lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
        with loop_disk(tmp_path / "pc.img", LARGE) as disk:
            device, writes = Path("/dev", disk.name), allowed
            with monkeypatch.context() as power:
                power.setattr("netboot.survey.new_table.os.pwrite", cut_after)
                with contextlib.suppress(KeyboardInterrupt):
                    grow(device, manifest)
            assert grow(device, manifest).size > 600 * MIB
            run(["sfdisk", "--verify", device])
            assert files(device, table(device)[root], tmp_path) == before
        (tmp_path / "pc.img").unlink()
    assert writes >= 0, "the last time nothing was cut"


def test_an_image_that_is_written_to_while_it_is_made_smaller_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = installed(tmp_path, LARGE_GPT, 2, 3, 1650 * MIB)

    def meanwhile(read: Callable[[int, int], bytes], length: int, sector: int) -> Mapping[int, bytes]:
        put(image, place(table(image)[3])[0], b"another")
        return moved_boot_sectors(read, length, sector)

    monkeypatch.setattr("netboot.masters.moved_up.moved_boot_sectors", meanwhile)
    with pytest.raises(NetbootError, match="was changed while it was read"):
        taken(image, Store(tmp_path / "store"))
