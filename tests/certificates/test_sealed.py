"""The JSON file: one spelling, a schema that it keeps to, and no changed byte that is missed."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.auth.certificate_keys import CertificateKeys
from netboot.certificates import json_form
from netboot.certificates.issue import Document, issue
from netboot.certificates.json_form import FormError
from netboot.certificates.seal import read_seal
from netboot.certificates.sealed import read_sealed, schema
from netboot.certificates.values import Paper

SCHEMA = Path(__file__).parent.parent.parent / "docs/certificate.schema.json"


def test_a_file_is_read_back_as_it_was(document: Document) -> None:
    sealed = read_sealed(document.json)
    assert sealed.paper == document.issued.paper
    assert sealed.exact
    assert sealed.digest == read_seal(sealed.seal).digest == document.issued.digest


def test_the_schema_in_the_documents_is_the_one_of_the_code() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema(), "python -m tests.certificates.test_sealed"


def test_the_same_paper_gives_the_same_file(certificate: Paper, keys: CertificateKeys) -> None:
    assert issue(certificate, keys).json == issue(certificate, keys).json


def test_another_spelling_of_the_same_values_is_found(document: Document) -> None:
    value = json.loads(document.json)
    for other in (json.dumps(value), json.dumps(value, indent=1, ensure_ascii=False), json.dumps(value, indent=2)):
        assert not read_sealed(other.encode()).exact
    assert read_sealed(document.json).exact


def test_a_paper_of_another_version_is_read_as_json_only(document: Document) -> None:
    value = json.loads(document.json)
    value["paper"]["new"] = 1
    sealed = read_sealed(json_form.written(value))
    assert (sealed.paper, sealed.exact) == (None, True)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"[]", b"null", b'{"paper":1,"paper":2,"seal":""}', b'{"paper":NaN,"seal":""}', b"\xff",
        b'{"paper":1e999,"seal":""}', b'{"paper":"\\ud800","seal":""}', b"[" * 100_000,
        b'{"paper":' + b"9" * 5000 + b"}",
        b'{"paper":{},"seal":1}', b'{"paper":{}}', b'{"paper":' + b"[" * 50_000,
    ],
)  # fmt: skip
def test_what_is_no_file_of_ours_is_refused(content: bytes) -> None:
    with pytest.raises(FormError):
        read_sealed(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b'{"paper":1e999,"seal":""}', "json"), (b'{"paper":{},"seal":1}', "parts"), (b'{"paper":{}}', "parts")],
)
def test_why_it_is_refused_is_said(content: bytes, why: str) -> None:
    with pytest.raises(FormError) as refused:
        read_sealed(content)
    assert str(refused.value) == why


def test_what_is_too_long_is_not_read() -> None:
    with pytest.raises(FormError):
        json_form.read(b" " * (json_form.LONGEST + 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=400) | JSON.map(lambda value: json.dumps({"paper": value, "seal": ""}).encode()))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        sealed = read_sealed(content)
    except FormError:
        return
    assert sealed.paper is None
    if sealed.exact:
        assert read_sealed(content).content == sealed.content


def test_a_text_that_is_longer_than_a_paper_takes_is_no_paper(document: Document) -> None:
    value = json.loads(document.json)
    value["paper"]["machine"]["serial"] = "x" * 5000
    assert read_sealed(json_form.written(value)).paper is None


def test_figures_keep_their_kinds(certificate: Paper, keys: CertificateKeys) -> None:
    disk = certificate.disks[0]
    figures = [replace(disk.figures[0], name=str(value), value=value) for value in (True, 1, 1.0, "1", 2**63)]
    paper = replace(certificate, disks=(replace(disk, figures=tuple(figures)),))
    back = read_sealed(issue(paper, keys).json).paper
    assert back is not None
    assert [type(one.value) for one in back.disks[0].figures] == [bool, int, float, str, int]


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert msgspec.json.decode(SCHEMA.read_bytes())
