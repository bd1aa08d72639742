"""Several real block devices erased at once: each is told apart, and one that fails stops no other."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.overwrite import METHOD as OVERWRITE
from netboot.agent.erase.stage import AT_ONCE, Methods, run_erase
from netboot.agent.failures import StageFailed
from netboot.agent.progress import DiskAt
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult
from tests.agent.played_drive import Played
from tests.agent.test_erase import MARKER, MIB, disk_of, loop, silent
from tests.orders import overwriting
from tests.workshop.player import eventually

pytestmark = pytest.mark.root

SIZE = 4 * MIB


def make(folder: Path, *names: str) -> list[Path]:
    paths = [folder / f"{name}.img" for name in names]
    for path in paths:
        path.write_bytes((MARKER * (SIZE // len(MARKER) + 1))[:SIZE])
    return paths


async def erased(disks: Sequence[Disk], told: list[tuple[DiskAt, ...]], *gone: DiskId) -> EraseResult:
    order = overwriting(*(disk.id for disk in disks), *gone)
    try:
        return await run_erase(order, lambda: disks, progress=silent, disks=lambda at: told.append(tuple(at)))
    except StageFailed as failed:
        result = failed.result
    assert isinstance(result, EraseResult)
    return result


async def test_a_disk_that_is_gone_is_told_as_failed_at_once_and_the_others_are_erased(tmp_path: Path) -> None:
    told: list[tuple[DiskAt, ...]] = []
    with ExitStack() as loops:
        names = ("ONE", "TWO")
        paths = make(tmp_path, *names)
        disks = [disk_of(loops.enter_context(loop(path)), serial=name) for path, name in zip(paths, names, strict=True)]
        result = await erased(disks, told, DiskId(serial="GONE", size=SIZE))
    assert [one.verdict for one in result.erasures] == ["erased", "erased", "not-erased"]
    assert [one.doing.step for one in told[-1]] == ["done", "done", "failed"]
    assert [one.disk for one in told[-1]] == ["ONE 0.0 GB", "TWO 0.0 GB", "GONE 0.0 GB"]
    assert all(one.done == one.total == 2 * SIZE for one in told[-1])
    assert any([one.doing.step for one in at] == ["writing", "writing", "failed"] for at in told)
    for number in (0, 1):
        steps = list(dict.fromkeys(at[number].doing.step for at in told))
        assert steps == [step for step in ("waiting", "writing", "reading", "done") if step in steps]
        assert steps[-2:] == ["reading", "done"]
    for path in paths:
        assert MARKER not in path.read_bytes()


async def test_disks_beyond_those_at_once_wait_their_turn_also_behind_one_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as would use up asyncio's own threads hang while they are opened, and the last two are erased all the
    same."""
    told: list[tuple[DiskAt, ...]] = []
    go_on = threading.Event()
    names = [f"D{number}" for number in range(AT_ONCE + 1)]
    hanging = {f"D{number}" for number in range(AT_ONCE - 1)}
    with ExitStack() as loops:
        devices = [loops.enter_context(loop(path)) for path in make(tmp_path, *names)]
        disks = [disk_of(device, serial=name) for device, name in zip(devices, names, strict=True)]
        slow = {disk.name for disk in disks if disk.id.serial in hanging}
        opened = DirectDisk.for_writing.__func__  # type: ignore[attr-defined]  # a class method

        def hang(kind: type[DirectDisk], path: Path) -> DirectDisk:
            if path.name in slow:
                assert go_on.wait(60)
            disk: DirectDisk = opened(kind, path)
            return disk

        monkeypatch.setattr(DirectDisk, "for_writing", classmethod(hang))
        at_work = asyncio.create_task(erased(disks, told))
        await eventually(lambda: bool(told) and [one.doing.step for one in told[-1][-2:]] == ["done", "done"])
        assert {one.doing.step for one in told[-1][:-2]} == {"waiting"}
        go_on.set()
        result = await at_work
    assert {one.verdict for one in result.erasures} == {"erased"}


async def test_a_drive_that_erases_itself_is_told_through_all_its_steps(tmp_path: Path) -> None:
    told: list[tuple[DiskAt, ...]] = []
    (path,) = make(tmp_path, "DRIVE")
    with loop(path) as device:
        disk = disk_of(device, serial="DRIVE")
        order = DiskErase(disk=disk.id, method="nvme-sanitize-block", level="purge", then_overwrite=True)
        methods: Methods = {
            "nvme-sanitize-block": FirmwareErase("nvme-sanitize-block", Played(path, seconds=1.0), lambda _: True),
            "overwrite": OVERWRITE,
        }
        await run_erase(
            Erase(disks=(order,)),
            lambda: [disk],
            progress=silent,
            disks=lambda at: told.append(tuple(at)),
            methods=methods,
        )
    steps = [at[0].doing.step for at in told]
    order_of = [step for step, before in zip(steps, ["", *steps], strict=False) if step != before]
    assert [step for step in order_of if step != "waiting"] == [
        "marking", "drive", "reading", "writing", "reading", "done",
    ]  # fmt: skip
    lefts = [at[0].doing.left for at in told if at[0].doing.step == "drive"]
    assert any(left is not None and 0 < left < 1.2 for left in lefts), "by the drive's own progress"
    assert told[-1][0].done == told[-1][0].total == 4 * SIZE
