"""Sets up the name server of an isolated switch, from the settings and the address plan.

Not for: what is answered (responder.py), which values may be set (settings/names.py).
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address

from netboot.dhcp.address_plan import AddressPlan
from netboot.dns.directory import Directory, Leases
from netboot.dns.forward import Forwarder
from netboot.dns.responder import Responder
from netboot.dns.service import NameServer
from netboot.jobs.named import Named
from netboot.settings.names import DEFAULT_DOMAIN, LONGEST_DOMAIN, NamesSettings
from netboot.shared.errors import NetbootError

_SEE = "see docs/operator.en.md, “Names”"


def with_names(plan: AddressPlan, settings: NamesSettings) -> AddressPlan:
    """The plan with this server as the PCs' name server, and with a domain, where nothing else was set for them.

    Raises NetbootError for a domain, or a server to ask, that cannot be right.
    """
    if not settings.answer:
        return plan
    domain = (plan.domain or DEFAULT_DOMAIN).lower()
    if domain.split(".")[-1] == "local":
        raise NetbootError(
            f"`dhcp.full.domain`: PCs ask no name server for {domain}, but each other (mDNS, RFC 6762)",
            hint=f"leave it empty, which is {DEFAULT_DOMAIN}, or take another that ends in .internal",
        )
    if len(domain) > LONGEST_DOMAIN:
        raise NetbootError(f"`dhcp.full.domain` leaves no room for a PC's name before it: {domain}", hint=_SEE)
    if plan.server in map(IPv4Address, settings.forward):
        raise NetbootError(
            f"`names.forward`: {plan.server} is this server, which would ask itself",
            hint="give the address of another DNS server, or leave it empty",
        )
    return replace(plan, domain=domain, dns=plan.dns or (plan.server,))


def directory(plan: AddressPlan, leases: Leases, known: Sequence[Named]) -> Directory:
    """Who has which name: by reservation, and more so by the job that gave it (`known`, oldest first)."""
    return Directory(leases, time.monotonic, (*_reserved(plan), *known))


def name_server(plan: AddressPlan, settings: NamesSettings, who: Directory) -> NameServer:
    """The name server for a plan that came from `with_names`, not started yet."""
    forward = tuple(map(IPv4Address, settings.forward))
    return NameServer(
        Responder(domain=plan.domain, server=plan.server, network=plan.network, forwards=bool(forward)),
        who.hosts,
        address=plan.server,
        network=plan.network,
        forwarder=Forwarder(forward) if forward else None,
    )


def _reserved(plan: AddressPlan) -> Iterable[Named]:
    return (Named(mac, one.name.lower(), mac) for mac, one in plan.reservations.items() if one.name)
