"""Each field of a paper, as it comes of what the record holds: by papers' values that are changed one at a time."""

import base64
import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace as with_values
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.certificates.compose import compose, number_of
from netboot.certificates.values import BadPart, ErasedDisk, Machine, OtherDisk, Paper, Workshop
from netboot.jobs.disk_answers import Answer
from netboot.records.paper_values import VisitPapers
from netboot.records.record import open_record
from netboot.records.values import AnswerRow, ErasureRow, JobRow
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_methods.firmware import SeenState
from netboot.shared.erase_methods.nvme_sanitize_crypto import NvmeSanitizedByKey
from netboot.shared.erase_methods.overwrite import BadRange, Overwritten
from netboot.shared.inventory import Disk, DiskId, HiddenStorage
from tests.certificates.conftest import PROBLEM, WORKSHOP, erase, papers_of, two_disks
from tests.jobs.conftest import GB, HDD, SSD, STICK

AT = datetime(2026, 11, 29, 4, 5, 6, tzinfo=UTC)
STATUS = DiskStatus(name="sda", serial="S1", size=16 * GB, logical_sector=1, visible_sectors=5, smart="passed")


@pytest.fixture(autouse=True)
def _away_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server's own time is not UTC."""
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> VisitPapers:
    """A PC whose SSD and hard disk were erased."""
    with open_record(tmp_path_factory.mktemp("fields") / "record.sqlite") as record:
        return papers_of(record, erase(record, two_disks(), (SSD, "erased"), (HDD, "erased")))


def paper_of(source: VisitPapers, workshop: Workshop = WORKSHOP, **more: Any) -> Paper:
    paper = compose(source, workshop, software="netboot 0.1.0", **more)
    assert paper is not None
    return paper


def with_jobs(source: VisitPapers, *jobs: JobRow, **visit: Any) -> VisitPapers:
    """The same visit with these jobs, newest first."""
    return with_values(source, visit=with_values(source.visit, jobs=jobs or source.visit.jobs, **visit))


def with_erasures(source: VisitPapers, *rows: ErasureRow) -> VisitPapers:
    (job,) = source.visit.jobs
    return with_jobs(source, with_values(job, erasures=rows))


def with_first(source: VisitPapers, row: Mapping[str, Any] = {}, **evidence: Any) -> ErasedDisk:
    """The first disk of a paper, whose row and evidence have these other values."""
    (job,) = source.visit.jobs
    first, *others = job.erasures
    changed = with_values(first, **row, evidence=replace(first.evidence, **evidence))
    return paper_of(with_erasures(source, changed, *others)).disks[0]


# ── the paper ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_papers_number_is_the_beginning_of_a_hash_in_crockfords_digits() -> None:
    """By base32 of RFC 4648, whose alphabet is exchanged for his."""
    digits = base64.b32encode(hashlib.sha256(b"netboot-paper server visit").digest()[:10]).decode()
    ours = digits.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
    assert number_of("server", "visit") == "-".join((ours[:4], ours[4:8], ours[8:12], ours[12:]))


def test_a_paper_says_who_when_and_by_what(source: VisitPapers) -> None:
    (job,) = source.visit.jobs
    early, late = (
        with_values(row, at=AT + timedelta(hours=hour)) for row, hour in zip(job.erasures, (0, 1), strict=True)
    )
    by_two = with_jobs(
        source,
        with_values(job, id="c", chosen_by="Anne", erasures=(early,)),
        with_values(job, id="b", chosen_by="", erasures=(late,)),
        with_values(job, id="a", chosen_by="Omar", erasures=(early,)),
        with_values(job, id="0", chosen_by="Zoe", erasures=()),
        opened=AT,
    )
    paper = paper_of(by_two, donor=" Ville \n de  Metz ")
    assert paper.donor == "Ville de Metz"
    assert paper.workshop == WORKSHOP
    assert (paper.arrived, paper.date) == ("2026-11-29T04:05:06Z", "2026-11-29T05:05:06Z")
    assert paper.ordered_by == "Omar, Anne"
    assert "operator" in paper.missing
    assert (paper.visit, paper.server, paper.software) == (source.visit.id, source.server, "netboot 0.1.0")
    assert paper.number == number_of(source.server, source.visit.id)
    assert paper_of(source).donor == ""
    assert [(mark.sequence, mark.kind, mark.at, mark.hash) for mark in paper.events] == [
        (event.sequence, event.kind, event.at, event.hash) for event in source.events
    ]


