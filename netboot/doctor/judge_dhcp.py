"""Findings about other servers: who gives addresses, and who else would boot PCs (pure).

The cures follow what firmware does with such answers: docs/firmware.md.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Final

from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.packet import NO_ADDRESS
from netboot.doctor.finding import Finding, Severity
from netboot.doctor.observed import Offer, Seen

_NAMES: Final = BootFileNames(NO_ADDRESS)
_OUR_FILES: Final = frozenset(
    {_NAMES.bios_file, _NAMES.uefi_x64_file, _NAMES.uefi_x64_ipxe_file, _NAMES.uefi_ia32_file}
)


def dhcp_findings(seen: Seen) -> Iterator[Finding]:
    """What is to be told of other servers."""
    if not seen.card.carrier:
        return
    if seen.needs_own_mac:
        yield Finding("dhcp-snooping", Severity.KNOW, {"mac": seen.card.mac})
    yield from _addresses(seen)
    yield from _rivals(seen)
    yield from _stray_options(seen)


def gives_addresses(seen: Seen) -> dict[IPv4Address, Offer]:
    """One whole offer of each server that gives addresses, netboot's merged ones left out; a plain client's first."""
    offers: dict[IPv4Address, Offer] = {}
    for offer in sorted(seen.offers, key=lambda offer: offer.asker.boots):
        if not offer.is_proxy and (offer.server not in seen.netboots or not offer.asker.boots):
            offers.setdefault(offer.server, offer)
    return offers


def _addresses(seen: Seen) -> Iterator[Finding]:
    servers = gives_addresses(seen)
    for offer in servers.values():
        yield Finding("dhcp-server", Severity.FINE, _described(offer))
    yield from _several(servers)
    answered = {offer.server for offer in seen.offers}
    for other in seen.overheard:
        if other.server not in answered and other.server not in seen.netboots:
            values = {"server": str(other.server), "mac": other.source_mac}
            yield Finding("dhcp-overheard", Severity.KNOW, values)
    if not servers:
        yield Finding("dhcp-none", Severity.STOPS, {})
    elif not any(offer.routers for offer in servers.values()):
        yield Finding("no-gateway", Severity.KNOW, {"server": ", ".join(map(str, servers))})
    netboot = seen.netboot
    for offer in servers.values():
        if netboot is not None and offer.network is not None and netboot not in offer.network:
            values = {"server": str(offer.server), "network": str(offer.network), "netboot": str(netboot)}
            yield Finding("other-network", Severity.KNOW if offer.routers else Severity.STOPS, values)


def _several(servers: dict[IPv4Address, Offer]) -> Iterator[Finding]:
    if len(servers) < 2:
        return
    values = {"servers": ", ".join(f"{offer.server} ({offer.source_mac})" for offer in servers.values())}
    if len({(offer.network, offer.routers) for offer in servers.values()}) > 1:
        yield Finding("dhcp-several-networks", Severity.STOPS, values)
    else:
        yield Finding("dhcp-several", Severity.KNOW, values)


def _is_foreign(offer: Offer, seen: Seen) -> bool:
    """Whether it neither comes from netboot nor sends PCs to it, at once or on port 4011."""
    if offer.server in seen.netboots or offer.next_server in seen.netboots:
        return False
    replies = (reply for reply in seen.boot_replies if (reply.asker, reply.server) == (offer.asker, offer.server))
    return not any(reply.next_server in seen.netboots and reply.file in _OUR_FILES for reply in replies)


def _rivals(seen: Seen) -> Iterator[Finding]:
    told: set[IPv4Address] = set()
    acknowledges = {(reply.server, reply.asker) for reply in seen.boot_replies}
    for offer in seen.offers:
        if not offer.asker.boots or offer.server in told or not _is_foreign(offer, seen):
            continue
        # Option 60 with a file is not enough: a box may send both by mistake. A boot server answers on port 4011, or
        # tells by option 43 that there is no need to ask there.
        served = (offer.server, offer.asker) in acknowledges or (offer.file and offer.vendor_options)
        if offer.is_proxy or (offer.speaks_pxe and served):
            told.add(offer.server)
            reply = next((reply for reply in seen.boot_replies if reply.server == offer.server), None)
            file = offer.file or (reply.file if reply else "") or "?"
            values = {"server": str(offer.server), "mac": offer.source_mac, "file": file}
            yield Finding("rival-pxe", Severity.STOPS, values)


def _stray_options(seen: Seen) -> Iterator[Finding]:
    rivals = {finding.values["server"] for finding in _rivals(seen)}
    boots_some = {reply.server for reply in seen.boot_replies if reply.file}
    told: set[tuple[str, IPv4Address]] = set()
    for offer in seen.offers:
        if not _is_foreign(offer, seen) or str(offer.server) in rivals:
            continue
        values = {
            "server": str(offer.server),
            "class": offer.vendor_class,
            "file": offer.file,
            "next": offer.tftp_server or str(offer.next_server),
        }
        if offer.speaks_pxe and offer.server not in boots_some and ("class", offer.server) not in told:
            told.add(("class", offer.server))
            yield Finding("stray-class", Severity.STOPS, values)
        # Many servers put their own address there by themselves; without a file it says nothing.
        elsewhere = offer.tftp_server or offer.next_server not in (NO_ADDRESS, offer.server)
        if offer.file and ("file", offer.server) not in told:
            told.add(("file", offer.server))
            yield Finding("stray-file", Severity.KNOW, values)
        elif elsewhere and not told & {("server", offer.server), ("file", offer.server)}:
            told.add(("server", offer.server))
            yield Finding("stray-server", Severity.KNOW, values)


def _described(offer: Offer) -> dict[str, str]:
    def listed(addresses: tuple[IPv4Address, ...]) -> str:
        return ", ".join(map(str, addresses)) or "–"

    return {
        "server": str(offer.server),
        "mac": offer.source_mac,
        "address": f"{offer.address}/{offer.network.prefixlen}" if offer.network else str(offer.address),
        "router": listed(offer.routers),
        "dns": listed(offer.dns),
        "lease": str(offer.lease) if offer.lease is not None else "?",
        "after": f"{offer.after * 1000:.0f}",
    }
