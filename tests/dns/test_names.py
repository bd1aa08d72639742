"""What the workshop's name server answers, query by query, and that no query makes it stumble."""

from ipaddress import IPv4Address, IPv4Network

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dns.responder import NO_EDNS_LIMIT, QUERY_LIMIT, Hosts, PassedOn, Responder

SERVER, PC = IPv4Address("10.77.0.2"), IPv4Address("10.77.0.100")
NETWORK = IPv4Network("10.77.0.0/24")
HOSTS = Hosts({"atelier-7": PC}, {PC: "atelier-7"})
ALONE = Responder(domain="workshop.internal", server=SERVER, network=NETWORK)
PASSING = Responder(domain="workshop.internal", server=SERVER, network=NETWORK, forwards=True)


def ask(name: str, kind: str = "A", *, responder: Responder = ALONE, hosts: Hosts = HOSTS) -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    answer = responder.receive(query.to_wire(), hosts)
    assert isinstance(answer, bytes)
    parsed = dns.message.from_wire(answer)
    assert query.is_response(parsed)
    return parsed


def said(answer: dns.message.Message) -> list[str]:
    return [data.to_text() for rrset in answer.answer for data in rrset]


def kind_of_no(answer: dns.message.Message) -> str:
    """NXDOMAIN, or NODATA: both carry the zone's SOA, for how long to remember it (RFC 2308 §2)."""
    assert not answer.answer
    assert [rrset.rdtype for rrset in answer.authority] == [dns.rdatatype.SOA]
    return "NODATA" if answer.rcode() == dns.rcode.NOERROR else dns.rcode.to_text(answer.rcode())


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("netboot.workshop.internal", "A", "10.77.0.2"),
        ("atelier-7.workshop.internal", "A", "10.77.0.100"),
        ("2.0.77.10.in-addr.arpa", "PTR", "netboot.workshop.internal."),
        ("100.0.77.10.in-addr.arpa", "PTR", "atelier-7.workshop.internal."),
        ("workshop.internal", "NS", "netboot.workshop.internal."),
        ("0.77.10.in-addr.arpa", "NS", "netboot.workshop.internal."),
    ],
)
def test_a_name_that_is_ours_is_answered_with_authority(name: str, kind: str, expected: str) -> None:
    answer = ask(name, kind)
    assert said(answer) == [expected]
    assert answer.rcode() == dns.rcode.NOERROR
    assert answer.flags & dns.flags.AA
    assert not answer.flags & dns.flags.RA


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("atelier-8.workshop.internal", "A", "NXDOMAIN"),
        ("x.atelier-7.workshop.internal", "A", "NXDOMAIN"),
        ("9.0.77.10.in-addr.arpa", "PTR", "NXDOMAIN"),
        ("256.0.77.10.in-addr.arpa", "PTR", "NXDOMAIN"),
        ("02.0.77.10.in-addr.arpa", "PTR", "NXDOMAIN"),
        ("x.100.0.77.10.in-addr.arpa", "PTR", "NXDOMAIN"),
        ("atelier-7.workshop.internal", "AAAA", "NODATA"),
        ("netboot.workshop.internal", "TXT", "NODATA"),
        ("workshop.internal", "A", "NODATA"),
        ("100.0.77.10.in-addr.arpa", "A", "NODATA"),
    ],
)
def test_a_name_that_is_not_there_is_told_from_one_without_such_a_record(name: str, kind: str, expected: str) -> None:
    answer = ask(name, kind)
    assert kind_of_no(answer) == expected
    assert answer.flags & dns.flags.AA


@pytest.mark.parametrize("name", ["debian.org", "internal", ".", "workshop.internal.example", "7.0.78.10.in-addr.arpa",
                                  "in-addr.arpa", "77.10.in-addr.arpa"])  # fmt: skip
def test_another_zone_is_refused_where_nothing_is_passed_on(name: str) -> None:
    answer = ask(name)
    assert answer.rcode() == dns.rcode.REFUSED
    assert not answer.flags & dns.flags.AA


def test_another_zone_is_passed_on_where_that_was_told_and_the_client_wishes_it() -> None:
    query = dns.message.make_query("debian.org", "A")
    passed = PASSING.receive(query.to_wire(), HOSTS)
    assert isinstance(passed, PassedOn)
    assert passed.question.name == dns.name.from_text("debian.org")
    query.flags &= ~dns.flags.RD
    refused = PASSING.receive(query.to_wire(), HOSTS)
    assert isinstance(refused, bytes)
    assert dns.message.from_wire(refused).rcode() == dns.rcode.REFUSED
    assert ask("netboot.workshop.internal", responder=PASSING).flags & dns.flags.RA


