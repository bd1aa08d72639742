"""Where a PDF's signature is looked for, and that no other thing in its place is taken for one of netboot's."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from netboot.auth.certificate_keys import CertificateKeys
from netboot.certificates.signature_check import NotSignedError, PdfChangedError, Signed, _rebuilt, check_signature

RANGE = re.compile(rb"/ByteRange\s*\[\s*0 (\d+) (\d+) (\d+)")


def place_of(pdf: bytes) -> tuple[int, int]:
    """Where the signature's place begins, and where it is over."""
    (found,) = RANGE.findall(pdf)
    return int(found[0]), int(found[1])


def cms_of(pdf: bytes) -> Any:
    """The signature's CMS object; its first four bytes say how long it is."""
    begin, end = place_of(pdf)
    filled = bytes.fromhex(pdf[begin + 1 : end - 1].decode())
    return cms.ContentInfo.load(filled[: 4 + int.from_bytes(filled[2:4])])


def with_cms(pdf: bytes, content: bytes) -> bytes:
    """The same file with another object in its signature's place."""
    begin, end = place_of(pdf)
    return pdf[:begin] + b"<" + content.hex().upper().encode().ljust(end - begin - 2, b"0") + b">" + pdf[end:]


def reason(pdf: bytes) -> str:
    with pytest.raises(PdfChangedError) as found:
        check_signature(pdf)
    return str(found.value)


def test_a_signed_file_tells_by_whom(pdf: bytes, keys: CertificateKeys) -> None:
    assert check_signature(pdf) == Signed(keys.certificate)
    assert with_cms(pdf, cms_of(pdf).dump()) == pdf


@pytest.mark.parametrize(
    ("word", "instead"),
    [(b"%PDF-", b"%PDG-"), (b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detachee"), (b"/ByteRange", b"/ByteRanje")],
)
def test_without_one_of_its_marks_a_file_is_not_signed(pdf: bytes, word: bytes, instead: bytes) -> None:
    with pytest.raises(NotSignedError):
        check_signature(pdf.replace(word, instead))


def made(place: bytes, *, more: int = 0, first: bytes = b"") -> bytes:
    """Something with a place for a signature, and `more` bytes than it says."""
    text = b"%PDF-1.7\n" + first + b" /ETSI.CAdES.detached /ByteRange [0 200 " + str(200 + len(place)).encode() + b" 9]"
    return text.ljust(200) + place + b"%%EOF".ljust(9 + more)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (made(b"<>", more=1), "range"),
        (made(b"<>", more=-1), "range"),
        (made(b""), "range"),
        (made(b"<>"), "place"),
        (made(b"<>", first=b"/ByteRange [0 1 2 3]"), "place"),
        (made(b"<3082>"), "place"),
        (made(b"<308200>"), "place"),
        (made(b"<31820000>"), "place"),
        (made(b"<30820000>"), "signature"),
        (made(b"<3082000000>"), "signature"),
        (made(b"<3082000001>"), "place"),
        (made(b"<3082FFFF00>"), "signature"),
        (made(b"<3082ffff00>"), "place"),
        (made(b"<30 820000>"), "place"),
        (made(b"(30820000)"), "place"),
        (made(b"<\xff\xff>"), "place"),
        (made(b"<GG>"), "place"),
        (made(b"<30820003020100>"), "signature"),
    ],
)
def test_only_the_shape_that_netboot_writes_is_read(file: bytes, why: str) -> None:
    assert reason(file) == why


def test_other_bytes_around_it_are_found(pdf: bytes) -> None:
    for place in (10, len(pdf) - 1):
        assert reason(pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]) == "bytes"


def test_no_byte_of_the_object_is_free_though_the_signature_is_good(pdf: bytes) -> None:
    found = cms_of(pdf)
    found["content"]["signer_infos"][0]["version"] = "v3"
    assert reason(with_cms(pdf, found.dump(force=True))) == "signature"


def test_another_certificate_of_the_same_key_is_not_the_signers(pdf: bytes, keys: CertificateKeys) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody else")])
    forged = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(keys.pdf.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(keys.pdf, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    signer = cms_of(pdf)["content"]["signer_infos"][0]
    other = _rebuilt(asn1.Certificate.load(forged), signer["signed_attrs"], signer["signature"].native)
    assert reason(with_cms(pdf, other.dump())) == "signature"


def test_a_key_of_another_kind_signs_nothing_of_netboots(pdf: bytes) -> None:
    """All is as it should be but the key, which is of a curve: who reads `findings.py` is told that, not a crash."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    key = ec.generate_private_key(ec.SECP256R1())
    forged = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    signer = cms_of(pdf)["content"]["signer_infos"][0]
    attributes = signer["signed_attrs"].copy()
    for one in attributes:
        if one["type"].native == "signing_certificate_v2":
            one["values"][0]["certs"][0]["cert_hash"] = hashlib.sha256(forged).digest()
    again = cms.CMSAttributes.load(b"\x31" + attributes.dump(force=True)[1:])
    other = _rebuilt(asn1.Certificate.load(forged), again, signer["signature"].native)
    assert reason(with_cms(pdf, other.dump())) == "signature"


def test_a_signature_that_is_not_of_what_was_signed_is_found(pdf: bytes) -> None:
    inner = cms_of(pdf)["content"]
    signer, certificate = inner["signer_infos"][0], inner["certificates"][0].chosen
    signature = signer["signature"].native
    changed = signature[:-1] + bytes([signature[-1] ^ 1])
    again = _rebuilt(certificate, signer["signed_attrs"], signature)
    assert with_cms(pdf, again.dump()) == pdf
    assert reason(with_cms(pdf, _rebuilt(certificate, signer["signed_attrs"], changed).dump())) == "signature"
