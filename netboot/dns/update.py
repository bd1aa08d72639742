"""The DNS updates that register a PC's name (pure): RFC 2136, in the order of RFC 4703 §5.3.

A new name is added. A name that exists is changed only if it carries this very PC's DHCID record (RFC 4701), which is
made from its MAC address and the name: a record that a person or another program made is never touched. DHCP servers
that update a building's DNS use the same record. A reverse name (PTR) carries a TXT record instead, which any netboot
may replace: the address belonged to another of our PCs before.
Not for: sending, trying again (announcer.py).
"""

import base64
import hashlib
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address
from typing import Final

import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.reversename
import dns.tsig
import dns.update

from netboot.jobs.named import Named

_IN: Final = dns.rdataclass.IN
_OWNER: Final = '"netboot"'
_BY_HARDWARE: Final = b"\x00\x00\x01"  # §3.3: identifier type 0, digest type 1
_ETHERNET: Final = b"\x01"  # htype


@dataclass(frozen=True, slots=True)
class UpdateTarget:
    """The building's DNS: where it is, its zones, the key it knows us by. `ttl` is in seconds."""

    server: IPv4Address
    zone: dns.name.Name
    reverse_zone: dns.name.Name | None
    key: dns.tsig.Key
    ttl: int
    port: int = 53


class Step(Enum):
    """One message, and what it may do."""

    ADD = "add a name that nobody has"
    REPLACE = "replace this PC's own address"
    ADD_REVERSE = "add an address's name where there is none"
    REPLACE_REVERSE = "replace an address's name that netboot put"


class Outcome(Enum):
    """What a server's answer to a step means."""

    DONE = "done"
    EXISTS = "there is one already"
    FOREIGN = "it is somebody else's"
    REFUSED = "refused"


def fqdn(target: UpdateTarget, named: Named) -> dns.name.Name:
    """The PC's full name in the building's zone."""
    return dns.name.Name((named.hostname.encode("ascii"), *target.zone.labels))


def reverse_name(target: UpdateTarget, named: Named) -> dns.name.Name | None:
    """Where its address's name belongs; None when that is not in the zone that was told."""
    if target.reverse_zone is None or named.address is None:
        return None
    name: dns.name.Name = dns.reversename.from_address(str(named.address))
    return name if name.is_subdomain(target.reverse_zone) else None


def dhcid(mac: str, name: dns.name.Name) -> dns.rdata.Rdata:
    """The mark of the PC with this MAC address on this name (RFC 4701 §3.5)."""
    identifier = _ETHERNET + bytes.fromhex(mac.replace(":", ""))
    digest = hashlib.sha256(identifier + name.to_digestable()).digest()
    return dns.rdata.from_text(_IN, "DHCID", base64.b64encode(_BY_HARDWARE + digest).decode())


def message(target: UpdateTarget, named: Named, step: Step) -> dns.update.UpdateMessage:
    """The signed message of this step; `named` has an address, and for a reverse step one in the reverse zone."""
    assert named.address is not None
    name = fqdn(target, named)
    if step in (Step.ADD, Step.REPLACE):
        mark = dhcid(named.mac, name)
        update = _signed(target, target.zone)
        if step is Step.ADD:
            update.absent(name)
            update.add(name, target.ttl, mark)
        else:
            update.present(name, mark)
            update.delete(name, dns.rdatatype.A)
        update.add(name, target.ttl, dns.rdata.from_text(_IN, "A", str(named.address)))
        return update
    reverse = reverse_name(target, named)
    assert reverse is not None
    assert target.reverse_zone is not None
    owner = dns.rdata.from_text(_IN, "TXT", _OWNER)
    update = _signed(target, target.reverse_zone)
    if step is Step.ADD_REVERSE:
        update.absent(reverse)
        update.add(reverse, target.ttl, owner)
    else:
        update.present(reverse, owner)
        update.delete(reverse, dns.rdatatype.PTR)
    update.add(reverse, target.ttl, dns.rdata.from_text(_IN, "PTR", name.to_text()))
    return update


def judge(step: Step, code: dns.rcode.Rcode) -> Outcome:
    """What this answer to this step means (RFC 2136 §3.2, RFC 4703 §5.3)."""
    match step, code:
        case _, dns.rcode.NOERROR:
            return Outcome.DONE
        case ((Step.ADD | Step.ADD_REVERSE), dns.rcode.YXDOMAIN):
            return Outcome.EXISTS
        case ((Step.REPLACE | Step.REPLACE_REVERSE), dns.rcode.NXRRSET):
            return Outcome.FOREIGN
        case _:
            return Outcome.REFUSED


def _signed(target: UpdateTarget, zone: dns.name.Name) -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage(zone, keyring=target.key)