def test_case_counts_for_nothing_and_comes_back_as_it_was_asked() -> None:
    answer = ask("ATELIER-7.Workshop.INTERNAL")
    assert said(answer) == [str(PC)]
    assert answer.question[0].name.to_text() == "ATELIER-7.Workshop.INTERNAL."


@pytest.mark.parametrize(
    ("network", "server", "asked", "expected"),
    [
        ("10.0.0.0/8", "10.1.2.3", "3.2.1.10.in-addr.arpa", "netboot.workshop.internal."),
        ("10.0.0.0/8", "10.1.2.3", "2.1.10.in-addr.arpa", "NODATA"),
        ("10.0.0.0/8", "10.1.2.3", "9.1.10.in-addr.arpa", "NXDOMAIN"),
        ("172.16.4.0/22", "172.16.7.1", "1.7.16.172.in-addr.arpa", "netboot.workshop.internal."),
        ("192.168.1.128/25", "192.168.1.130", "130.1.168.192.in-addr.arpa", "netboot.workshop.internal."),
    ],
)
def test_addresses_of_networks_of_any_size_have_names(network: str, server: str, asked: str, expected: str) -> None:
    responder = Responder(domain="workshop.internal", server=IPv4Address(server), network=IPv4Network(network))
    answer = ask(asked, "PTR", responder=responder, hosts=Hosts({}, {}))
    assert (said(answer) or [kind_of_no(answer)]) == [expected]


def test_any_gets_one_record_and_no_transfer_is_given() -> None:
    assert len(said(ask("workshop.internal", "ANY"))) == 1
    assert ask("workshop.internal", "AXFR").rcode() == dns.rcode.REFUSED
    assert ask("workshop.internal", "IXFR").rcode() == dns.rcode.REFUSED


def test_edns_is_answered_in_kind_and_an_unknown_version_is_told() -> None:
    query = dns.message.make_query("netboot.workshop.internal", "A", use_edns=0, payload=4096)
    query.use_edns(0, 0, 4096, options=[dns.edns.GenericOption(dns.edns.OptionType.PADDING, bytes(16))])
    answer = ALONE.receive(query.to_wire(), HOSTS)
    assert isinstance(answer, bytes)
    parsed = dns.message.from_wire(answer)
    assert (parsed.edns, parsed.payload) == (0, QUERY_LIMIT)
    assert len(answer) < 100
    newer = bytearray(dns.message.make_query("netboot.workshop.internal", "A", use_edns=0).to_wire())
    newer[-5] = 1  # EDNS version, in the OPT record's TTL
    refused = ALONE.receive(bytes(newer), HOSTS)
    assert isinstance(refused, bytes)
    assert dns.message.from_wire(refused).rcode() == dns.rcode.BADVERS
    assert ask("netboot.workshop.internal").edns == -1


def large_reply(query: dns.message.Message) -> dns.message.Message:
    reply = dns.message.make_response(query)
    texts = [f'"{number:0200d}"' for number in range(30)]
    reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *texts))
    return reply


@pytest.mark.parametrize(("payload", "limit"), [(None, NO_EDNS_LIMIT), (900, 900), (4096, QUERY_LIMIT), (100, 512)])
def test_an_answer_that_is_too_long_for_udp_is_cut_and_says_so(payload: int | None, limit: int) -> None:
    query = dns.message.make_query("debian.org", "TXT", use_edns=payload is not None, payload=payload or 0)
    passed = PASSING.receive(query.to_wire(), HOSTS)
    assert isinstance(passed, PassedOn)
    cut = PASSING.complete(passed, large_reply(query))
    assert len(cut) <= limit
    assert dns.message.from_wire(cut).flags & dns.flags.TC
    by_tcp = PASSING.receive(query.to_wire(), HOSTS, by_tcp=True)
    assert isinstance(by_tcp, PassedOn)
    whole = dns.message.from_wire(PASSING.complete(by_tcp, large_reply(query)))
    assert not whole.flags & dns.flags.TC
    assert len(said(whole)) == 30


