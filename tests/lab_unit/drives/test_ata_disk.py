"""A lab disk's other commands, by their clauses in ACS-3: IDENTIFY DEVICE, reads and writes, SMART, logs, power."""

import struct
from pathlib import Path

import msgspec
import pytest

from netboot.lab.drives.ata.command import DONE, SECTOR, Command, Error, Op, Reply, failure
from netboot.lab.drives.ata.disk import AtaState
from netboot.lab.drives.ata.logs import Log, Page
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.ata.smart import Result, SelfTest, Sub
from netboot.lab.drives.behaviour import Bad, BadSectors, Behaviour
from tests.lab_unit.drives.ata_place import SECTORS, SERIAL, AtaPlace, aborted

SMART_KEY = 0xC24F00


@pytest.fixture
def place(tmp_path: Path) -> AtaPlace:
    return AtaPlace(tmp_path)


def text(words: tuple[int, ...], first: int, end: int) -> str:
    return struct.pack(f">{end - first}H", *words[first:end]).decode().strip()


def smart(place: AtaPlace, feature: Sub, *, low: int = 0, count: int = 1) -> Reply:
    return place.do(Op.SMART, feature=feature, count=count, lba=SMART_KEY | low)


def attributes(place: AtaPlace) -> dict[int, int]:
    """Raw values by number."""
    data = smart(place, Sub.READ_DATA).data
    assert sum(data) % 256 == 0
    entries = [data[at : at + 12] for at in range(2, 362, 12)]
    return {entry[0]: int.from_bytes(entry[5:11], "little") for entry in entries if entry[0]}


def test_identify_says_who_the_disk_is(tmp_path: Path) -> None:
    model = AtaModel(serial=SERIAL, name="NETBOOT LAB HDD", rotation=5400, wwn=0x5000C50012345678, physical_exponent=3)
    words = AtaPlace(tmp_path, model=model).identify()
    assert (text(words, 10, 20), text(words, 23, 27), text(words, 27, 47)) == (SERIAL, "LAB1.0", "NETBOOT LAB HDD")
    assert words[217] == 5400
    assert words[108:112] == (0x5000, 0xC500, 0x1234, 0x5678)
    assert words[106] == 0x6003
    assert words[84] & words[87] & 0x0100


def test_an_ssd_says_that_nothing_turns_and_a_disk_without_a_wwn_that_it_has_none(place: AtaPlace) -> None:
    words = place.identify()
    assert words[217] == 1
    assert words[87] & 0x0100 == 0
    assert words[106] == 0x4000
    assert words[169] == 1


@pytest.mark.parametrize(("read", "write"), [
    (Op.READ_DMA, Op.WRITE_DMA), (Op.READ_DMA_EXT, Op.WRITE_DMA_EXT), (Op.READ_SECTORS, Op.WRITE_SECTORS),
    (Op.READ_SECTORS_EXT, Op.WRITE_SECTORS_EXT), (Op.READ_MULTIPLE, Op.WRITE_MULTIPLE),
    (Op.READ_MULTIPLE_EXT, Op.WRITE_MULTIPLE_EXT), (Op.READ_DMA_EXT, Op.WRITE_DMA_FUA_EXT),
])  # fmt: skip
def test_what_is_written_is_read(place: AtaPlace, read: Op, write: Op) -> None:
    data = bytes(range(256)) * 4
    assert place.do(write, lba=7, count=2, data=data) == DONE
    assert place.do(read, lba=7, count=2).data == data
    assert place.sector(7) == data[:SECTOR]


def test_a_count_of_zero_is_the_greatest(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path)
    assert len(place.do(Op.READ_DMA).data) == 256 * SECTOR
    assert place.do(Op.READ_DMA_EXT) == failure(Error.ID_NOT_FOUND)


def test_past_the_end_there_is_no_such_sector(place: AtaPlace) -> None:
    assert place.do(Op.READ_DMA_EXT, lba=SECTORS - 1, count=2) == failure(Error.ID_NOT_FOUND, lba=SECTORS - 1)
    assert place.do(Op.READ_VERIFY_EXT, lba=SECTORS - 1, count=1) == DONE
    assert place.do(Op.WRITE_DMA, lba=SECTORS, count=1, data=bytes(SECTOR)).error == Error.ID_NOT_FOUND


def test_bad_sectors_are_named_by_reads_and_by_writes(tmp_path: Path) -> None:
    bad = (BadSectors(first=20, kind=Bad.UNREADABLE), BadSectors(first=30, kind=Bad.UNWRITABLE))
    place = AtaPlace(tmp_path, Behaviour(bad=bad))
    assert place.do(Op.READ_DMA_EXT, lba=16, count=8) == failure(Error.UNCORRECTABLE, lba=20)
    assert place.do(Op.READ_VERIFY_EXT, lba=16, count=8) == failure(Error.UNCORRECTABLE, lba=20)
    assert place.do(Op.WRITE_DMA_EXT, lba=29, count=2, data=bytes(2 * SECTOR)) == failure(Error.ID_NOT_FOUND, lba=30)
    assert attributes(place)[197] == 1


