"""Whether two inventories are one PC's: what counts as a name, what makers left there, what goes from PC to PC."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netboot.identity import STRONG, Key, find_machine, keys_of, real_text, real_uuid, same_machine
from netboot.inventory import Board, Firmware, Inventory, Nic, System

DONGLE = "00:e0:4c:68:00:01"


def inventory(
    *,
    uuid: str = "",
    serial: str = "",
    product: str = "OptiPlex 7050",
    board: str = "",
    macs: tuple[str, ...] = (),
    dongles: tuple[str, ...] = (),
) -> Inventory:
    """What identity looks at, and nothing else."""
    nics = [Nic(name=f"eth{i}", mac=mac, driver="e1000e") for i, mac in enumerate(macs)]
    nics += [Nic(name=f"usb{i}", mac=mac, driver="r8152") for i, mac in enumerate(dongles)]
    return Inventory(
        system=System(product=product, serial=serial, uuid=uuid),
        board=Board(product="0NW6H5", serial=board),
        firmware=Firmware(mode="bios"),
        nics=tuple(nics),
    )


def same(one: Inventory, other: Inventory) -> bool:
    """Whether both inventories are one PC's."""
    return same_machine(keys_of(one), keys_of(other))


UUID = "4c4c4544-0042-3510-8052-b3c04f4b4e32"


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
        "Serial Number xxxxxx", "01", "10101010",
    ],
)  # fmt: skip
def test_a_text_that_makers_leave_in_every_pc_is_none(text: str) -> None:
    assert real_text(text) == ""


@pytest.mark.parametrize("text", ["5B5RKN2", "PC0X7Q12", "CZC6428KMQ", "R9-0FXYZ1", "MP18ABCD", "S/N 20079", "1234XYZ"])
def test_a_makers_serial_number_is_real(text: str) -> None:
    assert real_text(text)


def test_two_pcs_with_one_placeholder_are_two() -> None:
    def clone(mac: str) -> Inventory:
        return inventory(
            uuid="03000200-0400-0500-0006-000700080009",
            serial="To be filled by O.E.M.",
            board="Default string",
            macs=(mac,),
        )

    assert not same(clone("70:85:c2:00:00:01"), clone("70:85:c2:00:00:02"))
    assert same(clone("70:85:c2:00:00:01"), clone("70:85:c2:00:00:01"))


def test_another_adapter_is_no_other_pc() -> None:
    before = inventory(uuid=UUID, serial="5B5RKN2", macs=("10:7b:44:00:00:01",))
    assert same(before, inventory(uuid=UUID, serial="5B5RKN2", macs=("a0:36:9f:00:00:01",)))


def test_a_uuid_that_nothing_bears_out_does_not_make_two_pcs_one() -> None:
    one = inventory(uuid=UUID, macs=("10:7b:44:00:00:01",))
    other = inventory(uuid=UUID, serial="To be filled by O.E.M.", macs=("10:7b:44:00:00:02",))
    assert not same(one, other)
    assert same(one, inventory(uuid=UUID, macs=("10:7b:44:00:00:01", "a0:36:9f:00:00:01")))
    # No adapter of its own is no contradiction, and a dongle is none of its own.
    assert same(one, inventory(uuid=UUID, dongles=(DONGLE,)))


@pytest.mark.parametrize(("serial", "board"), [("5B5RKN2", ""), ("", "CN7016365B")])
def test_another_adapter_is_no_other_pc_where_a_serial_number_bears_the_uuid_out(serial: str, board: str) -> None:
    one = inventory(uuid=UUID, serial=serial, board=board, macs=("10:7b:44:00:00:01",))
    assert same(one, inventory(uuid=UUID, serial=serial, board=board, macs=("a0:36:9f:00:00:01",)))


def test_a_shared_dongle_does_not_make_two_pcs_one() -> None:
    one = inventory(uuid=UUID, dongles=(DONGLE,))
    other = inventory(uuid="4c4c4544-0042-3510-8052-b3c04f4b4e33", dongles=(DONGLE,))
    assert not same(one, other)
    # Not even one whose driver is not known for USB, nor when neither PC has a name of its own.
    assert not same(inventory(uuid=UUID, macs=(DONGLE,)), inventory(board="CN7016365B", macs=(DONGLE,)))
    assert not same(inventory(uuid=UUID, macs=(DONGLE,)), inventory(macs=(DONGLE,)))
    assert not same(inventory(dongles=(DONGLE,)), inventory(dongles=(DONGLE,)))


def test_an_unlisted_uuid_that_everything_else_contradicts_joins_nothing() -> None:
    one = inventory(uuid=UUID, serial="5B5RKN2", board="CN7016365B")
    assert not same(one, inventory(uuid=UUID, serial="6C6SLO3", board="CN7016365C"))
    assert same(one, inventory(uuid=UUID, serial="6C6SLO3", board="CN7016365B"))
    assert same(one, inventory(uuid=UUID))


def test_two_uuids_are_two_pcs_whatever_their_serials() -> None:
    one = inventory(uuid=UUID, serial="5B5RKN2")
    assert not same(one, inventory(uuid="4c4c4544-0042-3510-8052-b3c04f4b4e33", serial="5B5RKN2"))


def test_of_several_machines_with_one_adapter_none_is_taken() -> None:
    keys = keys_of(inventory(macs=("10:7b:44:00:00:01", "10:7b:44:00:00:02")))
    first, second = (keys_of(inventory(macs=(f"10:7b:44:00:00:0{n}",))) for n in (1, 2))
    assert find_machine(keys, {1: first}) == 1
    assert find_machine(keys, {1: first, 2: second}) is None
    assert find_machine(keys, {1: first, 2: second, 3: keys}) == 3


hex_uuids = st.uuids(version=4).map(str)
serials = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=6, max_size=12)
texts = st.one_of(serials, st.sampled_from(["", "Default string", "123456789"]), st.text(max_size=40))
macs = st.sampled_from([f"10:7b:44:00:00:0{n}" for n in range(5)])
inventories = st.builds(
    inventory,
    uuid=st.one_of(hex_uuids, texts),
    serial=texts,
    product=texts,
    board=texts,
    macs=st.lists(macs, max_size=3).map(tuple),
    dongles=st.lists(macs, max_size=2).map(tuple),
)


@given(inventories)
def test_any_pc_with_a_key_is_itself(one: Inventory) -> None:
    assert same(one, one) == bool(keys_of(one))


@given(inventories, inventories)
def test_the_order_of_comparing_does_not_matter(one: Inventory, other: Inventory) -> None:
    assert same(one, other) == same(other, one)


@given(inventories, st.lists(macs, max_size=3), st.lists(macs, max_size=3))
def test_adapters_change_nothing_for_a_pc_with_a_serial_number(
    one: Inventory, fitted: list[str], taken: list[str]
) -> None:
    keys = [key for key in keys_of(one) if key.kind in STRONG]
    assume(any(key.kind != "uuid" for key in keys))
    before, after = [*keys, *(Key("mac", mac) for mac in fitted)], [*keys, *(Key("mac", mac) for mac in taken)]
    assert same_machine(before, after)


@given(hex_uuids, hex_uuids, st.lists(macs, min_size=1, max_size=3))
def test_two_pcs_on_one_dock_stay_two(one: str, other: str, dock: list[str]) -> None:
    assume(one != other)
    assert not same(inventory(uuid=one, macs=tuple(dock)), inventory(uuid=other, macs=tuple(dock)))
