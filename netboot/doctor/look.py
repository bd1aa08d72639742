"""Runs the doctor's questions in their order, within a time limit; the modules beside it ask and read the answers.

listen from the first to the last second
ask for an address as six kinds of client          3 to 6 s
ask boot servers on port 4011, find netboot        0 to 4 s
ask who has the addresses that were named          1 s
ping netboot with a whole frame                    0 to 1 s
boot from it as each firmware                      1 to 6 s
"""

import random
import time
from ipaddress import IPv4Address
from typing import Final

from netboot.dhcp.packet import NO_ADDRESS
from netboot.doctor.boot_request import ask_boot_server
from netboot.doctor.capture import Capture
from netboot.doctor.inject import Injector
from netboot.doctor.notes import Notes
from netboot.doctor.observed import Asker, Card, Offer, Seen, Walk
from netboot.doctor.offers import asked_on_4011, netboot_named_by, told_file
from netboot.doctor.questions import decoys_in, discover, made_up_mac
from netboot.doctor.tftp_get import TftpTrouble, tftp_get
from netboot.doctor.walk import GRUB_CONFIG, Walker, grub_menu_url

WITHIN: Final = 20.0
"""Seconds for everything."""
_WALKS_WITHIN: Final = WITHIN - 1.0
"""Seconds after which no walk reads on: leaves one for what is at hand then."""
_LISTEN_AT_LEAST: Final = 6.0  # seconds: spanning tree speaks every 2 s
_OFFERS_WITHIN: Final = (3.0, 6.0)  # seconds: a server may ping an address for 3 s before it offers it
_ASK_AGAIN_AFTER: Final = 1.5
_QUIET: Final = 0.7  # seconds without a new answer
_MOST_SERVERS: Final = 4
_MOST_QUESTIONS: Final = 4
_DECOYS: Final = 8
_MOST_ADDRESSES: Final = 16
_WHOLE_FRAME, _SMALL_FRAME = 1500, 64  # bytes of an IP packet
_WALKERS: Final = (Asker.BIOS, Asker.UEFI, Asker.IA32, Asker.HTTP)


def look(card: Card, server: IPv4Address | None = None) -> Seen:
    """Look at the LAN of this interface; `server` names the netboot to look at. Raises NetbootError."""
    if not card.carrier:
        return Seen(card=card)
    with Capture(card.name) as capture, Injector(card) as injector:
        return _Look(card, server, capture, injector).run()


