"""What stands on a paper around an erase: what was cut short, locks, hidden areas, counts, and what people signed."""

from collections.abc import Mapping
from dataclasses import replace as with_values
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.certificates.compose import compose
from netboot.certificates.figure_texts import FIGURES
from netboot.certificates.values import ErasedDisk, Event, Paper, Signed, SignedDisk, TakenOut
from netboot.jobs.disk_take_out import TakeOut
from netboot.jobs.erase_exception import DiskState, EraseException
from netboot.records.paper_values import ExceptionRow, TakeOutRow, VisitPapers
from netboot.records.record import open_record
from netboot.records.values import Event as RecordedEvent
from netboot.shared.cut_words import CUTS, UNLOCKED
from netboot.shared.disk_counts import DiskCounts
from netboot.shared.drive_format import DriveFormat
from netboot.shared.erase_begun import Cut
from netboot.shared.given_back import GiveBackOrder, GivenBack
from netboot.shared.thawing import Thawing
from tests.certificates.conftest import WORKSHOP, erase, papers_of, two_disks
from tests.jobs.conftest import GB, HDD, SSD

AT = datetime(2026, 11, 29, 5, 5, 6, tzinfo=timezone(timedelta(hours=1)))
TOLD_AT = "2026-11-29T04:05:06Z"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> VisitPapers:
    """A PC whose SSD and hard disk were erased."""
    with open_record(tmp_path_factory.mktemp("around") / "record.sqlite") as record:
        return papers_of(record, erase(record, two_disks(), (SSD, "erased"), (HDD, "erased")))


def paper_of(source: VisitPapers, **visit: Any) -> Paper:
    paper = compose(with_values(source, visit=with_values(source.visit, **visit)), WORKSHOP, software="netboot 0.1.0")
    assert paper is not None
    return paper


def first(source: VisitPapers, **evidence: Any) -> ErasedDisk:
    """The first disk of a paper, whose evidence has these other values."""
    (job,) = source.visit.jobs
    row, *others = job.erasures
    changed = with_values(row, evidence=replace(row.evidence, **evidence))
    return paper_of(source, jobs=(with_values(job, erasures=(changed, *others)),)).disks[0]


def figures(disk: ErasedDisk, *begin: str) -> Mapping[str, object]:
    return {figure.name: figure.value for figure in disk.figures if figure.name.startswith(begin)}


# ── of a disk ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_erase_that_was_cut_short_is_told_by_the_servers_clock_and_a_password_that_it_left(
    source: VisitPapers,
) -> None:
    assert first(source).cut == {}
    cut = Cut(method="overwrite", at=AT.timestamp(), found="resumed")
    told = first(source, cut=cut).cut
    sentence = CUTS["resumed"]["en"].partition("(")[0].format(at="2026-11-29 04:05 UTC")
    assert told["en"].startswith(sentence)
    assert told["fr"].startswith(CUTS["resumed"]["fr"].partition("(")[0].format(at="2026-11-29 04:05 UTC"))
    assert "{" not in told["fr"] + told["en"]
    assert first(source, unlocked=True).cut == UNLOCKED
    both = first(source, cut=cut, unlocked=True).cut
    assert both == {language: f"{told[language]} {UNLOCKED[language]}" for language in ("fr", "en")}


def test_what_was_done_about_freezing_hidden_areas_and_locks_stands_under_its_name(source: VisitPapers) -> None:
    begin = ("thawing", "given_back", "reverted")
    assert figures(first(source), *begin) == {}
    given = GivenBack(
        visible=1000, native=2000, real="not-told", size=16 * GB,
        orders=(GiveBackOrder(area="overlay", command="hdparm  --dco-restore", accepted="yes"),),
    )  # fmt: skip
    told = first(source, thawing=Thawing(tried=True, thawed=False, slept=7.5), given_back=given, reverted=True)
    assert figures(told, *begin) == {
        "thawing.tried": True, "thawing.thawed": False, "thawing.slept": 7.5, "reverted": True,
        "given_back.visible": 1000, "given_back.native": 2000, "given_back.real": "not-told",
        "given_back.orders.1": "area overlay, command hdparm --dco-restore, accepted yes", "given_back.size": 16 * GB,
    }  # fmt: skip
    assert figures(first(source, thawing=Thawing(tried=False)), *begin) == {"thawing.tried": False}


