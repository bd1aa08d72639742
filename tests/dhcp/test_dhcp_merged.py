"""Merged offers: what the building's server sees, and what the PC sees of its answers. No sockets."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp import merged as dhcp_merged
from netboot.dhcp.boot_client import Ignored, Reason
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import BROADCAST, Answer, Arrival, Handled, Remark
from netboot.dhcp.merged import PATIENCE
from netboot.dhcp.packet import (
    BROADCAST_FLAG,
    MAX_PACKET,
    NO_ADDRESS,
    DhcpPacket,
    MessageType,
    Op,
    Option,
    Options,
    decode,
    encode,
    wire_size,
)
from netboot.dhcp_proxy import BesideBuilding, BesideSettings

MakeClient = Callable[..., DhcpPacket]

US = IPv4Address("10.77.0.2")
BUILDING = IPv4Address("10.77.0.1")
LEASED = IPv4Address("10.77.0.100")
RELAY = IPv4Address("10.78.0.1")
FROM_CLIENT = Arrival(port=67, source=NO_ADDRESS, source_port=68)
FROM_BUILDING = Arrival(port=67, source=BUILDING, source_port=67)


@pytest.fixture
def core() -> BesideBuilding:
    return BesideBuilding(BesideSettings(BootFileNames(US), mode="merged"))


def hear(core: BesideBuilding, packet: DhcpPacket, arrival: Arrival = FROM_CLIENT, now: float = 0.0) -> Handled:
    return core.receive(encode(packet), arrival, now=now)


def sent(handled: Handled) -> Answer:
    assert handled.ignored is None
    (answer,) = handled.answers
    return answer


def building_says(
    to: DhcpPacket, kind: MessageType = MessageType.OFFER, more: Options = (), server: IPv4Address = BUILDING
) -> DhcpPacket:
    """What a building's server answers to a forwarded packet; it echoes option 82 as RFC 3046 asks."""
    relayed: Options = tuple(option for option in to.options if option[0] == Option.RELAY_AGENT)
    return DhcpPacket(
        op=Op.BOOTREPLY,
        xid=to.xid,
        chaddr=to.chaddr,
        yiaddr=NO_ADDRESS if kind is MessageType.NAK else LEASED,
        siaddr=server,
        giaddr=to.giaddr,
        options=(
            (Option.MESSAGE_TYPE, bytes((kind,))),
            (Option.SERVER_ID, server.packed),
            (Option.LEASE_TIME, (3600).to_bytes(4)),
            (Option.SUBNET_MASK, IPv4Address("255.255.255.0").packed),
            (Option.ROUTER, BUILDING.packed),
            *more,
            *relayed,
        ),
    )


def request_of(make_client: MakeClient, server: IPv4Address, **fields: Any) -> DhcpPacket:
    more = ((Option.SERVER_ID, server.packed), (Option.REQUESTED_ADDRESS, LEASED.packed))
    return make_client(kind=MessageType.REQUEST, more=more, **fields)


def test_the_building_is_asked_as_a_relay_agent_asks(core: BesideBuilding, make_client: MakeClient) -> None:
    discover = make_client(architecture=7)
    forwarded = sent(hear(core, discover))
    assert forwarded.packet == replace(discover, giaddr=US, hops=1)
    assert (forwarded.destination, forwarded.destination_port, forwarded.from_port) == (BROADCAST, 67, 67)


def test_a_building_whose_address_is_set_is_asked_there(make_client: MakeClient) -> None:
    core = BesideBuilding(BesideSettings(BootFileNames(US), mode="merged", building=BUILDING))
    assert sent(hear(core, make_client())).destination == BUILDING


