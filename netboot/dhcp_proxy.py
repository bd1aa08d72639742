"""Answers boot clients beside the building's DHCP: by a proxy's offer, or by an offer merged with the building's.

Picks the mode for each client: what is set for that PC, else the workshop's mode; in proxy mode a PC that ignores proxy
offers is moved to merged ones automatically. State is bounded and need not be saved: a server that was restarted
answers port 4011 and TFTP as before, and learns again which PCs ignore proxy offers.
No I/O. Not for: the packets of either mode (dhcp/proxy_offer.py, dhcp/merged.py), sockets (dhcp/service.py).
"""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from netboot.dhcp.bios_loaders import BiosLoaders
from netboot.dhcp.boot_client import BootClient, Firmware, Ignored, Reason, read_boot_client
from netboot.dhcp.boot_file import BootFileNames, choose_boot_file
from netboot.dhcp.core import BOOT_SERVER_PORT, Answer, Arrival, Handled, Remark
from netboot.dhcp.ipxe_rom import RomDialogues
from netboot.dhcp.loop_guard import LoopGuard, Pass
from netboot.dhcp.merged import MergedOffers
from netboot.dhcp.packet import DhcpPacket, MalformedPacket, MessageType, Op, Option, decode
from netboot.dhcp.probe import PROBE_UUID
from netboot.dhcp.proxy_offer import decide, offer
from netboot.dhcp.untaken_offers import UntakenOffers
from netboot.jobs.policy import DhcpMode, Policy, PolicyOf, nothing_set

SILENCE_TOLD_EVERY = 600.0
"""Seconds between two warnings that the building's DHCP is silent; the page says it of each PC."""

_FIRMWARE_NOT_SERVED = {Reason.FIRMWARE_ARM, Reason.FIRMWARE_UNKNOWN}


@dataclass(frozen=True, slots=True)
class BesideSettings:
    """Settings of the modes `proxy` and `merged`.

    `mode` is for PCs for which nothing else is set; `move_to_merged` moves a PC that ignores proxy offers to merged.
    `building` is the address of the building's DHCP server, None to ask by broadcast.
    More than `loop_limit` hand-outs of one file to one PC within `loop_seconds` are a loop.
    `plain_pxe_first` is for the virtual workshop, whose BIOS PCs carry an iPXE in their NIC's ROM: that iPXE is first
    answered as the plain PXE ROM of a real PC would be, so that option 43 and `bios_file` are exercised.
    """

    files: BootFileNames
    mode: DhcpMode = "proxy"
    move_to_merged: bool = True
    building: IPv4Address | None = None
    loop_limit: int = 8
    loop_seconds: float = 120.0
    plain_pxe_first: bool = False


