"""The papers of several PCs on the page, for a donor: one PDF with a front table, or all files packed (ZIP).

For operators. They are made on the way and not kept; the donor's name is printed and kept nowhere. More than
`MOST` PCs are for `netboot certificates`. Not for: one PC's papers (`paper_page.py`), what stands on them
(`certificates/`).
"""

import asyncio
import io
import tempfile
import zipfile
from datetime import date
from pathlib import Path
from typing import Final, get_args

from aiohttp import web

from netboot.records.record import Record
from netboot.settings.config import Settings
from netboot.shared.language import Language
from netboot.webui.download import Download
from netboot.webui.keys import settings_key, workshop_key
from netboot.webui.paper_page import papers_key
from netboot.webui.refusal import Refusal
from netboot.webui.render import page
from netboot.webui.visitor import operators_form, signed_in

MOST: Final = 100
"""PCs of one request: each takes up to a second of a processor."""
LONGEST_DONOR: Final = 200


async def show_papers(request: web.Request) -> web.Response:
    """GET /papers: which days, for whom."""
    signed_in(request)
    return page(request, "papers.html.j2", today=date.today().isoformat(), most=MOST, longest=LONGEST_DONOR)


async def give_papers(request: web.Request) -> web.Response:
    """POST /papers: from the day `since` to the day `until`, for `donor`, in `language`; `what` is batch or folder."""
    _, form = await operators_form(request)
    language, what = form.get("language", ""), form.get("what", "")
    donor = " ".join(form.get("donor", "").split())
    if language not in get_args(Language) or what not in ("batch", "folder") or len(donor) > LONGEST_DONOR:
        raise Refusal("form")
    record, settings = request.app[workshop_key].record, request.app[settings_key]
    days = form.get("since", ""), form.get("until", "")
    async with request.app[papers_key].turn():
        file = await asyncio.to_thread(_made, record, settings, days, language, donor, what == "batch")
    return file.response()


def _made(
    record: Record, settings: Settings, days: tuple[str, str], language: str, donor: str, as_batch: bool
) -> Download:
    from netboot.auth.certificate_keys import load_certificate_keys
    from netboot.certificates.command_line import workshop_of
    from netboot.certificates.folder import documents, wanted_of_days, write_folder
    from netboot.certificates.issue import signed_batch

    wanted = wanted_of_days(*days, language, donor=donor)
    count = len(record.papers.erased_between(wanted.since, wanted.until))
    if not count:
        raise Refusal("no-papers")
    if count > MOST:
        raise Refusal("too-many-papers")
    workshop, keys = workshop_of(settings), load_certificate_keys(settings.data_folder)
    name = "-".join(["papers", *(day for day in days if day)])
    if as_batch:
        made = list(documents(record, workshop, keys, wanted))
        (only,) = wanted.languages
        return Download(
            f"{name}.{only}.pdf", "application/pdf", signed_batch(made, donor, keys, at=wanted.at, language=only)
        )
    with tempfile.TemporaryDirectory(prefix="netboot-papers-") as place:
        write_folder(Path(place), record, workshop, keys, wanted)
        return Download(f"{name}.zip", "application/zip", _packed(Path(place)))


def _packed(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return packed.getvalue()
