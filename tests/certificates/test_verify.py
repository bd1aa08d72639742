"""One changed byte in a PDF, in the text of a QR code, in a JSON file, in an event: it is found, and said where."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.auth.certificate_keys import CertificateKeys, PublicKeys, load_certificate_keys
from netboot.certificates import json_form
from netboot.certificates.findings import Finding
from netboot.certificates.issue import Document, issue
from netboot.certificates.layout import laid_out
from netboot.certificates.pdf import make_pdf
from netboot.certificates.seal import seal
from netboot.certificates.values import Paper
from netboot.certificates.verify import LONGEST, Known, check, compare
from netboot.records.record import Record, open_record
from tests.certificates.conftest import erase, paper_of
from tests.jobs.conftest import SSD
from tests.records.conftest import pc
from tests.records.places import by_hand, unprotected


def said(content: bytes, known: Known) -> list[tuple[str, str]]:
    return [(finding.code, finding.result) for finding in check(content, known).findings]


@pytest.fixture
def known(keys: CertificateKeys) -> Known:
    return Known(keys.public)


def test_what_the_workshop_made_is_whole(document: Document, pdf: bytes, known: Known) -> None:
    assert said(pdf, known) == [("pdf-whole", "whole")]
    assert said(document.issued.seal.encode(), known) == [("seal-whole", "whole")]
    assert said(document.json, known) == [("seal-whole", "whole"), ("json-whole", "whole"), ("event-whole", "whole")]
    (finding,) = check(pdf, known).findings
    assert document.issued.paper.number in finding.sentence("fr")


def test_by_keys_that_nobody_compared_it_is_whole_and_says_so(document: Document, pdf: bytes) -> None:
    for known in (Known(), Known(PublicKeys(bytes(32), b""))):
        assert said(pdf, known) == [("pdf-whole", "unknown-key")]
        assert said(document.issued.seal.encode(), known) == [("seal-whole", "unknown-key")]
        assert said(document.json, known)[1] == ("json-whole", "unknown-key")
        (finding,) = check(pdf, known).findings
        assert document.issued.pdf_fingerprint in finding.sentence("fr")


def changed(content: bytes, *, every: int = 1, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The same bytes with one of them another, for each place."""
    for place in range(begin, len(content) if end is None else end, every):
        for bit in (1, 0x20):
            other = bytearray(content)
            other[place] ^= bit
            yield bytes(other)


def results(content: bytes, known: Known) -> set[str]:
    return {finding.result for finding in check(content, known).findings}


def test_a_changed_byte_of_the_text_is_found_wherever_it_is(document: Document, known: Known) -> None:
    for other in changed(document.issued.seal.encode()):
        assert said(other, known)[0][1] in ("changed", "foreign"), other
        assert said(other, known)[0][0].startswith("seal-")


def test_a_changed_byte_of_the_json_is_found_wherever_it_is(document: Document, known: Known) -> None:
    for other in changed(document.json, every=37):
        assert results(other, known) & {"changed", "foreign"}, other
    first, last = document.json.index(b'"seal"'), len(document.json)
    for other in changed(document.json, begin=first, end=last):
        assert results(other, known) & {"changed", "foreign"}, other


def test_a_changed_byte_of_the_pdf_is_found_wherever_it_is(pdf: bytes, known: Known) -> None:
    for other in changed(pdf, every=5003):
        assert said(other, known) == [("pdf-changed", "changed")]
    for other in changed(pdf, end=16):
        assert said(other, known) == [("pdf-changed", "changed")]
    place = pdf.rindex(b"/Contents <")
    for other in changed(pdf, every=13, begin=place, end=place + 3600):  # the signature itself
        assert said(other, known) == [("pdf-changed", "changed")]
    for other in changed(pdf, every=2, begin=pdf.rindex(b"/ByteRange"), end=len(pdf)):
        assert said(other, known) == [("pdf-changed", "changed")]


def test_bytes_added_to_a_pdf_or_cut_off_are_found(pdf: bytes, known: Known) -> None:
    for other in (pdf + b"\n", pdf[:-1], pdf + b"%comment\n%%EOF\n", b"\n" + pdf):
        assert said(other, known) == [("pdf-changed", "changed")]


def test_a_pdf_whose_signature_was_taken_off_is_said_to_be_changed(document: Document, known: Known) -> None:
    bare = make_pdf(laid_out(document.issued, "fr"))
    assert said(bare, known) == [("pdf-changed", "changed")]
    assert said(b"%PDF-1.7\n%%EOF\n", known) == [("pdf-foreign", "foreign")]


def test_a_changed_event_in_the_json_is_named(document: Document, known: Known) -> None:
    value = json.loads(document.json)
    event = value["paper"]["disks"][0]["event"]
    event["body"] = event["body"].replace("erased", "Erased")
    found = check(json_form.written(value), known).findings
    assert [(one.code, one.result) for one in found] == [
        ("seal-whole", "whole"), ("json-changed", "changed"), ("event-changed", "changed"),
    ]  # fmt: skip
    assert f"{event['sequence']}" in found[2].sentence("en")


