"""A lab disk's Security feature set, by the clauses of ACS-3 “Security feature set” and its commands."""

from pathlib import Path

import pytest

from netboot.lab.drives.ata.command import DONE, SECTOR, Command, Op
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.ata.security import erase_time_word
from netboot.lab.drives.behaviour import Behaviour, Outcome, WithoutPower
from tests.lab_unit.drives.ata_place import PASSWORD, SERIAL, AtaPlace, aborted

HIGH, MAXIMUM, MASTER, ENHANCED = 0, 0x100, 1, 2


@pytest.fixture
def place(tmp_path: Path) -> AtaPlace:
    return AtaPlace(tmp_path)


def locked(place: AtaPlace, level: int = HIGH) -> None:
    assert place.secure(Op.SECURITY_SET_PASSWORD, b"boss", control=MASTER, identifier=7) == DONE
    assert place.secure(Op.SECURITY_SET_PASSWORD, control=level) == DONE
    place.power_cycle()
    assert {"enabled", "locked"} <= place.security()


def test_a_new_disk_is_in_sec1(place: AtaPlace) -> None:
    assert place.security() == {"supported", "enhanced"}
    assert place.identify()[92] == 0xFFFE
    assert place.identify()[85] & 2 == 0


def test_set_password_enables_and_does_not_lock_before_the_next_power_on(place: AtaPlace) -> None:
    assert place.secure(Op.SECURITY_SET_PASSWORD) == DONE
    assert place.security() == {"supported", "enhanced", "enabled"}
    assert place.identify()[85] & 2
    place.power_cycle()
    assert place.security() == {"supported", "enhanced", "enabled", "locked"}


def test_a_master_password_enables_nothing_and_is_known_by_its_identifier(place: AtaPlace) -> None:
    assert place.secure(Op.SECURITY_SET_PASSWORD, b"boss", control=MASTER, identifier=0x1234) == DONE
    assert "enabled" not in place.security()
    assert place.identify()[92] == 0x1234
    assert place.secure(Op.SECURITY_SET_PASSWORD, b"boss2", control=MASTER, identifier=0) == DONE
    assert place.identify()[92] == 0x1234


@pytest.mark.parametrize(
    "command",
    [
        Command(Op.READ_DMA, count=1),
        Command(Op.READ_DMA_EXT, count=1),
        Command(Op.WRITE_DMA_EXT, count=1, data=bytes(SECTOR)),
        Command(Op.READ_VERIFY_EXT, count=1),
        Command(Op.FLUSH_CACHE_EXT),
        Command(Op.SET_MAX_EXT, count=1, lba=9),
        Command(Op.DCO, feature=0xC0),
        Command(Op.DATA_SET_MANAGEMENT, feature=1, count=1, data=bytes(SECTOR)),
        Command(Op.SANITIZE, feature=0x12, lba=0x426B4572),
        Command(Op.SECURITY_FREEZE_LOCK),
    ],
    ids=lambda command: Op(command.op).name,
)
def test_a_locked_disk_aborts(place: AtaPlace, command: Command) -> None:
    locked(place)
    place.do(Op.READ_NATIVE_MAX_EXT)
    assert aborted(place.give(command))


def test_a_locked_disk_still_says_who_it_is_and_how_it_stands(place: AtaPlace) -> None:
    locked(place)
    assert place.do(Op.SMART, feature=0xDA, lba=0xC24F00) != DONE
    assert not place.do(Op.READ_NATIVE_MAX_EXT).failed
    assert not place.do(Op.SANITIZE).failed


@pytest.mark.parametrize("control", [HIGH, MASTER])
def test_at_level_high_either_password_unlocks_and_disables(place: AtaPlace, control: int) -> None:
    locked(place)
    password = b"boss" if control else PASSWORD
    assert aborted(place.secure(Op.SECURITY_DISABLE_PASSWORD, password, control=control))
    assert place.secure(Op.SECURITY_UNLOCK, password, control=control) == DONE
    assert "locked" not in place.security()
    assert place.secure(Op.SECURITY_DISABLE_PASSWORD, password, control=control) == DONE
    place.power_cycle()
    assert place.security() == {"supported", "enhanced"}


def test_at_level_maximum_the_master_password_only_erases(place: AtaPlace) -> None:
    locked(place, MAXIMUM)
    assert "maximum" in place.security()
    assert aborted(place.secure(Op.SECURITY_UNLOCK, b"boss", control=MASTER))
    assert place.erase_unit(b"boss", control=MASTER) is None
    assert place.wait(10) == DONE
    assert place.security() & {"enabled", "locked"} == set()
    assert place.old_data() is None


def test_five_wrong_passwords_end_the_counter_until_the_next_power_on(place: AtaPlace) -> None:
    locked(place)
    for _ in range(5):
        assert "expired" not in place.security()
        assert aborted(place.secure(Op.SECURITY_UNLOCK, b"guess"))
    assert "expired" in place.security()
    assert aborted(place.secure(Op.SECURITY_UNLOCK))
    assert aborted(place.erase_unit())
    place.power_cycle()
    assert "expired" not in place.security()
    assert place.secure(Op.SECURITY_UNLOCK) == DONE


def test_the_counter_does_not_count_while_the_disk_is_unlocked(place: AtaPlace) -> None:
    place.secure(Op.SECURITY_SET_PASSWORD)
    for _ in range(9):
        assert aborted(place.secure(Op.SECURITY_UNLOCK, b"guess"))
    assert "expired" not in place.security()