class BesideBuilding:
    """The core (dhcp/core.py) of the modes `proxy` and `merged`."""

    def __init__(self, settings: BesideSettings, policy_of: PolicyOf = nothing_set) -> None:
        self._settings = settings
        self._names = settings.files
        self._policy_of = policy_of
        self._guard = LoopGuard(settings.loop_limit, settings.loop_seconds)
        self._rom_dialogues = RomDialogues()
        self._untaken = UntakenOffers()
        self._bios_loaders = BiosLoaders()
        self._merged = MergedOffers(self._names, settings.building)
        self._silence_told = -SILENCE_TOLD_EVERY
        self._only_proxy = False

    def receive(self, payload: bytes, arrival: Arrival, *, now: float) -> Handled:
        """Decide on one datagram; `now` is in seconds on any steady clock. Raises nothing, whatever the bytes."""
        try:
            packet = decode(payload)
        except MalformedPacket as error:
            return Handled(ignored=Ignored(Reason.MALFORMED, str(error)))
        if packet.op is Op.BOOTREPLY:
            return self._from_building(packet, arrival, now)
        if packet.giaddr == self._names.server_address:
            return Handled(ignored=Ignored(Reason.OWN_RELAY))
        client = read_boot_client(packet)
        if isinstance(client, Ignored):
            goes_on = self._goes_on(packet, arrival)
            if goes_on is None:
                return Handled(ignored=client)
            client = goes_on
        if self._settings.plain_pxe_first:
            client = self._as_plain_rom(client, now)
        policy = self._policy_of(client.mac, str(client.uuid or ""))
        on_67 = arrival.port != BOOT_SERVER_PORT
        is_discover = on_67 and packet.message_type is MessageType.DISCOVER
        other_loader = is_discover and self._bios_loaders.note_discover(client, policy, now)
        policy = self._bios_loaders.policy_for(client, policy)
        if not on_67:
            return self._on_boot_server_port(client, arrival, policy, now)
        if packet.message_type is MessageType.REQUEST:
            return self._requested(client, policy, now)
        outcome = decide(client, arrival, self._names, policy)
        if isinstance(outcome, Ignored):
            return _ignored(outcome, client)
        handled = self._discovered(client, policy, outcome, now)
        return replace(handled, news=handled.news or other_loader)

    def tick(self, now: float) -> tuple[Handled, ...]:
        """Where the building's DHCP stays silent, a proxy's offer, in case the PC gets its address another way."""
        return tuple(
            self._without_building(dialogue.client, (offer(dialogue.client, dialogue.boot_file, self._names),), now)
            for dialogue in self._merged.silent(now)
        )

    def use_address(self, address: IPv4Address) -> None:
        """Answer with this address of ours from now on; dialogues under way begin again by themselves."""
        self._names = replace(self._names, server_address=address)
        self._merged = MergedOffers(self._names, self._settings.building)

    def stay_with_proxy(self) -> None:
        """Make no merged offers, whoever asks: the building's answers cannot reach us."""
        self._only_proxy = True

    def fetched_by(self, address: IPv4Address) -> None:
        """A PC at this address was sent a boot file, by TFTP or HTTP."""
        self._untaken.note_file_request(self._untaken.mac_at(address))

    def loaded_by(self, address: IPv4Address) -> None:
        """A PC at this address has got a whole file by TFTP."""
        self._bios_loaders.loaded(self._untaken.mac_at(address))

    def came_up_at(self, address: IPv4Address) -> None:
        """A PC at this address asked for something by HTTP."""
        self._bios_loaders.came_up(self._untaken.mac_at(address))

    def _goes_on(self, packet: DhcpPacket, arrival: Arrival) -> BootClient | None:
        """The PC whose merged offer this packet takes, though it no longer says that it boots from the network."""
        if arrival.port == BOOT_SERVER_PORT or packet.message_type is not MessageType.REQUEST:
            return None
        self._took_address(packet)
        return self._merged.client_of(packet)

    def _took_address(self, request: DhcpPacket) -> None:
        address = request.address(Option.REQUESTED_ADDRESS)
        if address is not None and request.mac:
            self._untaken.note_address_request(request.mac, address, xid=request.xid)

    def _on_boot_server_port(self, client: BootClient, arrival: Arrival, policy: Policy, now: float) -> Handled:
        outcome = decide(client, arrival, self._names, policy)
        if isinstance(outcome, Ignored):
            return _ignored(outcome, client)
        self._untaken.note_file_request(client.mac)
        # Counted as a hand-out when the offer was made.
        return Handled((outcome,), client=client, remark=self._remark(client, now))

    def _discovered(self, client: BootClient, policy: Policy, proxy_offer: Answer, now: float) -> Handled:
        packet, boot_file = client.packet, proxy_offer.boot_file
        passed = self._guard.ask(client.mac, boot_file, xid=packet.xid, secs=packet.secs, now=now)
        if passed is not Pass.GRANTED:
            loop = Ignored(Reason.LOOP, boot_file)
            return Handled(ignored=loop, client=client, news=passed is Pass.REFUSED_FIRST)
        mode, changed = self._mode_for(client, policy, now)
        if mode == "proxy":
            return Handled((proxy_offer,), client=client, remark=self._remark(client, now), news=changed)
        chosen = choose_boot_file(client, self._names, policy)
        if isinstance(chosen, Ignored):
            return _ignored(chosen, client)
        forwarded = self._merged.discover(client, chosen, now=now)
        if isinstance(forwarded, Ignored):
            return Handled((proxy_offer,), client=client)
        if self._merged.is_silent(client, now):
            return self._without_building(client, (forwarded, proxy_offer), now)
        return Handled((forwarded,), client=client, remark=self._remark(client, now), news=changed)

    def _mode_for(self, client: BootClient, policy: Policy, now: float) -> tuple[DhcpMode, bool]:
        """The mode in which this DISCOVER is answered, and whether it has changed just now for this PC."""
        if self._only_proxy:
            return "proxy", False
        if policy.dhcp is not None:
            return policy.dhcp, False
        if self._settings.mode == "merged":
            return "merged", False
        packet = client.packet
        if self._untaken.needs_merged(client.mac):
            back = self._untaken.note_merged_offer(client.mac, xid=packet.xid, secs=packet.secs, now=now)
            return ("proxy", True) if back else ("merged", False)
        if client.uuid == PROBE_UUID:
            return "proxy", False  # `netboot doctor` asks as several firmwares in a row, and takes none of the offers
        if self._settings.move_to_merged and self._untaken.note_offer(
            client.mac, xid=packet.xid, secs=packet.secs, now=now
        ):
            return "merged", True
        return "proxy", False

    def _requested(self, client: BootClient, policy: Policy, now: float) -> Handled:
        self._took_address(client.packet)
        chosen = choose_boot_file(client, self._names, policy)
        if isinstance(chosen, Ignored):
            return _ignored(chosen, client)
        forwarded = self._merged.request(client, chosen, now=now)
        if isinstance(forwarded, Ignored):
            return Handled(ignored=forwarded, client=client)
        return Handled((forwarded,), client=client)

    def _from_building(self, packet: DhcpPacket, arrival: Arrival, now: float) -> Handled:
        passed_on = self._merged.reply(packet, source=arrival.source, now=now)
        if isinstance(passed_on, Ignored):
            return Handled(ignored=passed_on)
        answer, dialogue = passed_on
        return Handled((answer,), client=dialogue.client, remark=self._remark(dialogue.client, now))

    def _without_building(self, client: BootClient, answers: tuple[Answer, ...], now: float) -> Handled:
        news = now - self._silence_told >= SILENCE_TOLD_EVERY
        if news:
            self._silence_told = now
        return Handled(answers, client=client, remark=Remark.BUILDING_SILENT, news=news)

    def _remark(self, client: BootClient, now: float) -> Remark | None:
        if self._untaken.needs_merged(client.mac):
            return Remark.MOVED_TO_MERGED
        if self._untaken.merged_failed(client.mac, now):
            return Remark.MERGED_DID_NOT_HELP
        guessed = None if client.architecture_told else Remark.ARCHITECTURE_GUESSED
        return self._bios_loaders.remark(client.mac) or guessed

    def _as_plain_rom(self, client: BootClient, now: float) -> BootClient:
        if client.ipxe is None or client.firmware is not Firmware.BIOS:
            return client
        if not self._rom_dialogues.is_rom(client.mac, client.packet.xid, now):
            return client
        return replace(client, ipxe=None, user_classes=())


def _ignored(ignored: Ignored, client: BootClient) -> Handled:
    return Handled(ignored=ignored, client=client, news=ignored.reason in _FIRMWARE_NOT_SERVED)
