"""A PC that never takes a proxy's offer is moved to merged ones, and nobody else is."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from netboot.dhcp.boot_client import Reason
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import Arrival, Handled, Remark
from netboot.dhcp.packet import NO_ADDRESS, DhcpPacket, MessageType, Op, Option, encode
from netboot.dhcp.untaken_offers import BACK_FOR, MAX_ENTRIES, WITHIN, UntakenOffers
from netboot.dhcp_proxy import BesideBuilding, BesideSettings
from netboot.doctor.observed import Asker
from netboot.doctor.questions import discover
from netboot.jobs.policy import DhcpMode, Policy

MakeClient = Callable[..., DhcpPacket]

ON_67 = Arrival(port=67, source=NO_ADDRESS, source_port=68)
ADDRESS = IPv4Address("10.77.0.101")
ON_4011 = Arrival(port=4011, source=ADDRESS, source_port=4011)
MAC = "52:54:00:88:00:01"
SETTINGS = BesideSettings(BootFileNames(IPv4Address("10.77.0.2")))


def hear(core: BesideBuilding, packet: DhcpPacket, now: float, arrival: Arrival = ON_67) -> Handled:
    return core.receive(encode(packet), arrival, now=now)


def ways(core: BesideBuilding, discovers: list[tuple[DhcpPacket, float]]) -> str:
    """For each DISCOVER: p for a proxy's offer, m for one forwarded to be merged, b for both, - for nothing."""
    letters = {(): "-", (Op.BOOTREPLY,): "p", (Op.BOOTREQUEST,): "m", (Op.BOOTREQUEST, Op.BOOTREPLY): "b"}
    handled = [hear(core, packet, now) for packet, now in discovers]
    return "".join(letters[tuple(answer.packet.op for answer in one.answers)] for one in handled)


def took_address(core: BesideBuilding, make_client: MakeClient, xid: int, now: float, **words: Any) -> None:
    """The PC broadcasts that it takes the building's address."""
    asked = ((Option.REQUESTED_ADDRESS, ADDRESS.packed), (Option.SERVER_ID, b"\x0a\x4d\0\1"))
    assert not hear(core, make_client(xid=xid, kind=MessageType.REQUEST, more=asked, **words), now).answers


def refused(core: BesideBuilding, make_client: MakeClient, xid: int, now: float) -> str:
    """One start of a PC that takes the building's address and never asks for a file: how it was offered one."""
    way = ways(core, [(make_client(xid=xid), now)])
    took_address(core, make_client, xid, now + 4)
    return way


def moved(make_client: MakeClient, settings: BesideSettings = SETTINGS) -> BesideBuilding:
    """Beside a PC that was moved with its start at 20 s, which has the transaction id 1."""
    core = BesideBuilding(settings)
    assert refused(core, make_client, 0, 0.0) + refused(core, make_client, 1, 20.0) == "pm"
    return core


def test_who_takes_the_buildings_address_and_asks_for_no_file_is_answered_merged(make_client: MakeClient) -> None:
    moved(make_client)


def test_a_pc_that_is_switched_off_while_it_waits_for_offers_is_not_moved(make_client: MakeClient) -> None:
    starts = [(make_client(xid=xid), xid * 20.0) for xid in range(8)]
    assert ways(BesideBuilding(replace(SETTINGS, loop_limit=20)), starts) == "p" * 8
    twice = [(make_client(xid=xid, secs=secs), xid * 20.0 + secs) for xid in range(4) for secs in (0, 4)]
    assert ways(BesideBuilding(SETTINGS), twice) == "p" * 8


def test_a_pc_that_starts_its_disk_after_it_was_offered_a_file_is_not_moved(make_client: MakeClient) -> None:
    """Its system asks for an address too, in a dialogue of its own, and says nothing of PXE."""
    core = BesideBuilding(SETTINGS)
    for start in range(4):
        assert ways(core, [(make_client(xid=start), start * 60.0)]) == "p"
        took_address(core, make_client, 100 + start, start * 60.0 + 30, method=b"MSFT 5.0")


def test_a_firmware_that_hears_no_offer_is_known_by_the_fourth_discover_of_one_power_on(
    make_client: MakeClient,
) -> None:
    at = (0.0, 4.0, 12.0, 28.0)
    assert ways(BesideBuilding(SETTINGS), [(make_client(secs=int(now)), now) for now in at]) == "pppm"
    assert ways(BesideBuilding(SETTINGS), [(make_client(), now) for now in at]) == "pppm"  # it counts no seconds
    new_ids = [(make_client(xid=int(now), secs=int(now)), now) for now in at]
    assert ways(BesideBuilding(SETTINGS), new_ids) == "pppm"
    quick = (0.0, 0.1, 0.2, 0.3, 0.4)  # copies by a switch, not tries
    assert ways(BesideBuilding(SETTINGS), [(make_client(), now) for now in quick]) == "ppppp"
    starts = (0.0, 60.0, 120.0, 180.0)  # an id that is made of the MAC, at four power-ons
    assert ways(BesideBuilding(SETTINGS), [(make_client(), now) for now in starts]) == "pppp"


def test_it_is_told_once_in_the_log_and_stays_on_the_page(make_client: MakeClient) -> None:
    core = BesideBuilding(SETTINGS)
    handled = []
    for xid in range(3):
        handled.append(hear(core, make_client(xid=xid), xid * 20.0))
        took_address(core, make_client, xid, xid * 20.0 + 4)
    assert [one.remark for one in handled] == [None, *[Remark.MOVED_TO_MERGED] * 2]
    assert [one.news for one in handled] == [False, True, False]


