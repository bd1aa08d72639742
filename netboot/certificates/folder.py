"""Writes the papers of a time into a folder: for each PC its PDF and JSON, a table of all, the public keys.

Files are written whole or not at all, and one that is there is written anew: the same visit has the same number. A
certificate of before does not stay beside the report that the visit has become since, nor the other way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, get_args

from netboot import __version__
from netboot.auth.certificate_keys import CertificateKeys, public_text
from netboot.certificates.compose import compose
from netboot.certificates.issue import Document, issue, signed_batch, signed_pdf
from netboot.certificates.table import csv_table
from netboot.certificates.values import Kind, Workshop
from netboot.records.record import Record
from netboot.shared.errors import NetbootError
from netboot.shared.language import Language

KEYS_FILE: Final = "workshop-keys.txt"
TABLE_FILE: Final = "erasures.csv"
MOST_IN_BATCH: Final = 2000
"""Papers of one PDF: more is nobody's batch."""
SOFTWARE: Final = f"netboot {__version__}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which papers, for whom, in which languages, when they are signed, and what their table is called.

    `visits`: those of these alone.
    """

    since: datetime
    until: datetime
    languages: tuple[Language, ...]
    at: datetime
    donor: str = ""
    visits: tuple[str, ...] | None = None
    table: str = TABLE_FILE


def wanted_of_days(since: str, until: str, language: str, *, donor: str = "") -> Wanted:
    """The papers from one day to another, both with them, as days are where this machine is; without an end until now.

    `language` is fr, en or both. Raises NetbootError for what is no day.
    """
    return Wanted(
        since=_midnight(since),
        until=_midnight(until) + timedelta(days=1) if until else datetime.max.replace(tzinfo=UTC),
        languages=tuple(one for one in get_args(Language) if language in ("both", one)),
        at=datetime.now(UTC),
        donor=donor,
    )


@dataclass(frozen=True, slots=True)
class Written:
    """How many of each kind were written."""

    certificates: int
    reports: int

    def sentence(self, folder: Path) -> str:
        """What the command line says of them."""
        certificates = f"{self.certificates} certificate{'' if self.certificates == 1 else 's'}"
        reports = f"{self.reports} report{'' if self.reports == 1 else 's'}"
        return f"In {folder}: {certificates}, {reports}."


def documents(record: Record, workshop: Workshop, keys: CertificateKeys, wanted: Wanted) -> Iterator[Document]:
    """The sealed papers of the visits whose newest erasure is of this time, in its order."""
    for visit in record.papers.erased_between(wanted.since, wanted.until):
        if wanted.visits is not None and visit not in wanted.visits:
            continue
        paper = compose(record.papers.of_visit(visit), workshop, software=SOFTWARE, donor=wanted.donor)
        if paper is not None:
            yield issue(paper, keys)


def write_folder(folder: Path, record: Record, workshop: Workshop, keys: CertificateKeys, wanted: Wanted) -> Written:
    """Write all of them; with a donor's name also one PDF of all. Raises NetbootError."""
    made: list[Document] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for document in documents(record, workshop, keys, wanted):
            made.append(document)
            _remove_other_kind(folder, document)
            _write(folder / f"{document.name}.json", document.json)
            for language in wanted.languages:
                pdf = signed_pdf(document, keys, at=wanted.at, language=language)
                _write(folder / f"{document.name}.{language}.pdf", pdf)
        _write(folder / wanted.table, csv_table(document.issued for document in made).encode())
        _write(folder / KEYS_FILE, public_text(keys.public).encode())
        if wanted.donor and len(made) > MOST_IN_BATCH:
            raise NetbootError(
                f"{len(made)} PCs are too many for one PDF; their own are written", hint="give --until an earlier day"
            )
        if wanted.donor and made:
            for language in wanted.languages:
                pdf = signed_batch(made, wanted.donor, keys, at=wanted.at, language=language)
                _write(folder / f"batch.{language}.pdf", pdf)
    except OSError as error:
        raise NetbootError(
            f"the papers cannot be written to {folder}: {error.strerror}", hint="give --folder a folder with room"
        ) from error
    certificates = sum(document.issued.paper.kind == "certificate" for document in made)
    return Written(certificates, len(made) - certificates)


def _midnight(text: str) -> datetime:
    """The beginning of this day. Raises NetbootError."""
    try:
        return datetime.combine(date.fromisoformat(text), time()).astimezone()
    except (ValueError, OverflowError) as error:
        raise NetbootError(f"{text!r} is no day", hint="write it like this: 2026-11-29") from error


def _remove_other_kind(folder: Path, document: Document) -> None:
    number = document.issued.paper.number
    for kind in get_args(Kind):
        if kind != document.issued.paper.kind:
            for ending in ("json", *(f"{language}.pdf" for language in get_args(Language))):
                (folder / f"{kind}-{number}.{ending}").unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(content)
    draft.replace(path)
