"""A PC's papers on its page, and the page that checks any paper: for everybody, bounded, and it keeps nothing."""

import json
from pathlib import Path

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestServer
from aiohttp.web import Application

from netboot.auth.certificate_keys import load_certificate_keys, read_public_text
from netboot.auth.fingerprint import fingerprint
from netboot.certificates.verify import Known, check
from netboot.jobs.actor import operator as an_operator
from netboot.settings.config import CertificatesSettings, Settings
from netboot.shared.protocol import Leave, Plan
from netboot.web import page_application
from netboot.webui import paper_page
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import HASH, OPERATOR, Person, person_at
from tests.workshop.conftest import WIPE, hello, pc, row_of
from tests.workshop.player import agent_on


@pytest.fixture
async def application(workshop: Workshop, tmp_path: Path) -> Application:
    """The page of a server that has its keys."""
    data = tmp_path / "data"
    load_certificate_keys(data)
    workshop.record.people.set_operator(OPERATOR, HASH)
    settings = Settings(data=str(data), certificates=CertificatesSettings(name="Atelier de Metz"))
    return await page_application(workshop, settings)


async def wiped_visit(workshop: Workshop, server: TestServer) -> str:
    """A PC whose disk was erased; its visit's id."""
    async with agent_on(server, hello(pc(1), "boot-1")) as (agent, _):
        await workshop.commands.choose(an_operator(OPERATOR), row_of(workshop, 1).machine, WIPE.id)
        await agent.hear(Plan)
        assert await agent.obey(pc(1)) == Leave(action="poweroff")
    return workshop.record.machines.detail(row_of(workshop, 1).machine).visits[0].id


async def download(person: Person, path: str, status: int = 200) -> tuple[bytes, str]:
    """A file, and what the page calls it."""
    async with person.client.get(path) as answer:
        content = await answer.read()
        assert answer.status == status, content[:500]
        return content, answer.headers.get("Content-Disposition", "")


async def give(person: Person, *, file: bytes | None = None, text: str = "", status: int = 200) -> str:
    """Give something to the page that checks."""
    form = FormData(quote_fields=False)
    form.add_field("file", file or b"", filename="paper.pdf" if file is not None else "")
    form.add_field("text", text)
    async with person.client.post("/verify", data=form) as answer:
        page = await answer.text()
        assert answer.status == status, page
        return page


async def test_an_operator_finds_a_visits_papers_on_its_pcs_page(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer, tmp_path: Path
) -> None:
    visit = await wiped_visit(workshop, server)
    machine = row_of(workshop, 1).machine
    page = await operator.get(f"/machine/{machine}")
    keys = load_certificate_keys(tmp_path / "data").public
    for what, begin in (("fr.pdf", b"%PDF"), ("en.pdf", b"%PDF"), ("json", b"{")):
        assert f'href="/paper/{visit}.{what}"' in page
        content, name = await download(operator, f"/paper/{visit}.{what}")
        assert content.startswith(begin)
        assert f'.{what}"' in name
        assert {one.result for one in check(content, Known(keys)).findings} == {"whole"}
        await download(visitor, f"/paper/{visit}.{what}", 403)
    paper = json.loads(content)["paper"]
    assert (paper["workshop"]["name"], paper["ordered_by"]) == ("Atelier de Metz", OPERATOR)
    assert "/paper/" not in await visitor.get(f"/machine/{machine}")


@pytest.mark.parametrize("what", ["fr.txt", "pdf", "de.pdf", "fr.json", "x.y.z"])
async def test_there_are_no_other_papers(operator: Person, workshop: Workshop, server: TestServer, what: str) -> None:
    visit = await wiped_visit(workshop, server)
    await download(operator, f"/paper/{visit}.{what}", 404)
    await download(operator, "/paper/nobody.fr.pdf", 404)


async def test_anybody_may_have_a_paper_checked(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    visit = await wiped_visit(workshop, server)
    pdf, _ = await download(operator, f"/paper/{visit}.fr.pdf")
    content, _ = await download(operator, f"/paper/{visit}.json")
    assert "PDF : tel que l&#39;atelier l&#39;a signé" in await give(visitor, file=pdf)
    shown = await give(visitor, file=content)
    assert "JSON : tel que l&#39;atelier l&#39;a scellé" in shown
    assert "comparés au journal de ce serveur" in shown
    changed = bytearray(pdf)
    changed[len(pdf) // 2] ^= 1
    assert "PDF : MODIFIÉ" in await give(visitor, file=bytes(changed))
    seal = json.loads(content)["seal"]
    assert "Sceau (texte du code QR) : intact" in await give(visitor, text=seal.replace("\n", "\r\n"))
    assert "MODIFIÉ" in await give(visitor, text=seal.replace("erased", "Erased"))
    assert "ni un PDF, ni un fichier JSON" in await give(visitor, text="bonjour")
    assert "ni un PDF, ni un fichier JSON" in await give(visitor)


async def test_the_keys_are_shown_and_given_for_checking_elsewhere(visitor: Person, tmp_path: Path) -> None:
    page = await visitor.get("/verify")
    text, _ = await download(visitor, "/verify/keys")
    keys = read_public_text(text.decode())
    assert keys == load_certificate_keys(tmp_path / "data").public
    for file in (tmp_path / "data").iterdir():
        assert file.read_bytes()[:32] not in text
    assert fingerprint(keys.seal) in page
    assert fingerprint(keys.certificate) in page


async def test_what_is_too_large_or_no_form_is_refused(visitor: Person) -> None:
    await give(visitor, file=bytes(paper_page.UPLOAD + 1), status=413)
    await visitor.post("/verify", {"text": "x"}, 415)
    async with visitor.client.post("/verify", data=b"x", headers={"Content-Type": "multipart/form-data"}) as answer:
        assert answer.status == 415


async def test_a_server_without_keys_says_so(workshop: Workshop, tmp_path: Path) -> None:
    application = await page_application(workshop, Settings(data=str(tmp_path / "none")))
    page = TestServer(application)
    async with page, person_at(page) as person:
        assert "n&#39;a pas encore de clés" in await person.get("/verify")
        await download(person, "/verify/keys", 404)
    assert not (tmp_path / "none").exists()