def test_a_format_after_the_erase_stands_with_the_disk_by_what_is_known_last_of_it(source: VisitPapers) -> None:
    proof = max(event.sequence for event in source.proofs.values())
    begun = DriveFormat(disk=SSD.id, before=4096, wanted=512)
    ended = replace(
        begun, ended=True, command="nvme format", accepted="no", said="Invalid Field", after=4096, size=16 * GB
    )

    def told(*formats: tuple[int, DriveFormat]) -> list[Mapping[str, object]]:
        return [figures(disk, "formatted") for disk in paper_of(with_values(source, formats=formats)).disks]

    nothing: Mapping[str, object] = {}
    assert told() == [nothing, nothing]
    assert told((proof - 9, ended)) == [nothing, nothing], "it was erased since"
    assert told((proof + 1, begun)) == [
        {
            "formatted.before": 4096, "formatted.wanted": 512, "formatted.after": "not-told",
            "formatted.size": "not-told", "formatted.command": "not-told", "formatted.accepted": "not-told",
        },
        nothing,
    ]  # fmt: skip
    assert told((proof + 1, begun), (proof + 2, ended)) == [
        {
            "formatted.before": 4096, "formatted.wanted": 512, "formatted.after": 4096, "formatted.size": 16 * GB,
            "formatted.command": "nvme format", "formatted.accepted": "no", "formatted.said": "Invalid Field",
        },
        nothing,
    ]  # fmt: skip


def test_the_paper_calls_a_format_asked_for_whatever_became_of_it() -> None:
    texts = [text for name, text in FIGURES.items() if name.startswith("formatted.")]
    assert texts
    assert all(text["en"].startswith("Format asked for") for text in texts)
    assert all(text["fr"].startswith("Format demandé") for text in texts)


def test_a_disk_that_grew_has_the_size_that_everybody_sees(source: VisitPapers) -> None:
    grown = GivenBack(visible=1, native=2, real=2, size=17 * GB)
    assert first(source, given_back=grown).size == 17 * GB
    assert first(source).size == 16 * GB


def test_what_a_disk_counts_stands_under_before_and_after_and_what_was_not_told_says_so(source: VisitPapers) -> None:
    begin = ("counts", "support")
    nothing = {"support": "not-told", "counts_before": "not-told", "counts_after": "not-told"}
    assert figures(first(source), *begin) == nothing
    silent = DiskCounts(said="no such log")
    assert figures(first(source, counts_before=silent, counts_after=silent), *begin) == nothing
    told = first(
        source, counts_before=DiskCounts(reallocated=0), counts_after=DiskCounts(reallocated=8, pending=0),
        support=("Sanitize Block Erase", "ATA  Security Erase"),
    )  # fmt: skip
    assert figures(told, *begin) == {
        "counts_before.reallocated": 0, "counts_after.reallocated": 8, "counts_after.pending": 0,
        "support.1": "Sanitize Block Erase", "support.2": "ATA Security Erase",
    }  # fmt: skip
    assert figures(first(source, support=()), *begin) == {
        "counts_before": "not-told", "counts_after": "not-told",
    }, "a list without a line is no list that did not come"  # fmt: skip


# ── what people signed and said ─────────────────────────────────────────────────────────────────────────────────────


def recorded(kind: str) -> RecordedEvent:
    return RecordedEvent("server", 9, TOLD_AT, kind, "machine", "visit", "job", "{}", "00", "11")


def as_told(event: RecordedEvent) -> Event:
    return Event(**{name: getattr(event, name) for name in Event.__struct_fields__})


STATES = (
    DiskState(disk=SSD.id, label=" SSD  S1 ", state="erased", erasure=1),
    DiskState(disk=HDD.id, label="HDD H1", state="untreated"),
)
SIGNED = ExceptionRow(
    1, EraseException(reason=" the dead disk\nis shredded ", profile="a" * 64, disks=STATES), " Anne ", AT, "",
    recorded("erase-exception"),
)  # fmt: skip


def test_an_exception_stands_as_it_was_signed(source: VisitPapers) -> None:
    expected = Signed(
        by="Anne", at=TOLD_AT, reason="the dead disk is shredded", followed=False,
        disks=(SignedDisk(label="SSD S1", state="erased"), SignedDisk(label="HDD H1", state="untreated")),
        event=as_told(recorded("erase-exception")),
    )  # fmt: skip
    used = with_values(SIGNED, job_id="a job")
    paper = paper_of(with_values(source, exceptions=(SIGNED, used)))
    assert paper.exceptions == (expected, replace(expected, followed=True))
    assert paper.kind == "certificate", "what was erased is erased"


