"""What the server says to a REQUEST in its four states, and to DECLINE, RELEASE and INFORM. No sockets."""

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from netboot.dhcp.boot_client import Reason
from netboot.dhcp.core import BROADCAST
from netboot.dhcp.leases import State
from netboot.dhcp.packet import BROADCAST_FLAG, NO_ADDRESS, MessageType, Op, Option
from tests.dhcp_full.packets import (
    MAC,
    ON_67,
    PLAN,
    SERVER,
    bound,
    discover,
    message,
    reason,
    request,
    server,
    the_answer,
)

# The four states of a REQUEST, RFC 2131 §4.3.2


def test_selecting_an_address_that_another_pc_has_is_refused() -> None:
    core = server()
    address = bound(core)
    nak = the_answer(request(core, address, mac=bytes.fromhex("020000000002")))
    assert nak.packet.message_type is MessageType.NAK
    assert nak.destination == BROADCAST
    assert nak.packet.yiaddr == NO_ADDRESS


def test_selecting_after_the_server_was_started_again_in_between_is_acknowledged() -> None:
    address = discover(server()).packet.yiaddr
    assert the_answer(request(server(), address)).packet.message_type is MessageType.ACK


def test_who_takes_another_servers_offer_is_told_of_once_and_gives_its_hold_back() -> None:
    core = server()
    other = ((Option.REQUESTED_ADDRESS, b"\x0a\0\0\x07"), (Option.SERVER_ID, b"\x0a\0\0\x05"))
    discover(core)
    steps = [core.receive(message(MessageType.REQUEST, more=other), ON_67, now=1) for _ in range(2)]
    assert [reason(step) for step in steps] == [Reason.RIVAL_SERVER] * 2
    assert [step.handled.news for step in steps] == [True, False]
    assert not [lease for lease in core.leases() if lease.state is not State.PAST]
    allowed = server(replace(PLAN, authoritative=False))
    step = allowed.receive(message(MessageType.REQUEST, more=other), ON_67, now=1)
    assert (reason(step), step.handled.news) == (Reason.ANOTHERS_OFFER, False)


@pytest.mark.parametrize("ours", [True, False])
def test_init_reboot_is_acknowledged_for_its_own_address_only(ours: bool) -> None:
    core = server()
    address = bound(core)
    wanted = address if ours else IPv4Address("192.168.1.5")
    step = core.receive(message(MessageType.REQUEST, more=((Option.REQUESTED_ADDRESS, wanted.packed),)), ON_67, now=9)
    assert the_answer(step).packet.message_type is (MessageType.ACK if ours else MessageType.NAK)


def test_renewing_and_rebinding_are_acknowledged_where_the_client_is() -> None:
    core = server()
    address = bound(core)
    for now in (1800, 3150):
        step = core.receive(message(MessageType.REQUEST, ciaddr=address), ON_67, now=now)
        answer = the_answer(step)
        assert (answer.packet.message_type, answer.destination) == (MessageType.ACK, address)
        assert (answer.packet.ciaddr, answer.packet.yiaddr) == (address, address)
        assert step.keep[0].until == now + 3600


def test_renewing_what_was_never_given_is_refused_by_broadcast() -> None:
    step = server().receive(message(MessageType.REQUEST, ciaddr=IPv4Address("10.0.0.77")), ON_67, now=0)
    nak = the_answer(step)
    assert (nak.packet.message_type, nak.destination) == (MessageType.NAK, BROADCAST)
    assert nak.packet.ciaddr == NO_ADDRESS


@pytest.mark.parametrize("fields", [{"ciaddr": IPv4Address("10.0.0.77")}, {"more": ((50, b"\x0a\0\0\x4d"),)}])
def test_beside_another_server_an_unknown_address_is_left_to_that_one(fields: dict[str, Any]) -> None:
    core = server(replace(PLAN, authoritative=False))
    assert reason(core.receive(message(MessageType.REQUEST, **fields), ON_67, now=0)) is Reason.UNKNOWN_LEASE


