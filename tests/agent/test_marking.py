"""Marks on a file that is opened as a disk is: what is counted before an erase, and what after it."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.disks import disk_threads
from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.disks.disk_threads import StallError
from netboot.agent.erase.firmware.contents import Contents, Viewer
from netboot.agent.erase.firmware.markers import Marks
from netboot.agent.erase.firmware.marking import Marking
from netboot.shared.erase_begun import MISSING, Begun
from netboot.shared.inventory import DiskId
from netboot.shared.mark_places import PAGE
from tests.agent.played_drive import full

SEED = bytes(range(32))
SIZE = 4 << 20
TEXT = b"the donor's last letter to the bank "
STALL = 20.0


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return full(tmp_path / "disk.img", TEXT, SIZE)


def nobody(_share: float, _stuck: float) -> None:
    """Nobody looks."""


class Watched(DirectDisk):
    """A disk of which each call is told: what it is, where, and by which thread. It refuses to read at `bad` places."""

    calls: list[tuple[str, int, int]]
    bad: frozenset[int] = frozenset()
    then: Callable[[str, int], None] = staticmethod(lambda _what, _place: None)

    def _told(self, what: str, place: int) -> None:
        self.calls.append((what, place, threading.get_ident()))
        self.then(what, place)

    def read(self, buffer: memoryview, offset: int) -> None:
        super().read(buffer, self.size if offset in self.bad else offset)
        self._told("read", offset)

    def write(self, buffer: memoryview, offset: int) -> None:
        super().write(buffer, offset)
        self._told("write", offset)

    def sync(self) -> None:
        super().sync()
        self._told("sync", 0)


def watched(image: Path) -> Watched:
    disk = Watched.for_writing(image)
    disk.calls = []
    return disk


async def test_the_disk_is_read_marked_flushed_and_read_again_by_one_thread_a_pass(image: Path) -> None:
    marks, shares = Marks(SEED, SIZE), list[float]()
    with watched(image) as disk:
        marking = Marking(disk, SEED, STALL)
        assert (marking.to_mark, marking.marked, marking.compared) == (len(marks.places), 0, 0)
        await marking.put(lambda share, _: shares.append(share))
        assert (marking.marked, marking.compared) == (len(marks.places), len(marks.beside))
        calls = [(what, place) for what, place, _ in disk.calls]
        expected = [("read", place) for place in marks.beside]
        expected += [("write", place) for place in marks.places]
        expected += [("sync", 0)]
        expected += [("read", place) for place in marks.places]
        assert calls == expected
        begin = len(marks.beside)
        for passed in (
            disk.calls[:begin],
            disk.calls[begin : begin + len(marks.places)],
            disk.calls[-len(marks.places) :],
        ):
            assert len({thread for _, _, thread in passed}) == 1
    content = image.read_bytes()
    assert all(content[place : place + PAGE] == marks.mark(place) for place in marks.places)
    assert {0.25, 0.5, 0.75, 1.0} <= set(shares)
    assert shares == sorted(shares)


async def test_what_is_told_on_the_way_is_how_long_the_disk_has_been_stuck(image: Path) -> None:
    stuck: list[float] = []
    with watched(image) as disk:
        await Marking(disk, SEED, STALL).put(lambda _, seconds: stuck.append(seconds))
    assert set(stuck) == {0.0}


async def test_a_disk_that_hangs_is_given_up_and_left_open(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_threads, "LAST_WORDS", 0.3)
    wait = threading.Event()
    disk = watched(image)

    def hang(_what: str, _place: int) -> None:
        wait.wait(60)

    disk.then = hang
    with pytest.raises(StallError):
        await Marking(disk, SEED, 0.3).put(nobody)
    assert disk._fd == -1, "its number must not be used again while a thread is in it"
    wait.set()


async def test_another_boot_finds_the_marks_by_what_was_told_of_them(image: Path) -> None:
    marks = Marks(SEED, SIZE)
    begun = Begun(disk=DiskId(serial="S1", size=SIZE), method="nvme-sanitize-block")
    with watched(image) as disk:
        disk.bad = frozenset(marks.places[2:5])
        before = Marking(disk, SEED, STALL)
        await before.put(nobody)
        told = before.told_in(begun)
        assert told == replace(begun, key=SEED.hex(), missing=(2, 3, 4))
        after = Marking.of(told, disk, STALL)
        assert (after.marked, after.compared) == (len(marks.places) - 3, 0)
        disk.calls.clear()
        await after.look_again(nobody)
        assert (after.left, after.unread, after.unchanged) == (len(marks.places) - 3, 0, 0)
        assert [place for _, place, _ in disk.calls] == [*marks.places[:2], *marks.places[5:]]
        disk.then = lambda _what, _place: time.sleep(0.6)
        with pytest.raises(StallError):
            await Marking.of(told, disk, 0.1).look_again(nobody)


@pytest.mark.parametrize(("missing", "is_told"), [(MISSING, True), (MISSING + 1, False)])
async def test_marks_of_which_too_many_are_missing_are_not_told(image: Path, missing: int, is_told: bool) -> None:
    marks = Marks(SEED, SIZE)
    begun = Begun(disk=DiskId(serial="S1", size=SIZE), method="nvme-sanitize-block")
    image.write_bytes(bytes(SIZE))
    with watched(image) as disk:
        marking = Marking(disk, SEED, STALL)
        marking._put = list(marks.places[missing:])
        told = marking.told_in(begun)
    assert told == (replace(begun, key=SEED.hex(), missing=tuple(range(missing))) if is_told else begun)


async def test_what_is_there_still_is_counted_place_by_place(image: Path) -> None:
    marks, shares = Marks(SEED, SIZE), list[float]()
    with watched(image) as disk:
        marking = Marking(disk, SEED, STALL)
        await marking.put(nobody)
        with image.open("r+b") as file:
            for place in (*marks.places[5:], *marks.beside[7:]):
                file.seek(place)
                file.write(bytes(PAGE))
            file.flush()
            os.fsync(file.fileno())
        disk.calls.clear()
        await marking.look_again(lambda share, _: shares.append(share))
        assert (marking.left, marking.unchanged, marking.unread) == (5, 7, 0)
        assert [place for _, place, _ in disk.calls] == [*marks.places, *marks.beside]
    assert {0.25, 0.5} <= set(shares)
    assert max(shares) == 0.5


async def test_places_that_cannot_be_read_any_more_are_counted_as_such(image: Path) -> None:
    marks = Marks(SEED, SIZE)
    with watched(image) as disk:
        marking = Marking(disk, SEED, STALL)
        await marking.put(nobody)
        disk.bad = frozenset((*marks.places[2:4], *marks.beside[5:10]))
        await marking.look_again(nobody)
        assert marking.unread == 7
        assert (marking.left, marking.unchanged) == (len(marks.places) - 2, len(marks.beside) - 5)


async def test_places_that_refuse_before_are_no_marks_and_are_not_compared(image: Path) -> None:
    marks = Marks(SEED, SIZE)
    with watched(image) as disk:
        disk.bad = frozenset((*marks.places[2:4], *marks.beside[5:10]))
        marking = Marking(disk, SEED, STALL)
        await marking.put(nobody)
        assert (marking.marked, marking.compared) == (len(marks.places) - 2, len(marks.beside) - 5)


async def test_a_place_that_does_not_give_its_mark_back_is_none(image: Path) -> None:
    marks = Marks(SEED, SIZE)
    lost = marks.places[3]
    with watched(image) as disk:

        def forget(what: str, _place: int) -> None:
            if what == "sync":
                with image.open("r+b") as file:
                    file.seek(lost)
                    file.write(bytes(PAGE))
                    os.fsync(file.fileno())

        disk.then = forget
        marking = Marking(disk, SEED, STALL)
        await marking.put(nobody)
        assert marking.marked == len(marks.places) - 1
        disk.calls.clear()
        await marking.look_again(nobody)
        assert marking.left == len(marks.places) - 1
        assert ("read", lost) not in {(what, place) for what, place, _ in disk.calls}


async def test_what_tells_nothing_is_not_compared(image: Path) -> None:
    marks = Marks(SEED, SIZE)
    image.write_bytes(bytes(SIZE // 2) + image.read_bytes()[SIZE // 2 :])
    with watched(image) as disk:
        marking = Marking(disk, SEED, STALL)
        await marking.put(nobody)
        assert marking.compared == len([place for place in marks.beside if place >= SIZE // 2])


async def test_a_disk_that_is_gone_ends_it(image: Path) -> None:
    with watched(image) as disk:

        def gone(what: str, _place: int) -> None:
            if what == "write":
                raise DiskError(0, "No such device", 19, kind="gone")

        disk.then = gone
        with pytest.raises(DiskError):
            await Marking(disk, SEED, STALL).put(nobody)
        assert [what for what, _, _ in disk.calls].count("write") == 1


async def test_a_disk_without_room_for_a_mark_has_none(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(512))
    with watched(image) as disk:
        marking = Marking(disk, SEED, STALL)
        await marking.put(nobody)
        await marking.look_again(nobody)
        assert (marking.to_mark, marking.marked, marking.compared, marking.unread) == (0, 0, 0, 0)


async def test_the_sectors_that_may_be_nowhere_are_those_of_marks_and_of_what_is_remembered(image: Path) -> None:
    marks = Marks(SEED, SIZE)
    before = os.urandom(SIZE)
    image.write_bytes(before)
    with watched(image) as disk:
        marking = Marking(disk, SEED, STALL)
        assert marking.sought() == {}
        await marking.put(nobody)
        assert sum(len(one) for one in marking.sought().values()) == 8 * (marking.marked + marking.compared)
        contents = Contents(marking.sought())
    viewer = Viewer(contents, PAGE)
    viewer.look(memoryview(marks.mark(marks.places[-1])))
    assert contents.elsewhere == 8
    viewer.look(memoryview(before[marks.beside[0] : marks.beside[0] + PAGE]))
    assert contents.elsewhere == 16
    viewer.look(memoryview(bytes(range(256)) * 15 + os.urandom(256)))
    assert contents.elsewhere == 16
