"""Proxy mode: the answers to a PXE or HTTP boot client beside the building's DHCP server.

The building's server gives the address; the answers made here carry only the boot file. No state, no I/O.
Follows PXE 2.1 §2.2 (proxy DHCP, the exchange on port 4011), RFC 4578 and UEFI 2.10 §24.7 (HTTP boot); where firmware
wants it otherwise, a comment names the firmware.
Not for: which file a client gets (dhcp/boot_file.py), which clients are answered so (dhcp_proxy.py), sockets
(dhcp/service.py).
"""

from ipaddress import IPv4Address

from netboot.dhcp.boot_client import BootClient, Ignored, Reason
from netboot.dhcp.boot_file import BootFile, BootFileNames, choose_boot_file
from netboot.dhcp.boot_reply import boot_options, echoed
from netboot.dhcp.core import BOOT_SERVER_PORT, BROADCAST, CLIENT_PORT, SERVER_PORT, Answer, Arrival
from netboot.dhcp.packet import (
    BROADCAST_FLAG,
    NO_ADDRESS,
    DhcpPacket,
    MessageType,
    Op,
    Option,
)
from netboot.jobs.policy import Policy


def decide(client: BootClient, arrival: Arrival, names: BootFileNames, policy: Policy) -> Answer | Ignored:
    """Proxy mode: an offer to a DISCOVER on port 67, an acknowledgement to a REQUEST on 4011, else nothing."""
    if arrival.port == BOOT_SERVER_PORT:
        return _acknowledge(client, arrival, names, policy)
    return _discovered(client, names, policy)


def _discovered(client: BootClient, names: BootFileNames, policy: Policy) -> Answer | Ignored:
    kind = client.packet.message_type
    if kind is not MessageType.DISCOVER:
        return Ignored(Reason.NOT_A_DISCOVER, kind.name if kind else "no message type")
    boot_file = choose_boot_file(client, names, policy)
    if isinstance(boot_file, Ignored):
        return boot_file
    return offer(client, boot_file, names)


def offer(client: BootClient, boot_file: BootFile, names: BootFileNames) -> Answer:
    """The offer of this file, without an address."""
    relay = client.packet.giaddr
    return Answer(
        packet=_reply(client, names, MessageType.OFFER, boot_file, flags=BROADCAST_FLAG),
        from_port=SERVER_PORT,
        destination=relay if relay != NO_ADDRESS else BROADCAST,
        destination_port=SERVER_PORT if relay != NO_ADDRESS else CLIENT_PORT,
        boot_file=boot_file.name,
    )


def _acknowledge(client: BootClient, arrival: Arrival, names: BootFileNames, policy: Policy) -> Answer | Ignored:
    kind = client.packet.message_type
    if kind is not MessageType.REQUEST:
        return Ignored(Reason.NOT_A_BOOT_REQUEST, kind.name if kind else "no message type")
    if arrival.source in (NO_ADDRESS, BROADCAST) or arrival.source.is_multicast or not arrival.source_port:
        return Ignored(Reason.NO_RETURN_ADDRESS)
    boot_file = choose_boot_file(client, names, policy)
    if isinstance(boot_file, Ignored):
        return boot_file
    request = client.packet
    return Answer(
        packet=_reply(client, names, MessageType.ACK, boot_file, flags=request.flags, ciaddr=request.ciaddr),
        from_port=BOOT_SERVER_PORT,
        destination=arrival.source,
        destination_port=arrival.source_port,
        boot_file=boot_file.name,
    )


def _reply(
    client: BootClient,
    names: BootFileNames,
    kind: MessageType,
    boot_file: BootFile,
    *,
    flags: int,
    ciaddr: IPv4Address = NO_ADDRESS,
) -> DhcpPacket:
    request = client.packet
    # Made in one go, not by `naming_boot_file`: of a thousand DISCOVERs a second each one comes by here.
    return DhcpPacket(
        op=Op.BOOTREPLY,
        xid=request.xid,
        htype=request.htype,
        chaddr=request.chaddr,
        flags=flags,
        ciaddr=ciaddr,
        siaddr=names.server_address,
        giaddr=request.giaddr,
        sname=str(names.server_address).encode(),
        file=boot_file.name.encode(),
        options=(
            (Option.MESSAGE_TYPE, bytes((kind,))),
            (Option.SERVER_ID, names.server_address.packed),
            *boot_options(client, boot_file),
            *echoed(request, Option.RELAY_AGENT),  # last, as RFC 3046 §2.1 has it
        ),
    )
