"""A lab disk's Sanitize Device feature set, by its states (ACS-3; HC580 10.20.3) and what STATUS EXT says of them."""

from pathlib import Path

import pytest

from netboot.lab.drives.ata.command import SECTOR, Command, Op, Reply
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.ata.sanitize import (
    ANTIFROZEN,
    CLEAR_FAILED,
    DEFINITIVE_END,
    FAILURE_MODE,
    FROZEN,
    IN_PROGRESS,
    INVERT,
    NO_PROGRESS,
    SUCCEEDED,
    Feature,
    Reason,
)
from netboot.lab.drives.behaviour import Behaviour, Outcome, WithoutPower
from tests.lab_unit.drives.ata_place import SERIAL, AtaPlace, aborted

ERASES = (Feature.CRYPTO, Feature.BLOCK, Feature.OVERWRITE)


@pytest.fixture
def place(tmp_path: Path) -> AtaPlace:
    return AtaPlace(tmp_path)


def behaving(folder: Path, erase: Outcome, without_power: WithoutPower = WithoutPower.GOES_ON) -> AtaPlace:
    return AtaPlace(folder, Behaviour(erase=erase, erase_seconds=10, erase_stops_at=0.5, without_power=without_power))


def status(place: AtaPlace) -> Reply:
    return place.sanitize(Feature.STATUS)


def refused(reply: Reply) -> Reason:
    assert aborted(reply)
    return Reason(reply.lba)


def test_sd0_a_disk_that_was_never_sanitised_says_nothing_of_success(place: AtaPlace) -> None:
    assert status(place) == Reply(count=0, lba=NO_PROGRESS)


@pytest.mark.parametrize("feature", ERASES)
def test_sd2_then_sd4_accepted_in_progress_success(place: AtaPlace, feature: Feature) -> None:
    assert place.sanitize(feature, count=1) == Reply(count=IN_PROGRESS, lba=0)
    place.wait(2.5)
    assert status(place) == Reply(count=IN_PROGRESS, lba=0x4000)
    place.wait(7)
    assert status(place).count == IN_PROGRESS
    place.wait(0.5)
    assert status(place) == Reply(count=SUCCEEDED, lba=NO_PROGRESS)
    assert place.old_data() is None


def test_each_sanitize_leaves_what_is_its_own(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, Behaviour(erase_seconds=1, leaves="ff"))
    place.sanitize(Feature.BLOCK)
    place.wait(1)
    assert place.sector(5) == b"\xff" * SECTOR
    place.sanitize(Feature.OVERWRITE, count=1, pattern=0x04030201)
    place.wait(1)
    assert place.sector(5) == b"\1\2\3\4" * 128
    place.sanitize(Feature.CRYPTO)
    place.wait(1)
    assert len(set(place.sector(5))) > 100
    assert place.sector(5) != place.sector(6)


@pytest.mark.parametrize(
    ("count", "passes", "left"),
    [(1, 1, 0x55), (0, 16, 0x55), (3, 3, 0x55), (2 | INVERT, 2, 0xAA), (3 | INVERT, 3, 0x55),
     (2 | INVERT | DEFINITIVE_END, 2, 0x55)],
)  # fmt: skip
def test_overwrite_takes_its_passes_and_inverts_between_them(
    place: AtaPlace, count: int, passes: int, left: int
) -> None:
    place.sanitize(Feature.OVERWRITE, count=count, pattern=0x55555555)
    place.wait(10 * passes - 0.5)
    assert status(place).count == IN_PROGRESS
    place.wait(1)
    assert status(place).count == SUCCEEDED
    assert place.sector(9) == bytes([left]) * SECTOR


@pytest.mark.parametrize("feature", ERASES)
def test_without_its_key_nothing_begins(place: AtaPlace, feature: Feature) -> None:
    assert refused(place.do(Op.SANITIZE, feature=feature, count=1, lba=0x55AA)) is Reason.NOT_REPORTED
    assert status(place).count == 0
    assert place.old_data() == 0


def test_an_operation_that_the_disk_has_not_is_unsupported(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, model=AtaModel(serial=SERIAL, sanitize_crypto=False))
    assert refused(place.sanitize(Feature.CRYPTO)) is Reason.UNSUPPORTED
    assert refused(place.do(Op.SANITIZE, feature=0x77)) is Reason.UNSUPPORTED
    assert place.identify()[59] & 0xF000 == 0xD000


