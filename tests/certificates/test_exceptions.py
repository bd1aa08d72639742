"""Papers of PCs that went on by an exception, lost a disk, or were erased from a stick; and a byte changed in them."""

import csv
import io
import json
from collections.abc import Iterator
from typing import get_args

from msgspec.structs import replace

from netboot.auth.certificate_keys import CertificateKeys
from netboot.certificates import json_form
from netboot.certificates.compose import compose
from netboot.certificates.issue import issue, signed_pdf
from netboot.certificates.layout import laid_out
from netboot.certificates.table import csv_table
from netboot.certificates.texts import BECAME, STATES, TEXTS
from netboot.certificates.values import Event, Paper
from netboot.certificates.verify import Known, check
from netboot.jobs.disk_take_out import Became, TakeOut
from netboot.jobs.erase_exception import State
from netboot.records.record import Record
from netboot.shared.inventory import DiskId
from netboot.shared.language import Language
from tests.certificates.conftest import AT, WORKSHOP, paper_of
from tests.certificates.test_pages import both, words
from tests.jobs.conftest import HDD, SSD
from tests.records.conftest import MAC, hello, pc
from tests.records.erasing import STARTS, stopped

REASON = "Le disque mort sera broyé jeudi"
TWO = pc(disks=(SSD, HDD))


def excepted(record: Record, *, used: bool = True) -> str:
    """One of two disks was not erased, and somebody signed for that; the visit's id."""
    visit = record.visits.greet(hello(TWO, "boot-1"), MAC)
    stopped(record, visit, TWO, (SSD, "erased"), (HDD, "not-erased"))
    offer = record.exceptions.offer(visit.id)
    assert offer is not None
    record.exceptions.sign(visit.machine_id, visit.id, shown=offer.digest, reason=REASON, who="Anne")
    if used:
        assert record.jobs.begin(visit.id, starts=STARTS) is not None
    return visit.id


def take_out(record: Record, visit: str, became: Became = "destroyed") -> None:
    """Somebody took the hard disk out."""
    machine = record.visits.seen(visit).machine_id
    (asked,) = record.exceptions.to_take_out(machine, visit)
    told = TakeOut(disk=DiskId(size=0), label="", taken_by="Karim", became=became)
    record.exceptions.take_out(machine, visit, asked.key, told, "Anne")


def without_its_disk(record: Record) -> str:
    """The PC came without its disk that could not be erased, and is erased; that visit's id."""
    visit = record.visits.greet(hello(TWO, "boot-1"), MAC)
    stopped(record, visit, TWO, (SSD, "erased"), (HDD, "not-erased"))
    take_out(record, visit.id)
    one = pc(disks=(SSD,))
    later = record.visits.greet(hello(one, "boot-2"), MAC)
    assert later.machine_id == visit.machine_id
    stopped(record, later, one, (SSD, "erased"))
    return later.id


@both
def test_an_exception_makes_no_certificate_and_stands_on_the_report(
    record: Record, keys: CertificateKeys, language: Language
) -> None:
    paper = paper_of(record, excepted(record))
    assert (paper.kind, paper.why) == ("report", ("not-erased",))
    (signed,) = paper.exceptions
    assert (signed.by, signed.reason, signed.followed) == ("Anne", REASON, True)
    assert [(disk.label, disk.state) for disk in signed.disks] == [
        ("SSD S1 16.0 GB", "erased"),
        ("HDD H1 500.0 GB", "not-erased"),
    ]
    assert signed.event is not None
    assert signed.event.kind == "erase-exception"
    assert signed.event.sequence in {mark.sequence for mark in paper.events}
    text = words(laid_out(issue(paper, keys).issued, language))
    for word in (TEXTS["exception"][language], "Anne", REASON, TEXTS["no_certificate"][language]):
        assert word in text
    assert {"fr": "HDD H1 500,0 Go : NON EFFACÉ", "en": "HDD H1 500.0 GB: NOT ERASED"}[language] in text
    assert TEXTS["certificate"][language] not in text
    assert TEXTS["exception_unused"][language] not in text


def test_one_that_nothing_was_installed_by_says_so(record: Record, keys: CertificateKeys) -> None:
    text = words(laid_out(issue(paper_of(record, excepted(record, used=False)), keys).issued, "fr"))
    assert TEXTS["exception_unused"]["fr"] in text


def test_a_visit_in_which_nothing_was_erased_has_a_report_once_an_exception_is_signed(
    record: Record, keys: CertificateKeys
) -> None:
    visit = record.visits.greet(hello(TWO, "boot-1"), MAC)
    stopped(record, visit, TWO, (SSD, "undetermined"))
    one = paper_of(record, visit.id)
    assert [disk.why for disk in one.others] == ["untreated"]
    record.visits.end(visit.id)
    bare = record.visits.greet(hello(TWO, "boot-2"), MAC)
    stopped(record, bare, TWO)
    assert compose(record.papers.of_visit(bare.id), WORKSHOP, software="netboot") is None
    machine = bare.machine_id
    asked = record.exceptions.to_take_out(machine, bare.id)[0]
    told = TakeOut(disk=DiskId(size=0), label="", taken_by="Karim")
    record.exceptions.take_out(machine, bare.id, asked.key, told, "Anne")
    paper = paper_of(record, bare.id)
    assert (paper.kind, paper.why, paper.disks) == ("report", ("untreated",), ())
    assert bare.id in record.papers.erased_between(AT.replace(year=2000), AT.replace(year=9000))
    document = issue(paper, keys)
    assert "DISKS 0" in document.issued.seal
    assert signed_pdf(document, keys, at=AT, language="fr").startswith(b"%PDF")
    assert {one.result for one in check(document.json, Known(keys.public)).findings} == {"whole"}