def test_a_pending_sector_is_remapped_by_a_write_and_counted(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, Behaviour(bad=(BadSectors(first=20, kind=Bad.PENDING),)))
    assert (attributes(place)[5], attributes(place)[197]) == (0, 1)
    assert place.do(Op.WRITE_DMA_EXT, lba=20, count=1, data=bytes(SECTOR)) == DONE
    assert (attributes(place)[5], attributes(place)[197]) == (1, 0)


def test_a_slow_disk_is_busy_while_it_reads(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, Behaviour(command_seconds=0.5, bytes_per_second=SECTOR))
    assert place.give(Command(Op.READ_DMA_EXT, count=2)) is None
    assert place.disk.busy
    assert place.wait(2.4) is None
    reply = place.wait(0.2)
    assert reply is not None
    assert len(reply.data) == 2 * SECTOR
    assert not place.disk.busy


def test_trim_forgets_its_ranges_or_nothing(place: AtaPlace) -> None:
    ranges = struct.pack("<QQ", 3 << 48 | 10, 1 << 48 | 20).ljust(SECTOR, b"\0")
    assert place.do(Op.DATA_SET_MANAGEMENT, feature=1, count=1, data=ranges) == DONE
    assert [place.do(Op.READ_DMA, lba=lba, count=1).data == bytes(SECTOR) for lba in (9, 10, 12, 13, 19, 20, 21)] == [
        False, True, True, False, False, True, False,
    ]  # fmt: skip
    beyond = struct.pack("<QQ", 1 << 48 | 30, 9 << 48 | SECTORS - 1).ljust(SECTOR, b"\0")
    assert place.do(Op.DATA_SET_MANAGEMENT, feature=1, count=1, data=beyond).error == Error.ID_NOT_FOUND
    assert place.do(Op.READ_DMA, lba=30, count=1).data != bytes(SECTOR)


def test_trim_erases_nothing(place: AtaPlace) -> None:
    everything = struct.pack("<Q", SECTORS << 48).ljust(SECTOR, b"\0")
    assert place.do(Op.DATA_SET_MANAGEMENT, feature=1, count=1, data=everything) == DONE
    assert place.do(Op.READ_DMA, count=1).data == bytes(SECTOR)
    assert place.old_data() == 0


def test_a_disk_without_trim_says_so_and_aborts_it(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, model=AtaModel(serial=SERIAL, rotation=7200, trim=False))
    assert place.identify()[169] == 0
    assert aborted(place.do(Op.DATA_SET_MANAGEMENT, feature=1, count=1, data=bytes(SECTOR)))


@pytest.mark.parametrize(("feature", "count", "word", "bit"), [(0x82, 0, 85, 5), (0x55, 0, 85, 6), (0x90, 6, 79, 6)])
def test_set_features_turns_off_what_identify_then_says(
    place: AtaPlace, feature: int, count: int, word: int, bit: int
) -> None:
    assert place.identify()[word] >> bit & 1
    assert place.do(Op.SET_FEATURES, feature=feature, count=count) == DONE
    assert not place.identify()[word] >> bit & 1
    place.power_cycle()
    assert place.identify()[word] >> bit & 1


def test_set_features_knows_transfer_modes_and_aborts_what_it_has_not(place: AtaPlace) -> None:
    assert place.do(Op.SET_FEATURES, feature=0x03, count=0x46) == DONE
    assert aborted(place.do(Op.SET_FEATURES, feature=0x05, count=0x80))


def test_a_cache_that_was_not_flushed_is_lost_with_the_power(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, Behaviour(write_cache=True))
    old = place.sector(3)
    place.do(Op.WRITE_DMA_EXT, lba=2, count=1, data=bytes(SECTOR))
    place.do(Op.FLUSH_CACHE_EXT)
    place.do(Op.WRITE_DMA_EXT, lba=3, count=1, data=bytes(SECTOR))
    place.power_cycle()
    assert (place.sector(2), place.sector(3)) == (bytes(SECTOR), old)


def test_standby_is_told_until_the_next_read(place: AtaPlace) -> None:
    assert place.do(Op.CHECK_POWER_MODE).count == 0xFF
    place.do(Op.STANDBY_IMMEDIATE)
    assert place.do(Op.CHECK_POWER_MODE).count == 0
    place.do(Op.READ_DMA, count=1)
    assert place.do(Op.CHECK_POWER_MODE).count == 0xFF


def test_smart_wants_its_key_and_says_whether_all_is_well(place: AtaPlace) -> None:
    assert aborted(place.do(Op.SMART, feature=Sub.RETURN_STATUS))
    assert smart(place, Sub.RETURN_STATUS).lba == SMART_KEY
    assert smart(place, Sub.DISABLE) == DONE
    assert aborted(smart(place, Sub.READ_DATA))
    assert smart(place, Sub.ENABLE) == DONE
    assert attributes(place)[12] == 1


