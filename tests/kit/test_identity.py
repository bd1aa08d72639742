"""A kit's name, and what is made of it: the same for ever, since the server keeps nothing else to know its kits by."""

import hashlib
import re

import pytest
from nacl.signing import SigningKey

from netboot.kit.identity import Kit, kit_of, new_name
from netboot.shared.errors import NetbootError

WORKSHOP = SigningKey(bytes(range(32)))
NUMBERS = (2566218070, 1366877860, 84385542)


def by_hand(name: str, purpose: bytes) -> bytes:
    """BLAKE2b of a name under the workshop's key, with a purpose of 16 bytes."""
    return hashlib.blake2b(name.encode(), key=bytes(range(32)), person=purpose, digest_size=32).digest()


def test_a_kit_is_made_of_its_name_and_the_workshops_key() -> None:
    kit, numbers = kit_of("atelier-nord", WORKSHOP), by_hand("atelier-nord", b"netboot-kit-ids1")
    assert kit.name == "atelier-nord"
    assert bytes(kit.key) == by_hand("atelier-nord", b"netboot-kit-key1")
    assert [kit.data, kit.boot, kit.disk] == [int.from_bytes(numbers[at : at + 4], "little") for at in (0, 4, 8)]
    assert (kit.data, kit.boot, kit.disk) == NUMBERS, "a stick that an earlier netboot wrote is known by these"


def test_another_name_or_another_workshop_makes_another_kit() -> None:
    kits = [kit_of("nord", WORKSHOP), kit_of("sud", WORKSHOP), kit_of("nord", SigningKey(bytes(32)))]
    assert len({bytes(kit.key) for kit in kits}) == len({kit.data for kit in kits}) == 3


def test_numbers_are_written_as_udev_writes_them() -> None:
    kit = Kit("nord", SigningKey(bytes(32)), data=0x1A2B3C4D, boot=0xF00001, disk=1)
    assert (kit.data_uuid, kit.boot_uuid) == ("1A2B-3C4D", "00F0-0001")


def test_a_new_name_is_one_and_no_other_kits() -> None:
    names = {new_name() for _ in range(64)}
    assert len(names) == 64
    for name in names:
        assert re.fullmatch(r"kit-[0-9a-f]{8}", name)
        assert kit_of(name, WORKSHOP).name == name


@pytest.mark.parametrize("name", ["", "-nord", "nord-", "Nord", "nord sud", "n" * 33, "é", "nord\n"])
def test_what_is_no_name_is_refused_with_what_is_one(name: str) -> None:
    with pytest.raises(NetbootError) as refused:
        kit_of(name, WORKSHOP)
    assert refused.value.message == f"{name!r} is no name for a kit"
    assert refused.value.hint == "take up to 32 letters a-z, digits, and hyphens between them"
    assert kit_of("n" * 32, WORKSHOP).name == "n" * 32
