"""Writes the marks onto a disk, reads them back, and looks for them again after its erase (`markers.py` says which).

Every place is written and read past the page cache by one thread, watched as a sweep is. A place that refuses is no
mark; one that refuses afterwards is unread, for nobody knows what is there. Where the disk does not say that the marks
are on its medium, none counts: those in its cache alone may go without any erase.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Final, Self

from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk, DiskError, aligned_buffer
from netboot.agent.disks.sweep import Sweep
from netboot.agent.erase.firmware.contents import Sought, sought
from netboot.agent.erase.firmware.markers import SECTOR, Known, Marks, digest, is_left, is_unchanged, remembered
from netboot.shared.erase_begun import MISSING, Begun
from netboot.shared.mark_places import PAGE

Show = Callable[[float, float], None]
"""Told the share that is done, and for how many seconds the disk has been stuck."""
_PASSES: Final = 4


class Marking:
    """The marks of one job on one disk, before and after. All numbers are places."""

    def __init__(self, device: DirectDisk, seed: bytes, stall: float) -> None:
        self._device, self._stall = device, stall
        self._seed, self._marks = seed, Marks(seed, device.size)
        self._put: list[int] = []
        self._before: dict[int, Known] = {}
        self._flushed = False
        self.left = self.unread = self.unchanged = 0

    @classmethod
    def of(cls, begun: Begun, device: DirectDisk, stall: float) -> Self:
        """The marks that an earlier boot wrote."""
        marking = cls(device, bytes.fromhex(begun.key), stall)
        missing = frozenset(begun.missing)
        marking._put = [place for number, place in enumerate(marking._marks.places) if number not in missing]
        return marking

    def told_in(self, begun: Begun) -> Begun:
        """The same with these marks, for another boot; without them where too few were taken."""
        took = frozenset(self._put)
        missing = tuple(number for number, place in enumerate(self._marks.places) if place not in took)
        return replace(begun, key=self._seed.hex(), missing=missing) if len(missing) <= MISSING else begun

    @property
    def to_mark(self) -> int:
        """Marks that the disk was to take."""
        return len(self._marks.places)

    @property
    def marked(self) -> int:
        """Marks that the disk took and gave back."""
        return len(self._put)

    @property
    def compared(self) -> int:
        """Places whose content is remembered."""
        return len(self._before)

    def sought(self) -> Sought:
        """The sectors of the marks and of what is remembered: they may be read nowhere any more."""
        marks = (self._marks.mark(place) for place in self._put)
        ours = (digest(mark[at : at + SECTOR]) for mark in marks for at in range(0, PAGE, SECTOR))
        theirs = (one for known in self._before.values() for one in known if one is not None)
        return sought(chain(ours, theirs))

    async def put(self, show: Show) -> None:
        """Remember, mark, and read the marks back. Raises StallError, and DiskError for a disk that is gone."""
        await self._each(self._marks.beside, self._remember, show, 0)
        await self._each(self._marks.places, self._write, show, 1)
        await self._each(self._marks.places[:1], self._flush, show, 2)
        if self._flushed:
            await self._each(self._marks.places, self._check, show, 3)

    async def look_again(self, show: Show) -> None:
        """See which marks and which of the remembered content are there still. Raises as `put` does."""
        await self._each(tuple(self._put), self._find, show, 0)
        await self._each(tuple(self._before), self._compare, show, 1)

    def _remember(self, place: int, page: memoryview) -> None:
        self._device.read(page, place)
        known = remembered(page)
        if known is not None:
            self._before[place] = known

    def _write(self, place: int, page: memoryview) -> None:
        page[:] = self._marks.mark(place)
        self._device.write(page, place)

    def _flush(self, _place: int, _page: memoryview) -> None:
        self._device.sync()
        self._flushed = True

    def _check(self, place: int, page: memoryview) -> None:
        self._device.read(page, place)
        if page == self._marks.mark(place):
            self._put.append(place)

    def _find(self, place: int, page: memoryview) -> None:
        self.unread += 1
        self._device.read(page, place)
        self.unread -= 1
        self.left += is_left(page, self._marks.mark(place))

    def _compare(self, place: int, page: memoryview) -> None:
        self.unread += 1
        self._device.read(page, place)
        self.unread -= 1
        self.unchanged += is_unchanged(page, self._before[place])

    async def _each(self, places: Sequence[int], act: Callable[[int, memoryview], None], show: Show, done: int) -> None:
        @contextmanager
        def worker() -> Iterator[Callable[[int], int]]:
            with aligned_buffer(PAGE) as page:

                def work(number: int) -> int:
                    try:
                        act(places[number], page)
                    except DiskError as fault:
                        if fault.kind != "refused":
                            raise
                    return 1

                yield work

        sweep = Sweep(self._device, iter(range(len(places))), worker, threads=1)
        count = max(1, len(places))
        await sweep.run(stall=self._stall, look=lambda at, stuck: show((done + at / count) / _PASSES, stuck))
