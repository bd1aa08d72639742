"""Decides what a PXE or HTTP boot client is told, beside the DHCP that the building already has.

Follows PXE 2.1 §2.2 (proxy DHCP, the exchange on port 4011), RFC 4578 and UEFI 2.10 §24.7 (HTTP boot); where firmware
wants it otherwise, a comment names the firmware. The building's server hands out the address: the answers made here
carry none. Which file a client gets is decided in boot_file.py; sockets and logs are in dhcp_socket.py.

    decide   what is answered to one client's packet               no state
    Proxy    bytes in, decision out, with the memory that breaks boot loops
"""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from netboot.boot_client import BootClient, Firmware, Ignored, Reason, read_boot_client
from netboot.boot_file import BootFile, BootFileNames, choose_boot_file
from netboot.boot_reply import echoed, naming_boot_file
from netboot.dhcp_core import BOOT_SERVER_PORT, BROADCAST, CLIENT_PORT, SERVER_PORT, Answer, Arrival, Handled
from netboot.dhcp_packet import (
    BROADCAST_FLAG,
    NO_ADDRESS,
    DhcpPacket,
    MalformedPacket,
    MessageType,
    Op,
    Option,
    decode,
)
from netboot.ipxe_rom import RomDialogues
from netboot.loop_guard import LoopGuard, Pass
from netboot.policy import Policy, PolicyOf, nothing_set


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """What the proxy is told once, at its start.

    More than `loop_limit` hand-outs of one file to one PC within `loop_seconds` are a loop.
    `plain_pxe_first` is for the virtual workshop, whose BIOS PCs carry an iPXE in their NIC's ROM: that iPXE is first
    answered as the plain PXE ROM of a real PC would be, so that option 43 and `bios_file` are walked.
    """

    files: BootFileNames
    loop_limit: int = 8
    loop_seconds: float = 120.0
    plain_pxe_first: bool = False


def decide(client: BootClient, arrival: Arrival, names: BootFileNames, policy: Policy) -> Answer | Ignored:
    """Proxy mode: an offer to a DISCOVER on port 67, an acknowledgement to a REQUEST on 4011, else nothing."""
    if arrival.port == BOOT_SERVER_PORT:
        return _acknowledge(client, arrival, names, policy)
    return _offer(client, names, policy)


def _offer(client: BootClient, names: BootFileNames, policy: Policy) -> Answer | Ignored:
    kind = client.packet.message_type
    if kind is not MessageType.DISCOVER:
        return Ignored(Reason.NOT_A_DISCOVER, kind.name if kind else "no message type")
    boot_file = choose_boot_file(client, names, policy)
    if isinstance(boot_file, Ignored):
        return boot_file
    offer = _reply(client, names, MessageType.OFFER, boot_file)
    relay = client.packet.giaddr
    return Answer(
        packet=replace(offer, flags=BROADCAST_FLAG),
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
    ack = _reply(client, names, MessageType.ACK, boot_file)
    return Answer(
        packet=replace(ack, ciaddr=client.packet.ciaddr, flags=client.packet.flags),
        from_port=BOOT_SERVER_PORT,
        destination=arrival.source,
        destination_port=arrival.source_port,
        boot_file=boot_file.name,
    )


def _reply(client: BootClient, names: BootFileNames, kind: MessageType, boot_file: BootFile) -> DhcpPacket:
    request = client.packet
    empty = DhcpPacket(
        op=Op.BOOTREPLY,
        xid=request.xid,
        chaddr=request.chaddr,
        giaddr=request.giaddr,
        options=((Option.MESSAGE_TYPE, bytes((kind,))), (Option.SERVER_ID, names.server_address.packed)),
    )
    reply = naming_boot_file(empty, client, names, boot_file)
    relay = echoed(request, Option.RELAY_AGENT)  # last, as RFC 3046 §2.1 has it
    return replace(reply, options=reply.options + relay)


class Proxy:
    """The proxy without its sockets: a datagram in, a decision out.

    Its memory (who was sent what of late) is bounded and needs no saving: it starts empty after a restart.
    """

    def __init__(self, settings: ProxySettings, policy_of: PolicyOf = nothing_set) -> None:
        self._settings = settings
        self._policy_of = policy_of
        self._guard = LoopGuard(settings.loop_limit, settings.loop_seconds)
        self._rom_dialogues = RomDialogues()

    def receive(self, payload: bytes, arrival: Arrival, *, now: float) -> Handled:
        """Decide on one datagram; `now` is in seconds on any steady clock. Raises nothing, whatever the bytes."""
        try:
            packet = decode(payload)
        except MalformedPacket as error:
            return Handled(ignored=Ignored(Reason.MALFORMED, str(error)))
        client = read_boot_client(packet)
        if isinstance(client, Ignored):
            return Handled(ignored=client)
        if self._settings.plain_pxe_first:
            client = self._as_plain_rom(client, now)
        policy = self._policy_of(client.mac, str(client.uuid or ""))
        outcome = decide(client, arrival, self._settings.files, policy)
        if isinstance(outcome, Ignored):
            return Handled(ignored=outcome, client=client, news=outcome.reason in _FIRMWARE_NOT_SERVED)
        if arrival.port == BOOT_SERVER_PORT:
            return Handled((outcome,), client=client)  # counted when the offer was made
        passed = self._guard.ask(client.mac, outcome.boot_file, xid=packet.xid, secs=packet.secs, now=now)
        if passed is Pass.GRANTED:
            return Handled((outcome,), client=client)
        loop = Ignored(Reason.LOOP, outcome.boot_file)
        return Handled(ignored=loop, client=client, news=passed is Pass.REFUSED_FIRST)

    def tick(self, now: float) -> tuple[Handled, ...]:
        """Nothing is ever waited for."""
        return ()

    def use_address(self, address: IPv4Address) -> None:
        """Answer with this address of ours from now on."""
        self._settings = replace(self._settings, files=replace(self._settings.files, server_address=address))

    def _as_plain_rom(self, client: BootClient, now: float) -> BootClient:
        if client.ipxe is None or client.firmware is not Firmware.BIOS:
            return client
        if not self._rom_dialogues.is_rom(client.mac, client.packet.xid, now):
            return client
        return replace(client, ipxe=None, user_classes=())


_FIRMWARE_NOT_SERVED = {Reason.FIRMWARE_ARM, Reason.FIRMWARE_UNKNOWN}