def test_a_request_for_nothing_is_ignored() -> None:
    assert reason(server().receive(message(MessageType.REQUEST), ON_67, now=0)) is Reason.NO_ADDRESS_ASKED


# The other messages


def test_a_declined_address_is_told_of_and_not_given_again() -> None:
    core = server()
    address = bound(core)
    named = ((Option.REQUESTED_ADDRESS, address.packed), (Option.SERVER_ID, SERVER.packed))
    stranger = core.receive(message(MessageType.DECLINE, mac=b"\2\0\0\0\0\2", more=named), ON_67, now=2)
    assert reason(stranger) is Reason.UNKNOWN_LEASE
    step = core.receive(message(MessageType.DECLINE, more=named), ON_67, now=2)
    assert not step.handled.answers
    assert step.conflict is not None
    assert step.conflict.address == address
    assert discover(core, now=3).packet.yiaddr != address


def test_a_released_address_is_free_and_its_pc_gets_it_again() -> None:
    core = server()
    address = bound(core)
    ours = ((Option.SERVER_ID, SERVER.packed),)
    for more, mac in (((), MAC), (ours, b"\2\0\0\0\0\2")):
        step = core.receive(message(MessageType.RELEASE, ciaddr=address, more=more, mac=mac), ON_67, now=2)
        assert reason(step) is Reason.UNKNOWN_LEASE
    step = core.receive(message(MessageType.RELEASE, ciaddr=address, more=ours), ON_67, now=2)
    assert [lease.state for lease in step.keep] == [State.PAST]
    assert discover(core, now=3).packet.yiaddr == address


def test_an_inform_is_told_the_rest_without_a_lease() -> None:
    here = IPv4Address("10.0.0.7")
    answer = the_answer(server().receive(message(MessageType.INFORM, ciaddr=here), ON_67, now=0))
    assert (answer.destination, answer.destination_port) == (here, 68)
    assert answer.packet.yiaddr == NO_ADDRESS
    assert answer.packet.option(Option.LEASE_TIME) is None
    assert answer.packet.option(Option.DNS_SERVER) is not None


def test_a_relay_in_our_network_is_answered_and_one_elsewhere_ignored() -> None:
    relay = IPv4Address("10.0.0.3")
    answer = discover(server(), giaddr=relay, more=((Option.RELAY_AGENT, b"\1\1x"),))
    assert (answer.destination, answer.destination_port) == (relay, 67)
    assert answer.packet.giaddr == relay
    assert answer.packet.options[-1] == (Option.RELAY_AGENT, b"\1\1x")
    elsewhere = message(MessageType.DISCOVER, giaddr=IPv4Address("10.9.0.3"))
    assert reason(server().receive(elsewhere, ON_67, now=0)) is Reason.OTHER_NETWORK
    nak = the_answer(
        server().receive(message(MessageType.REQUEST, giaddr=relay, more=((50, b"\1\2\3\4"),)), ON_67, now=0)
    )
    assert (nak.destination, nak.packet.flags) == (relay, BROADCAST_FLAG)


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"\0" * 20, Reason.MALFORMED),
        (message(MessageType.OFFER, op=Op.BOOTREPLY), Reason.NOT_A_REQUEST),
        (message(None), Reason.NOT_A_REQUEST),
        (message(MessageType.ACK), Reason.NOT_A_REQUEST),
        (message(MessageType.DISCOVER, htype=32), Reason.NOT_ETHERNET),
        (message(MessageType.DISCOVER, mac=b"\xff" * 6), Reason.NOT_ETHERNET),
        (message(MessageType.DISCOVER, mac=bytes(6)), Reason.NOT_ETHERNET),
    ],
)
def test_what_no_pc_on_this_lan_sends_is_ignored(packet: bytes, why: Reason) -> None:
    assert reason(server().receive(packet, ON_67, now=0)) is why
