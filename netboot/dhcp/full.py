"""The core of mode `full`: our own DHCP server, for a switch that has no other.

Follows RFC 2131 (§3.1, §4.3) and the RFCs named in lease_options.py. Boot files are named as in every other mode
(boot_file.py, boot_reply.py), on port 4011 too. Two things need I/O, so the `Step` that is returned asks for them:
leases to be saved before an answer leaves (§3.1 point 4), and an address to be probed on the LAN before it is offered
(§2.2, §4.4.1); the probe's result comes back by `probed`.
No I/O. Not for: the table (leases.py), sockets, ARP and the record (full_service.py).
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from netboot.dhcp.address_plan import AddressPlan
from netboot.dhcp.bios_loaders import BiosLoaders
from netboot.dhcp.boot_client import BootClient, Ignored, Reason, read_boot_client
from netboot.dhcp.boot_file import BootFile, BootFileNames, choose_boot_file
from netboot.dhcp.boot_reply import echoed, naming_boot_file_as_asked
from netboot.dhcp.core import BOOT_SERVER_PORT, BROADCAST, CLIENT_PORT, SERVER_PORT, Answer, Arrival, Handled, Remark
from netboot.dhcp.ipxe_rom import RomDialogues
from netboot.dhcp.lease_options import host_name, identity, lease_options, lease_times
from netboot.dhcp.leases import Lease, Leases, State
from netboot.dhcp.loop_guard import LoopGuard, Pass
from netboot.dhcp.packet import (
    BROADCAST_FLAG,
    NO_ADDRESS,
    DhcpPacket,
    MalformedPacket,
    MessageType,
    Op,
    Option,
    Options,
    decode,
)
from netboot.dhcp.proxy_offer import decide
from netboot.jobs.policy import Policy, PolicyOf, nothing_set

SILENT_FOR = 30.0
"""Seconds for which an address that nobody answered for need not be asked for again: a flood asks a pool round once."""

MOST_PROBES = 512
"""Addresses that are asked for at one time: enough for a thousand made-up PCs a second."""

PROBE_OVER = 5.0
"""Seconds after which a probe is given up, should nobody tell what came of it."""

MOST_BOOTING = 512
"""Boot clients whose DISCOVER is remembered until they take the offer."""

TRIES = 4
"""Addresses that are asked for before a PC has to ask again: its firmware is patient for 4 s at first."""

EXHAUSTED_TOLD_EVERY = 600.0
"""Seconds between two warnings that no address is left; the page says it of each PC."""

_NO_MAC = "00:00:00:00:00:00"
_FIRMWARE_NOT_SERVED = {Reason.FIRMWARE_ARM, Reason.FIRMWARE_UNKNOWN}


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next: first `keep` goes on the record, then `handled` is carried out; `probe` is asked for meanwhile.

    `conflict` is an address that somebody uses without a lease, for a person to read of.
    """

    handled: Handled
    keep: tuple[Lease, ...] = ()
    probe: IPv4Address | None = None
    conflict: Lease | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A PC whose offer waits until its address has been asked for. `tries` counts the addresses asked for."""

    packet: DhcpPacket
    client: BootClient | None
    address: IPv4Address
    since: float
    tries: int


class FullDhcp:
    """The server without its sockets. `now` is in seconds on one steady clock, the same as the leases'."""

    def __init__(
        self,
        plan: AddressPlan,
        leases: Leases,
        files: BootFileNames,
        policy_of: PolicyOf = nothing_set,
        *,
        loop_limit: int = 8,
        loop_seconds: float = 120.0,
        plain_pxe_first: bool = False,
    ) -> None:
        self._plan = plan
        self._leases = leases
        self._files = files
        self._policy_of = policy_of
        self._guard = LoopGuard(loop_limit, loop_seconds)
        self._rom_dialogues = RomDialogues() if plain_pxe_first else None
        self._bios_loaders = BiosLoaders()
        self._waiting: dict[str, _Waiting] = {}
        self._booting: OrderedDict[str, BootClient] = OrderedDict()
        self._silent_until: dict[IPv4Address, float] = {}
        self._other_servers: set[IPv4Address] = set()
        self._exhausted_told = -EXHAUSTED_TOLD_EVERY

    def receive(self, payload: bytes, arrival: Arrival, *, now: float) -> Step:
        """Decide on one datagram. Raises nothing, whatever the bytes."""
        try:
            packet = decode(payload)
        except MalformedPacket as error:
            return _ignored(Reason.MALFORMED, str(error))
        if packet.op is not Op.BOOTREQUEST:
            return _ignored(Reason.NOT_A_REQUEST)
        if not packet.mac or packet.chaddr[0] & 1 or packet.mac == _NO_MAC:
            return _ignored(Reason.NOT_ETHERNET, f"htype {packet.htype}, {packet.chaddr.hex(':')}")
        if self._plan.server not in self._plan.network:
            return _ignored(Reason.OTHER_NETWORK, f"our own address is {self._plan.server} now")
        client = self._boot_client(packet, now)
        if arrival.port == BOOT_SERVER_PORT:
            return self._on_boot_server_port(packet, client, arrival)
        if packet.giaddr != NO_ADDRESS and packet.giaddr not in self._plan.network:
            return _ignored(Reason.OTHER_NETWORK, str(packet.giaddr), client)
        match packet.message_type:
            case MessageType.DISCOVER:
                return self._discovered(packet, client, now)
            case MessageType.REQUEST:
                return self._requested(packet, client or self._offered_to(packet), arrival, now)
            case MessageType.DECLINE:
                return self._declined(packet, client, now)
            case MessageType.RELEASE:
                return self._released(packet, client, now)
            case MessageType.INFORM:
                return self._informed(packet, client, arrival)
            case kind:
                return _ignored(Reason.NOT_A_REQUEST, kind.name if kind else "no message type", client)

    def probed(self, address: IPv4Address, holder: str | None, *, now: float) -> Step | None:
        """What the LAN said: `holder` is the MAC that uses the address, None when nobody answered.

        None when nobody waits for it any more.
        """
        lease = self._leases.at(address)
        mac = lease.mac if lease is not None and lease.state is State.OFFERED else ""
        waiting = self._waiting.get(mac)
        self.not_probed(address)  # those whom it was taken from meanwhile ask again by themselves
        if lease is None or waiting is None or waiting.address != address:
            return None
        if holder is None or holder == mac:
            self._silent_until[address] = now + SILENT_FOR
            return self._granted(waiting.packet, waiting.client, lease, MessageType.OFFER, now)
        conflict = self._leases.quarantine(address, holder, now=now)
        if waiting.tries >= TRIES:
            return replace(_ignored(Reason.ADDRESSES_IN_USE, str(address), waiting.client), conflict=conflict)
        step = self._discovered(waiting.packet, waiting.client, now, tries=waiting.tries)
        return replace(step, conflict=conflict)

    def not_probed(self, address: IPv4Address) -> None:
        """The LAN could not be asked: whoever waits for this address has to ask again."""
        self._waiting = {mac: one for mac, one in self._waiting.items() if one.address != address}

    def use_address(self, address: IPv4Address, *, now: float) -> None:
        """Our address on the PCs' LAN is this one from now on; nobody is answered while it is in another network."""
        self._plan = replace(self._plan, server=address)
        self._files = replace(self._files, server_address=address)
        self._leases = Leases(self._plan, self._leases, now=now)
        self._waiting.clear()

    def loaded_by(self, address: IPv4Address) -> None:
        """A PC at this address has got a whole file by TFTP."""
        if (lease := self._leases.at(address)) is not None:
            self._bios_loaders.loaded(lease.mac)

    def came_up_at(self, address: IPv4Address) -> None:
        """A PC at this address asked for something by HTTP."""
        if (lease := self._leases.at(address)) is not None:
            self._bios_loaders.came_up(lease.mac)

    def leases(self) -> tuple[Lease, ...]:
        """Every lease that there is or was, by address."""
        return tuple(sorted(self._leases, key=lambda lease: lease.address))

    # What each kind of message asks for

    def _discovered(self, packet: DhcpPacket, client: BootClient | None, now: float, tries: int = 0) -> Step:
        mac = packet.mac
        waiting = self._waiting.get(mac)
        if waiting is not None and now - waiting.since < PROBE_OVER:
            # Asked again meanwhile: one probe is enough, and the answer is for the newest packet.
            self._waiting[mac] = replace(waiting, packet=packet, client=client)
            return _ignored(Reason.BEING_PROBED, str(waiting.address), client)
        lease = self._leases.offer(mac, packet.address(Option.REQUESTED_ADDRESS), now=now)
        if lease is None:
            news = now - self._exhausted_told >= EXHAUSTED_TOLD_EVERY
            if news:
                self._exhausted_told = now
            return _ignored(Reason.NO_ADDRESS_LEFT, "", client, news=news)
        if lease.state is State.BOUND or self._silent_until.get(lease.address, 0.0) > now:
            return self._granted(packet, client, lease, MessageType.OFFER, now)
        while self._waiting and now - self._waiting[oldest := next(iter(self._waiting))].since >= PROBE_OVER:
            del self._waiting[oldest]
        if len(self._waiting) >= MOST_PROBES:
            return _ignored(Reason.TOO_MANY_PROBES, "", client)
        self._waiting[mac] = _Waiting(packet, client, lease.address, now, tries + 1)
        return Step(Handled(client=client), probe=lease.address)

    def _requested(self, packet: DhcpPacket, client: BootClient | None, arrival: Arrival, now: float) -> Step:
        """The four states of a client that sends a REQUEST: RFC 2131 §4.3.2, and what firmware makes of them."""
        mac = packet.mac
        server = packet.address(Option.SERVER_ID)
        wanted = packet.address(Option.REQUESTED_ADDRESS)
        if server not in (None, self._plan.server):
            return self._went_elsewhere(packet, client, server, now)
        # Who renews has its address, and neither option. Firmware that takes an offer may leave an old one in `ciaddr`.
        renews = server is None and wanted is None
        has_address = packet.ciaddr != NO_ADDRESS and (renews or arrival.source == packet.ciaddr)
        if has_address and (server is None or wanted is None):
            wanted = packet.ciaddr
        elif wanted is None and server is not None:
            wanted = self._leases.held_for(mac)  # it takes our offer, and only forgot to say which address that was
        if wanted is None:
            return _ignored(Reason.NO_ADDRESS_ASKED, "", client) if server is None else self._refused(packet, client)
        if server is None and not self._leases.may_keep(mac, wanted, now=now):  # init-reboot too
            if not self._plan.authoritative:
                return _ignored(Reason.UNKNOWN_LEASE, str(wanted), client)
            return self._refused(packet, client)
        bound = self._leases.bind(mac, wanted, host_name(packet), now=now)
        if bound is None:
            return self._refused(packet, client)
        self._silent_until.pop(wanted, None)
        at = wanted if has_address and wanted == packet.ciaddr else NO_ADDRESS
        step = self._granted(packet, client, bound.lease, MessageType.ACK, now, at=at)
        return replace(step, keep=(*bound.let_go, bound.lease))

    def _went_elsewhere(
        self, packet: DhcpPacket, client: BootClient | None, other: IPv4Address | None, now: float
    ) -> Step:
        self._leases.withdraw(packet.mac, now=now)
        news = other is not None and other not in self._other_servers and len(self._other_servers) < 16
        if news and other is not None:
            self._other_servers.add(other)
        reason = Reason.RIVAL_SERVER if self._plan.authoritative else Reason.ANOTHERS_OFFER
        return _ignored(reason, str(other), client, news=news and self._plan.authoritative)

    def _declined(self, packet: DhcpPacket, client: BootClient | None, now: float) -> Step:
        """The client found somebody at the address we gave it: RFC 2131 §4.3.3."""
        mac, address = packet.mac, packet.address(Option.REQUESTED_ADDRESS)
        if address is None or not self._leases.may_keep(mac, address, now=now) or not self._names_us(packet):
            return _ignored(Reason.UNKNOWN_LEASE, str(address), client)
        self._silent_until.pop(address, None)
        lease = self._leases.quarantine(address, "", now=now)
        return Step(Handled(client=client), keep=(lease,) if lease else (), conflict=lease)

    def _released(self, packet: DhcpPacket, client: BootClient | None, now: float) -> Step:
        lease = self._leases.release(packet.mac, packet.ciaddr, now=now) if self._names_us(packet) else None
        if lease is None:
            return _ignored(Reason.UNKNOWN_LEASE, str(packet.ciaddr), client)
        return Step(Handled(client=client), keep=(lease,))

    def _informed(self, packet: DhcpPacket, client: BootClient | None, arrival: Arrival) -> Step:
        """A host with an address of its own asks for the rest: RFC 2131 §4.3.5. No lease, no times."""
        address = packet.ciaddr if packet.ciaddr != NO_ADDRESS else arrival.source
        if address not in self._plan.network:
            return _ignored(Reason.OTHER_NETWORK, str(address), client)
        options = identity(self._plan, MessageType.ACK) + lease_options(packet, self._plan, "")
        return self._answer(packet, client, _reply(packet, options, ciaddr=address), boot_file=None)

    def _on_boot_server_port(self, packet: DhcpPacket, client: BootClient | None, arrival: Arrival) -> Step:
        if client is None:
            return _ignored(Reason.NOT_A_BOOT_CLIENT)
        outcome = decide(client, arrival, self._files, self._policy(client))
        if isinstance(outcome, Ignored):
            return Step(Handled(ignored=outcome, client=client, news=outcome.reason in _FIRMWARE_NOT_SERVED))
        return Step(Handled((outcome,), client=client))

    # Answers

    def _granted(
        self,
        packet: DhcpPacket,
        client: BootClient | None,
        lease: Lease,
        kind: MessageType,
        now: float,
        *,
        at: IPv4Address = NO_ADDRESS,
    ) -> Step:
        """`at` is where the client has its address already; without one the answer is a broadcast."""
        options = identity(self._plan, kind) + lease_times(self._plan) + lease_options(packet, self._plan, lease.name)
        reply = _reply(packet, options, yiaddr=lease.address, ciaddr=at)
        if client is None:
            return self._answer(packet, None, reply, boot_file=None)
        set_for_it = self._policy_of(client.mac, str(client.uuid or ""))
        other_loader = kind is MessageType.OFFER and self._bios_loaders.note_discover(client, set_for_it, now)
        boot_file = self._boot_file(client, kind, now)
        if isinstance(boot_file, Handled):  # an address all the same: PCs that are not booted work on this LAN too
            step = self._answer(packet, client, reply, boot_file=None)
            return replace(step, handled=replace(boot_file, answers=step.handled.answers))
        step = self._answer(packet, client, reply, boot_file)
        return replace(step, handled=replace(step.handled, news=other_loader))

    def _boot_file(self, client: BootClient, kind: MessageType, now: float) -> BootFile | Handled:
        chosen = choose_boot_file(client, self._files, self._policy(client))
        if isinstance(chosen, Ignored):
            return Handled(ignored=chosen, client=client, news=chosen.reason in _FIRMWARE_NOT_SERVED)
        if kind is MessageType.OFFER:
            self._remember(client)
            packet = client.packet
            passed = self._guard.ask(client.mac, chosen.name, xid=packet.xid, secs=packet.secs, now=now)
            if passed is not Pass.GRANTED:
                loop = Ignored(Reason.LOOP, chosen.name)
                return Handled(ignored=loop, client=client, news=passed is Pass.REFUSED_FIRST)
        return chosen

    def _refused(self, packet: DhcpPacket, client: BootClient | None) -> Step:
        """A NAK sends the client back to its beginning; always by broadcast: its address is what is wrong."""
        relay = packet.giaddr
        reply = _reply(packet, identity(self._plan, MessageType.NAK))
        answer = Answer(
            packet=replace(reply, flags=packet.flags | (BROADCAST_FLAG if relay != NO_ADDRESS else 0)),
            from_port=SERVER_PORT,
            destination=relay if relay != NO_ADDRESS else BROADCAST,
            destination_port=SERVER_PORT if relay != NO_ADDRESS else CLIENT_PORT,
        )
        return Step(Handled((answer,), client=client))

    def _answer(
        self, packet: DhcpPacket, client: BootClient | None, reply: DhcpPacket, boot_file: BootFile | None
    ) -> Step:
        if client is not None and boot_file is not None:
            reply = naming_boot_file_as_asked(reply, client, self._files, boot_file)
        destination, port = BROADCAST, CLIENT_PORT  # see `Answer`
        if packet.giaddr != NO_ADDRESS:
            destination, port = packet.giaddr, SERVER_PORT
        elif reply.ciaddr != NO_ADDRESS:
            destination = reply.ciaddr
        relay = echoed(packet, Option.RELAY_AGENT)  # last, as RFC 3046 §2.1 has it
        answer = Answer(
            packet=replace(reply, options=reply.options + relay),
            from_port=SERVER_PORT,
            destination=destination,
            destination_port=port,
            boot_file=boot_file.name if boot_file else "",
        )
        remark = self._remark(client) if client is not None and boot_file is not None else None
        return Step(Handled((answer,), client=client, remark=remark))

    def _remark(self, client: BootClient) -> Remark | None:
        guessed = None if client.architecture_told else Remark.ARCHITECTURE_GUESSED
        return self._bios_loaders.remark(client.mac) or guessed

    def _boot_client(self, packet: DhcpPacket, now: float) -> BootClient | None:
        client = read_boot_client(packet)
        if isinstance(client, Ignored):
            return None
        return self._rom_dialogues.as_plain_rom(client, now) if self._rom_dialogues else client

    def _policy(self, client: BootClient) -> Policy:
        policy = self._policy_of(client.mac, str(client.uuid or ""))
        return self._bios_loaders.policy_for(client, policy)

    def _offered_to(self, packet: DhcpPacket) -> BootClient | None:
        """The PC that goes on with its dialogue and no longer says what it is, as it did in its DISCOVER."""
        client = self._booting.get(packet.mac)
        return replace(client, packet=packet) if client is not None and client.packet.xid == packet.xid else None

    def _remember(self, client: BootClient) -> None:
        self._booting[client.mac] = client
        self._booting.move_to_end(client.mac)
        if len(self._booting) > MOST_BOOTING:
            self._booting.popitem(last=False)

    def _names_us(self, packet: DhcpPacket) -> bool:
        return packet.address(Option.SERVER_ID) == self._plan.server


def _reply(
    request: DhcpPacket, options: Options, yiaddr: IPv4Address = NO_ADDRESS, ciaddr: IPv4Address = NO_ADDRESS
) -> DhcpPacket:
    return DhcpPacket(
        op=Op.BOOTREPLY,
        xid=request.xid,
        htype=request.htype,
        chaddr=request.chaddr,
        flags=request.flags,
        ciaddr=ciaddr,
        yiaddr=yiaddr,
        giaddr=request.giaddr,
        options=options,
    )


def _ignored(reason: Reason, detail: str = "", client: BootClient | None = None, *, news: bool = False) -> Step:
    return Step(Handled(ignored=Ignored(reason, detail), client=client, news=news))