def test_a_json_that_was_sealed_again_by_another_key_is_by_an_unknown_key(
    report: Paper, known: Known, tmp_path: Path
) -> None:
    forged = issue(replace(report, kind="certificate", why=()), load_certificate_keys(tmp_path / "forger"))
    assert said(forged.json, known)[0] == ("seal-whole", "unknown-key")
    assert said(forged.issued.seal.encode(), known) == [("seal-whole", "unknown-key")]


def test_with_the_journal_an_event_that_it_has_otherwise_is_named(
    record: Record, keys: CertificateKeys, tmp_path: Path
) -> None:
    document = issue(paper_of(record, erase(record, pc(disks=(SSD,)), (SSD, "erased"))), keys)
    known = Known(keys.public, record.papers.server(), record.papers.event)
    found = check(document.json, known).findings
    assert (found[2].code, found[2].values["compared"]) == ("event-whole", "yes")
    assert found[2].sentence("fr").endswith("comparés au journal de ce serveur.")
    event = document.issued.paper.disks[0].event
    assert event is not None
    place = tmp_path / "record.sqlite"
    change = "UPDATE events SET body = replace(body, 'erased', 'Erased') WHERE kind = 'erasure'"
    by_hand(place, *unprotected(place), change)
    with open_record(place) as opened:
        known = Known(keys.public, opened.papers.server(), opened.papers.event)
        found = check(document.json, known).findings
        assert [(one.code, one.values.get("number")) for one in found[2:]] == [("event-other", str(event.sequence))]
    by_hand(place, *unprotected(place), "DELETE FROM events WHERE kind = 'erasure'")
    with open_record(place) as opened:
        known = Known(keys.public, opened.papers.server(), opened.papers.event)
        assert [one.code for one in check(document.json, known).findings[2:]] == ["event-missing"]


def test_another_servers_journal_is_not_compared(document: Document, keys: CertificateKeys, tmp_path: Path) -> None:
    with open_record(tmp_path / "other.sqlite") as other:
        known = Known(keys.public, other.papers.server(), other.papers.event)
        assert said(document.json, known)[2] == ("event-whole", "whole")


def test_a_paper_of_a_version_to_come_is_whole_but_its_events_are_not_checked(
    document: Document, keys: CertificateKeys
) -> None:
    value = json.loads(document.json)
    value["paper"]["new"] = 1
    content = json_form.written(value["paper"])
    value["seal"] = seal(document.issued.paper, content, keys.seal)
    assert said(json_form.written(value), Known(keys.public)) == [("seal-whole", "whole"), ("json-version", "whole")]


def test_files_of_two_papers_given_together_are_told_apart(
    record: Record, document: Document, pdf: bytes, keys: CertificateKeys, known: Known
) -> None:
    other = issue(paper_of(record, erase(record, pc(2), (pc(2).disks[0], "erased"), number=2)), keys)
    text = document.issued.seal.encode()
    same = [check(content, known) for content in (pdf, document.json, text)]
    assert compare(same) == []
    mixed = [check(content, known) for content in (pdf, other.json, text)]
    number = {"number": other.issued.paper.number}
    assert compare(mixed) == [Finding("pdf-other", "changed", number), Finding("seal-other", "changed", number)]
    assert other.issued.paper.number in compare(mixed)[0].sentence("fr")


def test_what_is_too_large_is_not_read(known: Known) -> None:
    assert said(b"%PDF-" + bytes(LONGEST), known) == [("too-large", "foreign")]


@given(st.binary(max_size=2000), st.sampled_from([b"", b"%PDF-1.7\n", b"{", b"NETBOOT ERASURE CERTIFICATE 1\n"]))
@settings(max_examples=300)
def test_any_bytes_end_in_a_finding_that_is_not_whole(content: bytes, begin: bytes) -> None:
    for one in check(begin + content, Known()).findings:
        assert one.result in ("changed", "foreign")
        assert "" not in (one.sentence("fr"), one.sentence("en"))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_hostile_signature_in_a_pdf_ends_in_a_finding(data: st.DataObject) -> None:
    cms = data.draw(st.binary(max_size=600))
    head = b"%PDF-1.7\n/ETSI.CAdES.detached "
    place = b"<" + (b"\x30\x82" + len(cms).to_bytes(2, "big") + cms).hex().upper().encode() + b"00>"
    numbers = b"/ByteRange [0 %d %d %d]" % (len(head) + 60, len(head) + 60 + len(place), 7)
    content = (head + numbers).ljust(len(head) + 60) + place + b" %%EOF\n"
    assert check(content, Known()).findings[0].result in ("changed", "foreign")
