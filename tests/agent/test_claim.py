"""The last look before the first write: a disk that is known by its place, and one that only a person's word names."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.disks.block_devices import read_block_devices
from netboot.agent.disks.claim import RefusedError, as_answered, claim, claim_as_ordered
from netboot.agent.disks.listing import disk_of
from netboot.agent.erase.stage import run_erase
from netboot.agent.host import Host
from netboot.agent.this_boot import ThisBoot
from netboot.jobs.evidence import judge
from netboot.jobs.stages.rules import Known
from netboot.shared.inventory import Disk, DiskId, label
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import EraseResult
from tests.agent.test_erase import silent
from tests.orders import overwriting, overwritten

_LOOP_CTL_REMOVE = 0x4C81


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[tuple[Disk, Disk]]:
    """Two loop devices of one size; their paths are made up.

    Their numbers are of this process: one that is free for a moment goes to whichever test asks for any.
    """
    numbers = [1 << 16 | os.getpid() % (1 << 13) << 1 | which for which in (0, 1)]
    made: list[int] = []
    try:
        for number, image in zip(numbers, (tmp_path / "1.img", tmp_path / "2.img"), strict=True):
            image.write_bytes(bytes(1 << 20))
            subprocess.run(["losetup", f"/dev/loop{number}", image], check=True)
            made.append(number)
        seen = {device.name: disk_of(device) for device in read_block_devices(Host(), {})}
        yield seen[f"loop{numbers[0]}"], seen[f"loop{numbers[1]}"]
    finally:
        for number in made:
            subprocess.run(["losetup", "--detach", f"/dev/loop{number}"], check=True)
        with Path("/dev/loop-control").open("rb") as control:
            for number in made:
                fcntl.ioctl(control, _LOOP_CTL_REMOVE, number)


def in_place(disk: Disk) -> DiskId:
    return replace(disk.id, by_place=True)


@pytest.mark.root
def test_of_two_disks_that_say_nothing_the_one_at_the_named_place_is_taken(loops: tuple[Disk, Disk]) -> None:
    for wanted in loops:
        disk, device = claim(in_place(wanted), lambda: loops)
        device.close()
        assert (disk.name, disk.id) == (wanted.name, in_place(wanted))
        assert wanted.id.path in label(disk), "on the screen it is told from the other"


@pytest.mark.root
def test_a_disk_that_came_to_a_named_place_later_is_not_taken(loops: tuple[Disk, Disk], tmp_path: Path) -> None:
    first, _ = loops
    subprocess.run(["losetup", "--detach", f"/dev/{first.name}"], check=True)
    subprocess.run(["losetup", f"/dev/{first.name}", tmp_path / "1.img"], check=True)
    now = [disk_of(device) for device in read_block_devices(Host(), {}) if device.name == first.name]
    assert (now[0].id.path, now[0].id.size) == (first.id.path, first.id.size), "the same place and size"
    with pytest.raises(RefusedError) as refused:
        claim(in_place(first), lambda: now)
    assert refused.value.problem.code == "disk-gone"


@pytest.mark.root
def test_a_disk_that_is_known_by_name_is_told_with_all_that_was_read_of_it(loops: tuple[Disk, Disk]) -> None:
    read = replace(loops[0], id=replace(loops[0].id, serial="S1", wwn="0x1"))
    disk, device = claim(DiskId(serial="S1", size=read.id.size), lambda: [read])
    device.close()
    assert disk == read
    for boot in (None, ThisBoot()):
        disk, device = claim_as_ordered(DiskId(serial="S1", size=read.id.size), lambda: [read], boot)
        device.close()
        assert disk == read, "also of one that has not grown"


@pytest.mark.root
def test_a_disk_that_somebody_holds_is_not_taken(loops: tuple[Disk, Disk]) -> None:
    first, _ = loops
    holder = os.open(f"/dev/{first.name}", os.O_RDWR | os.O_EXCL)
    try:
        with pytest.raises(RefusedError) as refused:
            claim(in_place(first), lambda: loops)
    finally:
        os.close(holder)
    assert refused.value.problem == Problem("disk-in-use", {"disk": label(first)})
    assert str(refused.value) == refused.value.problem.sentence("en")


def test_a_disk_that_the_kernel_lets_nobody_write_is_not_taken() -> None:
    disk = Disk(name="uevent_seqnum", id=DiskId(serial="S1", size=1 << 20), transport="sata")
    with pytest.raises(RefusedError) as refused:
        claim(disk.id, lambda: [disk], devices=Path("/sys/kernel"))
    assert refused.value.problem == Problem("disk-external", {"disk": "S1 0.0 GB"})


def test_a_disk_that_cannot_be_opened_is_told_with_why(tmp_path: Path) -> None:
    disk = Disk(name="sda", id=DiskId(serial="S1", size=1 << 20), transport="sata")
    with pytest.raises(RefusedError) as refused:
        claim(disk.id, lambda: [disk], devices=tmp_path)
    told = {"disk": "S1 0.0 GB", "error": "No such file or directory", "offset": "0"}
    assert refused.value.problem == Problem("disk-gone", told)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"transport": "usb"}, "disk-external"),
        ({"read_only": True}, "disk-external"),
        ({"in_use": True}, "disk-in-use"),
    ],
)
def test_what_may_not_be_written_is_not_even_opened(tmp_path: Path, change: dict[str, object], code: str) -> None:
    disk = replace(Disk(name="sda", id=DiskId(serial="S1", size=1 << 20), transport="sata"), **change)
    with pytest.raises(RefusedError) as refused:
        claim(disk.id, lambda: [disk], devices=tmp_path)
    assert (refused.value.problem.code, refused.value.problem.values) == (code, {"disk": "S1 0.0 GB"})


def test_no_word_but_the_orders_makes_a_disk_the_pcs_own() -> None:
    disks = [Disk(name=name, id=DiskId(serial=name, size=1), removable=True, said="belongs") for name in ("sda", "sdb")]
    one, other = as_answered(lambda: disks, [disks[0].id], ThisBoot())()
    assert (one, other) == (disks[0], replace(disks[1], said=""))


def test_a_persons_word_holds_for_a_disk_that_has_another_size_since() -> None:
    before, now = DiskId(serial="S1", size=1), DiskId(serial="S1", size=2)
    disks = [
        Disk(name=name, id=id_, removable=True) for name, id_ in (("sda", now), ("sdb", DiskId(serial="S2", size=2)))
    ]
    this_boot = ThisBoot()
    assert [disk.said for disk in as_answered(lambda: disks, [before], this_boot)()] == ["", ""]
    this_boot.grew(before, now)
    assert [disk.said for disk in as_answered(lambda: disks, [before], this_boot)()] == ["belongs", ""]


@pytest.mark.root
def test_without_a_named_place_none_of_them_is_taken(loops: tuple[Disk, Disk]) -> None:
    alike = tuple(replace(disk, id=replace(disk.id, serial="AA1", path="")) for disk in loops)
    with pytest.raises(RefusedError) as refused:
        claim(alike[0].id, lambda: alike)
    assert refused.value.problem.code == "disk-without-name"


@pytest.mark.root
def test_a_disk_in_doubt_is_taken_on_a_persons_word_only(loops: tuple[Disk, Disk]) -> None:
    disks = [replace(disk, removable=True) for disk in loops]
    with pytest.raises(RefusedError) as refused:
        claim(in_place(disks[0]), lambda: disks)
    assert refused.value.problem.code == "disk-external"
    _, device = claim(in_place(disks[0]), as_answered(lambda: disks, [in_place(disks[0])], ThisBoot()))
    device.close()
    with pytest.raises(RefusedError):
        claim(in_place(disks[1]), as_answered(lambda: disks, [in_place(disks[0])], ThisBoot()))


@pytest.mark.root
def test_a_persons_word_does_not_make_a_stick_a_disk_of_the_pc(loops: tuple[Disk, Disk]) -> None:
    stick = replace(loops[0], transport="usb", removable=True)
    with pytest.raises(RefusedError):
        claim(in_place(stick), as_answered(lambda: [stick], [in_place(stick)], ThisBoot()))


@pytest.mark.root
@pytest.mark.parametrize("serial", ["", "AA00000000000489"])
async def test_disks_that_nothing_tells_apart_are_erased_at_once_each_at_its_place_and_believed(
    loops: tuple[Disk, Disk], serial: str
) -> None:
    twins = tuple(replace(disk, id=replace(disk.id, serial=serial)) for disk in loops)
    order = overwriting(*(in_place(disk) for disk in twins))
    result = await run_erase(order, lambda: twins, progress=silent)
    assert [erasure.verdict for erasure in result.erasures] == ["erased", "erased"]
    assert overwritten(result.erasures[0]).pattern != overwritten(result.erasures[1]).pattern, (
        "each its own: one written twice would show"
    )
    record = judge(order, "done", None, result, known=Known(disks=twins))
    assert record.state == "done"
    assert isinstance(record.result, EraseResult)
    assert [erasure.disk for erasure in record.result.erasures] == [one.disk for one in order.disks]


@pytest.mark.root
def test_what_changes_its_name_between_the_two_looks_is_not_taken(loops: tuple[Disk, Disk]) -> None:
    first, second = loops
    looks = iter([[first], [replace(first, name=second.name)]])
    with pytest.raises(RefusedError) as refused:
        claim(in_place(first), lambda: next(looks))
    assert refused.value.problem == Problem("disk-gone", {"disk": label(first)})


@pytest.mark.root
def test_a_device_of_another_size_than_was_ordered_is_not_taken(loops: tuple[Disk, Disk]) -> None:
    larger = replace(loops[0], id=replace(loops[0].id, size=2 * loops[0].id.size))
    with pytest.raises(RefusedError) as refused:
        claim(in_place(larger), lambda: [larger])
    assert refused.value.problem.code == "disk-gone"
