"""Certificates and reports of erasure on the page: a PC's papers for operators, and a check of any paper for everybody.

What makes PDFs is loaded at the first paper, not at the start: a server that makes none has its memory for PCs.
Not for: what a paper says, or its check (`certificates/`).
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, cast, get_args

from aiohttp import web
from aiohttp.web_request import FileField

from netboot.auth.certificate_keys import existing_public_keys, load_certificate_keys, public_text
from netboot.auth.fingerprint import fingerprint
from netboot.records.record import Record
from netboot.records.refusals import NotOnRecord
from netboot.settings.config import Settings
from netboot.shared.language import Language
from netboot.webui.download import Download
from netboot.webui.keys import settings_key, workshop_key
from netboot.webui.refusal import Refusal
from netboot.webui.render import page
from netboot.webui.turns import Turns
from netboot.webui.visitor import signed_in

UPLOAD: Final = 8 * 2**20
"""Bytes of a paper that is checked here; `netboot verify` takes larger ones."""
UPLOAD_WITHIN: Final = 60.0
"""Seconds that it may take to arrive."""

papers_key: Final = web.AppKey("papers", Turns)
"""Making or checking a paper takes up to a second of a processor: one at a time."""


async def show_paper(request: web.Request) -> web.Response:
    """GET /paper/{visit}.{what}: the visit's paper as fr.pdf, en.pdf or json. For operators: it says who erased."""
    signed_in(request)
    record, settings = request.app[workshop_key].record, request.app[settings_key]
    visit, what = request.match_info["visit"], request.match_info["what"]
    async with request.app[papers_key].turn():
        file = await asyncio.to_thread(_made, record, settings, visit, what)
    return file.response()


async def show_verify(request: web.Request) -> web.Response:
    """GET /verify: where a paper is given in, and the fingerprints of this workshop's keys."""
    return await _verify(request, None)


async def verify(request: web.Request) -> web.Response:
    """POST /verify: a `file` or the `text` of a QR code. Nothing of it is kept."""
    content = await _given(request)
    record, settings = request.app[workshop_key].record, request.app[settings_key]
    async with request.app[papers_key].turn_of(request.remote or ""):
        found = await asyncio.to_thread(_checked, record, settings, content)
    return await _verify(request, found)


async def show_keys(request: web.Request) -> web.Response:
    """GET /verify/keys: the public keys as a file, for `netboot verify --keys` elsewhere."""
    keys = await asyncio.to_thread(existing_public_keys, request.app[settings_key].data_folder)
    if keys is None:
        raise Refusal("no-such-page")
    return Download("workshop-keys.txt", "text/plain", public_text(keys).encode()).response()


async def _verify(request: web.Request, found: object) -> web.Response:
    keys = await asyncio.to_thread(existing_public_keys, request.app[settings_key].data_folder)
    prints = None if keys is None else (fingerprint(keys.seal), fingerprint(keys.certificate))
    return page(request, "verify.html.j2", prints=prints, found=found)


async def _given(request: web.Request) -> bytes:
    """What was uploaded, or else pasted. Raises Refusal."""
    if request.content_type != "multipart/form-data":
        raise Refusal("form")
    try:
        async with asyncio.timeout(UPLOAD_WITHIN):
            fields = await request.clone(client_max_size=UPLOAD).post()
    except TimeoutError:
        raise Refusal("too-slow") from None
    except (ValueError, LookupError):
        raise Refusal("form") from None
    file, text = fields.get("file"), fields.get("text", "")
    if isinstance(file, FileField):
        content = await asyncio.to_thread(file.file.read)
        if content:
            return content
    return text.strip().encode(errors="replace") if isinstance(text, str) else b""


def _made(record: Record, settings: Settings, visit: str, what: str) -> Download:
    from netboot.certificates.command_line import workshop_of
    from netboot.certificates.compose import compose
    from netboot.certificates.folder import SOFTWARE
    from netboot.certificates.issue import issue, signed_pdf

    try:
        paper = compose(record.papers.of_visit(visit), workshop_of(settings), software=SOFTWARE)
    except NotOnRecord:
        paper = None
    language, _, ending = what.rpartition(".")
    if paper is None or (language and language not in get_args(Language)):
        raise Refusal("no-such-page")
    keys = load_certificate_keys(settings.data_folder)
    document = issue(paper, keys)
    if ending == "json" and not language:
        return Download(f"{document.name}.json", "application/json", document.json)
    if ending == "pdf" and language:
        pdf = signed_pdf(document, keys, at=datetime.now(UTC), language=cast(Language, language))
        return Download(f"{document.name}.{language}.pdf", "application/pdf", pdf)
    raise Refusal("no-such-page")


Mark = Literal["good", "doubt", "bad"]


@dataclass(frozen=True, slots=True)
class Line:
    """One finding for the page: how it is marked, and its sentence in each language."""

    mark: Mark
    sentence: dict[Language, str]


def _checked(record: Record, settings: Settings, content: bytes) -> list[Line]:
    from netboot.certificates.picture import text_in
    from netboot.certificates.verify import Known, check_given

    keys = existing_public_keys(settings.data_folder)
    known = Known(keys, record.papers.server(), record.papers.event)
    marks: dict[str, Mark] = {"whole": "good", "unknown-key": "doubt"}
    return [
        Line(marks.get(one.result, "bad"), {language: one.sentence(language) for language in get_args(Language)})
        for one in check_given(content, known, text_in).findings
    ]
