"""The answers of the name server of an isolated switch (pure): a query's bytes in, an answer's bytes out.

It is authoritative for the workshop's domain and for the addresses of its own network: the server's name, and each
PC's after imaging. RFC 1034 and 1035; RFC 2308 tells a name that is not there from a name without such a record;
RFC 6891 (EDNS), RFC 8482 (ANY), RFC 9619 (one question). Every other name is refused, or handed out to be passed on.
Not for: sockets (service.py), asking others (forward.py), zone transfers, IPv6 addresses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

SERVER_LABEL: Final = "netboot"
"""The server's own name in the workshop's domain."""
TTL: Final = 60
"""Seconds an answer may be kept, also that a name is not there: a lease may move, and a PC gets its name any minute."""
QUERY_LIMIT: Final = 1232
"""Bytes of the longest query that is read, and of the longest answer by UDP: it fits every link unfragmented."""
NO_EDNS_LIMIT: Final = 512
TCP_LIMIT: Final = 65535

_HEADER: Final = 12
_IN = dns.rdataclass.IN
_ARPA = dns.name.from_text("in-addr.arpa.")
_UNANSWERED_KINDS: Final = frozenset(
    {dns.rdatatype.AXFR, dns.rdatatype.IXFR, dns.rdatatype.MAILA, dns.rdatatype.MAILB, dns.rdatatype.OPT}
)


@dataclass(frozen=True, slots=True)
class Hosts:
    """The PCs that have a name and an address now; host names are one label, in lower case."""

    addresses: Mapping[str, IPv4Address]
    names: Mapping[IPv4Address, str]


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A question about another zone, to be asked elsewhere; `complete` makes the client's answer of the reply."""

    query: dns.message.Message
    limit: int

    @property
    def question(self) -> dns.rrset.RRset:
        """Name, class and type that are asked for."""
        return self.query.question[0]


@dataclass(frozen=True, slots=True)
class _Place:
    """A name in one of our zones. `exists` without `records` is a name that only has names below it."""

    apex: dns.name.Name
    exists: bool
    records: tuple[dns.rdata.Rdata, ...] = ()