def test_a_pc_is_known_by_its_system_and_else_by_its_board(source: VisitPapers) -> None:
    seen = source.visit.inventory
    named = with_values(source, label="Bench 3", machine_number=12)
    assert paper_of(named).machine == Machine(
        maker="LENOVO", model="ThinkCentre M720q", serial="PC0X7Q01", uuid=seen.system.uuid, number=12, label="Bench 3"
    )
    bare = replace(seen, system=replace(seen.system, manufacturer="", product="", serial=""))
    board = seen.board
    machine = paper_of(with_jobs(source, inventory=bare)).machine
    assert (machine.maker, machine.model, machine.serial) == (board.manufacturer, board.product, board.serial)


@pytest.mark.parametrize("missing", ["name", "place", "contact"])
def test_a_workshop_that_is_not_all_told_is_said(source: VisitPapers, missing: str) -> None:
    assert "place" not in paper_of(source).missing
    assert "place" in paper_of(source, replace(WORKSHOP, **{missing: ""})).missing
    assert "serial" not in paper_of(source).missing


def test_a_text_is_one_line_in_which_nothing_is_unseen(source: VisitPapers) -> None:
    workshop = Workshop(name=" Atelier\n\tdu  Nord ", place="\u202e", contact="x" * 1001)
    told = paper_of(source, workshop).workshop
    assert (told.name, told.place, told.contact) == ("Atelier du Nord", "⟨U+202E⟩", "x" * 1000)


# ── its disks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_disk_is_told_as_its_proof_has_it_and_else_as_the_pc_was_found(source: VisitPapers) -> None:
    told = with_first(source, model=" SSD\n2 ")
    assert (told.model, told.transport, told.by_place) == ("SSD 2", "sata", "")
    assert with_first(source, model="").model == "SSD"
    gone = with_first(source, disk=replace(SSD.id, serial="GONE", wwn=""), model="")
    assert (gone.model, gone.serial, gone.wwn, gone.transport) == ("", "GONE", "", "")
    told = with_first(source, medium="magnetic", wanted="purge")
    assert (told.medium, told.wanted) == ("magnetic", "purge")
    placed = replace(SSD.id, path="pci-1", sequence=4)
    assert with_first(source, disk=placed).by_place == ""
    assert with_first(source, disk=replace(placed, by_place=True)).by_place == "pci-1"


def test_a_level_stands_with_its_source_and_its_condition_where_there_is_one(source: VisitPapers) -> None:
    crypto = NvmeSanitizedByKey(tool="nvme version 2.13")
    told = with_first(source, {"level": "purge"}, evidence=crypto, medium="flash")
    assert (told.technique, told.level, told.level_source) == ("nvme-sanitize-crypto", "purge", "openSeaChest")
    assert told.level_condition.startswith("no plain text was ever stored")
    assert told.tool == "nvme version 2.13"
    none = with_first(source, {"level": "none", "verdict": "undetermined"}, evidence=crypto, medium="flash")
    assert (none.level, none.level_source, none.level_condition) == ("none", "", "")


def test_of_an_emmc_the_areas_of_its_firmware_are_told_which_an_overwrite_leaves_alone(source: VisitPapers) -> None:
    disks = tuple(replace(disk, transport="mmc") for disk in source.visit.inventory.disks)
    told = with_first(with_jobs(source, inventory=replace(source.visit.inventory, disks=disks)), medium="flash")
    assert (told.technique, told.level) == ("overwrite", "clear")
    assert told.level_condition.endswith("nor the boot areas and RPMB, which are the firmware's")
    assert "RPMB" not in with_first(source, medium="flash").level_condition


def test_times_are_the_servers_in_utc_and_empty_where_no_calendar_has_them(source: VisitPapers) -> None:
    told = with_first(source, started=AT.timestamp(), finished=AT.timestamp() + 61, began=1.0, ended=3.34567)
    assert (told.started, told.finished, told.seconds) == ("2026-11-29T04:05:06Z", "2026-11-29T04:06:07Z", 2.346)
    never = with_first(source, started=0.0, finished=1e18)
    assert (never.started, never.finished) == ("", "")


