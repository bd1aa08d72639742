"""Checks the signature of a PDF that `signature.py` signed, to the byte.

It reads no PDF. It takes the only shape that `sign_pdf` makes: one signature over all of the file but its own place, a
CMS object (RFC 5652) of fixed parts there, the rest of the place filled with noughts. So every byte of the file counts,
those of the signature too. Any other signed PDF is none of ours, whatever it is worth. Pure.
Not for: whose key that is (`verify.py`).
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import algos, cms
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_RANGES: Final = re.compile(rb"/ByteRange\s*\[\s*0 (\d{1,10}) (\d{1,10}) (\d{1,10})\s*\]")


class NotSignedError(ValueError):
    """This is no PDF that netboot signed."""


class PdfChangedError(ValueError):
    """It was signed by netboot, and a byte of it is not what was signed; its text is why (`findings.py`, REASONS)."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that is of this file, by whoever has the key of this certificate (DER)."""

    certificate: bytes


def check_signature(pdf: bytes) -> Signed:
    """The signature of this file. Raises NotSignedError, or PdfChangedError when it is of other bytes."""
    found = list(_RANGES.finditer(pdf))
    if not pdf.startswith(b"%PDF-") or b"/ETSI.CAdES.detached" not in pdf or not found:
        raise NotSignedError
    before, begin, length = (int(number) for number in found[-1].groups())
    if begin + length != len(pdf) or before >= begin:
        raise PdfChangedError("range")
    content = _content(pdf[before:begin])
    signed_bytes = hashlib.sha256(pdf[:before] + pdf[begin:]).digest()
    return Signed(_check_cms(content, signed_bytes))


def _content(place: bytes) -> bytes:
    """The CMS object in the signature's place, which is filled with noughts."""
    try:
        filled = bytes.fromhex(place[1:-1].decode())
    except ValueError:
        raise PdfChangedError("place") from None
    length = _der_length(filled)
    content = filled[:length]
    if place != b"<" + (content.hex().upper().encode() + b"0" * (2 * (len(filled) - length))) + b">":
        raise PdfChangedError("place")
    return content


def _der_length(filled: bytes) -> int:
    """How long the object is that begins here: a sequence with two bytes of length (X.690 §8.1.3)."""
    if len(filled) < 4 or filled[:2] != b"\x30\x82":
        raise PdfChangedError("place")
    return min(len(filled), 4 + int.from_bytes(filled[2:4]))


def _check_cms(content: bytes, digest: bytes) -> bytes:
    """The certificate of a good signature over this digest. Raises PdfChangedError."""
    try:
        inner = cms.ContentInfo.load(content)["content"]
        info = inner["signer_infos"][0]
        attributes, signature = info["signed_attrs"], bytes(info["signature"].native)
        certificate = inner["certificates"][0].chosen
        whole = _rebuilt(certificate, attributes, signature).dump() == content
        said = {one["type"].native: one["values"] for one in attributes}
        key = serialization.load_der_public_key(certificate.public_key.dump())
        message_digest = said["message_digest"][0].native
        signers_hash = said["signing_certificate_v2"][0]["certs"][0]["cert_hash"].native
        # What is signed is the attributes as a set of their own, not as a field of this one (RFC 5652 §5.4).
        signed = b"\x31" + attributes.dump()[1:]
    except Exception:  # asn1crypto and cryptography raise whatever they like at bytes that are no signature
        raise PdfChangedError("signature") from None
    if not whole or signers_hash != hashlib.sha256(certificate.dump()).digest():
        raise PdfChangedError("signature")
    if message_digest != digest:
        raise PdfChangedError("bytes")
    if not isinstance(key, RSAPublicKey):
        raise PdfChangedError("signature")
    try:
        key.verify(signature, signed, PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise PdfChangedError("signature") from None
    return bytes(certificate.dump())


def _rebuilt(certificate: Any, attributes: Any, signature: Any) -> Any:
    """The CMS object as `sign_pdf` makes it from these parts: no other byte is free."""
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    return cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    "version": "v1",
                    "digest_algorithms": [sha256],
                    "encap_content_info": {"content_type": "data"},
                    "certificates": [certificate],
                    "signer_infos": [
                        {
                            "version": "v1",
                            "sid": cms.SignerIdentifier(
                                "issuer_and_serial_number",
                                cms.IssuerAndSerialNumber(
                                    {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
                                ),
                            ),
                            "digest_algorithm": sha256,
                            "signed_attrs": attributes,
                            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"}),
                            "signature": signature,
                        }
                    ],
                }
            ),
        }
    )