def test_a_client_is_told_when_nobody_replies() -> None:
    query = dns.message.make_query("debian.org", "A")
    passed = PASSING.receive(query.to_wire(), HOSTS)
    assert isinstance(passed, PassedOn)
    answer = dns.message.from_wire(PASSING.complete(passed, None))
    assert query.is_response(answer)
    assert answer.rcode() == dns.rcode.SERVFAIL


def test_what_is_no_query_is_told_so_in_a_header_or_not_answered_at_all() -> None:
    query = dns.message.make_query("netboot.workshop.internal", "A")
    answer = ALONE.receive(query.to_wire(), HOSTS)
    assert isinstance(answer, bytes)
    assert ALONE.receive(answer, HOSTS) is None
    assert ALONE.receive(b"", HOSTS) is None
    assert ALONE.receive(bytes(QUERY_LIMIT + 1), HOSTS) is None
    update = dns.update.UpdateMessage("workshop.internal")
    update.add("thief", 60, "A", "10.77.0.66")
    told = ALONE.receive(update.to_wire(), HOSTS)
    assert isinstance(told, bytes)
    assert (len(told), told[3] & 0xF) == (12, dns.rcode.NOTIMP)
    two = dns.message.make_query("netboot.workshop.internal", "A")
    two.question += dns.message.make_query("atelier-7.workshop.internal", "A").question
    told = ALONE.receive(two.to_wire(), HOSTS)
    assert isinstance(told, bytes)
    assert (len(told), told[3] & 0xF) == (12, dns.rcode.FORMERR)


labels = st.binary(min_size=1, max_size=20)
names = st.lists(labels, max_size=6).map(lambda found: dns.name.Name((*found, b"")))
ours = st.lists(labels, max_size=3).map(
    lambda found: dns.name.Name(tuple(found)) + dns.name.from_text("workshop.internal.")
)
reverse = st.lists(st.integers(0, 300).map(lambda n: str(n).encode()), max_size=6).map(
    lambda found: dns.name.Name(tuple(found)) + dns.name.from_text("10.in-addr.arpa.")
)


@given(st.one_of(names, ours, reverse), st.integers(0, 65535), st.integers(0, 65535), st.booleans())
def test_every_question_gets_an_answer_that_is_its_own_and_small(
    name: dns.name.Name, kind: int, flags: int, edns: bool
) -> None:
    query = dns.message.QueryMessage()
    query.flags = dns.flags.Flag(flags & ~dns.flags.QR & 0x87FF)
    query.question.append(dns.rrset.RRset(name, dns.rdataclass.IN, dns.rdatatype.RdataType.make(kind)))
    if edns:
        query.use_edns(0, payload=1232)
    wire = query.to_wire()
    answer = ALONE.receive(wire, HOSTS)
    if kind in (dns.rdatatype.TSIG, dns.rdatatype.OPT) or answer is None:
        return
    assert isinstance(answer, bytes)
    assert len(answer) <= len(wire) + 80
    assert answer[:2] == wire[:2]
    parsed = dns.message.from_wire(answer)
    assert not parsed.question or parsed.question[0].name.labels == name.labels


@given(st.binary(max_size=200), st.booleans())
def test_garbage_makes_it_raise_nothing(garbage: bytes, by_tcp: bool) -> None:
    ALONE.receive(garbage, HOSTS, by_tcp=by_tcp)


@given(st.data())
def test_a_query_with_bytes_changed_makes_it_raise_nothing_and_gets_no_long_answer(data: st.DataObject) -> None:
    query = dns.message.make_query("atelier-7.workshop.internal", "A", use_edns=0)
    query.use_edns(0, 0, 1232, options=[dns.edns.ECSOption("10.0.0.0", 8), dns.edns.CookieOption(b"12345678", b"")])
    wire = bytearray(query.to_wire())
    for _ in range(data.draw(st.integers(1, 6))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    answer = PASSING.receive(bytes(wire), HOSTS)
    assert answer is None or isinstance(answer, PassedOn) or len(answer) <= len(wire) + 80


@given(st.binary(max_size=300))
def test_a_reply_of_any_content_is_passed_back_or_told_as_a_failure(garbage: bytes) -> None:
    query = dns.message.make_query("debian.org", "A")
    passed = PASSING.receive(query.to_wire(), HOSTS)
    assert isinstance(passed, PassedOn)
    try:
        reply = dns.message.from_wire(query.to_wire()[:2] + garbage)
    except Exception:  # the forwarder's part is to catch it
        return
    assert len(PASSING.complete(passed, reply)) <= NO_EDNS_LIMIT