def test_a_problem_is_told_in_both_languages(source: VisitPapers) -> None:
    assert with_first(source).problem == {}
    told = with_first(source, problem=PROBLEM).problem
    assert told == {"fr": PROBLEM.sentence("fr"), "en": PROBLEM.sentence("en")}


def test_earlier_tries_of_the_same_disk_are_told_by_their_verdicts(source: VisitPapers) -> None:
    (job,) = source.visit.jobs
    ssd, hdd = job.erasures
    first, second = with_values(ssd, id=101, verdict="not-erased"), with_values(ssd, id=102, verdict="undetermined")
    newest_first = with_jobs(
        source,
        with_values(job, id="c", erasures=(with_values(ssd, id=103),)),
        with_values(job, id="b", erasures=(second, hdd)),
        with_values(job, id="a", erasures=(first,)),
    )
    paper = paper_of(newest_first)
    assert [(disk.serial, disk.verdict, disk.earlier) for disk in paper.disks] == [
        ("S1", "erased", ("not-erased", "undetermined")), ("H1", "erased", ()),
    ]  # fmt: skip


def figures(disk: ErasedDisk) -> dict[str, object]:
    return {figure.name: figure.value for figure in disk.figures}


def test_every_figure_of_a_proof_stands_under_its_name(source: VisitPapers) -> None:
    behind = Overwritten(tool="of its own", written=7, verified=6, speeds=(9,))
    evidence = NvmeSanitizedByKey(
        tool="nvme version 2.13", command="nvme  sanitize", accepted="yes", announced=0, waited=True, seconds=1.5,
        states=tuple(SeenState(at=float(at), state="running", permille=at or None) for at in range(17)),
        speeds=(5, 6), value=None, overwritten=behind,
    )  # fmt: skip
    told = with_first(source, evidence=evidence)
    found = figures(told)
    expected = {
        "command": "nvme sanitize", "accepted": "yes", "announced": 0, "waited": True, "seconds": 1.5,
        "states.1": "at 0.0, state running", "states.16": "at 15.0, state running, permille 15",
        "overwritten.written": 7, "overwritten.verified": 6, "overwritten.speeds.1": 9,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert [type(found[name]) for name in ("announced", "waited", "seconds")] == [int, bool, float]
    for absent in ("tool", "type", "speeds", "speeds.1", "value", "said", "states", "states.17"):
        assert absent not in found
    assert told.speeds == (5, 6)
    assert told.bad == ()


def test_bad_parts_are_told_one_by_one(source: VisitPapers) -> None:
    bad = (BadRange(start=512, length=4096, what="unwritten"), BadRange(start=9000, length=1, what="different"))
    told = with_first(source, evidence=Overwritten(written=1, bad=bad))
    assert told.bad == (
        BadPart(start=512, length=4096, what="unwritten"), BadPart(start=9000, length=1, what="different"),
    )  # fmt: skip
    assert not {name for name in figures(told) if name.startswith("bad")}


def test_a_disks_word_is_told_without_what_it_was_not_asked(source: VisitPapers) -> None:
    status = replace(STATUS, other={"Wear": "12 %", "Empty": ""})
    told = with_first(source, before=status, after=None)
    assert {figure.name: figure.value for figure in told.before} == {
        "name": "sda", "serial": "S1", "size": 16 * GB, "logical_sector": 1, "visible_sectors": 5, "smart": "passed",
        "other.Wear": "12 %",
    }  # fmt: skip
    assert told.after == ()
    other = with_first(source, before=None, after=status)
    assert (other.before, other.after) == ((), told.before)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, set()),
        ({"disk": replace(SSD.id, serial="")}, {"disk-serial"}),
        ({"before": None}, {"statuses"}),
        ({"after": None}, {"statuses"}),
        ({"before": None, "after": None}, {"statuses"}),
        ({"after": replace(STATUS, native_sectors="not-told")}, {"hidden-area"}),
        ({"before": replace(STATUS, real_sectors="not-told")}, {"hidden-area"}),
        ({"after": replace(STATUS, smart="not-told")}, {"smart"}),
        ({"before": None, "after": replace(STATUS, smart="not-told")}, {"statuses", "smart"}),
        ({"evidence": Overwritten(tool="netboot", speeds=())}, {"speed"}),
        ({"evidence": Overwritten(tool="", speeds=(1,))}, {"tool-version"}),
    ],
)
def test_what_is_not_known_of_a_disk_is_said(source: VisitPapers, changes: dict[str, Any], missing: set[str]) -> None:
    whole = {"before": STATUS, "after": STATUS, "evidence": Overwritten(tool="netboot", speeds=(1,))}
    known = {"disk-serial", "statuses", "hidden-area", "smart", "speed", "tool-version"}
    assert set(with_first(source, **(whole | changes)).missing) & known == missing


