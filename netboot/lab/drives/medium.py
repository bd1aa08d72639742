"""The data of a lab drive: an image file by logical sectors, with what may be wrong with it.

A sector may be bad, writes of zeros may be elided, a volatile cache may be lost (behaviour.py). The image holds what a
laboratory would find on the medium: what was deallocated, or zeros that a drive elided, reads as zeros and is still in
it. Not for: time; a drive asks Behaviour.command_takes itself.
"""

import os
import random
from pathlib import Path

from netboot.lab.drives.behaviour import Bad, Behaviour

_STEP = 1 << 20
_CACHE = 64 << 20


class MediumError(Exception):
    """A sector could not be read or written; `lba` is the first of them."""

    def __init__(self, lba: int, *, reading: bool) -> None:
        super().__init__(f"sector {lba}")
        self.lba = lba
        self.reading = reading


class Medium:
    """An open image; all numbers of sectors are the drive's own, of `sector` bytes."""

    def __init__(self, image: Path, sector: int, behaviour: Behaviour) -> None:
        """Opens an image that is there already, a whole number of sectors. Raises OSError, ValueError."""
        self._file = os.open(image, os.O_RDWR | os.O_CLOEXEC)
        self.sector = sector
        self.size = os.fstat(self._file).st_size
        if not self.size or self.size % sector:
            raise ValueError(f"{image} has {self.size} bytes, no whole number of sectors")
        self.sectors = self.size // sector
        self._behaviour = behaviour
        self._healed: set[int] = set()
        self._image = image
        self._zeros = _Zeros(image, self.sectors) if behaviour.elides_zeros or zeros_path(image).exists() else None
        self._before: list[tuple[int, bytes]] = []
        self._cached = 0

    def close(self) -> None:
        """Close the image; nothing may be asked afterwards."""
        os.close(self._file)
        if self._zeros:
            self._zeros.close()

    def read(self, lba: int, count: int) -> bytes:
        """`count` sectors from `lba` on. Raises MediumError; the caller has checked that they exist."""
        self._check(lba, count, reading=True)
        data = os.pread(self._file, count * self.sector, lba * self.sector)
        return self._zeros.hide(lba, data, self.sector) if self._zeros else data

    def write(self, lba: int, data: bytes) -> None:
        """Write whole sectors from `lba` on; none of them when one is bad. Raises MediumError."""
        self._check(lba, len(data) // self.sector, reading=False)
        elided = self.elides(data)
        if self._zeros:
            self._zeros.note(lba, len(data) // self.sector, elided)
        if not elided:
            self._store(lba * self.sector, data)

    def write_zeroes(self, lba: int, count: int) -> None:
        """Write zeros to `count` sectors. Raises MediumError."""
        self._check(lba, count, reading=False)
        if self._zeros:
            self._zeros.note(lba, count, self._behaviour.elides_zeros)
        if self._behaviour.elides_zeros:
            return
        for start in range(lba * self.sector, (lba + count) * self.sector, _STEP):
            self._store(start, bytes(min(_STEP, (lba + count) * self.sector - start)))

    def deallocate(self, lba: int, count: int) -> None:
        """Forget `count` sectors, as TRIM asks for: they read as zeros, and the data is where it was."""
        if self._zeros is None:
            self._zeros = _Zeros(self._image, self.sectors)
        self._zeros.note(lba, count, True)

    def elides(self, data: bytes) -> bool:
        """Whether a write of this costs nothing, since it would not be stored."""
        return self._behaviour.elides_zeros and not data.strip(b"\0")

    def flush(self) -> None:
        """What was written stays written, whatever comes."""
        self._before.clear()
        self._cached = 0

    def power_off(self) -> None:
        """Lose what was in the cache: what was there before comes back."""
        for start, data in reversed(self._before):
            os.pwrite(self._file, data, start)
        self.flush()

    def fill(self, start: int, end: int, pattern: bytes) -> None:
        """Erase the bytes from `start` to `end`, bad sectors too, and leave `pattern`. Pending ones are remapped."""
        self.flush()
        block = pattern * (_STEP // len(pattern) + 2)
        for at in range(start, end, _STEP):
            skip = at % len(pattern)
            os.pwrite(self._file, block[skip : skip + min(_STEP, end - at)], at)
        self._erased(start, end)
        touched = self._touched(-(-start // self.sector), end // self.sector)
        self._healed.update(sector for sector, kind in touched if kind is Bad.PENDING)

    def scramble(self, start: int, end: int) -> None:
        """Erase the bytes from `start` to `end` as a new key would: noise that was never there."""
        self.flush()
        key = random.Random(os.urandom(32))  # noqa: S311 - noise to look at, no secret
        for at in range(start, end, _STEP):
            os.pwrite(self._file, key.randbytes(min(_STEP, end - at)), at)
        self._erased(start, end)

    def _erased(self, start: int, end: int) -> None:
        if self._zeros:
            self._zeros.note(start // self.sector, -(-end // self.sector) - start // self.sector, False)

    def _store(self, start: int, data: bytes) -> None:
        if self._behaviour.write_cache:
            self._before.append((start, os.pread(self._file, len(data), start)))
            self._cached += len(data)
            while self._cached > _CACHE:
                self._cached -= len(self._before.pop(0)[1])
        os.pwrite(self._file, data, start)

    def _check(self, lba: int, count: int, *, reading: bool) -> None:
        fatal = (Bad.UNREADABLE, Bad.PENDING, Bad.DEAD) if reading else (Bad.UNWRITABLE, Bad.DEAD)
        touched = self._touched(lba, lba + count)
        failing = [sector for sector, kind in touched if kind in fatal and sector not in self._healed]
        if failing:
            raise MediumError(min(failing), reading=reading)
        if not reading:
            self._healed.update(sector for sector, kind in touched if kind is Bad.PENDING)

    def _touched(self, first: int, end: int) -> list[tuple[int, Bad]]:
        """The bad sectors from `first` to before `end`."""
        return [
            (sector, bad.kind)
            for bad in self._behaviour.bad
            for sector in range(max(first, bad.first), min(end, bad.first + bad.count))
        ]

    @property
    def remapped(self) -> int:
        """How many pending sectors were written since, and remapped."""
        return len(self._healed)

    @property
    def pending(self) -> int:
        """How many sectors wait to be remapped, or never will be."""
        return sum(bad.count for bad in self._behaviour.bad if bad.kind is not Bad.UNWRITABLE) - self.remapped


def zeros_path(image: Path) -> Path:
    """Where it stands which sectors of this image read as zeros although they are none."""
    return image.with_name(image.name + ".zeros")


class _Zeros:
    """Which sectors the drive only says to be zeros: a byte each, across power cuts."""

    def __init__(self, image: Path, sectors: int) -> None:
        self._file = os.open(zeros_path(image), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._bits = bytearray(os.pread(self._file, sectors, 0).ljust(sectors, b"\0"))

    def note(self, lba: int, count: int, zero: bool) -> None:
        self._bits[lba : lba + count] = bytes([zero]) * count
        os.pwrite(self._file, self._bits[lba : lba + count], lba)

    def hide(self, lba: int, data: bytes, sector: int) -> bytes:
        flags = self._bits[lba : lba + len(data) // sector]
        if not any(flags):
            return data
        return b"".join(
            bytes(sector) if zero else data[at * sector : (at + 1) * sector] for at, zero in enumerate(flags)
        )

    def close(self) -> None:
        os.close(self._file)
