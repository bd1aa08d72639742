"""Papers as they are handed over: sealed, laid out, made a PDF and signed. Calls block for up to a second each.

Not for: where they are written (`folder.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from netboot.auth.certificate_keys import CertificateKeys
from netboot.auth.fingerprint import fingerprint
from netboot.certificates.layout import Issued, laid_out, laid_out_batch
from netboot.certificates.pdf import make_pdf
from netboot.certificates.seal import read_seal
from netboot.certificates.sealed import write_sealed
from netboot.certificates.signature import sign_pdf
from netboot.certificates.values import Paper
from netboot.shared.language import Language


@dataclass(frozen=True, slots=True)
class Document:
    """A sealed paper: its JSON file, and what a PDF of it is made from."""

    issued: Issued
    json: bytes

    @property
    def name(self) -> str:
        """What its files are called, without an ending."""
        return f"{self.issued.paper.kind}-{self.issued.paper.number}"


def issue(paper: Paper, keys: CertificateKeys) -> Document:
    """Seal a paper. The same paper gives the same seal."""
    content, seal = write_sealed(paper, keys.seal)
    public = keys.public
    prints = fingerprint(public.seal), fingerprint(public.certificate)
    return Document(Issued(paper, seal, read_seal(seal).digest, *prints), content)


def signed_pdf(document: Document, keys: CertificateKeys, *, at: datetime, language: Language) -> bytes:
    """The PDF of one paper, signed at this moment."""
    return sign_pdf(make_pdf(laid_out(document.issued, language)), keys, at=at, language=language)


def signed_batch(
    documents: Sequence[Document], donor: str, keys: CertificateKeys, *, at: datetime, language: Language
) -> bytes:
    """One PDF of several papers: a table of the PCs in front, and a page for each."""
    shown = laid_out_batch([document.issued for document in documents], donor, language)
    return sign_pdf(make_pdf(shown), keys, at=at, language=language)
