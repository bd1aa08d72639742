"""The text of the QR code: it is read back by a scanner's library, and no changed sign of it is missed."""

import string

import pytest
import segno
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from nacl.signing import SigningKey

from netboot.auth.certificate_keys import CertificateKeys
from netboot.auth.fingerprint import fingerprint
from netboot.certificates.annex import Shown
from netboot.certificates.issue import Document, issue
from netboot.certificates.layout import laid_out
from netboot.certificates.pdf import make_pictures
from netboot.certificates.seal import LONGEST, SealError, is_of, read_seal, seal
from netboot.certificates.sealed import content_of
from netboot.certificates.values import Paper
from tests.certificates.pictures import grey


def test_a_seal_says_what_matters_and_bears_its_workshops_key(document: Document, keys: CertificateKeys) -> None:
    found = read_seal(document.issued.seal)
    assert found.text.splitlines()[:6] == [
        "NETBOOT ERASURE CERTIFICATE 1",
        f"NO {document.issued.paper.number}",
        f"DATE {document.issued.paper.date[:10]}",
        "PC LENOVO | ThinkCentre M720q | PC0X7Q01",
        "DISK SSD | S1 | 16000000000 | erased | clear | overwrite",
        "DISK HDD | H1 | 500000000000 | erased | clear | overwrite",
    ]
    assert (found.kind, found.key) == ("certificate", keys.public.seal)
    assert is_of(found, document.issued.paper)


def test_a_reports_seal_says_that_it_is_no_certificate(report: Paper, keys: CertificateKeys) -> None:
    text = seal(report, content_of(report), keys.seal)
    assert text.startswith("NETBOOT ERASURE REPORT 1, NOT A CERTIFICATE\n")
    assert "| not-erased | none |" in text
    assert read_seal(text).kind == "report"
    with pytest.raises(SealError):
        read_seal(text.replace("REPORT 1, NOT A CERTIFICATE", "CERTIFICATE 1"))


def test_every_sign_of_it_counts(document: Document) -> None:
    text = document.issued.seal
    for place, sign in enumerate(text):
        for other in {chr(ord(sign) ^ 1), chr(ord(sign) ^ 32), " ", "\n"} - {sign}:
            changed = text[:place] + other + text[place + 1 :]
            with pytest.raises(SealError):
                read_seal(changed)


def test_ends_of_lines_may_be_those_of_any_clipboard(document: Document) -> None:
    text = document.issued.seal
    assert read_seal(text.replace("\n", "\r\n") + "\r\n").text == text


def test_another_workshops_seal_is_whole_and_by_another_key(document: Document, keys: CertificateKeys) -> None:
    other = SigningKey(bytes(32))
    found = read_seal(seal(document.issued.paper, document.json, other))
    assert fingerprint(found.key) != fingerprint(keys.public.seal)


def test_names_that_are_long_or_foreign_or_hold_the_mark_between_two_fit(
    certificate: Paper, keys: CertificateKeys
) -> None:
    odd = replace(certificate.disks[0], model="硬盘 | | " + "x" * 900, serial="Ж" * 1000)
    paper = replace(certificate, disks=(odd,) * 128, machine=replace(certificate.machine, serial="\u202e" * 900))
    text = seal(paper, content_of(paper), keys.seal)
    assert text.isascii()
    assert "DISKS 128" in text
    assert len(text) < LONGEST
    assert is_of(read_seal(text), paper)
    segno.make_qr(text, error="m")


@given(st.text(max_size=LONGEST + 100))
@settings(max_examples=200)
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(SealError):
        read_seal(text)


@given(
    st.lists(
        st.sampled_from(["NETBOOT ERASURE CERTIFICATE 1", "NO ", "DATE ", "DISK a | b", "JSON ", "KEY ", "SIG "])
        | st.text(string.printable, max_size=90),
        max_size=20,
    )
)
@settings(max_examples=300)
def test_lines_that_are_like_a_seals_are_refused(lines: list[str]) -> None:
    with pytest.raises(SealError):
        read_seal("\n".join(lines))


def read_codes(shown: Shown, *, dots: int) -> list[str]:
    """What a scanner reads from the first page, printed at so many dots an inch."""
    found = []
    for page in make_pictures(shown, dots=dots)[:1]:
        data, width, height = grey(page)
        image = memoryview(data).cast("B", (height, width))
        found += [code.text for code in zxingcpp.read_barcodes(image)]
    return found


def test_a_scanner_reads_the_printed_code(certificate: Paper, keys: CertificateKeys) -> None:
    document = issue(replace(certificate, disks=certificate.disks[:1]), keys)
    assert read_codes(laid_out(document.issued, "fr"), dots=120) == [document.issued.seal]