def test_a_disk_without_the_feature_set_aborts_and_says_so(tmp_path: Path) -> None:
    model = AtaModel(serial=SERIAL, sanitize_crypto=False, sanitize_block=False, sanitize_overwrite=False)
    place = AtaPlace(tmp_path, model=model)
    assert place.identify()[59] & 0xFC00 == 0
    assert aborted(status(place))


def test_sd2_refuses_another_operation(place: AtaPlace) -> None:
    place.sanitize(Feature.BLOCK)
    place.wait(4)
    assert refused(place.sanitize(Feature.BLOCK)) is Reason.NOT_REPORTED
    assert status(place).lba == pytest.approx(0.4 * 65536, abs=2)


@pytest.mark.parametrize(
    "command",
    [
        Command(Op.READ_DMA_EXT, count=1),
        Command(Op.WRITE_DMA_EXT, count=1, data=bytes(SECTOR)),
        Command(Op.FLUSH_CACHE_EXT),
        Command(Op.SET_FEATURES, feature=3, count=0x46),
        Command(Op.SECURITY_FREEZE_LOCK),
        Command(Op.SECURITY_SET_PASSWORD, data=bytes(SECTOR)),
        Command(Op.SMART, feature=0xD0, lba=0xC24F00),
        Command(Op.READ_LOG_EXT, count=1, lba=0x00),
        Command(Op.READ_NATIVE_MAX_EXT),
        Command(Op.DCO, feature=0xC2),
    ],
    ids=lambda command: Op(command.op).name,
)
def test_sd2_aborts(place: AtaPlace, command: Command) -> None:
    place.sanitize(Feature.BLOCK)
    assert aborted(place.give(command))


@pytest.mark.parametrize(
    "command",
    [
        Command(Op.IDENTIFY_DEVICE),
        Command(Op.READ_LOG_EXT, count=1, lba=0x30),
        Command(Op.READ_LOG_DMA_EXT, count=1, lba=0x30),
        Command(Op.SMART, feature=0xDA, lba=0xC24F00),
        Command(Op.SANITIZE),
    ],
    ids=lambda command: Op(command.op).name,
)
def test_sd2_still_processes(place: AtaPlace, command: Command) -> None:
    place.sanitize(Feature.BLOCK)
    reply = place.give(command)
    assert reply is not None
    assert not reply.failed


def test_sd3_a_failed_operation_is_told_with_its_reason_and_survives_a_power_cut(tmp_path: Path) -> None:
    place = behaving(tmp_path, Outcome.FAILS)
    place.sanitize(Feature.BLOCK)
    place.wait(4.5)
    assert status(place).count == IN_PROGRESS
    place.wait(1)
    assert refused(status(place)) is Reason.UNSUCCESSFUL
    place.power_cycle()
    assert refused(status(place)) is Reason.UNSUCCESSFUL
    assert aborted(place.do(Op.READ_DMA_EXT, count=1))
    assert place.old_data() == 1024 * SECTOR


def test_sd3_is_left_by_clearing_it_where_failure_mode_was_given(tmp_path: Path) -> None:
    place = behaving(tmp_path, Outcome.FAILS)
    place.sanitize(Feature.BLOCK, count=FAILURE_MODE)
    place.wait(5)
    assert refused(status(place)) is Reason.UNSUCCESSFUL
    assert place.sanitize(Feature.STATUS, count=CLEAR_FAILED) == Reply(count=0, lba=NO_PROGRESS)
    assert not place.do(Op.READ_DMA_EXT, count=1).failed


def test_sd3_without_failure_mode_is_only_left_by_another_operation_without_it(tmp_path: Path) -> None:
    place = behaving(tmp_path, Outcome.FAILS)
    place.sanitize(Feature.BLOCK)
    place.wait(5)
    assert refused(place.sanitize(Feature.STATUS, count=CLEAR_FAILED)) is Reason.UNSUCCESSFUL
    assert aborted(place.sanitize(Feature.OVERWRITE, count=1 | FAILURE_MODE))
    assert place.sanitize(Feature.OVERWRITE, count=1).count == IN_PROGRESS


