"""Makes one complete offer, address and boot file together, for firmware that ignores a proxy's separate offer.

netboot acts as a relay agent (RFC 2131 §4.1, RFC 1542 §4) for boot clients only: the building's DHCP server chooses
the address, and what it says is passed on with our boot file laid over it. Option 54 names us in what the client sees
and the building's server in what that server sees: with the building's own in the offer, its server would answer the
client's broadcast REQUEST itself, without a boot file (PXE-E99). A client behind another relay is forwarded with the
link-selection sub-option (RFC 3527), so that it gets an address of its own subnet.
Renewals are left to the building's server: an installed system asks without PXEClient in option 60.
No I/O. Not for: which file it is (boot_file.py), which PCs get merged offers (netboot/dhcp_proxy.py).
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from netboot.dhcp.boot_client import BootClient, BootMethod, Ignored, Reason
from netboot.dhcp.boot_file import BootFile, BootFileNames
from netboot.dhcp.boot_reply import boot_file_again, echoed, largest_reply, naming_boot_file
from netboot.dhcp.core import BROADCAST, CLIENT_PORT, SERVER_PORT, Answer
from netboot.dhcp.packet import (
    BROADCAST_FLAG,
    MAX_PACKET,
    NO_ADDRESS,
    DhcpPacket,
    MalformedPacket,
    MessageType,
    Option,
    Options,
    decode_options,
    wire_size,
)

MAX_DIALOGUES = 4096
"""Of each kind (still without an offer, and with one): a flood of made-up PCs displaces none that is being served."""

DIALOGUE_SECONDS = 120.0
"""A dialogue without a packet for so long is over."""

PATIENCE = 3.0
"""Seconds until the building counts as silent: dnsmasq looks for up to 3 s whether an address is free."""

MOST_HOPS = 1
"""What passed more relays is not forwarded: two netboots on one LAN would else pass it on for ever."""

_LINK_SELECTION = 5  # RFC 3527
_LONGEST_OPTION = 255  # bytes
_NOT_PASSED_ON = {
    Option.MESSAGE_TYPE,
    Option.SERVER_ID,
    Option.VENDOR_CLASS,
    Option.IPXE,
    Option.VENDOR_OPTIONS,
    Option.TFTP_SERVER,
    Option.BOOT_FILE,
    Option.TFTP_SERVER_ADDRESS,
    Option.MACHINE_ID,
    Option.RELAY_AGENT,
}
_SAID_ALREADY = (Option.TFTP_SERVER, Option.BOOT_FILE)
_KEPT_LONGEST = (Option.RENEWAL_TIME, Option.REBINDING_TIME, Option.ROUTER)
"""What firmware boots with, beside what is always kept; the first is left out first where it must be."""

_ALWAYS_KEPT = {
    Option.SUBNET_MASK,
    Option.LEASE_TIME,
    Option.MESSAGE_TYPE,
    Option.SERVER_ID,
    Option.VENDOR_CLASS,
    Option.VENDOR_OPTIONS,
    Option.IPXE,
    Option.MACHINE_ID,
}


@dataclass(slots=True)
class Dialogue:
    """One PC's dialogue with the building. `server`: the DHCP server whose offer was passed on, the first to answer."""

    client: BootClient
    boot_file: BootFile
    since: float
    at: float
    server: IPv4Address | None = None
    silence_told: bool = False


