"""The PDF's signature, as pyHanko itself sees it; and that signing adds nothing but it."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from netboot.auth.certificate_keys import CertificateKeys
from netboot.certificates.issue import Document, signed_pdf
from netboot.certificates.layout import laid_out
from netboot.certificates.pdf import make_pdf
from netboot.certificates.signature_check import NotSignedError, PdfChangedError, check_signature
from tests.certificates.conftest import AT


def test_pyhanko_finds_the_signature_whole_over_the_whole_file(pdf: bytes, keys: CertificateKeys) -> None:
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    context = ValidationContext(trust_roots=[x509.Certificate.load(keys.certificate)], allow_fetching=False)
    status = validate_pdf_signature(signature, context)
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert (status.intact, status.valid, status.trusted) == (True, True, True)
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.self_reported_timestamp == AT


def test_pyhanko_finds_what_we_find(pdf: bytes, keys: CertificateKeys) -> None:
    context = ValidationContext(trust_roots=[x509.Certificate.load(keys.certificate)], allow_fetching=False)
    other = bytearray(pdf)
    other[len(pdf) // 3] ^= 1
    (signature,) = PdfFileReader(io.BytesIO(bytes(other))).embedded_signatures
    assert not validate_pdf_signature(signature, context).bottom_line
    with pytest.raises(PdfChangedError):
        check_signature(bytes(other))


def test_signed_again_at_the_same_moment_it_is_the_same_file(
    document: Document, pdf: bytes, keys: CertificateKeys
) -> None:
    assert signed_pdf(document, keys, at=AT, language="fr") == pdf
    assert signed_pdf(document, keys, at=AT + timedelta(seconds=1), language="fr") != pdf


def test_the_unsigned_file_stands_unchanged_before_its_signature(document: Document, pdf: bytes) -> None:
    bare = make_pdf(laid_out(document.issued, "fr"))
    assert pdf.startswith(bare)
    assert make_pdf(laid_out(document.issued, "fr")) == bare
    with pytest.raises(NotSignedError):
        check_signature(bare)


def test_it_dates_itself_by_the_paper_and_not_by_the_clock(document: Document) -> None:
    info = PdfFileReader(io.BytesIO(make_pdf(laid_out(document.issued, "fr")))).trailer["/Info"]
    said = document.issued.paper.date
    assert str(info["/CreationDate"]).startswith("D:" + "".join(sign for sign in said if sign.isdigit()))
    assert datetime.fromisoformat(said).tzinfo == UTC
