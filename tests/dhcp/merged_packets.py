"""A building's DHCP server, the PC and we, packet by packet, for the tests of merged offers."""

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

from netboot.dhcp.core import Answer, Arrival, Handled
from netboot.dhcp.packet import (
    NO_ADDRESS,
    DhcpPacket,
    MessageType,
    Op,
    Option,
    Options,
    encode,
)
from netboot.dhcp_proxy import BesideBuilding

MakeClient = Callable[..., DhcpPacket]
US = IPv4Address("10.77.0.2")
BUILDING = IPv4Address("10.77.0.1")
LEASED = IPv4Address("10.77.0.100")
RELAY = IPv4Address("10.78.0.1")
FROM_CLIENT = Arrival(port=67, source=NO_ADDRESS, source_port=68)
FROM_BUILDING = Arrival(port=67, source=BUILDING, source_port=67)


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
