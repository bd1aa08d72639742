"""Each finding of a check, whole: what it is about, what it comes to, why, and by whose key."""

import json
from collections.abc import Callable
from dataclasses import replace as event_with
from typing import get_args

import pytest
from msgspec.structs import replace

from netboot.auth.certificate_keys import CertificateKeys, PublicKeys
from netboot.auth.fingerprint import fingerprint
from netboot.certificates import json_form, verify
from netboot.certificates.findings import COMPARED, REASONS, SENTENCES, UNKNOWN, Code, Finding
from netboot.certificates.issue import Document, issue
from netboot.certificates.seal import seal
from netboot.certificates.sealed import content_of
from netboot.certificates.values import Paper
from netboot.certificates.verify import LONGEST, Checked, Known, check, check_given, compare
from netboot.records import chain
from netboot.records.record import Record
from netboot.records.values import Event
from tests.certificates.conftest import erase, paper_of
from tests.jobs.conftest import HDD, SSD
from tests.records.conftest import pc

WORDS = "as netboot makes none"


@pytest.fixture
def known(keys: CertificateKeys) -> Known:
    return Known(keys.public)


def one(code: Code, result: str, **values: str) -> Checked:
    """What is found of a file that is no paper as netboot makes it."""
    return Checked(code, (Finding(code, result, values),), {})  # type: ignore[arg-type]


FOREIGN: list[tuple[bytes, Code]] = [
    (b"\xff\xfe", "seal-foreign"),
    (b"", "seal-foreign"),
    (WORDS.encode(), "seal-foreign"),
    (b"%PDF-1.7 cut", "pdf-foreign"),
    (b"xPDF-1.7\n%%EOF\n", "pdf-foreign"),
    (b"%%EOF".ljust(1024), "pdf-foreign"),
    (b"%%EOF".ljust(1025), "seal-foreign"),
    (b'{"a": 1', "json-foreign"),
    (b'x"a": 1}\n', "json-foreign"),
    (b"x" * 4092 + b"SIG ", "seal-changed"),
    (b"x" * 4093 + b"SIG ", "seal-foreign"),
    (b"x" * 4089 + b"NETBOOT", "seal-changed"),
    (b"x" * 4090 + b"NETBOOT", "seal-foreign"),
]


@pytest.mark.parametrize(("content", "code"), FOREIGN)
def test_what_netboot_never_made_is_told_by_its_kind(content: bytes, code: Code, known: Known) -> None:
    if code == "seal-changed":
        assert check(content, known) == one(code, "changed", why="long")
    else:
        assert check(content, known) == one(code, "foreign")


def test_a_file_is_looked_at_up_to_its_greatest_size(known: Known) -> None:
    assert check(b"%PDF-".ljust(LONGEST), known) == one("pdf-foreign", "foreign")
    assert check(b"%PDF-".ljust(LONGEST + 1), known) == one("too-large", "foreign")


def test_what_netboot_made_says_whose_it_is(document: Document, pdf: bytes, keys: CertificateKeys) -> None:
    paper, by_seal = document.issued.paper, fingerprint(keys.public.seal)
    marks = {paper.number: document.issued.digest}
    sealed = {"number": paper.number, "title": "NETBOOT ERASURE CERTIFICATE 1"}
    count = {"count": str(len(paper.events)), "compared": ""}
    whole = Finding("event-whole", "whole", count)
    for result, known in (("whole", Known(keys.public, paper.server)), ("unknown-key", Known())):
        of_seal = Finding("seal-whole", result, sealed, by_seal)  # type: ignore[arg-type]
        of_json = Finding("json-whole", result, {"number": paper.number}, by_seal)  # type: ignore[arg-type]
        of_pdf = Finding("pdf-whole", result, {"numbers": paper.number}, fingerprint(keys.certificate))  # type: ignore[arg-type]
        assert check(document.issued.seal.encode(), known) == Checked("seal-whole", (of_seal,), marks)
        assert check(document.json, known) == Checked("json-whole", (of_seal, of_json, whole), marks)
        assert check(pdf, known) == Checked("pdf-whole", (of_pdf,), marks)


def test_each_key_is_compared_with_its_own(document: Document, pdf: bytes, keys: CertificateKeys) -> None:
    half = Known(PublicKeys(keys.public.seal, b""))
    assert check(document.json, half).findings[0].result == "whole"
    assert check(pdf, half).findings[0].result == "unknown-key"


def test_of_a_batch_the_first_numbers_are_named() -> None:
    numbers = {f"N{number}": "" for number in range(1, 6)}
    assert verify._named(numbers) == "N1, N2, N3, N4, …"
    del numbers["N5"]
    assert verify._named(numbers) == "N1, N2, N3, N4"


