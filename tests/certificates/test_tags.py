"""The PDF walked by a program: what PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1) ask of it, as far as looked at.

typst refuses to write a file that it knows to break one of them; this looks again, at the signed file. No validator
(veraPDF, PAC) has seen it: none can be had where this was written.
"""

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject
from pyhanko.pdf_utils.reader import PdfFileReader

from netboot.auth.certificate_keys import CertificateKeys
from netboot.certificates.issue import Document, issue, signed_batch, signed_pdf
from netboot.certificates.values import Paper
from netboot.shared.language import Language
from tests.certificates.conftest import AT

both = pytest.mark.parametrize("language", get_args(Language))


@pytest.fixture(scope="module")
def files(document: Document, report: Paper, keys: CertificateKeys) -> dict[str, dict[Language, bytes]]:
    """Every kind of PDF in each language."""
    other = issue(report, keys)
    at = AT + timedelta(hours=1)
    made: dict[str, dict[Language, bytes]] = {"certificate": {}, "report": {}, "batch": {}}
    for language in get_args(Language):
        made["certificate"][language] = signed_pdf(document, keys, at=at, language=language)
        made["report"][language] = signed_pdf(other, keys, at=at, language=language)
        made["batch"][language] = signed_batch([document, other], "Ville de Metz", keys, at=at, language=language)
    return made


def resolved(value: Any) -> Any:
    """What is meant, whether it stands here or elsewhere."""
    return value.get_object() if isinstance(value, IndirectObject) else value  # type: ignore[no-untyped-call]


def pages(reader: PdfFileReader) -> Iterator[Any]:
    for number in range(int(reader.root["/Pages"]["/Count"])):
        find: Any = reader.find_page_for_modification
        yield find(number)[0].get_object()


TOKEN = re.compile(
    rb"%[^\r\n]*|\((?:\\.|[^\\()])*\)|<<|>>|<[0-9A-Fa-f\s]*>|[\[\]]|/[^\s/<>\[\]()]*|[^\s/<>\[\]()]+", re.DOTALL
)
PAINTS = {b"Tj", b"TJ", b"'", b'"', b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*", b"S", b"s", b"Do", b"sh", b"BI"}


def marked_content(stream: bytes) -> set[int]:
    """The numbers of the marked content in this stream (ISO 32000-1 §14.6), each thing painted being in some or in an
    artifact."""
    found: set[int] = set()
    open_marks: list[str] = []
    before: list[bytes] = []
    for token in TOKEN.findall(stream):
        if token == b"BDC":
            number = re.search(rb"/MCID (\d+)", b" ".join(before))
            open_marks.append("artifact" if b"/Artifact" in before else "tag" if number else "other")
            found |= {int(number[1])} if number else set()
        elif token == b"BMC":
            open_marks.append("artifact" if b"/Artifact" in before else "other")
        elif token == b"EMC":
            open_marks.pop()
        elif token in PAINTS:
            assert set(open_marks) & {"artifact", "tag"}, f"{token!r} is neither tagged nor an artifact"
        before = [*before[-12:], token] if token not in (b"BDC", b"BMC", b"EMC") else []
    assert not open_marks
    return found


def elements(node: Any, page: Any = None) -> Iterator[tuple[DictionaryObject, Any]]:
    """Each structure element below this one, with what it holds."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, ArrayObject) else [kids]:
        one = resolved(kid)
        if isinstance(one, DictionaryObject) and "/S" in one:
            yield one, page
            yield from elements(one, page)


def kinds(reader: PdfFileReader) -> list[str]:
    return [str(element["/S"]) for element, _ in elements(reader.root["/StructTreeRoot"])]


@both
@pytest.mark.parametrize("kind", ["certificate", "report", "batch"])
def test_the_file_says_what_it_is_and_every_mark_has_its_place_in_the_tree(
    files: dict[str, dict[Language, bytes]], kind: str, language: Language
) -> None:
    reader = PdfFileReader(io.BytesIO(files[kind][language]))
    root = reader.root
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).startswith(language)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    metadata = root["/Metadata"].data
    assert b"<pdfaid:part>2</pdfaid:part>" in metadata
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert b"<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "/Encrypt" not in reader.trailer
    numbers = dict(_numbers(root["/StructTreeRoot"]["/ParentTree"]))
    for page in pages(reader):
        content = page["/Contents"]
        marks = marked_content(content.data)
        parents = numbers[int(page["/StructParents"])]
        assert marks == {place for place, parent in enumerate(parents) if str(parent) != "null"}
        for font in _fonts(page):
            assert "/FontFile2" in font or "/FontFile3" in font


def _numbers(tree: Any) -> Iterator[tuple[int, Any]]:
    pairs = list(tree.get("/Nums", []))
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        yield int(key), resolved(value)
    for kid in tree.get("/Kids", []):
        yield from _numbers(kid.get_object())


def _fonts(page: Any) -> Iterator[Any]:
    for name in page["/Resources"].get("/Font", {}):
        font = page["/Resources"]["/Font"][name]
        for child in font.get("/DescendantFonts", [font]):
            yield child.get_object()["/FontDescriptor"]


@both
def test_a_screen_reader_finds_headings_header_cells_lists_and_a_text_for_each_picture(
    files: dict[str, dict[Language, bytes]], language: Language
) -> None:
    reader = PdfFileReader(io.BytesIO(files["certificate"][language]))
    found = kinds(reader)
    assert found.count("/H1") == 1
    assert {"/H2", "/H3", "/Table", "/TR", "/TH", "/TD", "/L", "/LI", "/Figure"} <= set(found)
    levels = [int(kind[2:]) for kind in found if re.fullmatch(r"/H\d", kind)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    tree = list(elements(reader.root["/StructTreeRoot"]))
    pictures = [element for element, _ in tree if element["/S"] == "/Figure"]
    assert all(len(str(picture["/Alt"])) > 10 for picture in pictures)
    tables = [element for element, _ in tree if element["/S"] == "/Table"]
    for table in tables:
        cells = [str(element["/S"]) for element, _ in elements(table)]
        assert "/TH" in cells


def test_the_signatures_field_is_named_and_outside_of_every_page(files: dict[str, dict[Language, bytes]]) -> None:
    reader = PdfFileReader(io.BytesIO(files["certificate"]["fr"]))
    (field,) = (field.get_object() for field in reader.root["/AcroForm"]["/Fields"])
    assert str(field["/TU"]) == "Signature de l'atelier"
    assert all(float(number) < 0 for number in field["/Rect"])
    assert int(field["/F"]) & 0b111 == 0b100, "printed, and not hidden (ISO 19005-2 §6.3.2)"
    first = next(pages(reader))
    assert first["/Tabs"] == "/S"
    assert field["/P"].get("/Type") == "/Page"


def test_nothing_is_fetched_run_or_attached(files: dict[str, dict[Language, bytes]]) -> None:
    for by_language in files.values():
        for whole in by_language.values():
            # Packed pictures and fonts hold any bytes, "/JS" too; no object stands packed among them.
            content = re.sub(rb"\bstream\r?\n.*?\bendstream\b", b"", whole, flags=re.DOTALL)
            assert b"/ObjStm" not in content
            for word in (b"/JavaScript", b"/JS", b"/Launch", b"/URI", b"/EmbeddedFile", b"/OpenAction", b"/AA"):
                assert not re.search(re.escape(word) + rb"\b", content), word