class Responder:
    """Answers for `domain` and `network`; `server` is our own address. `forwards`: other names can be asked for."""

    def __init__(self, *, domain: str, server: IPv4Address, network: IPv4Network, forwards: bool = False) -> None:
        self._domain = dns.name.from_text(domain)
        self._server = server
        self._network = network
        self._forwards = forwards
        self._octets = min(3, -(-network.prefixlen // 8))
        own = dns.name.Name((SERVER_LABEL.encode(),)) + self._domain
        self._ns = dns.rdata.from_text(_IN, "NS", own.to_text())
        mailbox = (dns.name.Name((b"hostmaster",)) + self._domain).to_text()
        # No server copies this zone, so that its serial number never has to change.
        self._soa = dns.rdata.from_text(_IN, "SOA", f"{own.to_text()} {mailbox} 1 3600 600 86400 {TTL}")

    def receive(self, payload: bytes, hosts: Hosts, *, by_tcp: bool = False) -> bytes | PassedOn | None:
        """The answer to one query; None for what no answer is owed to: rubbish, and answers. Raises nothing."""
        if not _HEADER <= len(payload) <= QUERY_LIMIT or payload[2] & 0x80:
            return None
        try:
            query = dns.message.from_wire(payload, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError):
            return _bare(payload, dns.rcode.FORMERR)
        limit = TCP_LIMIT if by_tcp else _udp_limit(query)
        if query.opcode() != dns.opcode.QUERY:
            return _bare(payload, dns.rcode.NOTIMP)
        if len(query.question) != 1:
            return _bare(payload, dns.rcode.FORMERR)
        answer = self._skeleton(query)
        question = query.question[0]
        if query.edns > 0:
            answer.set_rcode(dns.rcode.BADVERS)
        elif question.rdclass != _IN or question.rdtype in _UNANSWERED_KINDS:
            answer.set_rcode(dns.rcode.REFUSED)
        elif (place := self._place(question.name, hosts)) is not None:
            _fill(answer, question, place, self._soa)
        elif self._forwards and query.flags & dns.flags.RD:
            return PassedOn(query, limit)
        else:
            answer.set_rcode(dns.rcode.REFUSED)
        return answer.to_wire(max_size=limit, prefer_truncation=True)

    def complete(self, passed: PassedOn, reply: dns.message.Message | None) -> bytes:
        """The client's answer: what another server replied, or that none did."""
        answer = self._skeleton(passed.query)
        answer.set_rcode(dns.rcode.SERVFAIL)
        # An extended code, beyond 15, cannot be told to a client without EDNS.
        if reply is not None and reply.rcode() <= 15:
            answer.set_rcode(reply.rcode())
            answer.flags |= reply.flags & (dns.flags.AD | dns.flags.TC)
            answer.answer, answer.authority = reply.answer, reply.authority
            answer.additional = reply.additional
        try:
            return answer.to_wire(max_size=passed.limit, prefer_truncation=True)
        except (dns.exception.DNSException, ValueError):
            return self.complete(passed, None)

    def _skeleton(self, query: dns.message.Message) -> dns.message.Message:
        return dns.message.make_response(query, recursion_available=self._forwards, our_payload=QUERY_LIMIT, pad=0)

    def _place(self, name: dns.name.Name, hosts: Hosts) -> _Place | None:
        if name.is_subdomain(self._domain):
            return self._host(name, hosts)
        if name.is_subdomain(_ARPA):
            return self._reverse(name, hosts)
        return None

    def _host(self, name: dns.name.Name, hosts: Hosts) -> _Place:
        below = name.labels[: len(name.labels) - len(self._domain.labels)]
        if not below:
            return _Place(self._domain, True, (self._soa, self._ns))
        label = below[0].decode("ascii", "replace").lower()
        address = self._server if label == SERVER_LABEL else hosts.addresses.get(label)
        if len(below) > 1 or address is None:
            return _Place(self._domain, False)
        return _Place(self._domain, True, (dns.rdata.from_text(_IN, "A", str(address)),))

    def _reverse(self, name: dns.name.Name, hosts: Hosts) -> _Place | None:
        """A name such as 7.0.77.10.in-addr.arpa: its zone is the network's, cut at an octet (RFC 1035 §3.5)."""
        labels = name.labels[: len(name.labels) - len(_ARPA.labels)]
        zone = _network(labels[::-1][: self._octets])
        if len(labels) < self._octets or zone is None or not zone.overlaps(self._network):
            return None
        apex = dns.name.Name(labels[len(labels) - self._octets :]) + _ARPA
        if len(labels) == self._octets:
            return _Place(apex, True, (self._soa, self._ns))
        asked = _network(labels[::-1])
        if asked is None:
            return _Place(apex, False)
        if asked.prefixlen < 32:
            return _Place(apex, any(address in asked for address in (self._server, *hosts.names)))
        address = asked.network_address
        label = SERVER_LABEL if address == self._server else hosts.names.get(address)
        if label is None:
            return _Place(apex, False)
        target = dns.name.Name((label.encode("ascii"),)) + self._domain
        return _Place(apex, True, (dns.rdata.from_text(_IN, "PTR", target.to_text()),))


def _fill(answer: dns.message.Message, question: dns.rrset.RRset, place: _Place, soa: dns.rdata.Rdata) -> None:
    answer.flags |= dns.flags.AA
    # Of ANY, one record is enough (RFC 8482 §4.1): it is for curious people, and for amplifiers.
    wanted = [data for data in place.records if question.rdtype in (data.rdtype, dns.rdatatype.ANY)][:1]
    if wanted:
        answer.answer.append(dns.rrset.from_rdata(question.name, TTL, *wanted))
        return
    if not place.exists:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    answer.authority.append(dns.rrset.from_rdata(place.apex, TTL, soa))


def _udp_limit(query: dns.message.Message) -> int:
    if query.edns < 0:
        return NO_EDNS_LIMIT
    return max(NO_EDNS_LIMIT, min(query.payload, QUERY_LIMIT))


def _bare(payload: bytes, code: dns.rcode.Rcode) -> bytes:
    """A header alone, with the query's number, kind and wish for recursion (RFC 1035 §4.1.1)."""
    return payload[:2] + bytes([0x80 | payload[2] & 0x79, code]) + bytes(8)


def _network(octets: tuple[bytes, ...]) -> IPv4Network | None:
    """The network of these leading octets, written as decimal numbers, or None when they are no such numbers."""
    if not 1 <= len(octets) <= 4:
        return None
    words = [octet.decode("ascii", "replace") for octet in octets]
    try:
        return IPv4Network((IPv4Address(".".join(words + ["0"] * (4 - len(words)))), 8 * len(words)))
    except AddressValueError:
        return None