def test_a_pdf_that_was_changed_says_why(pdf: bytes, known: Known) -> None:
    place = pdf.index(b"%") + 100
    changed = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
    assert check(changed, known) == one("pdf-changed", "changed", why="bytes")
    unsigned = pdf.replace(b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detachee")
    assert check(unsigned, known) == one("pdf-changed", "changed", why="gone")


def test_a_seal_that_was_changed_says_why(document: Document, known: Known) -> None:
    text = document.issued.seal
    for changed, why in (
        (text.replace("SSD", "SSE"), "signature"),
        (text.replace("NETBOOT", "NETBOO_"), "lines"),
        (text.replace("SIG ", "SIGN "), "lines"),
        ("NETBOOT", "lines"),
    ):
        assert check(changed.encode(), known) == one("seal-changed", "changed", why=why)


def test_json_that_was_cut_is_known_as_netboots_by_either_of_its_marks(known: Known) -> None:
    for cut in (b'{"format":"netboot-erasure-1"', b'{"seal":"NETBOOT ERASURE REPORT'):
        assert check(cut, known) == one("json-changed", "changed", why="json")
    assert check(b'{"format":"netboot-erasure-1"}', known) == one("json-changed", "changed", why="parts")
    assert check(b'{"format":"netboot-Erasure-1"}', known) == one("json-foreign", "foreign")


def sealed_file(paper: object, text: str) -> bytes:
    return json_form.written({"paper": paper, "seal": text})


def test_json_whose_seal_is_good_says_why_it_is_not_what_was_sealed(
    document: Document, report: Paper, keys: CertificateKeys, known: Known
) -> None:
    value = json.loads(document.json)
    text, paper = value["seal"], document.issued.paper
    other = content_of(report)
    for content, why in (
        (json.dumps(value).encode(), "spelling"),
        (sealed_file(value["paper"], text + "\n"), "seal-spelling"),
        (sealed_file(json.loads(other), text), "digest"),
        (sealed_file(json.loads(other), seal(paper, other, keys.seal)), "seal-says"),
    ):
        found = check(content, known)
        assert (found.kind, found.findings[0].code) == ("json-changed", "seal-whole")
        assert found.findings[1] == Finding("json-changed", "changed", {"why": why})


def test_json_whose_seal_was_changed_says_that_alone_and_what_its_events_are(document: Document, known: Known) -> None:
    value = json.loads(document.json)
    found = check(sealed_file(value["paper"], value["seal"].replace("SSD", "SSE")), known)
    assert (found.kind, found.marks) == ("json-changed", {})
    assert [(finding.code, finding.result) for finding in found.findings] == [
        ("seal-changed", "changed"), ("event-whole", "whole"),
    ]  # fmt: skip
    both = check(json.dumps(value).replace("SSD | S1", "SSE | S1").encode(), known)
    assert [finding.values.get("why") for finding in both.findings[:2]] == ["signature", "spelling"]
    gone = check(sealed_file(value["paper"], "what nobody sealed"), known)
    assert (gone.kind, gone.findings[0].code) == ("json-changed", "seal-foreign")


def test_a_paper_of_a_version_to_come_says_whose_it_is(document: Document, keys: CertificateKeys) -> None:
    value = json.loads(document.json)
    value["paper"]["new"] = 1
    value["seal"] = seal(document.issued.paper, json_form.written(value["paper"]), keys.seal)
    found = check(json_form.written(value), Known())
    assert found.findings[1] == Finding("json-version", "unknown-key", {}, fingerprint(keys.public.seal))


def test_only_files_that_say_of_what_they_are_can_be_of_different_papers(
    document: Document, pdf: bytes, report: Paper, keys: CertificateKeys, known: Known
) -> None:
    ours, other = check(document.json, known), check(issue(report, keys).json, known)
    broken = check(pdf[:-1], known)
    assert compare([ours, other]) == [], "each is whole by itself"
    assert compare([ours, broken]) == []
    assert compare([check(pdf, known), check(document.issued.seal.encode(), known)]) == []
    number = {"number": report.number}
    assert compare([check(pdf, known), ours, other]) == [Finding("pdf-other", "changed", number)]
    assert compare([other, broken, check(pdf, known)]) == [Finding("pdf-other", "changed", number)]
    text = check(document.issued.seal.encode(), known)
    assert compare([other, text]) == [Finding("seal-other", "changed", number)]


def test_a_picture_is_checked_by_the_text_in_it_and_what_is_none_as_it_is(document: Document, known: Known) -> None:
    seen: list[bytes] = []

    def reads(text: str | None) -> Callable[[bytes], str | None]:
        def read(content: bytes) -> str | None:
            seen.append(content)
            return text

        return read

    text = document.issued.seal
    assert check_given(b"a picture", known, reads(text)) == check(text.encode(), known)
    assert check_given(b"a picture", known, reads("")) == one("picture-empty", "foreign")
    assert check_given(document.json, known, reads(None)) == check(document.json, known)
    assert seen == [b"a picture", b"a picture", document.json]
    halved = text.replace("SSD", "SS\ud800")  # half of a sign, which no text in UTF-8 has
    assert check_given(b"a picture", known, reads(halved)) == check(halved.encode(errors="replace"), known)


# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def events_of(paper: Paper, known: Known) -> list[Finding]:
    return verify._events(paper, known)


def changed(code: Code, *numbers: int) -> list[Finding]:
    return [Finding(code, "changed", {"number": str(number)}) for number in numbers]


def test_an_event_must_be_hashed_and_be_the_one_of_its_mark(certificate: Paper) -> None:
    known, disk = Known(), certificate.disks[0]
    assert disk.event is not None
    number, count = disk.event.sequence, len(certificate.events)
    assert events_of(certificate, known) == [Finding("event-whole", "whole", {"count": str(count), "compared": ""})]
    marked = tuple(replace(mark, hash="0" * 64) if mark.sequence == number else mark for mark in certificate.events)
    assert events_of(replace(certificate, events=marked), known) == changed("event-changed", number)
    other = replace(disk, event=replace(disk.event, kind="Erasure"))
    wrong = replace(certificate, disks=(other, *certificate.disks[1:]))
    assert events_of(wrong, known) == changed("event-changed", number)
    unmarked = replace(certificate, events=())
    assert events_of(unmarked, known) == [Finding("event-whole", "whole", {"count": "2", "compared": ""})]
    bare = replace(certificate, disks=tuple(replace(one, event=None) for one in certificate.disks))
    assert events_of(bare, known)[0].values["count"] == str(count)


def test_every_event_is_looked_up_in_this_servers_journal(record: Record) -> None:
    paper = paper_of(record, erase(record, pc(disks=(SSD, HDD)), (SSD, "erased"), (HDD, "erased")))
    numbers = [mark.sequence for mark in paper.events]
    assert len(numbers) > 3
    asked: list[tuple[str, int]] = []

    def journal(change: Callable[[Event], Event | None], *of: int) -> Known:
        def find(server: str, sequence: int) -> Event | None:
            asked.append((server, sequence))
            event = record.papers.event(server, sequence)
            return change(event) if event is not None and sequence in of else event

        return Known(None, paper.server, find)

    whole = Finding("event-whole", "whole", {"count": str(len(numbers)), "compared": "yes"})
    assert events_of(paper, journal(lambda event: event)) == [whole]
    assert asked == [(paper.server, number) for number in numbers]
    assert events_of(paper, journal(lambda _: None, *numbers)) == changed("event-missing", *numbers)
    for number in (numbers[0], numbers[-1]):
        resealed = journal(lambda event: chain.sealed(event_with(event, body="{}")), number)
        assert events_of(paper, resealed) == changed("event-other", number), "another event has its number"
        altered = journal(lambda event: event_with(event, body="{}"), number)
        assert events_of(paper, altered) == changed("event-other", number), "its content is not what was hashed"
    asked.clear()
    elsewhere = Known(None, "another", journal(lambda _: None, *numbers).find_event)
    assert events_of(paper, elsewhere)[0].values["compared"] == ""
    assert asked == []


# ── sentences ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", get_args(Code))
def test_every_finding_has_its_sentence_in_both_languages(code: Code) -> None:
    values = {"number": "12", "numbers": "N1", "title": "TITLE", "count": "5"}
    for language in ("fr", "en"):
        words = SENTENCES[code][language]
        for why, reason in REASONS.items():
            finding = Finding(code, "changed", {**values, "why": why, "compared": "yes"})
            told = {**values, "why": reason[language], "compared": COMPARED[language]}
            assert finding.sentence(language) == words.format(**told)
        plain = words.format(**values, why="", compared="")
        assert Finding(code, "whole", {**values, "compared": ""}).sentence(language) == plain
        by = Finding(code, "unknown-key", values, "6668 7AAD").sentence(language)
        assert by == f"{plain} {UNKNOWN[language].format(key='6668 7AAD')}"
        assert "6668 7AAD" in by