def out(**changes: Any) -> TakeOutRow:
    said = TakeOut(disk=HDD.id, label=" HDD  H1 ", taken_by=" Karim ", became="destroyed")
    row = TakeOutRow(1, "an earlier visit", said, " Anne ", AT, recorded("disk-taken-out"))
    return with_values(row, **changes)


def test_a_disk_that_was_taken_out_stands_as_a_person_said(source: VisitPapers) -> None:
    expected = TakenOut(
        label="HDD H1", taken_by="Karim", became="destroyed", by="Anne", at=TOLD_AT, back=True,
        event=as_told(recorded("disk-taken-out")),
    )  # fmt: skip
    paper = paper_of(with_values(source, take_outs=(out(), out(visit_id=source.visit.id))))
    assert paper.taken_out == (expected, replace(expected, back=False)), "of this visit it was there before"
    without = replace(source.visit.inventory, disks=(SSD,))
    paper = paper_of(with_values(source, take_outs=(out(),)), inventory=without)
    assert [told.back for told in paper.taken_out] == [False]


def test_what_the_journal_does_not_say_has_no_event_and_makes_a_report(source: VisitPapers) -> None:
    signed, taken = with_values(SIGNED, event=None), out(event=None)
    reports: list[dict[str, Any]] = [
        {"exceptions": (signed,)}, {"exceptions": (SIGNED, signed)}, {"take_outs": (taken,)},
    ]  # fmt: skip
    for rows in reports:
        paper = paper_of(with_values(source, **rows))
        assert (paper.kind, paper.why) == ("report", ("altered",))
        assert None in [one.event for one in paper.exceptions] + [one.event for one in paper.taken_out]
    assert paper_of(with_values(source, exceptions=(SIGNED,), take_outs=(out(),))).why == ()


def test_a_paper_about_what_was_signed_alone_has_the_date_of_that(source: VisitPapers) -> None:
    (job,) = source.visit.jobs
    bare = (with_values(job, erasures=()),)
    later = AT + timedelta(hours=2)
    here = out(visit_id=source.visit.id, at=later)
    dated: list[tuple[dict[str, Any], str]] = [
        ({"exceptions": (SIGNED,)}, TOLD_AT),
        ({"take_outs": (here,)}, "2026-11-29T06:05:06Z"),
        ({"exceptions": (SIGNED,), "take_outs": (here,)}, "2026-11-29T06:05:06Z"),
        ({"exceptions": (with_values(SIGNED, at=later),), "take_outs": (with_values(here, at=AT),)},
         "2026-11-29T06:05:06Z"),
    ]  # fmt: skip
    for rows, date in dated:
        paper = paper_of(with_values(source, **rows), jobs=bare)
        assert (paper.date, paper.disks, paper.ordered_by) == (date, (), "Anne")
        assert (paper.kind, paper.why) == ("report", ("untreated",))
    for take_outs in ((), (out(),)):
        elsewhere = with_values(source, visit=with_values(source.visit, jobs=bare), take_outs=take_outs)
        assert compose(elsewhere, WORKSHOP, software="netboot") is None
    erased = paper_of(with_values(source, exceptions=(with_values(SIGNED, at=AT.replace(year=2030)),)))
    assert erased.date < "2030", "a paper about an erase has that one's date"


def test_a_pc_of_which_nothing_is_left_to_erase_is_no_certificate(source: VisitPapers) -> None:
    (job,) = source.visit.jobs
    empty = replace(source.visit.inventory, disks=())
    here = out(visit_id=source.visit.id)
    paper = paper_of(
        with_values(source, take_outs=(here,)), inventory=empty, jobs=(with_values(job, erasures=()),)
    )  # fmt: skip
    assert (paper.kind, paper.why) == ("report", ("nothing",))


def test_who_ordered_what_was_not_erased_is_told_where_nothing_was(source: VisitPapers) -> None:
    (job,) = source.visit.jobs
    other = with_values(job, id="z", chosen_by="Zoe", erasures=())
    assert paper_of(source, jobs=(other, job)).ordered_by == "Anne"
    bare = with_values(job, erasures=())
    source = with_values(source, exceptions=(SIGNED,))
    assert paper_of(source, jobs=(other, bare)).ordered_by == "Anne, Zoe"


def test_what_a_stick_did_says_whose_it_is_and_that_no_server_told_the_time(source: VisitPapers) -> None:
    paper = paper_of(source, kit=" 0123  4567 ")
    assert (paper.kit, paper.missing) == ("0123 4567", ("inventory-number", "time", "destination"))
    plain = paper_of(source)
    assert (plain.kit, plain.missing) == ("", ("inventory-number", "destination"))
