"""The server's decisions, packet by packet, without sockets."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.address_plan import AddressPlan, Reservation, Route
from netboot.dhcp.boot_client import Reason
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import BROADCAST, Answer, Arrival, Remark
from netboot.dhcp.full import MOST_PROBES, PROBE_OVER, SILENT_FOR, TRIES, FullDhcp, Step
from netboot.dhcp.leases import Leases, State
from netboot.dhcp.packet import (
    BROADCAST_FLAG,
    NO_ADDRESS,
    DhcpPacket,
    MessageType,
    Op,
    Option,
    Options,
    decode,
    encode,
)
from netboot.jobs.policy import Policy, PolicyOf
from tests.dhcp.conftest import ScapyOracle

SERVER = IPv4Address("10.0.0.1")
PLAN = AddressPlan(
    server=SERVER,
    network=IPv4Network("10.0.0.0/24"),
    first=IPv4Address("10.0.0.100"),
    last=IPv4Address("10.0.0.109"),
    lease=3600,
    router=IPv4Address("10.0.0.254"),
    dns=(SERVER, IPv4Address("10.0.0.2")),
    domain="atelier.lan",
    routes=(Route(IPv4Network("192.168.4.0/22"), IPv4Address("10.0.0.253")),),
    reservations={"02:00:00:00:00:aa": Reservation(IPv4Address("10.0.0.20"), "kept")},
)
ON_67 = Arrival(67, NO_ADDRESS, 68)
Ask = Callable[..., Step]
MAC = bytes.fromhex("020000000001")
PXE: Options = (
    (Option.VENDOR_CLASS, b"PXEClient:Arch:00007:UNDI:003016"),
    (Option.ARCHITECTURE, b"\0\7"),
    (Option.MACHINE_ID, bytes.fromhex("0044332211665588") + bytes.fromhex("7799aabbccddeeff00")),
)


def message(kind: MessageType | None, *, mac: bytes = MAC, more: Options = (), **fields: Any) -> bytes:
    options: Options = ((Option.MESSAGE_TYPE, bytes((kind,))),) if kind else ()
    return encode(DhcpPacket(**{"op": Op.BOOTREQUEST, "xid": 7, "chaddr": mac, "options": options + more, **fields}))


def server(plan: AddressPlan = PLAN, policy_of: PolicyOf = lambda mac, uuid="": Policy()) -> FullDhcp:
    return FullDhcp(plan, Leases(plan), BootFileNames(SERVER), policy_of)


def the_answer(step: Step | None) -> Answer:
    assert step is not None
    (answer,) = step.handled.answers
    # What leaves is what would be read again.
    assert decode(encode(answer.packet)) == answer.packet
    return answer


def reason(step: Step) -> Reason:
    assert step.handled.ignored is not None
    return step.handled.ignored.reason


def discover(core: FullDhcp, *, now: float = 0.0, holder: str | None = None, **words: Any) -> Answer:
    """Ask for an address; the LAN is probed in between when the server wants it."""
    step: Step | None = core.receive(message(MessageType.DISCOVER, **words), ON_67, now=now)
    while step is not None and step.probe is not None:
        step = core.probed(step.probe, holder, now=now + 0.5)
    return the_answer(step)


def request(core: FullDhcp, address: IPv4Address, *, now: float = 1.0, more: Options = (), **words: Any) -> Step:
    selecting: Options = ((Option.REQUESTED_ADDRESS, address.packed), (Option.SERVER_ID, SERVER.packed))
    return core.receive(message(MessageType.REQUEST, more=selecting + more, **words), ON_67, now=now)


def bound(core: FullDhcp, *, now: float = 0.0, **words: Any) -> IPv4Address:
    address = discover(core, now=now, **words).packet.yiaddr
    ack = the_answer(request(core, address, now=now + 1, **words)).packet
    assert (ack.message_type, ack.yiaddr) == (MessageType.ACK, address)
    return address


def seconds(value: bytes | None) -> int:
    assert value is not None
    return int.from_bytes(value)


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


# Boot clients


def test_a_boot_client_gets_address_and_boot_file_in_one_answer() -> None:
    core = server()
    offer = discover(core, more=PXE)
    ack = the_answer(request(core, offer.packet.yiaddr, more=PXE))
    for answer in (offer, ack):
        assert answer.boot_file == "shimx64.efi"
        assert (answer.packet.file, answer.packet.siaddr, answer.packet.sname) == (b"shimx64.efi", SERVER, b"10.0.0.1")
        assert answer.packet.option(Option.VENDOR_CLASS) == b"PXEClient"
        assert answer.packet.option(Option.MACHINE_ID) == PXE[2][1]
        assert answer.packet.yiaddr in [lease.address for lease in core.leases()]


def test_options_66_and_67_are_sent_to_who_asks_for_them_and_end_with_a_nul() -> None:
    core = server()
    asked = ((Option.PARAMETER_LIST, bytes((1, 3, 66, 67))),)
    offer = discover(core, more=PXE + asked)
    ack = the_answer(request(core, offer.packet.yiaddr, more=PXE + asked))
    for packet in (offer.packet, ack.packet):
        assert packet.option(Option.TFTP_SERVER) == b"10.0.0.1\0"
        assert packet.option(Option.BOOT_FILE) == b"shimx64.efi\0"
    assert discover(server(), more=PXE).packet.option(Option.BOOT_FILE) is None


def test_a_request_that_no_longer_says_pxe_gets_the_file_it_was_offered() -> None:
    core = server()
    address = discover(core, more=PXE, xid=9).packet.yiaddr
    assert the_answer(request(core, address, xid=9)).boot_file == "shimx64.efi"
    assert the_answer(request(core, address, xid=10)).boot_file == ""  # what is installed asks in its own dialogue


@pytest.mark.parametrize(
    ("option_60", "file", "remark"),
    [
        (b"PXEClient:Arch:00007:UNDI:003016", "shimx64.efi", None),
        (b"PXEClient", "undionly.kpxe", Remark.ARCHITECTURE_GUESSED),
    ],
)
def test_a_pc_that_does_not_tell_its_architecture_gets_a_file_all_the_same(
    option_60: bytes, file: str, remark: Remark | None
) -> None:
    core = server()
    step = core.receive(message(MessageType.DISCOVER, more=((Option.VENDOR_CLASS, option_60),)), ON_67, now=0)
    assert step.probe is not None
    offered = core.probed(step.probe, None, now=1)
    assert the_answer(offered).boot_file == file
    assert offered is not None
    assert offered.handled.remark is remark


def test_http_boot_gets_a_url_with_its_address() -> None:
    http: Options = ((Option.VENDOR_CLASS, b"HTTPClient:Arch:00016"), (Option.ARCHITECTURE, b"\0\x10"))
    offer = discover(server(), more=http).packet
    assert offer.file == b"http://10.0.0.1/shimx64.efi"
    assert offer.option(Option.VENDOR_CLASS) == b"HTTPClient"


def test_port_4011_is_answered_as_beside_another_server() -> None:
    here = IPv4Address("10.0.0.101")
    asked = message(MessageType.REQUEST, ciaddr=here, more=PXE)
    answer = the_answer(server().receive(asked, Arrival(4011, here, 4011), now=0))
    assert (answer.from_port, answer.destination, answer.boot_file) == (4011, here, "shimx64.efi")


@pytest.mark.parametrize(
    ("architecture", "policy", "why"),
    [(7, Policy(denied=True), Reason.DENIED), (11, Policy(), Reason.FIRMWARE_ARM)],
)
def test_a_pc_that_is_not_booted_gets_an_address_all_the_same(architecture: int, policy: Policy, why: Reason) -> None:
    core = server(policy_of=lambda mac, uuid="": policy)
    pxe = (PXE[0], (Option.ARCHITECTURE, architecture.to_bytes(2)))
    step = core.receive(message(MessageType.DISCOVER, more=pxe), ON_67, now=0)
    assert step.probe is not None
    after = core.probed(step.probe, None, now=1)
    offer = the_answer(after)
    assert after is not None
    assert reason(after) is why
    assert (offer.packet.yiaddr, offer.packet.file, offer.boot_file) == (step.probe, b"", "")


def test_a_boot_loop_ends_with_an_address_and_no_file() -> None:
    core = server()
    files = [discover(core, xid=100 + turn, now=turn * 3, more=PXE).boot_file for turn in range(12)]
    assert files == ["shimx64.efi"] * 8 + [""] * 4


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


def test_the_fullest_answer_fits_what_every_client_must_take() -> None:
    """RFC 2131 §2: 576 bytes with IP and UDP headers."""
    route = Route(IPv4Network("192.168.200.4/32"), SERVER)
    plan = replace(
        PLAN,
        dns=(SERVER,) * 4,
        domain="d" * 63,
        routes=(route,) * 8,
        reservations={"02:00:00:00:00:01": Reservation(None, "n" * 63)},
    )
    core = server(plan)
    asked = ((Option.PARAMETER_LIST, bytes(range(1, 122))), *PXE)
    ack = the_answer(request(core, discover(core, more=asked).packet.yiaddr, more=asked)).packet
    assert len(ack.options) > 12
    assert len(encode(ack)) <= 548


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
