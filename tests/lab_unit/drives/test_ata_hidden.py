"""What hides a lab disk's end: HPA and overlay (ATA8-ACS), Accessible Max Address (ACS-3)."""

import struct
from pathlib import Path

import pytest

from netboot.lab.drives.ata.command import DONE, SECTOR, Command, Error, Op, Reply, failure
from netboot.lab.drives.ata.hidden import Accessible, Overlay
from netboot.lab.drives.ata.model import AtaModel, Hiding
from tests.lab_unit.drives.ata_place import SECTORS, SERIAL, AtaPlace, aborted

ID_NOT_FOUND = failure(Error.ID_NOT_FOUND)


@pytest.fixture
def place(tmp_path: Path) -> AtaPlace:
    return AtaPlace(tmp_path)


def capacity(place: AtaPlace) -> int:
    """What IDENTIFY DEVICE says in each of its places."""
    words = place.identify()
    counts = {
        sum(word << 16 * at for at, word in enumerate(words[first:end]))
        for first, end in ((60, 62), (100, 104), (230, 234))
    }
    assert len(counts) == 1
    return counts.pop()


def set_max(place: AtaPlace, sectors: int, *, lasting: bool = True) -> Reply:
    place.do(Op.READ_NATIVE_MAX_EXT)
    return place.do(Op.SET_MAX_EXT, count=int(lasting), lba=sectors - 1)


def overlay(place: AtaPlace, feature: Overlay, data: bytes = b"") -> Reply:
    return place.do(Op.DCO, feature=feature, data=data)


def overlay_of(place: AtaPlace, sectors: int) -> bytes:
    """What hdparm --dco-setmax sends: DCO IDENTIFY's own data with another maximum address and checksum."""
    data = bytearray(overlay(place, Overlay.IDENTIFY).data)
    assert sum(data) % 256 == 0
    struct.pack_into("<Q", data, 6, sectors - 1)
    data[511] = -sum(data[:511]) & 0xFF
    return bytes(data)


def test_read_native_max_tells_the_last_sector(place: AtaPlace) -> None:
    assert place.do(Op.READ_NATIVE_MAX).lba == place.do(Op.READ_NATIVE_MAX_EXT).lba == SECTORS - 1


def test_a_lasting_set_max_hides_the_end_for_good(place: AtaPlace) -> None:
    assert set_max(place, 1000) == Reply(lba=999)
    place.power_cycle()
    assert capacity(place) == 1000
    assert place.do(Op.READ_DMA_EXT, lba=1000, count=1) == failure(Error.ID_NOT_FOUND, lba=1000)
    assert not place.do(Op.READ_DMA_EXT, lba=999, count=1).failed
    assert place.do(Op.READ_NATIVE_MAX_EXT).lba == SECTORS - 1
    assert set_max(place, SECTORS) == Reply(lba=SECTORS - 1)
    assert capacity(place) == SECTORS


def test_a_volatile_set_max_is_undone_by_the_next_power_on(place: AtaPlace) -> None:
    set_max(place, 1000)
    assert set_max(place, SECTORS, lasting=False) == Reply(lba=SECTORS - 1)
    assert capacity(place) == SECTORS
    place.disk.hardware_reset()
    assert capacity(place) == SECTORS
    place.power_cycle()
    assert capacity(place) == 1000


def test_without_preserved_settings_a_comreset_undoes_a_volatile_set_max(tmp_path: Path) -> None:
    place = AtaPlace(tmp_path, model=AtaModel(serial=SERIAL, settings_preserved=False))
    set_max(place, 1000, lasting=False)
    place.disk.hardware_reset()
    assert capacity(place) == SECTORS


def test_a_second_lasting_set_max_needs_a_power_cycle(place: AtaPlace) -> None:
    set_max(place, 1000)
    assert set_max(place, SECTORS) == ID_NOT_FOUND
    place.power_cycle()
    assert set_max(place, SECTORS) == Reply(lba=SECTORS - 1)


def test_set_max_has_to_follow_read_native_max_at_once(place: AtaPlace) -> None:
    assert aborted(place.do(Op.SET_MAX_EXT, count=1, lba=9))
    place.do(Op.READ_NATIVE_MAX_EXT)
    place.identify()
    assert aborted(place.do(Op.SET_MAX_EXT, count=1, lba=9))
    place.do(Op.READ_NATIVE_MAX)
    assert aborted(place.do(Op.SET_MAX_EXT, count=1, lba=9))
    place.do(Op.READ_NATIVE_MAX)
    assert place.do(Op.SET_MAX, count=1, lba=9) == Reply(lba=9)


def test_set_max_goes_no_farther_than_the_native_maximum(place: AtaPlace) -> None:
    assert set_max(place, SECTORS + 1) == ID_NOT_FOUND


