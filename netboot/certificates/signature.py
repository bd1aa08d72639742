"""Signs a PDF as PAdES baseline B-B (ETSI EN 319 142-1) by pyHanko.

Signed once more with the same key and moment, the same PDF gives the same bytes: the key is RSA (PKCS #1 v1.5).
Not for: whether a signature is of a file (`signature_check.py`), whose key that is (`verify.py`).
"""

import asyncio
import hashlib
import io
from datetime import datetime
from typing import Any, Final

from asn1crypto import keys, x509
from cryptography.hazmat.primitives import serialization
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


def _private(key: CertificateKeys) -> bytes:
    return key.pdf.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
