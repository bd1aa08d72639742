"""What counts as a PC's name: what makers left in every PC, what goes from PC to PC, and what is its own."""

import pytest

from netboot.jobs.identity import (
    Key,
    boot_keys,
    is_carried,
    keys_of,
    real_text,
    real_uuid,
)
from netboot.shared.inventory import Nic
from tests.records.identity_signs import DONGLE, UUID, inventory


def test_a_pc_is_known_by_its_uuid_then_its_serial_then_its_board_then_its_adapters() -> None:
    keys = keys_of(inventory(uuid=UUID.upper(), serial=" 5B5RKN2 ", board="/5B5RKN2/CN7", macs=("10:7b:44:00:00:01",)))
    assert keys == (
        Key("uuid", UUID),
        Key("system", "optiplex 7050/5b5rkn2"),
        Key("board", "0nw6h5//5b5rkn2/cn7"),
        Key("mac", "10:7b:44:00:00:01"),
    )


@pytest.mark.parametrize(
    "uuid",
    [
        "",
        "Not Settable",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "01010101-0101-0101-0101-010101010101",
        "fefefefe-fefe-fefe-fefe-fefefefefefe",
        "ffffff00-ffff-ffff-ffff-ffffffffffff",
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "12345678-1234-5678-90AB-CDDEEFAABBCC",
        "44454C4C-2000-1020-8020-A0C04F202020",
    ],
)
def test_a_uuid_that_many_pcs_carry_is_none(uuid: str) -> None:
    assert real_uuid(uuid) == ""


@pytest.mark.parametrize(
    "uuid",
    [
        "76006b9c-c49c-0000-0000-000000000000",  # ASRock H510M: the board's own MAC address, then zeros
        "03d40274-0435-05dc-8506-010700080009",  # Gigabyte: a MAC address woven into the default
        "31393138-3538-5a43-3135-353130323751",  # HPE: a serial number as text
        "00000000-0000-0000-0000-00000000a1b2",  # a number, however short: three bytes that differ
    ],
)
def test_a_uuid_made_of_the_boards_address_or_serial_is_real(uuid: str) -> None:
    assert real_uuid(uuid) == uuid


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "To be filled by O.E.M.", "To Be Filled By O.E.M", "TO BE FILLED BY OEM", "Default string",
        "Default_string", "System Serial Number", "System Product Name", "SystemSerialNumb", "Base Board Serial Number",
        "123456789", "0123456789", "1234567890", "12345678901234567", "SN-1234567890", "SYS-1234567890",
        "MB-1234567890", "SYS-9876543210", "123456789000", "0000000000", "111111", "xxxxxxxxxxx", "........", "None",
        "N/A", "Not Specified", "Not Applicable", "INVALID", "Unknow", "\xff\xff\xff\xff", "1.0", "1.2.3", "OEM",
        "Serial Number xxxxxx", "01", "10101010", "1234", "SN12345678",
    ],
)  # fmt: skip
def test_a_text_that_makers_leave_in_every_pc_is_none(text: str) -> None:
    assert real_text(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "5B5RKN2",
        "PC0X7Q12",
        "CZC6428KMQ",
        "R9-0FXYZ1",
        "MP18ABCD",
        "S/N 20079",
        "1234XYZ",
        "7X2",
        "B7B7",
        "123",
        "SN1234567",
    ],
)
def test_a_makers_serial_number_is_real(text: str) -> None:
    assert real_text(text)


@pytest.mark.parametrize(
    "mac", ["fc:fd:fe:ff:00:01", "88:88:88:88:87:88", "00:11:22:33:44:55", "00:01:02:03:04:05", "00:00:00:00:00:01"]
)
def test_an_address_that_was_never_written_into_the_adapter_is_none(mac: str) -> None:
    assert keys_of(inventory(macs=(mac,))) == ()


@pytest.mark.parametrize(
    "mac", ["00:0b:ca:fe:00:00", "00:a0:c6:00:00:00", "24:b6:20:52:41:53", "02:42:ac:11:00:02", "01:00:5e:00:00:fb"]
)
def test_an_address_that_many_carry_or_somebody_drew_is_none(mac: str) -> None:
    assert keys_of(inventory(macs=(mac,))) == ()
    assert boot_keys(mac=mac, uuid_text="") == frozenset()


@pytest.mark.parametrize("mac", ["10:7b:44:00:00:01", "10:10:10:7b:7b:44", "10:20:30:40:50:61"])
def test_an_address_that_only_looks_like_a_pattern_is_an_adapters_own(mac: str) -> None:
    assert keys_of(inventory(macs=(mac,))) == (Key("mac", mac),)


def test_of_several_adapters_each_counts_once_and_a_dongle_never() -> None:
    macs = ("a0:36:9f:00:00:01", "10:7b:44:00:00:01", "10:7b:44:00:00:01")
    assert keys_of(inventory(macs=macs, dongles=(DONGLE,))) == (
        Key("mac", "10:7b:44:00:00:01"),
        Key("mac", "a0:36:9f:00:00:01"),
    )


@pytest.mark.parametrize(
    ("driver", "removable", "carried"),
    [("e1000e", False, False), ("igc", True, True), ("r8152", False, True), ("cdc_ncm", True, True)],
)
def test_an_adapter_is_carried_where_it_hangs_on_usb_or_outside_of_the_pc(
    driver: str, removable: bool, carried: bool
) -> None:
    assert is_carried(Nic(name="eth0", mac=DONGLE, driver=driver, removable=removable)) == carried


def test_what_a_loader_tells_names_a_pc_by_its_uuid_in_either_byte_order_else_by_its_adapter() -> None:
    mac = "10:7b:44:00:00:01"
    both = {Key("uuid", UUID), Key("uuid", "44454c4c-4200-1035-8052-b3c04f4b4e32")}
    assert boot_keys(mac=mac, uuid_text=UUID.upper()) == both
    assert boot_keys(mac=mac.upper(), uuid_text="") == {Key("mac", mac)}
    assert boot_keys(mac=mac, uuid_text="03000200-0400-0500-0006-000700080009") == {Key("mac", mac)}
    for none in ("", "10:7b:44:00:00", f"{mac}:01", f"x{mac}", "10-7b-44-00-00-01", "88:88:88:88:87:88"):
        assert boot_keys(mac=none, uuid_text="") == frozenset()