@pytest.mark.parametrize(("architecture", "file"), [(0, b"undionly.kpxe"), (7, b"shimx64.efi")])
def test_the_pc_gets_the_buildings_address_and_our_boot_file_in_one_offer(
    core: BesideBuilding, make_client: MakeClient, architecture: int, file: bytes
) -> None:
    forwarded = sent(hear(core, make_client(architecture=architecture)))
    answer = sent(hear(core, building_says(forwarded.packet), FROM_BUILDING))
    offer = answer.packet
    assert (answer.destination, answer.destination_port, answer.boot_file) == (BROADCAST, 68, file.decode())
    assert (offer.yiaddr, offer.siaddr, offer.sname, offer.file) == (LEASED, US, b"10.77.0.2", file)
    assert (offer.giaddr, offer.flags, offer.message_type) == (NO_ADDRESS, BROADCAST_FLAG, MessageType.OFFER)
    assert offer.option(Option.SERVER_ID) == US.packed
    assert offer.option(Option.VENDOR_CLASS) == b"PXEClient"
    assert offer.option(Option.VENDOR_OPTIONS) == b"\x06\x01\x08\xff"
    # Each ends with a NUL: some firmware reads them as C strings, and on past their end.
    assert offer.option(Option.TFTP_SERVER) == b"10.77.0.2\0"
    assert offer.option(Option.BOOT_FILE) == file + b"\0"
    assert offer.option(Option.ROUTER) == BUILDING.packed
    assert offer.option(Option.LEASE_TIME) == (3600).to_bytes(4)


def test_http_boot_gets_its_url_and_no_pxe_options(core: BesideBuilding, make_client: MakeClient) -> None:
    forwarded = sent(hear(core, make_client(architecture=16, method=b"HTTPClient")))
    offer = sent(hear(core, building_says(forwarded.packet), FROM_BUILDING)).packet
    assert (offer.yiaddr, offer.file) == (LEASED, b"http://10.77.0.2/shimx64.efi")
    assert offer.option(Option.VENDOR_CLASS) == b"HTTPClient"
    assert [offer.option(code) for code in (Option.VENDOR_OPTIONS, Option.TFTP_SERVER)] == [None, None]


def test_boot_options_of_the_buildings_own_are_not_passed_on(core: BesideBuilding, make_client: MakeClient) -> None:
    forwarded = sent(hear(core, make_client(architecture=7)))
    stray: Options = (
        (Option.VENDOR_CLASS, b"PXEClient"),
        (Option.VENDOR_OPTIONS, b"\x08\x07\x00\x00\x01\x0a\x00\x00\x01\xff"),
        (Option.TFTP_SERVER, b"10.77.0.66"),
        (Option.BOOT_FILE, b"pxelinux.0"),
        (Option.TFTP_SERVER_ADDRESS, b"\x0a\x4d\0\x42"),
    )
    said = replace(building_says(forwarded.packet, more=stray), sname=b"other", file=b"pxelinux.0")
    offer = sent(hear(core, said, FROM_BUILDING)).packet
    wire = encode(offer)
    assert b"pxelinux" not in wire
    assert b"10.77.0.66" not in wire
    assert [code for code, _ in offer.options].count(Option.BOOT_FILE) == 1
    assert offer.option(Option.TFTP_SERVER_ADDRESS) is None