class MergedOffers:
    """The relay agent's memory: who asked what, bounded. `building` is where its DHCP server is, None for broadcast."""

    def __init__(self, names: BootFileNames, building: IPv4Address | None) -> None:
        self._names = names
        self._address = names.server_address
        self._building = building
        self._asked: OrderedDict[bytes, Dialogue] = OrderedDict()
        self._offered: OrderedDict[bytes, Dialogue] = OrderedDict()

    def __len__(self) -> int:
        return len(self._asked) + len(self._offered)

    def discover(self, client: BootClient, boot_file: BootFile, *, now: float) -> Answer | Ignored:
        """A client's DISCOVER, to be forwarded to the building."""
        forwarded = self._forward(client.packet)
        if isinstance(forwarded, Ignored):
            return forwarded
        chaddr = client.packet.chaddr
        dialogue = self._offered.pop(chaddr, None) or self._asked.pop(chaddr, None)
        if dialogue is None or dialogue.client.packet.xid != client.packet.xid:
            dialogue = Dialogue(client, boot_file, since=now, at=now)
        # Sent again: whose offer it has stays so, since the client may already hold that one.
        dialogue.client, dialogue.boot_file, dialogue.at = client, boot_file, now
        _remember(self._offered if dialogue.server else self._asked, dialogue)
        return forwarded

    def client_of(self, packet: DhcpPacket) -> BootClient | None:
        """The PC whose REQUEST this is, known from its DISCOVER; None unless the REQUEST takes our offer."""
        dialogue = self._offered.get(packet.chaddr)
        if dialogue is None or not self._takes_ours(packet):
            return None
        return replace(dialogue.client, packet=packet)

    def request(self, client: BootClient, boot_file: BootFile, *, now: float) -> Answer | Ignored:
        """A client's REQUEST, forwarded when it takes our offer; other servers have heard the broadcast themselves."""
        packet = client.packet
        if not self._takes_ours(packet):
            return Ignored(Reason.ANOTHERS_OFFER)
        dialogue = self._offered.get(packet.chaddr)
        if dialogue is None:
            # We were started again in between. Without option 54 the building's server reads a client that comes back
            # to its address (RFC 2131 §4.3.2, INIT-REBOOT): it agrees, or its NAK makes the PC begin again at once.
            dialogue = Dialogue(client, boot_file, since=now, at=now)
        dialogue.client, dialogue.at = client, now
        _remember(self._offered if dialogue.server else self._asked, dialogue)
        return self._forward(_with_server(packet, dialogue.server))

    def reply(self, packet: DhcpPacket, *, source: IPv4Address, now: float) -> tuple[Answer, Dialogue] | Ignored:
        """What the building's server says to one of the PCs we asked for, to be passed on; `source` is who sent it."""
        if packet.giaddr != self._address:
            return Ignored(Reason.NOT_OUR_RELAY)
        dialogue = self._offered.get(packet.chaddr) or self._asked.get(packet.chaddr)
        if dialogue is None or dialogue.client.packet.xid != packet.xid:
            return Ignored(Reason.NOT_ASKED_FOR)
        server = _server_of(packet, source)
        kind = packet.message_type
        if dialogue.server not in (None, server):
            return Ignored(Reason.ANOTHER_SERVER, str(server))
        if kind is MessageType.NAK:
            return _if_it_fits(self._pass_on(dialogue, self._from_us(packet)), dialogue)
        if kind not in (MessageType.OFFER, MessageType.ACK) or packet.yiaddr == NO_ADDRESS:
            return Ignored(Reason.NO_ADDRESS_IN_OFFER, str(server))  # another netboot's, as a rule
        merged = self._overlay(dialogue, self._from_us(packet))
        passed_on = _if_it_fits(self._pass_on(dialogue, merged, dialogue.boot_file.name), dialogue)
        if not isinstance(passed_on, Ignored):
            dialogue.server, dialogue.at = server, now
            self._asked.pop(packet.chaddr, None)
            _remember(self._offered, dialogue)
        return passed_on

    def silent(self, now: float) -> Iterator[Dialogue]:
        """The dialogues to which the building has not answered in time, each once. Old dialogues are forgotten."""
        for table in (self._asked, self._offered):
            while table and now - (oldest := next(iter(table.values()))).at > DIALOGUE_SECONDS:
                del table[oldest.client.packet.chaddr]
        for dialogue in self._asked.values():
            if not dialogue.silence_told and now - dialogue.since >= PATIENCE:
                dialogue.silence_told = True
                yield dialogue

    def is_silent(self, client: BootClient, now: float) -> bool:
        """Whether the building has not answered this PC for PATIENCE seconds."""
        dialogue = self._asked.get(client.packet.chaddr)
        return dialogue is not None and now - dialogue.since >= PATIENCE

    def _takes_ours(self, packet: DhcpPacket) -> bool:
        """Does this REQUEST name us, or nobody in the dialogue in which we made an offer?"""
        server = packet.address(Option.SERVER_ID)
        if server is not None:
            return server == self._address
        dialogue = self._offered.get(packet.chaddr)
        return dialogue is not None and dialogue.client.packet.xid == packet.xid

    def _forward(self, packet: DhcpPacket) -> Answer | Ignored:
        if packet.hops > MOST_HOPS:
            return Ignored(Reason.TOO_MANY_RELAYS, f"{packet.hops} hops")
        options = packet.options
        if packet.giaddr != NO_ADDRESS:
            options = _without(options, {Option.RELAY_AGENT})
            options += ((Option.RELAY_AGENT, _link_selected(packet)),)
        # An old address in a DISCOVER is nobody's any more, and in a REQUEST that takes an offer has no place.
        forwarded = replace(packet, giaddr=self._address, ciaddr=NO_ADDRESS, hops=packet.hops + 1, options=options)
        if wire_size(forwarded) > MAX_PACKET:
            return Ignored(Reason.TOO_LONG)
        return Answer(
            packet=forwarded,
            from_port=SERVER_PORT,
            destination=self._building or BROADCAST,
            destination_port=SERVER_PORT,
        )

    def _overlay(self, dialogue: Dialogue, packet: DhcpPacket) -> DhcpPacket:
        """The building's offer or acknowledgement with our boot file in it."""
        client = dialogue.client
        # With an address in the same packet nothing is left to ask for on port 4011.
        boot_file = replace(dialogue.boot_file, skip_discovery=client.method is BootMethod.PXE)
        reply = naming_boot_file(packet, client, self._names, boot_file)
        return _shortened(replace(reply, options=reply.options + boot_file_again(client, reply)), client.packet)

    def _pass_on(self, dialogue: Dialogue, packet: DhcpPacket, boot_file: str = "") -> Answer:
        """This packet to the client, or to the relay it is behind."""
        relay = dialogue.client.packet.giaddr
        relayed = relay != NO_ADDRESS
        options = packet.options
        if relayed:
            options += echoed(dialogue.client.packet, Option.RELAY_AGENT)  # last, as RFC 3046 §2.1 has it
        return Answer(
            packet=replace(
                packet,
                hops=0,
                flags=packet.flags if relayed else packet.flags | BROADCAST_FLAG,
                giaddr=relay,
                options=options,
            ),
            from_port=SERVER_PORT,
            destination=relay if relayed else BROADCAST,
            destination_port=SERVER_PORT if relayed else CLIENT_PORT,
            boot_file=boot_file,
        )

    def _from_us(self, packet: DhcpPacket) -> DhcpPacket:
        """The building's packet as if it were ours, without any boot options of its own."""
        kind = packet.option(Option.MESSAGE_TYPE) or b""
        ours: Options = ((Option.MESSAGE_TYPE, kind), (Option.SERVER_ID, self._address.packed))
        options = ours + _without(packet.options, _NOT_PASSED_ON)
        return replace(packet, siaddr=NO_ADDRESS, sname=b"", file=b"", options=options)