@both
def test_a_pc_without_its_disk_that_could_not_be_erased_gets_a_certificate_that_tells_of_it(
    record: Record, keys: CertificateKeys, language: Language
) -> None:
    paper = paper_of(record, without_its_disk(record))
    assert paper.kind == "certificate"
    (out,) = paper.taken_out
    assert (out.label, out.taken_by, out.became, out.by, out.back) == (
        "HDD H1 500.0 GB",
        "Karim",
        "destroyed",
        "Anne",
        False,
    )
    text = words(laid_out(issue(paper, keys).issued, language))
    assert {
        "fr": "HDD H1 500,0 Go : sorti par Karim ; détruit. Noté par Anne le",
        "en": "HDD H1 500.0 GB: taken out by Karim; destroyed. Noted by Anne on",
    }[language] in text
    assert TEXTS["taken_out_back"][language] not in text


def test_a_disk_that_is_said_to_be_out_and_is_there_again_is_told(record: Record, keys: CertificateKeys) -> None:
    without_its_disk(record)
    visits = record.machines.detail(record.machines.overview()[0].id).visits
    assert [out.back for visit in visits for out in paper_of(record, visit.id).taken_out] == [False, False]
    back = record.visits.greet(hello(TWO, "boot-3"), MAC)
    stopped(record, back, TWO, (SSD, "erased"), (HDD, "undetermined"))
    paper = paper_of(record, back.id)
    assert [out.back for out in paper.taken_out] == [True]
    assert TEXTS["taken_out_back"]["fr"] in words(laid_out(issue(paper, keys).issued, "fr"))


def test_the_table_tells_of_exceptions_of_disks_that_were_taken_out_and_of_those_untreated(
    record: Record, keys: CertificateKeys
) -> None:
    visit = excepted(record)
    job = record.jobs.of_visit(visit)
    assert job is not None
    record.jobs.end(job.id, None)
    lines = list(csv.DictReader(io.StringIO(csv_table([issue(paper_of(record, visit), keys).issued]))))
    assert [(line["disk_serial"], line["verdict"]) for line in lines] == [("S1", "erased"), ("H1", "not-erased")]
    assert {line["exception"] for line in lines} == {f"Anne: {REASON}"}
    take_out(record, visit, "kept")
    lines = list(csv.DictReader(io.StringIO(csv_table([issue(paper_of(record, visit), keys).issued]))))
    assert [(line["verdict"], line["taken_out_by"], line["became"]) for line in lines[2:]] == [
        ("taken-out", "Karim", "kept")
    ]


def changed(value: object, events: list[dict[str, object]]) -> Iterator[bytes]:
    """The file with one letter of one field of these events another, each field in turn."""
    for event in events:
        for name in Event.__struct_fields__:
            before = event[name]
            if isinstance(before, int):
                event[name] = before + 1
            elif before:
                text = str(before)
                event[name] = text[:-1] + ("0" if text[-1] != "0" else "1")
            else:
                continue
            yield json_form.written(value)
            event[name] = before


def test_a_changed_byte_in_any_field_of_any_event_is_said_to_be_the_events(
    record: Record, keys: CertificateKeys
) -> None:
    visit = excepted(record)
    job = record.jobs.of_visit(visit)
    assert job is not None
    record.jobs.end(job.id, None)
    take_out(record, visit)
    document = issue(paper_of(record, visit), keys)
    known = Known(keys.public, record.papers.server(), record.papers.event)
    assert {one.result for one in check(document.json, known).findings} == {"whole"}
    value = json.loads(document.json)
    paper = value["paper"]
    found = [one["event"] for one in (*paper["disks"], *paper["exceptions"], *paper["taken_out"])]
    assert [event["kind"] for event in found] == ["erasure", "erasure", "erase-exception", "disk-taken-out"]
    count = 0
    for other in changed(value, found):
        codes = [one.code for one in check(other, known).findings if one.result == "changed"]
        assert codes[0] == "json-changed"
        assert set(codes[1:]) & {"event-changed", "event-other", "event-missing"}
        count += 1
    assert count >= 4 * 8


@both
def test_what_was_done_from_a_stick_says_so_and_whose_clock_told_the_time(
    certificate: Paper, keys: CertificateKeys, language: Language
) -> None:
    disk = replace(certificate.disks[0], started="2005-01-01T10:00:00Z", finished="2005-01-01T11:00:00Z")
    alone = replace(certificate, kit="0123-4567", disks=(disk,))
    text = words(laid_out(issue(alone, keys).issued, language))
    assert "0123-4567" in text
    assert TEXTS["collected"][language] in text
    assert {
        "fr": "2005-01-01 10:00 – 2005-01-01 11:00 selon l'horloge du PC",
        "en": "2005-01-01 10:00 – 2005-01-01 11:00 by the PC's own clock",
    }[language] in text
    assert TEXTS["collected"][language] not in words(laid_out(issue(certificate, keys).issued, language))


def test_every_state_and_end_of_a_disk_has_its_words() -> None:
    assert set(STATES) == set(get_args(State))
    assert set(BECAME) == set(get_args(Became))
    assert all(set(texts) == set(get_args(Language)) for texts in (*STATES.values(), *BECAME.values()))
