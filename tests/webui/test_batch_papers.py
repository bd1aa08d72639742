"""The papers of several PCs for a donor: one PDF, or a ZIP of all, for operators."""

import csv
import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from netboot.auth.certificate_keys import load_certificate_keys
from netboot.certificates.verify import Known, check
from netboot.webui import batch_papers
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person, hidden_fields
from tests.webui.test_papers import application, wiped_visit

__all__ = ["application"]
TODAY = date.today()


async def papers(person: Person, status: int = 200, **fields: str) -> tuple[bytes, str]:
    """Fill in the form; the file, and what it is called."""
    token = hidden_fields(await person.get("/"))["form-token"]
    days = {"since": (TODAY - timedelta(1)).isoformat(), "until": (TODAY + timedelta(1)).isoformat()}
    told = {"form-token": token, **days, "donor": "Ville de Metz", "language": "fr", "what": "batch", **fields}
    async with person.client.post("/papers", data=told) as answer:
        content = await answer.read()
        assert answer.status == status, content[:500]
        return content, answer.headers.get("Content-Disposition", "")


async def test_one_pdf_has_the_pcs_of_these_days_and_is_signed(
    operator: Person, workshop: Workshop, server: TestServer, tmp_path: Path
) -> None:
    await wiped_visit(workshop, server)
    content, name = await papers(operator)
    assert name.endswith('.fr.pdf"')
    checked = check(content, Known(load_certificate_keys(tmp_path / "data").public))
    assert [one.result for one in checked.findings] == ["whole"]
    assert len(checked.marks) == 1


async def test_all_files_come_packed_with_the_donors_name_on_each(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    await wiped_visit(workshop, server)
    content, name = await papers(operator, what="folder", language="en")
    assert name.endswith('.zip"')
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        (paper,) = [json.loads(archive.read(one)) for one in names if one.endswith(".json")]
        lines = list(csv.DictReader(io.TextIOWrapper(archive.open("erasures.csv"), encoding="utf-8")))
    assert paper["paper"]["donor"] == "Ville de Metz"
    assert [line["donor"] for line in lines] == ["Ville de Metz"]
    assert {one.partition("-")[0] for one in names} == {"batch.en.pdf", "certificate", "erasures.csv", "workshop"}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"since": "2001-01-01", "until": "2001-01-02"}, 404),
        ({"since": "gestern"}, 400),
        ({"what": "all"}, 415),
        ({"language": "de"}, 415),
        ({"donor": "x" * 201}, 415),
    ],
)
async def test_what_is_no_day_or_has_no_paper_is_said(
    operator: Person, workshop: Workshop, server: TestServer, fields: dict[str, str], status: int
) -> None:
    await wiped_visit(workshop, server)
    await papers(operator, status, **fields)


async def test_too_many_are_for_the_command(
    operator: Person, workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wiped_visit(workshop, server)
    monkeypatch.setattr(batch_papers, "MOST", 0)
    text, _ = await papers(operator, 409)
    assert "netboot certificates" in text.decode()


async def test_they_are_for_operators(operator: Person, visitor: Person) -> None:
    assert 'href="/papers"' in await operator.get("/papers")
    assert 'href="/papers"' not in await visitor.get("/")
    await visitor.get("/papers", 403)
    await visitor.post("/papers", {"since": "2020-01-01", "until": "2020-01-01"}, 403)
