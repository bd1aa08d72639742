"""What makes a certificate, and what a report: whatever is not proven of the whole PC is no certificate."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.certificates.compose import compose, number_of
from netboot.certificates.sealed import content_of
from netboot.certificates.values import Paper, Why, Workshop
from netboot.jobs.disk_answers import Answer
from netboot.jobs.job import StageRecord
from netboot.records.record import Record, open_record
from netboot.shared.inventory import Disk, HiddenStorage, Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import Verdict
from tests.certificates.conftest import WORKSHOP, add_erase, erase, paper_of, papers_of, two_disks
from tests.jobs.conftest import GB, HDD, SSD, STICK
from tests.records.conftest import hello, pc, start
from tests.records.places import by_hand, unprotected


def test_a_pc_whose_every_disk_is_erased_gets_a_certificate_with_all_fields(certificate: Paper) -> None:
    assert (certificate.kind, certificate.why) == ("certificate", ())
    assert (certificate.machine.maker, certificate.machine.model) == ("LENOVO", "ThinkCentre M720q")
    assert (certificate.machine.serial, certificate.machine.number) == ("PC0X7Q01", 1)
    assert certificate.ordered_by == "Anne"
    ssd, hdd = certificate.disks
    assert (ssd.model, ssd.serial, ssd.wwn, ssd.size) == ("SSD", "S1", "0x1", 16 * GB)
    assert (hdd.verdict, hdd.level, hdd.technique) == ("erased", "clear", "overwrite")
    assert "SP 800-88" in hdd.level_source
    assert {figure.name: figure.value for figure in hdd.figures}["verified"] == 500 * GB
    assert {figure.name for figure in hdd.before} >= {"serial", "visible_sectors", "real_sectors"}
    assert hdd.seconds == 5000
    assert hdd.event is not None
    assert (hdd.event.sequence, hdd.event.hash) in {(mark.sequence, mark.hash) for mark in certificate.events}
    assert certificate.missing == ("inventory-number", "destination")
    assert set(hdd.missing) == {"hidden-area", "smart", "tool-version", "speed"}


def test_what_comes_after_the_erase_changes_nothing_of_the_paper(record: Record) -> None:
    visit = erase(record, two_disks(), (SSD, "erased"), (HDD, "erased"))
    first = content_of(paper_of(record, visit))
    record.visits.end(visit)
    assert content_of(paper_of(record, visit)) == first


@pytest.mark.parametrize("verdict", ["not-erased", "undetermined"])
def test_one_disk_that_is_not_erased_makes_a_report(record: Record, verdict: Verdict) -> None:
    paper = paper_of(record, erase(record, two_disks(), (SSD, "erased"), (HDD, verdict)))
    assert (paper.kind, paper.why) == ("report", (verdict,))
    assert [disk.verdict for disk in paper.disks] == ["erased", verdict]
    assert paper.disks[1].level == "none"
    assert "HDD H1" in paper.disks[1].problem["fr"]


def test_a_disk_that_nothing_was_done_to_makes_a_report_and_a_stick_does_not(record: Record) -> None:
    inventory = replace(two_disks(), disks=(SSD, HDD, STICK))
    paper = paper_of(record, erase(record, inventory, (SSD, "erased")))
    assert (paper.kind, paper.why) == ("report", ("untreated",))
    assert [(disk.serial, disk.why) for disk in paper.others] == [("H1", "untreated"), ("U1", "carried")]
    whole = paper_of(record, erase(record, replace(inventory, disks=(SSD, STICK)), (SSD, "erased"), number=2))
    assert whole.kind == "certificate"
    assert [(disk.serial, disk.why) for disk in whole.others] == [("U1", "carried")]


def test_a_controller_that_hides_disks_makes_a_report(record: Record) -> None:
    hidden = HiddenStorage(kind="vmd", controller="0000:00:0e.0 Intel VMD")
    paper = paper_of(record, erase(record, two_disks(hidden=[hidden]), (SSD, "erased"), (HDD, "erased")))
    assert (paper.kind, paper.why, paper.hidden) == ("report", ("hidden",), ("0000:00:0e.0 Intel VMD",))


def test_what_a_person_said_of_a_disk_stands_on_the_paper(record: Record) -> None:
    external = replace(HDD, removable=True)
    inventory = pc(disks=(SSD, external))
    visit = record.visits.greet(hello(inventory, "boot-1"), "98:fa:9b:00:00:01")
    record.answers.give(visit.machine_id, visit.id, [Answer(kind="left", disk=external.id, label="HDD H1")], who="Anne")
    add_erase(record, visit.id, inventory, (SSD, "erased"))
    paper = paper_of(record, visit.id)
    assert paper.kind == "certificate"
    assert [(disk.serial, disk.why) for disk in paper.others] == [("H1", "left")]
    assert [(said.kind, said.about) for said in paper.said] == [("left", "HDD H1")]


def test_a_visit_that_is_contested_or_refused_makes_a_report(record: Record) -> None:
    visit = erase(record, two_disks(), (SSD, "erased"), (HDD, "erased"))
    record.visits.contest([visit], "two-lines", address="10.0.0.9", adapter="")
    assert paper_of(record, visit).why == ("contested",)
    record.visits.keep_out(visit, "Anne")
    assert paper_of(record, visit).why == ("contested",)


def test_of_two_erases_of_one_disk_the_newest_counts_and_the_other_is_told(record: Record) -> None:
    visit = erase(record, pc(disks=(SSD,)), (SSD, "not-erased"))
    assert paper_of(record, visit).kind == "report"
    add_erase(record, visit, pc(disks=(SSD,)), (SSD, "erased"))
    paper = paper_of(record, visit)
    assert (paper.kind, [disk.earlier for disk in paper.disks]) == ("certificate", [("not-erased",)])
    add_erase(record, visit, pc(disks=(SSD,)), (SSD, "undetermined"))
    again = paper_of(record, visit)
    assert (again.kind, again.why) == ("report", ("undetermined",))
    assert again.number == paper.number


def test_a_proof_that_was_changed_beside_the_journal_makes_a_report(record: Record, tmp_path: Path) -> None:
    visit = erase(record, pc(disks=(SSD,)), (SSD, "erased"))
    place = tmp_path / "record.sqlite"
    by_hand(place, *unprotected(place), "UPDATE erasures SET evidence = replace(evidence, '\"S1\"', '\"S2\"')")
    with open_record(place) as opened:
        paper = paper_of(opened, visit)
    assert paper.kind == "report"
    assert "altered" in paper.why


def test_a_visit_without_an_erase_has_no_paper(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), "98:fa:9b:00:00:01")
    start(record, visit)
    assert compose(papers_of(record, visit.id), WORKSHOP, software="netboot") is None


def test_what_is_not_told_is_said_so(record: Record) -> None:
    nameless = Disk(name="sda", id=replace(SSD.id, serial="", wwn="", path="pci-0000:00:1f.2-ata-1"), transport="sata")
    inventory = replace(
        pc(disks=(nameless,)), system=replace(pc().system, serial=""), board=replace(pc().board, serial="")
    )
    visit = erase(record, inventory, (nameless, "erased"))
    paper = compose(papers_of(record, visit), Workshop(), software="netboot")
    assert paper is not None
    assert set(paper.missing) == {"serial", "inventory-number", "place", "destination"}
    assert "disk-serial" in paper.disks[0].missing


def test_numbers_are_told_apart_and_hold_no_sign_that_is_taken_for_another() -> None:
    numbers = {number_of("server", str(visit)) for visit in range(2000)}
    assert len(numbers) == 2000
    assert not {sign for number in numbers for sign in number} & set("ILOU")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (two_disks(), "untreated"),
        (replace(pc(disks=(SSD,)), hidden=(HiddenStorage(kind="rst", controller="Intel RST"),)), "hidden"),
    ],
)
def test_a_later_hello_takes_nothing_off_the_paper_that_a_check_found_since(
    record: Record, found: Inventory, why: Why
) -> None:
    """An agent says at every hello what it read at its start: a disk that was plugged in since is not in that. Seen: a
    line that broke made a certificate of the report of a PC in which a second disk had been found."""
    at_start = pc(disks=(SSD,))
    visit = record.visits.greet(hello(at_start, "boot-1"), "98:fa:9b:00:00:01")
    add_erase(record, visit.id, at_start, (SSD, "erased"))
    assert paper_of(record, visit.id).kind == "certificate"
    job, number = start(record, record.visits.get(visit.id)), record.visits.get(visit.id).last_report
    check = StageRecord(stage="check", state="done", result=CheckResult(inventory=found))
    record.jobs.stage_finished(job.id, check, 1.0, number + 1)
    record.jobs.end(job.id, Problem("disks-changed", {"seen": "SSD", "found": "SSD, HDD"}))
    assert paper_of(record, visit.id).why == (why,)
    record.visits.greet(hello(at_start, "boot-1", token=visit.token), "98:fa:9b:00:00:01")
    assert paper_of(record, visit.id).why == (why,)