def test_smart_status_says_that_a_threshold_is_exceeded(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, Behaviour(bad=(BadSectors(first=0, kind=Bad.PENDING, count=95),)))
    assert smart(place, Sub.RETURN_STATUS).lba == SMART_KEY
    place.do(Op.WRITE_DMA_EXT, lba=0, count=95, data=bytes(95 * SECTOR))
    assert smart(place, Sub.RETURN_STATUS).lba == 0x2CF400


@pytest.mark.parametrize(("kind", "seconds"), [(SelfTest.SHORT, 20), (SelfTest.EXTENDED, 80)])
def test_a_self_test_runs_and_stands_in_both_logs(place: AtaPlace, kind: SelfTest, seconds: int) -> None:
    assert smart(place, Sub.SELF_TEST, low=kind) == DONE
    place.wait(seconds * 0.45)
    assert smart(place, Sub.READ_DATA).data[363] == Result.RUNNING << 4 | 5
    place.wait(seconds * 0.55)
    assert smart(place, Sub.READ_DATA).data[363] == Result.COMPLETED << 4
    old = smart(place, Sub.READ_LOG, low=Log.SELF_TESTS).data
    new = place.do(Op.READ_LOG_EXT, count=1, lba=Log.EXTENDED_SELF_TESTS).data
    assert (old[2:4], old[508], sum(old) % 256) == (bytes([kind, 0]), 1, 0)
    assert (new[4:6], new[2], sum(new) % 256) == (bytes([kind, 0]), 1, 0)


def test_a_self_test_finds_the_sector_that_cannot_be_read(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, Behaviour(bad=(BadSectors(first=77, kind=Bad.DEAD),)))
    smart(place, Sub.SELF_TEST, low=SelfTest.SHORT)
    place.wait(20)
    log = smart(place, Sub.READ_LOG, low=Log.SELF_TESTS).data
    assert log[3] == Result.READ_FAILURE << 4
    assert struct.unpack_from("<I", log, 7) == (77,)
    new = place.do(Op.READ_LOG_EXT, count=1, lba=Log.EXTENDED_SELF_TESTS).data
    assert int.from_bytes(new[9:15], "little") == 77


@pytest.mark.parametrize("cut", [True, False])
def test_a_self_test_is_aborted_by_its_host_or_interrupted_by_a_power_cut(place: AtaPlace, cut: bool) -> None:
    smart(place, Sub.SELF_TEST, low=SelfTest.EXTENDED)
    place.wait(20)
    if cut:
        place.power_cycle()
    else:
        assert smart(place, Sub.SELF_TEST, low=SelfTest.ABORT) == DONE
    log = smart(place, Sub.READ_LOG, low=Log.SELF_TESTS).data
    assert log[3] == (Result.INTERRUPTED if cut else Result.ABORTED) << 4 | 7


def test_the_directories_name_the_logs_that_are_there(place: AtaPlace) -> None:
    for general, data in (
        (True, place.do(Op.READ_LOG_EXT, count=1, lba=Log.DIRECTORY).data),
        (False, smart(place, Sub.READ_LOG).data),
    ):
        words = struct.unpack("<256H", data)
        assert words[0] == 1
        for log, pages in enumerate(words[1:], start=1):
            whole = (
                place.do(Op.READ_LOG_DMA_EXT, count=max(1, pages), lba=log)
                if general
                else smart(place, Sub.READ_LOG, low=log, count=max(1, pages))
            )
            assert whole.failed == (pages == 0), log
            assert len(whole.data) == pages * SECTOR


def test_the_identify_device_data_log_lists_its_pages_and_each_names_itself(place: AtaPlace) -> None:
    pages = [
        place.do(Op.READ_LOG_EXT, count=1, lba=Log.IDENTIFY_DATA | page << 8).data
        for page in range(Page.SERIAL_ATA + 1)
    ]
    listed = pages[0][9 : 9 + pages[0][8]]
    assert {Page.SECURITY, Page.CAPABILITIES} <= set(listed)
    assert pages[Page.COPY] == place.do(Op.IDENTIFY_DEVICE).data
    for page in set(listed) - {Page.SUPPORTED, Page.COPY}:
        assert struct.unpack_from("<Q", pages[page]) == (1 << 63 | page << 16 | 1,)
    assert b"".join(pages) == place.do(Op.READ_LOG_DMA_EXT, count=len(pages), lba=Log.IDENTIFY_DATA).data


def test_what_a_disk_knows_for_ever_can_be_kept_as_json(place: AtaPlace) -> None:
    place.secure(Op.SECURITY_SET_PASSWORD, bytes(range(32)))
    place.do(Op.SANITIZE, feature=0x12, lba=0x426B4572)
    place.wait(3)
    state = place.disk.state
    assert state != AtaState()
    assert msgspec.json.decode(msgspec.json.encode(state), type=AtaState) == state


@pytest.mark.parametrize("op", [0x60, 0x61, 0x92, 0xA1, 0xFF, 0x5C])
def test_a_command_that_the_disk_has_not_is_aborted(place: AtaPlace, op: int) -> None:
    assert aborted(place.give(Command(op)))