@pytest.mark.parametrize(
    "op",
    [Op.SECURITY_SET_PASSWORD, Op.SECURITY_UNLOCK, Op.SECURITY_DISABLE_PASSWORD, Op.SECURITY_ERASE_PREPARE],
)
def test_a_frozen_disk_aborts_all_but_another_freeze(place: AtaPlace, op: Op) -> None:
    assert place.do(Op.SECURITY_FREEZE_LOCK) == DONE
    assert "frozen" in place.security()
    assert aborted(place.secure(op))
    assert place.do(Op.SECURITY_FREEZE_LOCK) == DONE
    assert not place.do(Op.READ_DMA, count=1).failed


def test_a_frozen_disk_thaws_at_a_power_cycle_and_not_at_a_comreset_that_preserves_settings(place: AtaPlace) -> None:
    place.do(Op.SECURITY_FREEZE_LOCK)
    place.disk.hardware_reset()
    assert "frozen" in place.security()
    place.power_cycle()
    assert "frozen" not in place.security()


def test_without_preserved_settings_a_comreset_thaws_and_locks(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, model=AtaModel(serial=SERIAL, settings_preserved=False))
    assert place.identify()[78:80] == (0, 0)
    place.secure(Op.SECURITY_SET_PASSWORD)
    place.do(Op.SECURITY_FREEZE_LOCK)
    place.disk.hardware_reset()
    assert place.security() == {"supported", "enhanced", "enabled", "locked"}


def test_erase_unit_has_to_follow_erase_prepare_at_once(place: AtaPlace) -> None:
    place.secure(Op.SECURITY_SET_PASSWORD)
    assert aborted(place.secure(Op.SECURITY_ERASE_UNIT))
    assert place.do(Op.SECURITY_ERASE_PREPARE) == DONE
    place.identify()
    assert aborted(place.secure(Op.SECURITY_ERASE_UNIT))
    assert place.old_data() == 0


def test_erase_unit_wants_the_right_password(place: AtaPlace) -> None:
    place.secure(Op.SECURITY_SET_PASSWORD)
    assert aborted(place.erase_unit(b"guess"))
    assert place.old_data() == 0
    assert "enabled" in place.security()


@pytest.mark.parametrize("control", [HIGH, ENHANCED])
def test_an_erase_keeps_the_disk_busy_then_lifts_the_password_and_leaves_its_pattern(
    tmp_path: Path, control: int
) -> None:
    place = AtaPlace(tmp_path, Behaviour(erase_seconds=10, leaves="33cc55aa"))
    place.secure(Op.SECURITY_SET_PASSWORD)
    assert place.erase_unit(control=control) is None
    assert place.wait(9.5) is None
    assert place.disk.busy
    assert place.wait(0.5) == DONE
    assert not place.disk.busy
    assert place.security() == {"supported", "enhanced"}
    assert place.sector(0) == place.sector(2047) == bytes.fromhex("33cc55aa") * 128


def test_a_disk_without_the_enhanced_erase_aborts_it(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, model=AtaModel(serial=SERIAL, enhanced_erase=False))
    place.secure(Op.SECURITY_SET_PASSWORD)
    assert aborted(place.erase_unit(control=ENHANCED))
    assert place.erase_unit() is None


def test_an_erase_that_fails_aborts_and_leaves_password_and_the_rest_of_the_data(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, Behaviour(erase=Outcome.FAILS, erase_seconds=10, erase_stops_at=0.5))
    place.secure(Op.SECURITY_SET_PASSWORD)
    assert place.erase_unit() is None
    assert aborted(place.wait(10))
    assert "enabled" in place.security()
    assert place.old_data() == 1024 * SECTOR


def test_an_erase_that_hangs_never_ends(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, Behaviour(erase=Outcome.HANGS, erase_seconds=10))
    place.secure(Op.SECURITY_SET_PASSWORD)
    assert place.erase_unit() is None
    assert place.wait(3600) is None
    assert place.disk.busy


def test_an_erase_that_lies_reports_success_and_keeps_the_data(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, Behaviour(erase=Outcome.LIES, erase_seconds=10))
    place.secure(Op.SECURITY_SET_PASSWORD)
    assert place.erase_unit() is None
    assert place.wait(10) == DONE
    assert "enabled" not in place.security()
    assert place.old_data() == 0


def test_a_disk_that_refuses_aborts_the_erase_at_once(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, Behaviour(erase=Outcome.REFUSES))
    place.secure(Op.SECURITY_SET_PASSWORD)
    assert aborted(place.erase_unit())


@pytest.mark.parametrize("without_power", list(WithoutPower))
def test_a_power_cut_ends_an_erase_where_it_is_and_leaves_the_disk_locked(
    tmp_path: Path, without_power: WithoutPower
) -> None:
    place = AtaPlace(tmp_path, Behaviour(erase_seconds=10, without_power=without_power))
    place.secure(Op.SECURITY_SET_PASSWORD)
    place.erase_unit()
    assert place.wait(4) is None
    place.power_cycle()
    assert place.wait(60) is None
    assert {"enabled", "locked"} <= place.security()
    assert place.old_data() == pytest.approx(0.4 * 2048 * SECTOR, abs=4096)
    assert place.erase_unit() is None
    assert place.wait(10) == DONE
    assert place.old_data() is None


@pytest.mark.parametrize(
    ("minutes", "word"),
    [(0, 0), (2, 1), (508, 254), (510, 0x80FF), (65532, 0xFFFE), (99999, 0xFFFE)],
)
def test_words_89_and_90_tell_minutes_by_two_in_either_format(minutes: int, word: int) -> None:
    assert erase_time_word(minutes) == word


@pytest.mark.parametrize(("announced", "word"), [(None, 0), (1, 1), (120, 1), (121, 2), (3600, 30)])
def test_a_disk_announces_how_long_an_erase_takes(tmp_path: Path, announced: float | None, word: int) -> None:
    place = AtaPlace(tmp_path, Behaviour(erase_announces=announced))
    assert place.identify()[89:91] == (word, word)