def test_the_request_that_takes_our_offer_reaches_the_server_that_made_it_under_its_own_name(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    forwarded = sent(hear(core, make_client(architecture=7)))
    hear(core, building_says(forwarded.packet), FROM_BUILDING)
    request = sent(hear(core, request_of(make_client, US, architecture=7), now=1))
    assert request.packet.option(Option.SERVER_ID) == BUILDING.packed
    assert request.packet.option(Option.REQUESTED_ADDRESS) == LEASED.packed
    assert (request.packet.giaddr, request.packet.hops) == (US, 1)
    ack = sent(hear(core, building_says(request.packet, MessageType.ACK), FROM_BUILDING, now=1)).packet
    assert (ack.message_type, ack.yiaddr, ack.siaddr, ack.file) == (MessageType.ACK, LEASED, US, b"shimx64.efi")
    assert ack.option(Option.SERVER_ID) == US.packed


def test_a_request_that_takes_another_servers_offer_is_left_to_that_server(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    hear(core, make_client())
    assert hear(core, request_of(make_client, BUILDING)).ignored == Ignored(Reason.ANOTHERS_OFFER)
    assert hear(core, make_client(kind=MessageType.REQUEST)).ignored == Ignored(Reason.ANOTHERS_OFFER)


def test_of_several_servers_the_first_offer_is_passed_on_and_stays(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    other = IPv4Address("10.77.0.9")
    forwarded = sent(hear(core, make_client()))
    sent(hear(core, building_says(forwarded.packet), FROM_BUILDING))
    late = building_says(forwarded.packet, server=other)
    assert hear(core, late, replace(FROM_BUILDING, source=other)).ignored == Ignored(Reason.ANOTHER_SERVER, str(other))
    again = sent(hear(core, make_client(secs=4), now=4))  # the client asks again and hears both again
    assert hear(core, late, now=4).ignored == Ignored(Reason.ANOTHER_SERVER, str(other))
    assert sent(hear(core, building_says(again.packet), FROM_BUILDING, now=4)).boot_file == "undionly.kpxe"
    request = sent(hear(core, request_of(make_client, US), now=5))
    assert request.packet.option(Option.SERVER_ID) == BUILDING.packed


def test_a_refusal_is_passed_on_without_a_boot_file(core: BesideBuilding, make_client: MakeClient) -> None:
    forwarded = sent(hear(core, make_client()))
    hear(core, building_says(forwarded.packet), FROM_BUILDING)
    request = sent(hear(core, request_of(make_client, US)))
    nak = sent(hear(core, building_says(request.packet, MessageType.NAK), FROM_BUILDING))
    assert (nak.packet.message_type, nak.packet.file, nak.boot_file) == (MessageType.NAK, b"", "")
    assert nak.packet.option(Option.SERVER_ID) == US.packed


def test_a_pc_behind_a_relay_is_asked_for_in_its_own_subnet_and_answered_through_its_relay(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    discover = make_client(giaddr=RELAY, hops=1, more=((Option.RELAY_AGENT, b"\1\4port"),))
    forwarded = sent(hear(core, discover, Arrival(67, RELAY, 67)))
    assert (forwarded.packet.giaddr, forwarded.packet.hops) == (US, 2)
    assert forwarded.packet.option(Option.RELAY_AGENT) == b"\1\4port" + b"\5\4" + RELAY.packed
    answer = sent(hear(core, building_says(forwarded.packet), FROM_BUILDING))
    assert (answer.destination, answer.destination_port) == (RELAY, 67)
    assert (answer.packet.giaddr, answer.packet.flags) == (RELAY, 0)
    assert answer.packet.options[-1] == (Option.RELAY_AGENT, b"\1\4port")


def test_our_own_broadcast_is_not_taken_for_a_relays_and_a_third_relay_is_not_added(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    forwarded = sent(hear(core, make_client()))
    assert hear(core, forwarded.packet, Arrival(67, US, 67)).ignored == Ignored(Reason.OWN_RELAY)
    # As another netboot would pass it on: from there it gets a proxy's offer, and goes no further.
    answer = sent(hear(core, replace(forwarded.packet, giaddr=IPv4Address("10.77.0.3"), hops=2), FROM_BUILDING))
    assert (answer.packet.message_type, answer.packet.yiaddr) == (MessageType.OFFER, NO_ADDRESS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"xid": 99}, Reason.NOT_ASKED_FOR),
        ({"chaddr": b"\2\0\0\0\0\7"}, Reason.NOT_ASKED_FOR),
        ({"giaddr": RELAY}, Reason.NOT_OUR_RELAY),
        ({"giaddr": NO_ADDRESS}, Reason.NOT_OUR_RELAY),
        ({"yiaddr": NO_ADDRESS}, Reason.NO_ADDRESS_IN_OFFER),
    ],
)
def test_a_reply_that_is_not_to_our_question_goes_nowhere(
    core: BesideBuilding, make_client: MakeClient, change: dict[str, Any], reason: Reason
) -> None:
    forwarded = sent(hear(core, make_client()))
    handled = hear(core, replace(building_says(forwarded.packet), **change), FROM_BUILDING)
    assert handled.ignored is not None
    assert handled.ignored.reason is reason


def test_a_silent_building_is_told_once_and_the_pc_gets_a_proxys_offer(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    hear(core, make_client(xid=5), now=10)
    assert core.tick(10 + PATIENCE - 0.1) == ()
    (late,) = core.tick(10 + PATIENCE)
    assert (late.remark, late.news, late.boot_file) == (Remark.BUILDING_SILENT, True, "undionly.kpxe")
    assert sent(late).packet.yiaddr == NO_ADDRESS
    assert core.tick(10 + PATIENCE + 1) == ()
    again = hear(core, make_client(xid=5, secs=8), now=18)  # nobody waits for the building once more
    assert [answer.packet.op for answer in again.answers] == [Op.BOOTREQUEST, Op.BOOTREPLY]
    assert (again.remark, again.news) == (Remark.BUILDING_SILENT, False)


def test_a_building_that_answers_late_is_still_heard(core: BesideBuilding, make_client: MakeClient) -> None:
    forwarded = sent(hear(core, make_client()))
    core.tick(PATIENCE)
    offer = sent(hear(core, building_says(forwarded.packet), FROM_BUILDING, now=PATIENCE + 1))
    assert offer.packet.yiaddr == LEASED
    sent(hear(core, make_client(secs=9), now=9))


def test_a_server_that_was_started_again_asks_the_building_about_the_address_that_the_pc_holds(
    make_client: MakeClient,
) -> None:
    core = BesideBuilding(BesideSettings(BootFileNames(US), mode="merged"))
    forwarded = sent(hear(core, request_of(make_client, US)))
    assert forwarded.packet.option(Option.SERVER_ID) is None
    assert forwarded.packet.option(Option.REQUESTED_ADDRESS) == LEASED.packed
    ack = sent(hear(core, building_says(forwarded.packet, MessageType.ACK), FROM_BUILDING))
    assert (ack.packet.yiaddr, ack.packet.file) == (LEASED, b"undionly.kpxe")


def test_the_boot_file_is_named_twice_only_where_the_client_has_room(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    long: Options = tuple((code, bytes(80)) for code in (119, 121, 249))
    small = sent(hear(core, building_says(sent(hear(core, make_client())).packet, more=long), FROM_BUILDING))
    assert small.packet.option(Option.BOOT_FILE) is None
    assert small.packet.file == b"undionly.kpxe"
    takes = ((Option.MAX_MESSAGE_SIZE, (1500).to_bytes(2)),)
    forwarded = sent(hear(core, make_client(xid=2, more=takes)))
    large = sent(hear(core, building_says(forwarded.packet, more=long), FROM_BUILDING))
    assert large.packet.option(Option.BOOT_FILE) == b"undionly.kpxe\0"


USUAL = 576 - 28
"""Bytes of DHCP that a client takes that does not say more (RFC 2131 §2), without IP's and UDP's headers."""


@pytest.mark.parametrize("relayed", [False, True])
@pytest.mark.parametrize("ipxe", [b"", b"iPXE"])
@pytest.mark.parametrize(
    "says", [(), ((Option.MAX_MESSAGE_SIZE, (300).to_bytes(2)),), ((Option.MAX_MESSAGE_SIZE, (576).to_bytes(2)),)]
)
def test_a_client_that_takes_no_more_than_usual_gets_no_more_and_all_that_it_boots_with(
    core: BesideBuilding, make_client: MakeClient, says: Options, ipxe: bytes, relayed: bool
) -> None:
    many: Options = tuple((code, bytes(61)) for code in (15, 119, 121, 249, 252, 240))
    asked: Options = ((Option.PARAMETER_LIST, bytes((1, 3, 6, 15))), (Option.RELAY_AGENT, b"\1\4port"))
    relay: dict[str, Any] = {"giaddr": RELAY} if relayed else {}
    client = make_client(more=says + asked, user_class=ipxe, **relay)
    forwarded = sent(hear(core, client)).packet
    offer = sent(hear(core, building_says(forwarded, more=many), FROM_BUILDING)).packet
    kept = {code for code, _ in offer.options}
    assert wire_size(replace(offer, options=tuple(one for one in offer.options if one[0] != 82))) <= USUAL
    assert kept >= {1, 3, 15, 43, 51, 53, 54, 60}
    assert (offer.file, offer.yiaddr) == (b"undionly.kpxe", LEASED)
    assert kept & {119, 121, 249, 252, 240}  # as much of the rest as fits


def test_a_client_that_takes_more_gets_all_of_it(core: BesideBuilding, make_client: MakeClient) -> None:
    many: Options = tuple((code, bytes(61)) for code in (15, 119, 121, 249, 252, 240))
    forwarded = sent(hear(core, make_client(more=((Option.MAX_MESSAGE_SIZE, (1500).to_bytes(2)),)))).packet
    offer = sent(hear(core, building_says(forwarded, more=many), FROM_BUILDING)).packet
    assert {code for code, _ in offer.options} >= {15, 66, 67, 119, 121, 249, 252, 240}


@pytest.mark.parametrize("named", [US.packed, bytes(4), None])
def test_a_request_that_no_longer_says_pxe_and_takes_our_offer_is_acknowledged_with_its_file(
    core: BesideBuilding, make_client: MakeClient, named: bytes | None
) -> None:
    forwarded = sent(hear(core, make_client(architecture=7)))
    hear(core, building_says(forwarded.packet), FROM_BUILDING)
    options: Options = ((Option.MESSAGE_TYPE, b"\3"), (Option.REQUESTED_ADDRESS, LEASED.packed))
    options += ((Option.SERVER_ID, named),) if named is not None else ()
    bare = replace(make_client(), options=options)
    request = sent(hear(core, bare, now=1)).packet
    assert request.option(Option.SERVER_ID) == BUILDING.packed
    ack = sent(hear(core, building_says(request, MessageType.ACK), FROM_BUILDING, now=1)).packet
    assert (ack.message_type, ack.yiaddr, ack.file) == (MessageType.ACK, LEASED, b"shimx64.efi")
    assert ack.option(Option.SERVER_ID) == US.packed


def test_a_request_that_no_longer_says_pxe_and_is_not_to_us_is_left_alone(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    forwarded = sent(hear(core, make_client(architecture=7)))
    hear(core, building_says(forwarded.packet), FROM_BUILDING)
    takes: Options = ((Option.MESSAGE_TYPE, b"\3"), (Option.REQUESTED_ADDRESS, LEASED.packed))
    for options, xid in (((*takes, (Option.SERVER_ID, BUILDING.packed)), 0x1234), (takes, 0x9999)):
        assert not hear(core, replace(make_client(xid=xid), options=options), now=1).answers


def test_an_old_address_of_the_pcs_is_not_the_buildings_to_answer_to(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    assert sent(hear(core, make_client(ciaddr=LEASED))).packet.ciaddr == NO_ADDRESS


def test_made_up_pcs_fill_no_memory_and_displace_none_that_has_an_offer(
    core: BesideBuilding, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dhcp_merged, "MAX_DIALOGUES", 50)
    forwarded = sent(hear(core, make_client()))
    hear(core, building_says(forwarded.packet), FROM_BUILDING)
    for number in range(80):
        hear(core, make_client(mac=b"\2\0" + number.to_bytes(4)))
    merged = core._merged
    assert len(merged) == 50 + 1
    request = sent(hear(core, request_of(make_client, US)))
    assert request.packet.option(Option.SERVER_ID) == BUILDING.packed
    core.tick(dhcp_merged.DIALOGUE_SECONDS + 1)
    assert len(merged) == 0


def test_an_address_that_changed_is_the_relays_from_then_on(core: BesideBuilding, make_client: MakeClient) -> None:
    hear(core, make_client())
    core.use_address(IPv4Address("10.77.0.9"))
    assert sent(hear(core, make_client(xid=2))).packet.giaddr == IPv4Address("10.77.0.9")


def test_what_passed_too_many_relays_is_not_forwarded(core: BesideBuilding, make_client: MakeClient) -> None:
    for hops in (2, 255):
        assert sent(hear(core, make_client(hops=hops))).packet.op is Op.BOOTREPLY
        handled = hear(core, request_of(make_client, US, hops=hops))
        assert handled.ignored == Ignored(Reason.TOO_MANY_RELAYS, f"{hops} hops")


def test_a_pc_whose_packet_a_relays_words_make_too_long_gets_a_proxys_offer(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    asked = make_client(architecture=7, giaddr=RELAY)
    room = MAX_PACKET - wire_size(asked)
    full = replace(asked, options=(*asked.options, (Option.USER_CLASS, bytes(room - 2 * (room // 255 + 1)))))
    assert wire_size(full) == MAX_PACKET
    (answer,) = hear(core, full).answers
    assert (answer.packet.yiaddr, answer.boot_file) == (NO_ADDRESS, "shimx64.efi")


def test_a_buildings_answer_of_which_nothing_can_be_left_out_is_not_sent_on_when_it_is_too_long(
    core: BesideBuilding, make_client: MakeClient
) -> None:
    forwarded = sent(hear(core, make_client(architecture=7)))
    said = building_says(forwarded.packet)
    mask = (Option.SUBNET_MASK, bytes(1195))  # what is longest of all else is left out
    long = replace(said, options=(*(one for one in said.options if one[0] != Option.SUBNET_MASK), mask))
    handled = hear(core, long, FROM_BUILDING)
    assert handled.answers == ()
    assert handled.ignored == Ignored(Reason.TOO_LONG)
    # The PC is not forgotten: another of the building's servers may answer, and else there is a proxy's offer.
    assert sent(core.tick(PATIENCE)[0]).boot_file == "shimx64.efi"
    assert sent(hear(core, building_says(forwarded.packet), FROM_BUILDING)).packet.yiaddr == LEASED


@pytest.mark.parametrize("relayed", [False, True])
@pytest.mark.parametrize("says", [1500, 9000])
def test_an_offer_that_fits_a_frame_is_sent_however_long_the_pc_takes_them(
    make_client: MakeClient, says: int, relayed: bool
) -> None:
    """The boot file is named twice where there is room, and never at the cost of the offer."""
    relay: dict[str, Any] = {"giaddr": RELAY} if relayed else {}
    words: Options = ((Option.RELAY_AGENT, b"\1\4port"),) if relayed else ()
    takes_little = make_client(architecture=7, more=words, **relay)
    takes_much = make_client(architecture=7, more=((Option.MAX_MESSAGE_SIZE, says.to_bytes(2)), *words), **relay)
    sizes = []
    for length in range(1000, 1165):
        offers = []
        for asked in (takes_little, takes_much):
            core = BesideBuilding(BesideSettings(BootFileNames(US), mode="merged"))
            forwarded = sent(hear(core, asked))
            offer = building_says(forwarded.packet, more=((Option.DOMAIN_NAME, bytes(length)),))
            offers.append(hear(core, offer, FROM_BUILDING).answers)
        assert len(offers[1]) == len(offers[0])
        sizes += [wire_size(answer.packet) for answer in offers[1]]
    assert max(sizes) == MAX_PACKET


@given(st.binary(max_size=MAX_PACKET))
def test_garbage_instead_of_an_offer_is_ignored(payload: bytes) -> None:
    core = BesideBuilding(BesideSettings(BootFileNames(US), mode="merged"))
    assert core.receive(b"\2\1\6\0" + payload, FROM_BUILDING, now=0).answers == ()


@given(
    st.dictionaries(st.integers(1, 254).filter(lambda code: code != 52), st.binary(max_size=600), max_size=2),
    st.dictionaries(st.sampled_from([57, 77, 82, 97, 175, 50]), st.binary(max_size=300), max_size=3),
)
def test_whatever_a_buildings_server_says_what_is_passed_on_can_be_sent(
    said: dict[int, bytes], asked: dict[int, bytes]
) -> None:
    core = BesideBuilding(BesideSettings(BootFileNames(US), mode="merged"))
    asked |= {53: b"\1", 60: b"PXEClient", 93: b"\0\7"}
    discover = DhcpPacket(op=Op.BOOTREQUEST, xid=1, chaddr=b"\2\0\0\0\0\1", giaddr=RELAY, options=tuple(asked.items()))
    handled = hear(core, discover)
    for forwarded in handled.answers:
        assert decode(encode(forwarded.packet)) == forwarded.packet
        said[53] = b"\2"
        answer = replace(building_says(forwarded.packet), options=tuple(said.items()))
        for passed_on in hear(core, answer, FROM_BUILDING).answers:
            assert decode(encode(passed_on.packet)) == passed_on.packet
