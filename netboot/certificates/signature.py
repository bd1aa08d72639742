"""Signs a PDF as PAdES baseline B-B (ETSI EN 319 142-1) by pyHanko, and checks such a signature to the byte.

Signed once more with the same key and moment, the same PDF gives the same bytes: the key is RSA (PKCS #1 v1.5).
The check reads no PDF. It takes the only shape that `sign_pdf` makes: one signature over all of the file but its
own place, a CMS object (RFC 5652) of fixed parts there, the rest of the place filled with noughts. So every byte of the
file counts, those of the signature too. Any other signed PDF is none of ours, whatever it is worth.
Not for: whose key that is (`verify.py`).
"""

import asyncio
import hashlib
import io
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import algos, cms, keys, x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pyhanko.pdf_utils.generic import ByteStringObject, NameObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko_certvalidator.registry import SimpleCertificateStore

from netboot.auth.certificate_keys import CertificateKeys

_FIELD: Final = "Netboot"
_PLACE: Final = 4096
"""Bytes kept for the CMS object: about 1,900 with a key of 3,072 bits, and two digits a byte are written."""
_RANGES: Final = re.compile(rb"/ByteRange\s*\[\s*0 (\d{1,10}) (\d{1,10}) (\d{1,10})\s*\]")


class NotSignedError(ValueError):
    """This is no PDF that netboot signed."""


class PdfChangedError(ValueError):
    """It was signed by netboot, and a byte of it is not what was signed; its text is why (`findings.py`, REASONS)."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that is of this file, by whoever has the key of this certificate (DER)."""

    certificate: bytes


def sign_pdf(pdf: bytes, key: CertificateKeys, *, at: datetime, language: str) -> bytes:
    """The PDF with its signature as an incremental update; `at` is the moment that it says it was signed.

    Not to be called where an event loop runs: pyHanko's has one of its own.
    """
    return asyncio.run(_signed(pdf, key, at, language))


async def _signed(pdf: bytes, key: CertificateKeys, at: datetime, language: str) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    # Not pyHanko's random number and the clock's time: the same input gives the same file.
    first, _ = writer.prev.trailer["/ID"]
    update = hashlib.sha256(pdf + at.isoformat().encode()).digest()[:16]
    writer._document_id[0], writer._document_id[1] = first, ByteStringObject(update)  # noqa: SLF001
    setattr(writer, "_update_meta", lambda: None)  # noqa: B010
    # PDF/UA-1 §7.18.3: a page with an annotation says in which order they are gone through.
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    while "/Kids" in page:
        page = page["/Kids"][0].get_object()
    page["/Tabs"] = NameObject("/S")
    writer.update_container(page)
    no_others: Any = SimpleCertificateStore
    signer = PdfSigner(
        PdfSignatureMetadata(
            field_name=_FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        ),
        signer=SimpleSigner(
            signing_cert=x509.Certificate.load(key.certificate),
            signing_key=keys.PrivateKeyInfo.load(_private(key)),
            cert_registry=no_others(),
        ),
        new_field_spec=SigFieldSpec(
            _FIELD,
            readable_field_name={"fr": "Signature de l'atelier"}.get(language, "The workshop's signature"),
            # Seen by nobody, and outside of the page, as PDF/A-2 and PDF/UA-1 want it both.
            invis_sig_settings=InvisSigSettings(set_print_flag=True, box_out_of_bounds=True),
        ),
    )
    session = signer.init_signing_session(writer)
    session.system_time = at
    out = io.BytesIO()
    document = session.prepare_tbs_document(validation_info=None, bytes_reserved=2 * _PLACE)
    digest, _ = document.digest_tbs_document(output=out)
    await document.perform_signature(
        document_digest=digest.document_digest,
        pdf_cms_signed_attrs=PdfCMSSignedAttributes(signing_time=at, cades_signed_attrs=None),
    )
    return out.getvalue()


def check_signature(pdf: bytes) -> Signed:
    """The signature of this file. Raises NotSignedError, or PdfChangedError when it is of other bytes."""
    found = list(_RANGES.finditer(pdf))
    if not pdf.startswith(b"%PDF-") or b"/ETSI.CAdES.detached" not in pdf or not found:
        raise NotSignedError("no PDF with a signature of netboot's kind")
    before, begin, length = (int(number) for number in found[-1].groups())
    if begin + length != len(pdf) or not before < begin <= len(pdf):
        raise PdfChangedError("range")
    content = _content(pdf[before:begin])
    signed_bytes = hashlib.sha256(pdf[:before] + pdf[begin:]).digest()
    return Signed(_check_cms(content, signed_bytes))


def _content(place: bytes) -> bytes:
    """The CMS object in the signature's place, which is filled with noughts."""
    try:
        filled = bytes.fromhex(place[1:-1].decode("ascii"))
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
    return min(len(filled), 4 + int.from_bytes(filled[2:4], "big"))


def _check_cms(content: bytes, digest: bytes) -> bytes:
    """The certificate of a good signature over this digest. Raises PdfChangedError."""
    try:
        inner = cms.ContentInfo.load(content, strict=True)["content"]
        info = inner["signer_infos"][0]
        attributes, signature = info["signed_attrs"], info["signature"].native
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
    if not whole or not isinstance(key, RSAPublicKey) or not isinstance(signature, bytes):
        raise PdfChangedError("signature")
    if signers_hash != hashlib.sha256(certificate.dump()).digest():
        raise PdfChangedError("signature")
    if message_digest != digest:
        raise PdfChangedError("bytes")
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


def _private(key: CertificateKeys) -> bytes:
    return key.pdf.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