def test_set_max_freeze_lock_holds_until_the_next_power_on(place: AtaPlace) -> None:
    assert place.do(Op.SET_MAX, feature=4) == DONE
    assert aborted(set_max(place, 9))
    place.power_cycle()
    assert not set_max(place, 9).failed


def test_the_overlay_hides_the_end_from_read_native_max_too(place: AtaPlace) -> None:
    assert overlay(place, Overlay.SET, overlay_of(place, 1500)) == DONE
    place.power_cycle()
    assert capacity(place) == 1500
    assert place.do(Op.READ_NATIVE_MAX_EXT).lba == 1499
    real = overlay(place, Overlay.IDENTIFY).data
    assert struct.unpack_from("<Q", real, 6) == (SECTORS - 1,)
    assert overlay(place, Overlay.RESTORE) == DONE
    assert capacity(place) == SECTORS
    assert place.do(Op.READ_NATIVE_MAX_EXT).lba == SECTORS - 1


def test_an_overlay_is_neither_set_twice_nor_restored_where_none_is(place: AtaPlace) -> None:
    assert aborted(overlay(place, Overlay.RESTORE))
    data = overlay_of(place, 1500)
    overlay(place, Overlay.SET, data)
    assert aborted(overlay(place, Overlay.SET, data))


def test_an_overlay_is_left_alone_while_a_protected_area_stands(place: AtaPlace) -> None:
    overlay(place, Overlay.SET, overlay_of(place, 1500))
    set_max(place, 1000)
    assert aborted(overlay(place, Overlay.RESTORE))
    place.power_cycle()
    set_max(place, 1500)
    assert overlay(place, Overlay.RESTORE) == DONE


@pytest.mark.parametrize("spoil", [2, 510, 511])
def test_an_overlay_with_a_wrong_checksum_or_signature_is_refused(place: AtaPlace, spoil: int) -> None:
    data = bytearray(overlay_of(place, 1500))
    data[spoil] ^= 1
    assert aborted(overlay(place, Overlay.SET, bytes(data)))
    assert capacity(place) == SECTORS


def test_a_frozen_overlay_answers_nothing_until_the_next_power_on(place: AtaPlace) -> None:
    data = overlay_of(place, 1500)
    assert overlay(place, Overlay.FREEZE_LOCK) == DONE
    assert all(aborted(overlay(place, feature, data)) for feature in Overlay)
    place.power_cycle()
    assert overlay(place, Overlay.SET, data) == DONE


def test_a_security_erase_reaches_the_protected_area_but_not_behind_the_overlay(place: AtaPlace) -> None:
    overlay(place, Overlay.SET, overlay_of(place, 1500))
    set_max(place, 1000)
    place.secure(Op.SECURITY_SET_PASSWORD)
    place.erase_unit()
    assert place.wait(10) == DONE
    assert place.old_data() == 1500 * SECTOR


@pytest.fixture
def amac(tmp_path: Path) -> AtaPlace:
    return AtaPlace(tmp_path, model=AtaModel(serial=SERIAL, hiding=Hiding.AMAC, overlay=False))


def accessible(place: AtaPlace, feature: Accessible, lba: int = 0) -> Reply:
    return place.do(Op.ACCESSIBLE_MAX, feature=feature, lba=lba)


def test_accessible_max_address_is_told_in_identify_and_hpa_is_not(amac: AtaPlace) -> None:
    words = amac.identify()
    assert words[119] & words[120] & 0x0100
    assert words[82] & words[85] & 0x0400 == 0
    assert words[83] & 0x0800 == 0
    assert aborted(amac.do(Op.READ_NATIVE_MAX_EXT))
    assert aborted(amac.do(Op.DCO, feature=Overlay.IDENTIFY))


def test_set_accessible_max_lasts_and_is_taken_once_a_power_cycle(amac: AtaPlace) -> None:
    assert accessible(amac, Accessible.SET, 999) == DONE
    assert aborted(accessible(amac, Accessible.SET, SECTORS - 1))
    amac.power_cycle()
    assert capacity(amac) == 1000
    assert accessible(amac, Accessible.GET_NATIVE).lba == SECTORS - 1
    assert accessible(amac, Accessible.SET, SECTORS) == ID_NOT_FOUND
    assert accessible(amac, Accessible.SET, SECTORS - 1) == DONE
    assert capacity(amac) == SECTORS


def test_freeze_accessible_max_holds_until_the_next_power_on(amac: AtaPlace) -> None:
    assert accessible(amac, Accessible.FREEZE) == DONE
    assert aborted(accessible(amac, Accessible.SET, 99))
    amac.power_cycle()
    assert accessible(amac, Accessible.SET, 99) == DONE


def test_a_disk_that_its_password_locks_hides_nothing(amac: AtaPlace) -> None:
    amac.secure(Op.SECURITY_SET_PASSWORD)
    amac.power_cycle()
    assert aborted(amac.give(Command(Op.ACCESSIBLE_MAX, feature=Accessible.SET, lba=9)))
