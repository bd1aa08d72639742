"""How long what is passed on to a PC may be, and what is left out of it to keep within that. No sockets."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.boot_client import Ignored, Reason
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.merged import PATIENCE
from netboot.dhcp.packet import MAX_PACKET, NO_ADDRESS, DhcpPacket, Op, Option, Options, decode, encode, wire_size
from netboot.dhcp_proxy import BesideBuilding, BesideSettings
from tests.dhcp.merged_packets import (
    FROM_BUILDING,
    LEASED,
    RELAY,
    US,
    MakeClient,
    building_says,
    hear,
    sent,
)


@pytest.fixture
def core() -> BesideBuilding:
    return BesideBuilding(BesideSettings(BootFileNames(US), mode="merged"))


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