def test_the_event_of_its_proof_stands_with_it(source: VisitPapers) -> None:
    (job,) = source.visit.jobs
    row = job.erasures[0]
    told = with_first(source).event
    assert told is not None
    assert {name: getattr(told, name) for name in told.__struct_fields__} == {
        name: getattr(source.proofs[row.id], name) for name in told.__struct_fields__
    }
    assert paper_of(with_values(source, proofs={})).disks[0].event is None


# ── what else is in the PC, and why it is a report ──────────────────────────────────────────────────────────────────


def test_disks_that_were_not_erased_are_told_but_not_an_empty_reader(source: VisitPapers) -> None:
    reader = Disk(name="sdd", id=DiskId(serial="R1", size=0), transport="usb", removable=True)
    small = Disk(name="sde", id=DiskId(serial="T1", size=1), model="Tiny", transport="usb", removable=True)
    inventory = replace(source.visit.inventory, disks=(SSD, reader, STICK, HDD, small))
    paper = paper_of(with_jobs(source, inventory=inventory))
    assert paper.others == (
        OtherDisk(model="Stick", serial="U1", size=32 * GB, why="carried"),
        OtherDisk(model="Tiny", serial="T1", size=1, why="carried"),
    )
    assert paper.kind == "certificate"


def test_a_controller_that_somebody_vouched_for_hides_nothing(source: VisitPapers) -> None:
    unknown = HiddenStorage(kind="unknown", controller="00:17.0 RAID", vouchable="00:17.0 8086:2822")
    nameless = HiddenStorage(kind="vmd")
    inventory = replace(source.visit.inventory, hidden=(unknown, nameless))
    paper = paper_of(with_jobs(source, inventory=inventory))
    assert (paper.kind, paper.why, paper.hidden) == ("report", ("hidden",), ("00:17.0 RAID", "vmd"))
    (job,) = source.visit.jobs
    word = Answer(kind="vouched", controller=unknown.vouchable, label="00:17.0 RAID")
    vouched = with_values(job, answers=(AnswerRow(id=1, answer=word, who="Anne", at=AT),))
    assert paper_of(with_jobs(source, vouched, inventory=inventory)).hidden == ("vmd",)


def test_the_last_words_that_erases_went_by_are_told_once(source: VisitPapers) -> None:
    external, other = (
        Disk(name=name, id=DiskId(serial=name, size=GB), model="E", transport="sata", removable=True)
        for name in ("sdx", "sdy")
    )
    inventory = replace(source.visit.inventory, disks=(SSD, HDD, external, other))

    def row(kind: Any, disk: Disk) -> AnswerRow:
        return AnswerRow(id=1, answer=Answer(kind=kind, disk=disk.id, label=f" {disk.name} "), who="Anne", at=AT)

    (job,) = source.visit.jobs
    jobs = (
        with_values(job, id="b", answers=(row("left", external), row("left", other))),
        with_values(job, id="a", answers=(row("belongs", external), row("left", external))),
    )
    paper = paper_of(with_jobs(source, *jobs, inventory=inventory))
    assert [(said.kind, said.about) for said in paper.said] == [("left", "sdx"), ("left", "sdy")]
    assert [disk.why for disk in paper.others] == ["left", "left"]


def test_each_reason_for_a_report_is_told_once_and_all_of_them(source: VisitPapers) -> None:
    (job,) = source.visit.jobs
    rows = tuple(with_values(row, verdict="undetermined", in_chain=False) for row in job.erasures)
    inventory = replace(source.visit.inventory, disks=(SSD, HDD, replace(SSD, id=DiskId(serial="S9", size=GB))))
    paper = paper_of(with_jobs(source, with_values(job, erasures=rows), inventory=inventory, standing="refused"))
    assert (paper.kind, paper.why) == ("report", ("altered", "undetermined", "untreated", "contested"))
    for standing, why in (("two-lines", ("contested",)), ("other-adapter", ("contested",)), ("vouched", ()), ("", ())):
        assert paper_of(with_jobs(source, standing=standing)).why == why
