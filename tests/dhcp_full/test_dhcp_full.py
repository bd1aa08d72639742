"""The server's decisions, packet by packet, without sockets."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.boot_client import Reason
from netboot.dhcp.core import BROADCAST, Arrival
from netboot.dhcp.full import MOST_PROBES, PROBE_OVER, SILENT_FOR, TRIES, Step
from netboot.dhcp.leases import State
from netboot.dhcp.packet import BROADCAST_FLAG, DhcpPacket, MessageType, Op, Option, encode
from tests.dhcp.conftest import ScapyOracle
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
    seconds,
    server,
    the_answer,
)


def test_an_offer_waits_for_the_probe_and_then_says_all_that_belongs_to_an_address() -> None:
    core = server()
    step = core.receive(message(MessageType.DISCOVER, flags=BROADCAST_FLAG), ON_67, now=0)
    assert step.probe is not None
    assert not step.handled.answers
    answer = the_answer(core.probed(step.probe, None, now=0.5))
    offer = answer.packet
    assert (answer.from_port, answer.destination, answer.destination_port) == (67, BROADCAST, 68)
    assert (offer.message_type, offer.yiaddr, offer.xid) == (MessageType.OFFER, step.probe, 7)
    assert offer.flags == BROADCAST_FLAG
    assert offer.option(Option.SERVER_ID) == SERVER.packed
    assert offer.option(Option.SUBNET_MASK) == bytes((255, 255, 255, 0))
    assert offer.option(Option.ROUTER) == b"\x0a\0\0\xfe"
    assert offer.option(Option.DNS_SERVER) == b"\x0a\0\0\1\x0a\0\0\2"
    assert offer.option(Option.DOMAIN_NAME) == b"atelier.lan"
    times = [seconds(offer.option(code)) for code in (Option.LEASE_TIME, Option.RENEWAL_TIME, Option.REBINDING_TIME)]
    assert times == [3600, 1800, 3150]


def test_what_is_asked_for_is_what_is_sent_and_121_has_the_default_route_too() -> None:
    asked = bytes((Option.CLASSLESS_ROUTES, Option.ROUTER, Option.BROADCAST_ADDRESS, Option.HOST_NAME, 66, 252))
    offer = discover(server(), more=((Option.PARAMETER_LIST, asked),)).packet
    codes = {code for code, _ in offer.options}
    assert codes == {1, 3, 28, 51, 53, 54, 58, 59, 121}
    assert offer.option(Option.CLASSLESS_ROUTES) == bytes.fromhex("16c0a804" + "0a0000fd" + "00" + "0a0000fe")


def test_another_reader_finds_the_same_in_an_offer(scapy_oracle: ScapyOracle) -> None:
    offer = discover(server(replace(PLAN, routes=()))).packet
    read = scapy_oracle.read(encode(offer))
    assert (read["bootp"]["yiaddr"], read["bootp"]["op"]) == (str(offer.yiaddr), 2)
    assert read["options"] == {
        "message-type": [2],
        "server_id": ["10.0.0.1"],
        "lease_time": [3600],
        "renewal_time": [1800],
        "rebinding_time": [3150],
        "subnet_mask": ["255.255.255.0"],
        "router": ["10.0.0.254"],
        "name_server": ["10.0.0.1", "10.0.0.2"],
        "domain": [b"atelier.lan".hex()],
    }


def test_a_reservation_gives_the_address_and_the_name() -> None:
    core = server()
    mac = bytes.fromhex("0200000000aa")
    asked = ((Option.PARAMETER_LIST, bytes((Option.HOST_NAME,))), (Option.HOST_NAME, b"its-own.name"))
    address = bound(core, mac=mac, more=asked)
    assert address == IPv4Address("10.0.0.20")
    ack = the_answer(request(core, address, mac=mac, more=asked)).packet
    assert ack.option(Option.HOST_NAME) == b"kept"


@pytest.mark.parametrize(
    ("said", "name"),
    [(b"PC-7.home", "pc-7"), (b"caf\xc3\xa9", ""), (b"-x", ""), (b"a b", ""), (b"x" * 64, ""), (b"\0\0", "")],
)
def test_the_name_that_a_pc_gives_itself_is_kept_when_it_is_one(said: bytes, name: str) -> None:
    core = server()
    bound(core, more=((Option.HOST_NAME, said),))
    assert [lease.name for lease in core.leases() if lease.state is State.BOUND] == [name]


def test_an_acknowledgement_waits_for_its_lease_to_be_on_the_record() -> None:
    core = server()
    step = request(core, discover(core).packet.yiaddr)
    assert [(lease.address, lease.state) for lease in step.keep] == [(the_answer(step).packet.yiaddr, State.BOUND)]


def test_the_address_that_a_pc_left_goes_on_the_record_with_the_one_it_took() -> None:
    core = server()
    left = bound(core)
    taken = next(address for address in PLAN.pool() if address != left)
    step = request(core, taken, now=5)
    assert the_answer(step).packet.yiaddr == taken
    assert [(lease.address, lease.state) for lease in step.keep] == [(left, State.PAST), (taken, State.BOUND)]
    assert [lease.address for lease in request(core, taken, now=6).keep] == [taken]


def test_a_discover_that_comes_again_is_no_second_probe_and_the_newest_is_answered() -> None:
    core = server()
    first = core.receive(message(MessageType.DISCOVER), ON_67, now=0)
    again = core.receive(message(MessageType.DISCOVER, xid=8), ON_67, now=0.2)
    assert again.probe is None
    assert reason(again) is Reason.BEING_PROBED
    assert first.probe is not None
    assert the_answer(core.probed(first.probe, None, now=0.5)).packet.xid == 8
    assert core.probed(first.probe, None, now=0.6) is None


def test_a_probe_that_never_ends_does_not_keep_its_pc_away() -> None:
    core = server()
    core.receive(message(MessageType.DISCOVER), ON_67, now=0)
    assert core.receive(message(MessageType.DISCOVER), ON_67, now=PROBE_OVER).probe is not None


def test_a_lan_that_cannot_be_asked_lets_the_pc_ask_again() -> None:
    core = server()
    step = core.receive(message(MessageType.DISCOVER), ON_67, now=0)
    assert step.probe is not None
    core.not_probed(step.probe)
    assert core.receive(message(MessageType.DISCOVER), ON_67, now=1).probe == step.probe


def test_a_pc_with_a_lease_is_answered_at_once() -> None:
    core = server()
    address = bound(core)
    step = core.receive(message(MessageType.DISCOVER), ON_67, now=5)
    assert step.probe is None
    assert the_answer(step).packet.yiaddr == address


def test_an_address_is_asked_for_again_when_nobody_answered_for_it_long_ago() -> None:
    core = server()
    discover(core)
    assert core.receive(message(MessageType.DISCOVER), ON_67, now=1).probe is None
    assert core.receive(message(MessageType.DISCOVER), ON_67, now=1 + SILENT_FOR).probe is not None


def test_a_pc_that_still_uses_its_own_old_address_is_no_stranger_there() -> None:
    core = server()
    address = bound(core)
    assert discover(core, now=10_000, holder="02:00:00:00:00:01").packet.yiaddr == address


def test_an_address_in_use_is_left_alone_and_the_next_one_is_tried() -> None:
    core = server()
    step = core.receive(message(MessageType.DISCOVER), ON_67, now=0)
    assert step.probe is not None
    after = core.probed(step.probe, "02:00:00:00:00:ee", now=0.5)
    assert after is not None
    assert after.conflict is not None
    assert (after.conflict.address, after.conflict.mac) == (step.probe, "02:00:00:00:00:ee")
    assert after.probe not in (None, step.probe)
    assert after.probe is not None
    assert the_answer(core.probed(after.probe, None, now=1)).packet.yiaddr == after.probe


def test_a_pc_for_which_every_address_is_in_use_has_to_ask_again() -> None:
    core = server()
    step: Step | None = core.receive(message(MessageType.DISCOVER), ON_67, now=0)
    tried = 0
    while step is not None and step.probe is not None:
        tried += 1
        step = core.probed(step.probe, "02:00:00:00:00:ee", now=tried)
    assert step is not None
    assert (tried, reason(step)) == (TRIES, Reason.ADDRESSES_IN_USE)


def test_a_flood_of_made_up_pcs_is_bounded_and_a_known_one_is_answered() -> None:
    plan = replace(PLAN, last=IPv4Address("10.0.0.250"))
    core = server(plan)
    known = bound(core, mac=bytes.fromhex("02ffffffffff"))
    for number in range(2, 5000):
        core.receive(message(MessageType.DISCOVER, mac=b"\2\0" + number.to_bytes(4)), ON_67, now=2 + number / 1000)
    assert len(core._waiting) <= MOST_PROBES
    assert len(core.leases()) <= 151 + 1  # the pool, and the reserved address
    step = core.receive(message(MessageType.DISCOVER, mac=bytes.fromhex("02ffffffffff")), ON_67, now=8)
    assert the_answer(step).packet.yiaddr == known


def test_an_honest_pc_is_served_while_a_flood_takes_every_hold() -> None:
    core = server()
    number = 0

    def flood(packets: int, now: float) -> None:
        nonlocal number
        for _ in range(packets):
            number += 1
            step = core.receive(message(MessageType.DISCOVER, mac=b"\2\0" + number.to_bytes(4)), ON_67, now=now)
            if step.probe is not None:
                core.probed(step.probe, None, now=now)

    flood(1000, 0)
    offer = discover(core, now=1).packet
    flood(1000, 1.5)
    assert the_answer(request(core, offer.yiaddr, now=2)).packet.message_type is MessageType.ACK


def test_that_no_address_is_left_is_told_once_in_a_while() -> None:
    core = server()
    for number in range(10):
        bound(core, mac=b"\2\0\0\0\1" + bytes((number,)), now=0)
    steps = [core.receive(message(MessageType.DISCOVER), ON_67, now=now) for now in (5, 6, 700)]
    assert [reason(step) for step in steps] == [Reason.NO_ADDRESS_LEFT] * 3
    assert [step.handled.news for step in steps] == [True, False, True]


def test_our_own_new_address_is_used_and_never_given() -> None:
    core = server()
    bound(core)
    core.use_address(IPv4Address("10.0.0.105"), now=2)
    given = set()
    for number in range(8):
        offer = discover(core, mac=b"\2\0\0\0\1" + bytes((number,)), now=3)
        assert offer.packet.option(Option.SERVER_ID) == b"\x0a\0\0\x69"
        given.add(offer.packet.yiaddr)
    assert IPv4Address("10.0.0.105") not in given
    core.use_address(IPv4Address("192.168.7.1"), now=4)
    assert reason(core.receive(message(MessageType.DISCOVER), ON_67, now=5)) is Reason.OTHER_NETWORK


@given(st.binary(max_size=600), st.sampled_from([67, 4011]))
def test_any_bytes_are_decided_on_without_an_error(payload: bytes, port: int) -> None:
    core = server()
    step = core.receive(payload, Arrival(port, IPv4Address("10.0.0.9"), 68), now=0)
    assert step.handled.ignored is not None


def here_or_not(number: int) -> str | None:
    return "02:00:00:00:00:ee" if number % 3 == 0 else None


options = st.tuples(
    st.sampled_from([12, 50, 53, 54, 55, 57, 60, 61, 77, 82, 93, 97, 121, 175]), st.binary(max_size=300)
)


@given(
    st.lists(st.tuples(st.lists(options, max_size=6), st.integers(0, 0xFFFFFFFF), st.booleans()), max_size=12),
    st.sampled_from([67, 4011]),
)
def test_any_packets_are_decided_on_and_every_answer_can_be_sent(
    packets: list[tuple[list[tuple[int, bytes]], int, bool]], port: int
) -> None:
    core = server()
    for more, number, here in packets:
        address = IPv4Address(0x0A000000 + number % 256) if here else IPv4Address(number)
        packet = DhcpPacket(op=Op.BOOTREQUEST, xid=1, chaddr=MAC, ciaddr=address, options=tuple(dict(more).items()))
        step: Step | None = core.receive(encode(packet), Arrival(port, address, 68), now=float(number % 1000))
        while step is not None:
            for answer in step.handled.answers:
                encode(answer.packet)
            step = core.probed(step.probe, here_or_not(number), now=float(number % 1000)) if step.probe else None
