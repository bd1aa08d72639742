"""Merged offers: what the building's server sees, and what the PC sees of its answers. No sockets."""

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp import merged as dhcp_merged
from netboot.dhcp.boot_client import Ignored, Reason
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import BROADCAST, Arrival, Remark
from netboot.dhcp.merged import PATIENCE
from netboot.dhcp.packet import BROADCAST_FLAG, MAX_PACKET, NO_ADDRESS, MessageType, Op, Option, Options, encode
from netboot.dhcp_proxy import BesideBuilding, BesideSettings
from tests.dhcp.merged_packets import (
    BUILDING,
    FROM_BUILDING,
    LEASED,
    RELAY,
    US,
    MakeClient,
    building_says,
    hear,
    request_of,
    sent,
)


@pytest.fixture
def core() -> BesideBuilding:
    return BesideBuilding(BesideSettings(BootFileNames(US), mode="merged"))


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


@given(st.binary(max_size=MAX_PACKET))
def test_garbage_instead_of_an_offer_is_ignored(payload: bytes) -> None:
    core = BesideBuilding(BesideSettings(BootFileNames(US), mode="merged"))
    assert core.receive(b"\2\1\6\0" + payload, FROM_BUILDING, now=0).answers == ()