def test_a_pc_that_merged_offers_do_not_help_goes_back_and_stays_there(make_client: MakeClient) -> None:
    core = moved(make_client)
    assert [refused(core, make_client, xid, xid * 20.0) for xid in (2, 3)] == ["m", "m"]
    back = hear(core, make_client(xid=4), 80.0)
    assert (back.remark, back.news, back.boot_file) == (Remark.MERGED_DID_NOT_HELP, True, "undionly.kpxe")
    took_address(core, make_client, 4, 84.0)
    assert "".join(refused(core, make_client, xid, xid * 200.0) for xid in range(5, 15)) == "p" * 10
    assert hear(core, make_client(xid=15), 3000.0).remark is Remark.MERGED_DID_NOT_HELP
    a_day_later = 80.0 + BACK_FOR + 1
    again = refused(core, make_client, 20, a_day_later) + refused(core, make_client, 21, a_day_later + 20)
    assert again == "pm"


def test_a_firmware_that_hears_merged_offers_no_better_goes_back_without_being_started_again(
    make_client: MakeClient,
) -> None:
    core = BesideBuilding(SETTINGS)
    at = [0.0, 4.0, 12.0, *(28.0 + 30 * number for number in range(14))]
    answered = ways(core, [(make_client(secs=int(now)), now) for now in at])
    assert answered.startswith("pppm")
    assert answered.endswith("p")


def test_a_pc_that_merged_offers_helped_keeps_them(make_client: MakeClient) -> None:
    core = moved(make_client)
    core.fetched_by(ADDRESS)
    starts = [(make_client(xid=xid), xid * 20.0) for xid in range(10, 16)]  # switched off at each
    assert ways(core, starts) == "m" * 6


def test_a_pc_that_went_back_and_takes_its_file_begins_anew(make_client: MakeClient) -> None:
    core = moved(make_client)
    for xid in (2, 3, 4):
        refused(core, make_client, xid, xid * 20.0)
    core.fetched_by(ADDRESS)
    handled = hear(core, make_client(xid=5), 100.0)
    assert (handled.remark, handled.boot_file) == (None, "undionly.kpxe")


def test_a_request_on_4011_is_the_file_taken(make_client: MakeClient) -> None:
    core = BesideBuilding(SETTINGS)
    for xid in range(4):
        assert ways(core, [(make_client(architecture=7, xid=xid), xid * 30.0)]) == "p"
        ask = make_client(architecture=7, kind=MessageType.REQUEST, ciaddr=ADDRESS)
        assert hear(core, ask, xid * 30.0 + 3, ON_4011).boot_file


def test_a_fetch_from_the_address_that_the_pc_was_leased_is_the_file_taken(make_client: MakeClient) -> None:
    core = BesideBuilding(SETTINGS)
    for xid in range(4):
        assert ways(core, [(make_client(xid=xid), xid * 30.0)]) == "p"
        took_address(core, make_client, xid, xid * 30.0 + 1)
        core.fetched_by(ADDRESS)
    core.fetched_by(IPv4Address("10.77.0.200"))  # somebody else's


def test_days_on_which_nobody_took_the_offer_do_not_add_up(make_client: MakeClient) -> None:
    core = BesideBuilding(SETTINGS)
    assert "".join(refused(core, make_client, day, day * (WITHIN + 1)) for day in range(6)) == "pppppp"


def test_nobody_is_moved_where_it_is_not_allowed_or_another_way_is_set(make_client: MakeClient) -> None:
    def set_to(way: DhcpMode) -> BesideBuilding:
        return BesideBuilding(SETTINGS, lambda mac, uuid="": Policy(dhcp=way))

    def tries(core: BesideBuilding) -> str:
        return "".join(refused(core, make_client, xid, xid * 20.0) for xid in range(5))

    assert tries(BesideBuilding(replace(SETTINGS, move_to_merged=False))) == "ppppp"
    assert tries(set_to("proxy")) == "ppppp"
    assert tries(set_to("merged")) == "mmmmm"


def test_the_doctor_is_never_moved(make_client: MakeClient) -> None:
    questions = [discover(asker, "02:00:00:00:00:07", number) for number, asker in enumerate(Asker) if asker.boots]
    again = [discover(Asker.BIOS, "02:00:00:00:00:07", 100 + number) for number in range(5)]
    assert ways(BesideBuilding(SETTINGS), [(question, 0.1) for question in questions + again]) == "p" * 10


def test_moved_or_not_a_loop_is_left(make_client: MakeClient) -> None:
    core = moved(make_client, replace(SETTINGS, loop_limit=4))
    assert ways(core, [(make_client(xid=xid), xid * 10.0) for xid in range(2, 6)]) == "mm--"
    last = hear(core, make_client(xid=9), 70.0)
    assert last.ignored is not None
    assert last.ignored.reason is Reason.LOOP


def test_made_up_macs_fill_no_memory() -> None:
    untaken = UntakenOffers()
    for number in range(MAX_ENTRIES + 50):
        mac = f"02:00:{number:08x}"
        for xid in range(1 if number % 2 else 2):
            untaken.note_offer(mac, xid=xid, secs=0, now=number * 0.001)
            untaken.note_address_request(mac, IPv4Address(number), xid=xid)
        for xid in range(10, 10 if number % 3 else 14):
            untaken.note_merged_offer(mac, xid=xid, secs=0, now=number * 0.001)
    assert len(untaken) <= 4 * MAX_ENTRIES
    assert untaken.needs_merged(f"02:00:{MAX_ENTRIES + 48:08x}")
