"""Marks on a file that is opened as a disk is: what is counted before an erase, and what after it."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.erase.firmware.contents import Contents, Viewer
from netboot.agent.erase.firmware.markers import Marks
from netboot.agent.erase.firmware.marking import Marking
from netboot.shared.mark_places import PAGE

SEED = bytes(range(32))
SIZE = 4 << 20
TEXT = b"the donor's last letter to the bank "
STALL = 20.0


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes((TEXT * (SIZE // len(TEXT) + 1))[:SIZE])
    return path


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
    before = image.read_bytes()
    with watched(image) as disk:
        marking = Marking(disk, SEED, STALL)
        assert marking.sought() == {}
        await marking.put(nobody)
        contents = Contents(marking.sought())
    viewer = Viewer(contents, PAGE)
    viewer.look(memoryview(marks.mark(marks.places[-1])))
    assert contents.elsewhere == 8
    viewer.look(memoryview(before[marks.beside[0] : marks.beside[0] + PAGE]))
    assert contents.elsewhere == 16
    viewer.look(memoryview(bytes(range(256)) * 15 + os.urandom(256)))
    assert contents.elsewhere == 16
