"""SMART of a disk: attributes, the off-line self-tests, their log (ACS-3, “SMART feature set”, “SMART …” commands).

The attribute table's layout is SFF-8035i's, which every tool reads; ACS calls it vendor specific.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from netboot.lab.drives.ata.command import ABORTED, DONE, SECTOR, Command, Reply
from netboot.lab.drives.ata.model import AtaModel

_KEY: Final = 0xC24F00
_EXCEEDED: Final = 0x2CF400
"""LBA bits 23 to 8 of every SMART command, and what RETURN STATUS makes of them when a threshold is exceeded."""
_LOG_ENTRIES: Final = 21


class Sub(IntEnum):
    """The FEATURE field of SMART."""

    READ_DATA = 0xD0
    READ_THRESHOLDS = 0xD1
    AUTOSAVE = 0xD2
    SELF_TEST = 0xD4
    READ_LOG = 0xD5
    ENABLE = 0xD8
    DISABLE = 0xD9
    RETURN_STATUS = 0xDA


class SelfTest(IntEnum):
    """What EXECUTE OFF-LINE IMMEDIATE starts, in LBA bits 7 to 0."""

    OFFLINE = 0
    SHORT = 1
    EXTENDED = 2
    ABORT = 127


class Result(IntEnum):
    """What became of a self-test, in bits 7 to 4 of its status."""

    COMPLETED = 0
    ABORTED = 1
    INTERRUPTED = 2
    READ_FAILURE = 7
    RUNNING = 15


class TestEntry(msgspec.Struct, frozen=True):
    """A line of the self-test log; `failing` is the first sector that could not be read, -1: none."""

    kind: int
    result: int
    remaining: int
    hours: int
    failing: int = -1


class SmartKept(msgspec.Struct, frozen=True):
    """What outlasts a power cut."""

    enabled: bool = True
    power_cycles: int = 0
    hours: int = 1234
    tests: tuple[TestEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """What the attributes tell of the medium, in sectors."""

    remapped: int
    pending: int
    uncorrectable: int
    failing: int | None
    """The first sector that cannot be read; a self-test finds it."""


@dataclass(frozen=True, slots=True)
class _Running:
    kind: SelfTest
    since: float


class Smart:
    """One disk's SMART; `kept` is the part that lasts."""

    def __init__(self, model: AtaModel, kept: SmartKept) -> None:
        self.kept = kept
        self._model = model
        self._running: _Running | None = None

    def power_on(self) -> None:
        """A power cycle more."""
        self.kept = replace(self.kept, power_cycles=self.kept.power_cycles + 1)

    def power_off(self, now: float) -> None:
        """A self-test that runs is interrupted."""
        self._stop(Result.INTERRUPTED, now)

    def advance(self, now: float, health: Health) -> None:
        """Let a self-test that is over by now be over."""
        if self._running and self._done(now) >= 1:
            failing = -1 if health.failing is None else health.failing
            result = Result.COMPLETED if health.failing is None else Result.READ_FAILURE
            self._note(TestEntry(self._running.kind, result, 0, self.kept.hours, failing))
            self._running = None

    def due(self, now: float) -> float | None:
        """In how many seconds the self-test that runs is over."""
        return (1 - self._done(now)) * self._seconds(self._running.kind) if self._running else None

    def execute(self, command: Command, now: float, health: Health) -> Reply | None:
        """Carry out a SMART command; None: READ LOG, whose logs stand elsewhere."""
        if command.lba & 0xFFFF00 != _KEY:
            return ABORTED
        if command.feature == Sub.ENABLE:
            self.kept = replace(self.kept, enabled=True)
            return DONE
        if not self.kept.enabled:
            return ABORTED
        match command.feature:
            case Sub.READ_DATA:
                return Reply(data=self._data(now, health))
            case Sub.READ_THRESHOLDS:
                return Reply(data=self._thresholds(health))
            case Sub.AUTOSAVE:
                return DONE
            case Sub.DISABLE:
                self.kept = replace(self.kept, enabled=False)
                return DONE
            case Sub.RETURN_STATUS:
                exceeded = any(value <= threshold for _, _, value, threshold, _ in self._attributes(health))
                return Reply(lba=_EXCEEDED if exceeded else _KEY)
            case Sub.SELF_TEST:
                return self._test(command.lba & 0xFF, now)
            case Sub.READ_LOG:
                return None
        return ABORTED

    def self_test_log(self) -> bytes:
        """Log 06h: a ring of 21 entries of 24 bytes."""
        log = bytearray(SECTOR)
        struct.pack_into("<H", log, 0, 1)
        tests = self.kept.tests
        for place, test in enumerate(tests):
            # Hours wrap at 65,536; no failing sector is told as all ones.
            entry = (
                test.kind,
                test.result << 4 | test.remaining // 10,
                test.hours & 0xFFFF,
                0,
                test.failing & 0xFFFFFFFF,
            )
            struct.pack_into("<BBHBI", log, 2 + 24 * place, *entry)
        log[508] = len(tests)
        return _checksummed(log)

    def extended_self_test_log(self) -> bytes:
        """Log 07h: the same for sectors of 48 bits, 19 entries of 26 bytes."""
        log = bytearray(SECTOR)
        log[0] = 1
        tests = self.kept.tests[-19:]
        for place, test in enumerate(tests):
            entry = (test.kind, test.result << 4 | test.remaining // 10, test.hours & 0xFFFF, 0)
            struct.pack_into("<BBHB", log, 4 + 26 * place, *entry)
            log[9 + 26 * place : 15 + 26 * place] = (test.failing & 0xFFFFFFFFFFFF).to_bytes(6, "little")
        struct.pack_into("<H", log, 2, len(tests))
        return _checksummed(log)

    def _test(self, kind: int, now: float) -> Reply:
        if kind == SelfTest.ABORT:
            self._stop(Result.ABORTED, now)
        elif kind in (SelfTest.SHORT, SelfTest.EXTENDED):
            self._stop(Result.ABORTED, now)
            self._running = _Running(SelfTest(kind), now)
        elif kind != SelfTest.OFFLINE:
            return ABORTED
        return DONE

    def _stop(self, how: Result, now: float) -> None:
        if self._running:
            left = int((1 - self._done(now)) * 10) * 10
            self._note(TestEntry(self._running.kind, how, left, self.kept.hours))
            self._running = None

    def _note(self, entry: TestEntry) -> None:
        self.kept = replace(self.kept, tests=(*self.kept.tests, entry)[-_LOG_ENTRIES:])

    def _seconds(self, kind: SelfTest) -> float:
        return self._model.self_test_seconds * (1 if kind is SelfTest.SHORT else 4)

    def _done(self, now: float) -> float:
        if not self._running:
            return 0
        seconds = self._seconds(self._running.kind)
        return min((now - self._running.since) / seconds, 1) if seconds else 1

    def _status(self, now: float) -> int:
        """The self-test execution status byte: what, and how many tenths of it are left."""
        if self._running:
            return Result.RUNNING << 4 | int((1 - self._done(now)) * 10) % 10
        return self.kept.tests[-1].result << 4 if self.kept.tests else 0

    def _attributes(self, health: Health) -> list[tuple[int, int, int, int, int]]:
        """Number, flags, value, threshold and raw value of each."""
        worn = max(1, 100 - health.remapped)
        return [
            (5, 0x0033, worn, 10, health.remapped),
            (9, 0x0032, 99, 0, self.kept.hours),
            (12, 0x0032, 99, 0, self.kept.power_cycles),
            (187, 0x0032, 100, 0, health.uncorrectable),
            (194, 0x0022, 65, 0, 35),
            (197, 0x0032, 100, 0, health.pending),
            (198, 0x0030, 100, 0, health.uncorrectable),
            (199, 0x003E, 100, 0, 0),
        ]

    def _data(self, now: float, health: Health) -> bytes:
        data = bytearray(SECTOR)
        struct.pack_into("<H", data, 0, 16)
        for place, (number, flags, value, _, raw) in enumerate(self._attributes(health)):
            struct.pack_into("<BHBB6s", data, 2 + 12 * place, number, flags, value, value, raw.to_bytes(6, "little"))
        data[363] = self._status(now)
        data[367] = 0x11  # off-line immediate and self-tests; none that is selective, none for conveyance
        struct.pack_into("<H", data, 368, 0x0003)
        data[370] = 0x01
        short, extended = (max(1, -int(-self._seconds(kind) // 60)) for kind in (SelfTest.SHORT, SelfTest.EXTENDED))
        data[372] = min(short, 0xFF)
        data[373] = min(extended, 0xFE)
        return _checksummed(data)

    def _thresholds(self, health: Health) -> bytes:
        data = bytearray(SECTOR)
        struct.pack_into("<H", data, 0, 16)
        for place, (number, _, _, threshold, _) in enumerate(self._attributes(health)):
            struct.pack_into("<BB", data, 2 + 12 * place, number, threshold)
        return _checksummed(data)


def _checksummed(data: bytearray) -> bytes:
    """A SMART sector: all its bytes add up to 0."""
    data[SECTOR - 1] = -sum(data[: SECTOR - 1]) & 0xFF
    return bytes(data)