def _if_it_fits(answer: Answer, dialogue: Dialogue) -> tuple[Answer, Dialogue] | Ignored:
    """A building's reply to which our boot file was added may have become too long for a frame."""
    return (answer, dialogue) if wire_size(answer.packet) <= MAX_PACKET else Ignored(Reason.TOO_LONG)


def _remember(table: OrderedDict[bytes, Dialogue], dialogue: Dialogue) -> None:
    chaddr = dialogue.client.packet.chaddr
    table[chaddr] = dialogue
    table.move_to_end(chaddr)
    if len(table) > MAX_DIALOGUES:
        table.popitem(last=False)


def _with_server(packet: DhcpPacket, server: IPv4Address | None) -> DhcpPacket:
    options = _without(packet.options, {Option.SERVER_ID})
    if server is not None:
        options += ((Option.SERVER_ID, server.packed),)
    return replace(packet, options=options)


def _server_of(packet: DhcpPacket, source: IPv4Address) -> IPv4Address:
    server_id = packet.option(Option.SERVER_ID)
    return IPv4Address(server_id) if server_id is not None and len(server_id) == 4 else source


def _link_selected(packet: DhcpPacket) -> bytes:
    """What the PC's own relay said of it (option 82), and which subnet it is on."""
    agent_information = packet.option(Option.RELAY_AGENT) or b""
    selection = bytes((_LINK_SELECTION, 4)) + packet.giaddr.packed
    try:
        has_one = any(code == _LINK_SELECTION for code, _ in decode_options(agent_information))
    except MalformedPacket:
        return selection
    if has_one:
        return agent_information
    return agent_information + selection if len(agent_information + selection) <= _LONGEST_OPTION else selection


def _without(options: Options, codes: set[Option]) -> Options:
    return tuple(option for option in options if option[0] not in codes)


def _shortened(reply: DhcpPacket, request: DhcpPacket) -> DhcpPacket:
    """The reply, no longer than this client takes.

    What the header says as well goes first, then the building's options that the client did not ask for, the longest
    first, then those that it did; what a PC boots with goes last.
    """
    limit = largest_reply(request)
    asked = request.option(Option.PARAMETER_LIST) or b""

    def rank(option: tuple[int, bytes]) -> tuple[int, int]:
        code, value = option
        if code in _SAID_ALREADY:
            return 0, 0
        if code in _KEPT_LONGEST:
            return 3 + _KEPT_LONGEST.index(Option(code)), 0
        return 2 if code in asked else 1, -len(value)

    for code, _ in sorted((option for option in reply.options if option[0] not in _ALWAYS_KEPT), key=rank):
        if wire_size(reply) <= limit:
            break
        reply = replace(reply, options=tuple(option for option in reply.options if option[0] != code))
    return reply
