"""Whether two inventories are one PC's, from the names and parts that they share and those in which they differ."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.jobs.identity import (
    Signs,
    contradicts,
    find_machines,
    keys_of,
    real_text,
    real_uuid,
    signs_of,
    stand_apart,
)
from netboot.shared.inventory import Board, Inventory
from tests.records.identity_signs import DONGLE, UUID, inventory, same


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


@pytest.mark.parametrize(
    "serial",
    ["Type1 - 123456789", "Enter Serial", "SerNum0", "0x00000000", "9876543210", "PF0ZZ9XQ", "Type1 - Chassis SN"],
)
@pytest.mark.parametrize("uuid", ["", "03000200-0400-0500-0006-000700080009", "4c1bb2a8-7e52-11ea-9d7a-0862664a0001"])
@pytest.mark.parametrize("board", ["", "Default string", "Type2 - 987654321"])
def test_two_pcs_with_other_adapters_and_disks_are_two_whatever_text_both_carry(
    serial: str, uuid: str, board: str
) -> None:
    one = inventory(serial=serial, uuid=uuid, board=board, macs=("70:85:c2:00:00:01",), disks=("S4EWNX0N0001",))
    other = inventory(serial=serial, uuid=uuid, board=board, macs=("70:85:c2:00:00:02",), disks=("S4EWNX0N0002",))
    assert not same(one, other)
    assert stand_apart(signs_of(one), signs_of(other))
    for pc in (one, other):
        assert same(pc, pc)
        assert not stand_apart(signs_of(pc), signs_of(pc))


def test_a_new_adapter_is_no_other_pc_where_the_disk_and_two_texts_are_the_same() -> None:
    before = inventory(uuid=UUID, serial="5B5RKN2", macs=("10:7b:44:00:00:01",), disks=("S4EWNX0N0001",))
    card = ("a0:36:9f:00:00:01",)
    assert same(before, inventory(uuid=UUID, serial="5B5RKN2", macs=card, disks=("S4EWNX0N0001",)))
    # A disk may have come from another PC: with one text alone, that is in doubt.
    assert not same(before, inventory(uuid=UUID, macs=card, disks=("S4EWNX0N0001",)))
    assert not same(before, inventory(serial="5B5RKN2", macs=card, disks=("S4EWNX0N0001",)))


def test_a_text_that_nothing_fitted_bears_out_does_not_make_two_pcs_one() -> None:
    one = inventory(uuid=UUID, macs=("10:7b:44:00:00:01",), disks=("S4EWNX0N0001",))
    assert same(one, inventory(uuid=UUID, macs=("10:7b:44:00:00:01", "a0:36:9f:00:00:01")))
    # No adapter of its own is no contradiction, and a dongle is none of its own: its disk is.
    assert same(one, inventory(uuid=UUID, dongles=(DONGLE,), disks=("S4EWNX0N0001",)))
    assert not same(one, inventory(uuid=UUID, dongles=(DONGLE,), disks=("S4EWNX0N0002",)))
    assert not same(one, inventory(uuid=UUID, dongles=(DONGLE,)))


def test_a_laptop_without_an_adapter_of_its_own_keeps_its_number_when_its_disk_is_replaced() -> None:
    before = inventory(uuid=UUID, serial="5B5RKN2", board="CN701", dongles=(DONGLE,), disks=("S4EWNX0N0001",))
    after = inventory(uuid=UUID, serial="5B5RKN2", board="CN701", dongles=(), disks=("S4EWNX0N0002",))
    assert same(before, after)
    # But two of them that are on the line at once are two, and one text less is too little.
    assert not same(before, replace(after, nics=inventory(macs=("10:7b:44:00:00:01",)).nics))
    assert stand_apart(signs_of(before), signs_of(after))
    assert not same(before, replace(after, board=Board()))
    assert same(before, replace(after, board=Board(), disks=()))


def test_a_disk_that_both_have_had_does_not_make_two_pcs_one_that_have_no_text_of_their_own() -> None:
    one = inventory(macs=("10:7b:44:00:00:01",), disks=("S4EWNX0N0001",))
    assert not same(one, inventory(dongles=(DONGLE,), disks=("S4EWNX0N0001",)))
    assert not same(inventory(disks=("S4EWNX0N0001",)), inventory(disks=("S4EWNX0N0001",)))
    assert same(one, inventory(macs=("10:7b:44:00:00:01",), disks=("S4EWNX0N0001",)))


def test_a_disk_that_says_nothing_of_its_own_bears_out_nothing() -> None:
    def pc(mac: str) -> Inventory:
        return inventory(uuid=UUID, serial="5B5RKN2", macs=(mac,), disks=("0000000000000000",))

    assert not same(pc("10:7b:44:00:00:01"), pc("10:7b:44:00:00:02"))


def test_a_stick_that_goes_from_pc_to_pc_bears_out_nothing() -> None:
    def pc(mac: str) -> Inventory:
        made = inventory(uuid=UUID, serial="5B5RKN2", macs=(mac,), disks=("STICK0001X",))
        return replace(made, disks=(replace(made.disks[0], transport="usb", removable=True),))

    assert not same(pc("10:7b:44:00:00:01"), pc("10:7b:44:00:00:02"))


def test_what_both_know_and_is_another_contradicts() -> None:
    one = inventory(uuid=UUID, serial="5B5RKN2", board="CN7016365B", macs=("10:7b:44:00:00:01",))
    for change in (
        inventory(uuid=UUID, serial="5B5RKN3", board="CN7016365B", macs=("10:7b:44:00:00:01",)),
        inventory(uuid=UUID, serial="5B5RKN2", board="CN7016365C", macs=("10:7b:44:00:00:01",)),
        inventory(uuid=UUID, serial="5B5RKN2", board="CN7016365B", macs=("10:7b:44:00:00:02",)),
    ):
        assert contradicts(signs_of(one), signs_of(change))
    assert not contradicts(signs_of(one), signs_of(inventory(serial="5B5RKN2", dongles=(DONGLE,), disks=("ANOTHER1",))))


def test_a_shared_dongle_does_not_make_two_pcs_one() -> None:
    one = inventory(uuid=UUID, dongles=(DONGLE,))
    other = inventory(uuid="4c4c4544-0042-3510-8052-b3c04f4b4e33", dongles=(DONGLE,))
    assert not same(one, other)
    # Not even one whose driver is not known for USB, nor when neither PC has a name of its own.
    assert not same(inventory(uuid=UUID, macs=(DONGLE,)), inventory(board="CN7016365B", macs=(DONGLE,)))
    assert not same(inventory(uuid=UUID, macs=(DONGLE,)), inventory(macs=(DONGLE,)))
    assert not same(inventory(dongles=(DONGLE,)), inventory(dongles=(DONGLE,)))


def test_the_adapter_of_a_dock_is_none_of_the_pc_though_it_is_no_usb_adapter() -> None:
    def laptop(disk: str) -> Inventory:
        made = inventory(serial="SerNum0", macs=("64:4b:f0:00:00:01",), disks=(disk,))
        return replace(made, nics=(replace(made.nics[0], driver="igc", removable=True),))

    assert not same(laptop("S4EWNX0N0001"), laptop("S4EWNX0N0002"))
    assert keys_of(laptop("S4EWNX0N0001"))[0].kind == "system"


def test_an_unlisted_uuid_that_everything_else_contradicts_joins_nothing() -> None:
    mac = ("10:7b:44:00:00:01",)
    one = inventory(uuid=UUID, serial="5B5RKN2", board="CN7016365B", macs=mac)
    assert not same(one, inventory(uuid=UUID, serial="6C6SLO3", board="CN7016365C", macs=mac))
    assert same(one, inventory(uuid=UUID, serial="6C6SLO3", board="CN7016365B", macs=mac))
    assert same(one, inventory(uuid=UUID, macs=mac))


def test_where_as_many_texts_differ_as_agree_two_pcs_are_two() -> None:
    mac = ("10:7b:44:00:00:01",)
    assert not same(inventory(uuid=UUID, serial="5B5RKN2", macs=mac), inventory(uuid=UUID, serial="6C6SLO3", macs=mac))


@pytest.mark.parametrize(
    ("board", "disk", "are_one"),
    [
        ("", "S4EWNX0N0001", True),
        ("", "", True),
        ("", "S4EWNX0N0002", False),
        ("CN701", "S4EWNX0N0002", True),
    ],
)
def test_where_each_has_an_adapter_that_the_other_has_not_a_disk_or_a_second_text_bears_it_out(
    board: str, disk: str, are_one: bool
) -> None:
    one = inventory(uuid=UUID, board=board, macs=("10:7b:44:00:00:01", "a0:36:9f:00:00:01"), disks=("S4EWNX0N0001",))
    other = inventory(
        uuid=UUID, board=board, macs=("10:7b:44:00:00:01", "a0:36:9f:00:00:02"), disks=(disk,) if disk else ()
    )
    assert same(one, other) == are_one
    assert same(other, one) == are_one


@pytest.mark.parametrize(
    ("macs", "disks", "apart"),
    [
        (("10:7b:44:00:00:01",), ("S4EWNX0N0002",), False),
        (("10:7b:44:00:00:01", "a0:36:9f:00:00:01"), ("S4EWNX0N0002",), False),
        (("a0:36:9f:00:00:01",), ("S4EWNX0N0001",), False),
        (("a0:36:9f:00:00:01",), ("S4EWNX0N0002",), True),
        (("a0:36:9f:00:00:01",), (), True),
        ((), ("S4EWNX0N0001",), False),
        ((), ("S4EWNX0N0002",), True),
        ((), (), False),
    ],
)
def test_two_pcs_on_the_line_are_two_where_something_fitted_differs_and_nothing_fitted_is_in_both(
    macs: tuple[str, ...], disks: tuple[str, ...], apart: bool
) -> None:
    one = signs_of(inventory(uuid=UUID, macs=("10:7b:44:00:00:01",), disks=("S4EWNX0N0001",)))
    other = signs_of(inventory(uuid=UUID, macs=macs, disks=disks))
    assert stand_apart(one, other) == apart
    assert stand_apart(other, one) == apart


def test_two_pcs_whose_adapters_are_some_the_same_do_not_stand_apart() -> None:
    one = signs_of(inventory(macs=("10:7b:44:00:00:01", "10:7b:44:00:00:02"), disks=("S4EWNX0N0001",)))
    other = signs_of(inventory(macs=("10:7b:44:00:00:01", "10:7b:44:00:00:03"), disks=("S4EWNX0N0002",)))
    assert not stand_apart(one, other)


def test_two_pcs_without_an_adapter_of_their_own_stand_apart_by_their_disks() -> None:
    one, other = (signs_of(inventory(disks=(f"S4EWNX0N000{number}",))) for number in (1, 2))
    assert stand_apart(one, other)
    assert not stand_apart(one, one)


def test_of_two_machines_that_it_may_be_a_pc_is_the_one_with_more_of_its_texts() -> None:
    macs = ("10:7b:44:00:00:01",)
    now = signs_of(inventory(uuid=UUID, serial="5B5RKN2", board="CN701", macs=macs))
    fewer = signs_of(inventory(uuid=UUID, serial="5B5RKN2", macs=macs))
    assert find_machines(now, {"fewer": fewer, "all": now}) == ("all",)
    assert find_machines(now, {"fewer": fewer}) == ("fewer",)


def test_two_uuids_are_two_pcs_whatever_their_serials() -> None:
    one = inventory(uuid=UUID, serial="5B5RKN2")
    assert not same(one, inventory(uuid="4c4c4544-0042-3510-8052-b3c04f4b4e33", serial="5B5RKN2"))


def test_of_several_machines_with_one_adapter_none_is_taken() -> None:
    signs = signs_of(inventory(macs=("10:7b:44:00:00:01", "10:7b:44:00:00:02")))
    first, second = (signs_of(inventory(macs=(f"10:7b:44:00:00:0{n}",))) for n in (1, 2))
    assert find_machines(signs, {1: first}) == (1,)
    assert find_machines(signs, {1: first, 2: second}) == (1, 2)
    assert find_machines(signs, {1: first, 2: second, 3: signs}) == (3,)


@pytest.mark.parametrize("moved", ["card", "disk", "both"])
def test_of_twins_each_is_known_by_its_own_adapter_when_a_card_or_disk_goes_from_one_to_the_other(moved: str) -> None:
    card = tuple(f"a0:36:9f:00:00:0{port}" for port in range(4))

    def twin(number: int, *more: str, disk: int) -> Inventory:
        macs = (f"10:7b:44:00:00:0{number}", *more)
        return inventory(uuid=UUID, serial="5B5RKN2", board="CN701", macs=macs, disks=(f"S4EWNX0N000{disk}",))

    known = {1: signs_of(twin(1, *card, disk=1)), 2: signs_of(twin(2, disk=2))}
    now = twin(2, *(card if moved in ("card", "both") else ()), disk=1 if moved in ("disk", "both") else 2)
    assert find_machines(signs_of(now), known) == (2,)


hex_uuids = st.uuids(version=4).map(str)
serials = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=6, max_size=12)
texts = st.one_of(serials, st.sampled_from(["", "Default string", "123456789"]), st.text(max_size=40))
macs = st.sampled_from([f"10:7b:44:00:00:0{n}" for n in range(1, 6)])
other_macs = st.sampled_from([f"a0:36:9f:00:00:0{n}" for n in range(1, 6)])
disks = st.sampled_from([f"S4EWNX0N000{n}" for n in range(5)])
other_disks = st.sampled_from([f"WD-WCC6Y{n}AB" for n in range(5)])
inventories = st.builds(
    inventory,
    uuid=st.one_of(hex_uuids, texts),
    serial=texts,
    product=texts,
    board=texts,
    macs=st.lists(macs, max_size=3).map(tuple),
    dongles=st.lists(macs, max_size=2).map(tuple),
    disks=st.lists(disks, max_size=3, unique=True).map(tuple),
)


@given(inventories)
def test_any_pc_is_itself_unless_one_text_is_all_that_is_known_of_it(one: Inventory) -> None:
    kinds = [key.kind for key in keys_of(one)]
    assert same(one, one) == ("mac" in kinds or len(kinds) > 1 or (len(kinds) == 1 and bool(one.disks)))


@given(inventories, inventories)
def test_the_order_of_comparing_does_not_matter(one: Inventory, other: Inventory) -> None:
    assert same(one, other) == same(other, one)
    assert stand_apart(signs_of(one), signs_of(other)) == stand_apart(signs_of(other), signs_of(one))


@given(
    inventories,
    st.lists(other_macs, min_size=1, max_size=3),
    st.lists(other_disks, max_size=3, unique=True),
    st.lists(macs, max_size=2),
)
def test_whatever_texts_makers_left_in_both_pcs_with_other_adapters_and_disks_are_never_one(
    one: Inventory, fitted: list[str], found: list[str], dock: list[str]
) -> None:
    assume(any(key.kind == "mac" for key in keys_of(one)))
    other = inventory(macs=tuple(fitted), disks=tuple(found), dongles=tuple(dock))
    twin = replace(one, nics=other.nics, disks=other.disks)
    assert not same(one, twin)
    assert find_machines(signs_of(twin), {"one": signs_of(one)}) == ()
    assert stand_apart(signs_of(one), signs_of(twin))


@given(
    hex_uuids,
    serials.filter(lambda text: bool(real_text(text))),
    serials.filter(lambda text: bool(real_text(text))),
    st.lists(macs, max_size=3, unique=True),
    st.lists(disks, min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(["adapter", "card", "card out", "disk", "dongle", "all disks"]), max_size=8),
)
def test_one_pc_whose_parts_are_swapped_one_at_a_time_stays_one(
    uuid: str, serial: str, board: str, fitted: list[str], found: list[str], swaps: list[str]
) -> None:
    """As the record does: what it is known by grows, its disks are those of its newest visit."""
    assume(real_uuid(uuid))
    parts, dongles, disks_now = list(fitted), [DONGLE], list(found)

    def now() -> Inventory:
        return inventory(
            uuid=uuid, serial=serial, board=board, macs=tuple(parts), dongles=tuple(dongles), disks=tuple(disks_now)
        )

    keys, newest = signs_of(now()).keys, signs_of(now())
    for number, swap in enumerate(swaps):
        match swap:
            case "adapter" if parts:
                parts[:1] = [f"a0:36:9f:00:01:{number:02x}"]
            case "card":
                parts.append(f"a0:36:9f:00:02:{number:02x}")
            case "card out" if len(parts) > 1:
                parts.pop()
            case "disk" if disks_now:
                disks_now[0] = f"WD-WCC6Y{number}AB"
            case "all disks":
                disks_now[:] = [f"WD-WCC7K{number}AB"]
            case "dongle":
                dongles[:] = [f"00:e0:4c:68:00:{number:02x}"]
        here = signs_of(now())
        assert find_machines(here, {"it": Signs(keys, newest.disks)}) == ("it",), swap
        keys, newest = keys | here.keys, here


@given(hex_uuids, hex_uuids, st.lists(macs, min_size=1, max_size=3))
def test_two_pcs_on_one_dock_stay_two(one: str, other: str, dock: list[str]) -> None:
    assume(one != other)
    assert not same(inventory(uuid=one, macs=tuple(dock)), inventory(uuid=other, macs=tuple(dock)))
