"""A record on which PCs that never existed were erased, keys, and the papers that come of it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.auth.certificate_keys import CertificateKeys, load_certificate_keys
from netboot.certificates.compose import compose
from netboot.certificates.issue import Document, issue, signed_pdf
from netboot.certificates.values import Paper, Workshop
from netboot.jobs.job import StageRecord
from netboot.records.paper_values import VisitPapers
from netboot.records.record import Record, open_record
from netboot.shared.inventory import Disk, HiddenStorage, Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult, Erasure, Verdict
from tests.jobs.conftest import HDD, SSD, erasure
from tests.records.conftest import hello, pc, start

WORKSHOP = Workshop(
    name="Atelier de réemploi de l'Œuvre", place="12 rue des Forges, 57000 Metz", contact="03 87 00 00 00"
)
AT = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)
PROBLEM = Problem("erase-incomplete", {"disk": "HDD H1", "unwritten": "4.1 kB", "unread": "4.1 kB"})


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> CertificateKeys:
    """A workshop's keys."""
    return load_certificate_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    """An empty record."""
    with open_record(tmp_path / "record.sqlite") as opened:
        yield opened


def erase(record: Record, inventory: Inventory, *results: tuple[Disk, Verdict], number: int = 1) -> str:
    """Somebody erases these disks of a PC, and this comes of it; gives the visit's id, which is `number`'s."""
    mac = f"98:fa:9b:00:00:{number:02x}"
    visit = record.visits.greet(hello(inventory, f"boot-{number}"), mac)
    add_erase(record, visit.id, inventory, *results)
    return visit.id


def add_erase(record: Record, visit_id: str, inventory: Inventory, *results: tuple[Disk, Verdict]) -> None:
    """One more job in this visit that erases these disks."""
    visit = record.visits.get(visit_id)
    job, last = start(record, visit), visit.last_report
    erasures = tuple(
        erasure(disk, verdict) if verdict == "erased" else with_problem(disk, verdict) for disk, verdict in results
    )
    failed = any(verdict != "erased" for _, verdict in results)
    reports = (
        StageRecord(stage="check", state="done", result=CheckResult(inventory=inventory)),
        StageRecord(
            stage="erase",
            state="failed" if failed else "done",
            problem=PROBLEM if failed else None,
            result=EraseResult(erasures=erasures),
        ),
    )
    for report in reports:
        record.jobs.stage_started(job.id, report.stage, last := last + 1)
        record.jobs.stage_finished(job.id, report, 90.0, last := last + 1)
    record.jobs.end(job.id, PROBLEM if failed else Problem("power-cut"))


def with_problem(disk: Disk, verdict: Verdict) -> Erasure:
    """What an agent says of a disk that is not erased."""
    return replace(erasure(disk, verdict), problem=PROBLEM)


def papers_of(record: Record, visit: str) -> VisitPapers:
    """What a paper about this visit is made from."""
    return record.papers.of_visit(visit)


def paper_of(record: Record, visit: str, *, donor: str = "") -> Paper:
    """The paper about this visit."""
    paper = compose(papers_of(record, visit), WORKSHOP, software="netboot 0.1.0", donor=donor)
    assert paper is not None
    return paper


def two_disks(*, hidden: Sequence[HiddenStorage] = ()) -> Inventory:
    """A PC with an SSD and a hard disk."""
    return replace(pc(disks=(SSD, HDD)), hidden=tuple(hidden))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """Both disks of a PC erased."""
    with open_record(tmp_path_factory.mktemp("certificate") / "record.sqlite") as record:
        return paper_of(record, erase(record, two_disks(), (SSD, "erased"), (HDD, "erased")))


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """One of two disks erased."""
    with open_record(tmp_path_factory.mktemp("report") / "record.sqlite") as record:
        return paper_of(record, erase(record, two_disks(), (SSD, "erased"), (HDD, "not-erased")))


@pytest.fixture(scope="session")
def document(certificate: Paper, keys: CertificateKeys) -> Document:
    """The certificate, sealed."""
    return issue(certificate, keys)


@pytest.fixture(scope="session")
def pdf(document: Document, keys: CertificateKeys) -> bytes:
    """Its PDF, signed."""
    return signed_pdf(document, keys, at=AT, language="fr")
