"""A PC that never takes a proxy's offer is moved to merged ones, and nobody else is."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address

from netboot.dhcp.beside import BesideBuilding, BesideSettings
from netboot.dhcp.boot_client import Reason
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import Arrival, Handled, Remark
from netboot.dhcp.packet import NO_ADDRESS, DhcpPacket, MessageType, Op, Option, encode
from netboot.dhcp.untaken_offers import MAX_ENTRIES, WITHIN, UntakenOffers
from netboot.doctor.observed import Asker
from netboot.doctor.questions import discover
from netboot.policy import DhcpWay, Policy

MakeClient = Callable[..., DhcpPacket]

ON_67 = Arrival(port=67, source=NO_ADDRESS, source_port=68)
ADDRESS = IPv4Address("10.77.0.101")
ON_4011 = Arrival(port=4011, source=ADDRESS, source_port=4011)
MAC = "52:54:00:88:00:01"
SETTINGS = BesideSettings(BootFileNames(IPv4Address("10.77.0.2")))


def hear(core: BesideBuilding, packet: DhcpPacket, now: float, arrival: Arrival = ON_67) -> Handled:
    return core.receive(encode(packet), arrival, now=now)


def ways(core: BesideBuilding, discovers: list[tuple[DhcpPacket, float]]) -> str:
    """For each DISCOVER: p when it got a proxy's offer, m when it was forwarded for a merged one, - for nothing."""
    letters = {(): "-", (Op.BOOTREPLY,): "p", (Op.BOOTREQUEST,): "m"}
    handled = [hear(core, packet, now) for packet, now in discovers]
    return "".join(letters[tuple(answer.packet.op for answer in one.answers)] for one in handled)


def test_the_second_dialogue_without_a_request_for_the_file_is_answered_merged(make_client: MakeClient) -> None:
    core = BesideBuilding(SETTINGS)
    assert ways(core, [(make_client(xid=xid), xid * 20.0) for xid in range(5)]) == "pmmmm"


def test_a_firmware_that_keeps_its_transaction_id_is_known_by_its_fourth_discover(make_client: MakeClient) -> None:
    at = (0.0, 4.0, 12.0, 28.0)
    assert ways(BesideBuilding(SETTINGS), [(make_client(secs=int(now)), now) for now in at]) == "pppm"
    quick = (0.0, 0.1, 0.2, 0.3, 0.4)  # copies by a switch, not tries
    assert ways(BesideBuilding(SETTINGS), [(make_client(), now) for now in quick]) == "ppppp"


def test_it_is_told_once_in_the_log_and_stays_on_the_page(make_client: MakeClient) -> None:
    core = BesideBuilding(SETTINGS)
    handled = [hear(core, make_client(xid=xid), xid * 20.0) for xid in range(5)]
    assert [one.remark for one in handled] == [None, *[Remark.MOVED_TO_MERGED] * 4]
    assert [one.news for one in handled] == [False, True, False, False, False]


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
        asked = ((Option.REQUESTED_ADDRESS, ADDRESS.packed), (Option.SERVER_ID, b"\x0a\x4d\0\1"))
        request = make_client(xid=xid, kind=MessageType.REQUEST, more=asked)
        assert hear(core, request, xid * 30.0 + 1).ignored is not None
        core.fetched_by(ADDRESS)
    core.fetched_by(IPv4Address("10.77.0.200"))  # somebody else's


def test_days_on_which_nobody_took_the_offer_do_not_add_up(make_client: MakeClient) -> None:
    core = BesideBuilding(SETTINGS)
    assert ways(core, [(make_client(xid=day), day * (WITHIN + 1)) for day in range(6)]) == "pppppp"


def test_nobody_is_moved_where_it_is_not_allowed_or_another_way_is_set(make_client: MakeClient) -> None:
    def set_to(way: DhcpWay) -> BesideBuilding:
        return BesideBuilding(SETTINGS, lambda mac, uuid="": Policy(dhcp=way))

    tries = [(make_client(xid=xid), xid * 20.0) for xid in range(5)]
    assert ways(BesideBuilding(replace(SETTINGS, move_to_merged=False)), tries) == "ppppp"
    assert ways(set_to("proxy"), tries) == "ppppp"
    assert ways(set_to("merged"), tries) == "mmmmm"


def test_the_doctor_is_never_moved(make_client: MakeClient) -> None:
    questions = [discover(asker, "02:00:00:00:00:07", number) for number, asker in enumerate(Asker) if asker.boots]
    again = [discover(Asker.BIOS, "02:00:00:00:00:07", 100 + number) for number in range(5)]
    assert ways(BesideBuilding(SETTINGS), [(question, 0.1) for question in questions + again]) == "p" * 10


def test_moved_or_not_a_loop_is_left(make_client: MakeClient) -> None:
    core = BesideBuilding(replace(SETTINGS, loop_limit=4))
    tries = [(make_client(xid=xid), xid * 10.0) for xid in range(6)]
    assert ways(core, tries) == "pmmm--"
    last = hear(core, make_client(xid=9), 70.0)
    assert last.ignored is not None
    assert last.ignored.reason is Reason.LOOP


def test_made_up_macs_fill_no_memory() -> None:
    untaken = UntakenOffers()
    for number in range(MAX_ENTRIES + 50):
        mac = f"02:00:{number:08x}"
        for xid in range(1 if number % 2 else 2):
            untaken.offered(mac, xid=xid, now=number * 0.001)
        untaken.leased(mac, IPv4Address(number))
    assert len(untaken) <= 3 * MAX_ENTRIES
    assert untaken.refuses(f"02:00:{MAX_ENTRIES + 48:08x}")