def test_a_disk_that_hangs_stands_still_in_progress(tmp_path: Path) -> None:
    place = behaving(tmp_path, Outcome.HANGS)
    place.sanitize(Feature.BLOCK)
    place.wait(3600)
    assert status(place) == Reply(count=IN_PROGRESS, lba=0x8000)
    assert place.old_data() == 1024 * SECTOR


def test_a_disk_that_lies_reports_success_and_keeps_its_data(tmp_path: Path) -> None:
    place = behaving(tmp_path, Outcome.LIES)
    place.sanitize(Feature.BLOCK)
    place.wait(5)
    assert status(place).count == IN_PROGRESS
    place.wait(5)
    assert status(place).count == SUCCEEDED
    assert place.old_data() == 0


def test_a_disk_that_refuses_says_that_it_can_and_aborts(tmp_path: Path) -> None:
    place = behaving(tmp_path, Outcome.REFUSES)
    assert place.identify()[59] & 0xF000 == 0xF000
    assert refused(place.sanitize(Feature.BLOCK)) is Reason.NOT_REPORTED
    assert status(place).count == 0


def test_an_operation_goes_on_after_a_power_cut_from_where_it_was(tmp_path: Path) -> None:
    place = behaving(tmp_path, Outcome.GOOD, WithoutPower.WAITS)
    place.sanitize(Feature.BLOCK)
    place.wait(4)
    place.power_cycle(off=3600)
    assert status(place) == Reply(count=IN_PROGRESS, lba=int(0.4 * 65536))
    place.wait(6)
    assert status(place).count == SUCCEEDED
    assert place.old_data() is None


def test_an_operation_of_a_disk_that_keeps_its_supply_is_over_when_the_pc_comes_back(tmp_path: Path) -> None:
    place = behaving(tmp_path, Outcome.GOOD)
    place.sanitize(Feature.BLOCK)
    place.wait(4)
    place.power_cycle(off=10)
    place.wait(0)
    assert status(place).count == SUCCEEDED
    assert place.old_data() is None


def test_a_disk_that_forgets_knows_of_nothing_after_a_power_cut(tmp_path: Path) -> None:
    place = behaving(tmp_path, Outcome.FORGETS)
    place.sanitize(Feature.BLOCK)
    place.wait(4)
    place.power_cycle()
    assert status(place) == Reply(count=0, lba=NO_PROGRESS)
    assert place.old_data() == pytest.approx(0.4 * 2048 * SECTOR, abs=4096)


def test_success_is_still_told_after_a_power_cut(place: AtaPlace) -> None:
    place.sanitize(Feature.BLOCK)
    place.wait(10)
    place.power_cycle()
    assert status(place) == Reply(count=SUCCEEDED, lba=NO_PROGRESS)


def test_sd1_a_frozen_disk_aborts_operations_until_the_next_power_on(place: AtaPlace) -> None:
    assert place.sanitize(Feature.FREEZE).count == FROZEN
    assert refused(place.sanitize(Feature.BLOCK)) is Reason.FROZEN
    assert refused(place.sanitize(Feature.ANTIFREEZE)) is Reason.FROZEN
    place.disk.hardware_reset()
    assert status(place).count == FROZEN
    place.power_cycle()
    assert status(place).count == 0
    assert place.sanitize(Feature.BLOCK).count == IN_PROGRESS


def test_antifreeze_keeps_a_disk_from_being_frozen_until_the_next_power_on(place: AtaPlace) -> None:
    assert place.sanitize(Feature.ANTIFREEZE).count == ANTIFROZEN
    assert refused(place.sanitize(Feature.FREEZE)) is Reason.ANTIFROZEN
    assert status(place).count == ANTIFROZEN
    place.power_cycle()
    assert place.sanitize(Feature.FREEZE).count == FROZEN


def test_a_frozen_security_feature_set_keeps_no_sanitize_away(place: AtaPlace) -> None:
    place.do(Op.SECURITY_FREEZE_LOCK)
    assert place.sanitize(Feature.BLOCK).count == IN_PROGRESS


def test_a_sanitize_reaches_what_is_hidden(place: AtaPlace) -> None:
    place.do(Op.READ_NATIVE_MAX_EXT)
    place.do(Op.SET_MAX_EXT, count=1, lba=99)
    place.sanitize(Feature.BLOCK)
    place.wait(10)
    assert place.old_data() is None