class _Look:
    def __init__(self, card: Card, server: IPv4Address | None, capture: Capture, injector: Injector) -> None:
        self._card = card
        self._server = server
        self._capture = capture
        self._injector = injector
        self._notes = Notes()
        self._mac = made_up_mac(card.mac)
        self._began = time.monotonic()

    def run(self) -> Seen:
        self._injector.join_and_leave()
        self._ask_for_addresses()
        needs_own_mac = not self._notes.offers and self._ask_with_own_mac()
        offers = tuple(self._notes.offers.values())
        replies = self._ask_boot_servers(offers)
        netboots = self._find_netboots((*offers, *replies))
        decoys = self._ask_who_has(offers, netboots)
        whole_frames = self._try_whole_frames(netboots)
        walks = self._walk(offers, replies, netboots[0]) if netboots and self._card.address else ()
        self._listen(self._began + _LISTEN_AT_LEAST)
        notes = self._notes
        return Seen(
            card=self._card,
            offers=offers,
            boot_replies=replies,
            netboots=netboots,
            needs_own_mac=needs_own_mac,
            overheard=tuple(notes.overheard),
            arp=tuple(notes.arp),
            decoys=decoys,
            bpdus=tuple(notes.bpdus),
            queriers=tuple(notes.queriers),
            whole_frames=whole_frames,
            walks=walks,
            listened=time.monotonic() - self._began,
        )

    def _listen(self, until: float) -> bool:
        """Note what is heard until then; True when a new answer to us was among it."""
        new = False
        for heard in self._capture.listen(until):
            new |= self._notes.hear(heard)
        return new

    def _ask(self, asker: Asker, mac: str) -> None:
        xid = random.getrandbits(32)
        self._notes.asked[xid] = (asker, time.time())
        self._injector.ask_dhcp(discover(asker, mac, xid))

    def _ask_for_addresses(self) -> None:
        began = time.monotonic()
        shortest, longest = (began + seconds for seconds in _OFFERS_WITHIN)
        for asker in Asker:
            self._ask(asker, self._mac)
        asked_again = False
        quiet_since = began
        while (now := time.monotonic()) < longest:
            if now >= max(shortest, quiet_since + _QUIET) and self._notes.answered(Asker.PLAIN):
                return
            if now >= began + _ASK_AGAIN_AFTER and not asked_again:
                asked_again = True
                for asker in Asker:
                    if not self._notes.answered(asker):
                        self._ask(asker, self._mac)
            if self._listen(now + 0.1):
                quiet_since = time.monotonic()

    def _ask_with_own_mac(self) -> bool:
        """A switch that watches DHCP may drop questions for an address that is not the card's."""
        self._ask(Asker.PLAIN, self._card.mac)
        until = time.monotonic() + _OFFERS_WITHIN[0] + _QUIET
        while time.monotonic() < until:
            if self._listen(time.monotonic() + 0.1):
                return True
        return False

    def _ask_boot_servers(self, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
        address = self._card.address
        if address is None:
            return ()
        replies = []
        asked = [(offer.asker, question) for offer in offers if (question := asked_on_4011(offer))]
        for asker, question in asked[:_MOST_QUESTIONS]:
            reply = ask_boot_server(
                asker,
                question.server,
                mac=self._mac,
                xid=random.getrandbits(32),
                own_address=address,
                wait=1.0,
                item=question.item,
            )
            if reply is not None:
                replies.append(reply)
        return tuple(replies)

    def _find_netboots(self, offers: tuple[Offer, ...]) -> tuple[IPv4Address, ...]:
        """Those that name netboot's own script by DHCP, or whose first GRUB file is netboot's; ours first."""
        known = {address for offer in offers if (address := netboot_named_by(offer))}
        here = self._card.address
        first = [address for address in (self._server, here) if address]
        boot = [offer for offer in offers if offer.speaks_pxe or offer.file]
        named = [address for offer in boot for address in (offer.server, offer.next_server)]
        candidates = [address for address in dict.fromkeys([*first, *known, *named]) if address != NO_ADDRESS]
        return tuple(
            address
            for address in candidates[: _MOST_SERVERS + 2]
            if address in known or (here is not None and self._has_netboots_files(address))
        )

    def _has_netboots_files(self, address: IPv4Address) -> bool:
        try:
            config = tftp_get(address, GRUB_CONFIG, limit=1 << 18, until=time.monotonic() + 1.2)
        except TftpTrouble:
            return False
        return grub_menu_url(config, self._mac) is not None

    def _ask_who_has(self, offers: tuple[Offer, ...], netboots: tuple[IPv4Address, ...]) -> tuple[IPv4Address, ...]:
        """Ask for every address that was named, and for some that nobody was given, which are returned."""
        card = self._card
        named = [card.address, *netboots]
        for offer in offers:
            named += [offer.address, offer.server, *offer.routers, *offer.dns]
        networks = [network for network in (card.network, *(offer.network for offer in offers)) if network]
        near = [
            address
            for address in dict.fromkeys(named)
            if address is not None and address != NO_ADDRESS and any(address in network for network in networks)
        ]
        near = near[:_MOST_ADDRESSES]
        taken = {*near, *card.own_addresses}
        decoys = (
            tuple(address for address in decoys_in(networks[0], _DECOYS) if address not in taken) if networks else ()
        )
        for _ in range(2):
            self._injector.ask_who_has((*near, *decoys))
            self._listen(time.monotonic() + 0.5)
        return decoys

    def _try_whole_frames(self, netboots: tuple[IPv4Address, ...]) -> bool | None:
        card = self._card
        if not netboots or netboots[0] in card.own_addresses or card.mtu < _WHOLE_FRAME:
            return None
        mac = next((answer.mac for answer in self._notes.arp if answer.address == netboots[0]), None)
        if mac is None or card.address is None:
            return None
        for _ in range(2):
            for size in (_SMALL_FRAME, _WHOLE_FRAME):
                self._injector.ping(netboots[0], mac, size)
            self._listen(time.monotonic() + 0.4)
            if (netboots[0], _WHOLE_FRAME) in self._notes.echoes:
                return True
        return False if (netboots[0], _SMALL_FRAME) in self._notes.echoes else None

    def _walk(self, offers: tuple[Offer, ...], replies: tuple[Offer, ...], netboot: IPv4Address) -> tuple[Walk, ...]:
        script = told_file(Asker.IPXE, offers, replies, netboot)[0]
        walker = Walker(netboot, self._mac, ipxe_script=script, until=self._began + _WALKS_WITHIN)
        walks = []
        for asker in _WALKERS:
            file, steps = told_file(asker, offers, replies, netboot)
            if file:
                walks.append(walker.walk(asker, file, steps))
            elif asker is not Asker.IA32:
                walks.append(Walk(asker, steps))
        return tuple(walks)
