"""The server without sockets, and packets to it, for the tests of its decisions."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from netboot.dhcp.address_plan import AddressPlan, Reservation, Route
from netboot.dhcp.boot_client import Reason
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import Answer, Arrival
from netboot.dhcp.full import FullDhcp, Step
from netboot.dhcp.leases import Leases
from netboot.dhcp.packet import NO_ADDRESS, DhcpPacket, MessageType, Op, Option, Options, decode, encode
from netboot.jobs.policy import Policy, PolicyOf

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
