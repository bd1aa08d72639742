"""The keys that sign certificates of erasure: made at the server's first start, kept beside the other keys.

Two, because two kinds of reader check them. `seal.key` (Ed25519, 32 bytes) signs the short text of a QR code.
`certificates.pem` (RSA of 3072 bits, PKCS #8, with a self-signed X.509 certificate, RFC 5280) signs PDFs: RSA is what
every PDF reader knows. Neither is the key that signs masters: whoever needs a new one of those (`netboot key new`) does
not take the worth from papers that were handed over, and what agents believe is never signed with these.
The public halves are one small text (`public_text`), for whoever checks papers without this server.
"""

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from nacl.signing import SigningKey

from netboot.auth.key_files import read_or_create, read_or_make
from netboot.shared.errors import NetbootError

SEAL_KEY_FILE: Final = "seal.key"
PDF_KEY_FILE: Final = "certificates.pem"
_BITS: Final = 3072
_NEVER: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""RFC 5280 §4.1.2.5: a certificate with no well-defined expiration date."""
_CURE: Final = "put it back from a backup; or delete it: the next start makes another, for papers from then on"
_TITLE: Final = "netboot certificate keys 1"
LONGEST: Final = 16 * 1024
"""Characters of a text of public keys that is looked at."""


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What papers of one workshop are checked with: Ed25519's 32 bytes, and the PDF's X.509 certificate (DER)."""

    seal: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class CertificateKeys:
    """Both keys of this server."""

    seal: SigningKey
    pdf: RSAPrivateKey
    certificate: bytes

    @property
    def public(self) -> PublicKeys:
        """Their public halves."""
        return PublicKeys(bytes(self.seal.verify_key), self.certificate)


def load_certificate_keys(folder: Path) -> CertificateKeys:
    """The keys of this data folder: made, with mode 0600, when there are none yet. Raises NetbootError.

    Making them takes about a second.
    """
    seed = read_or_create(folder / SEAL_KEY_FILE, _CURE)
    content = read_or_make(folder / PDF_KEY_FILE, _new_pdf_key)
    try:
        key = load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
    except ValueError:
        raise NetbootError(f"{folder / PDF_KEY_FILE} holds no key and certificate", hint=_CURE) from None
    if not isinstance(key, RSAPrivateKey) or key.public_key() != certificate.public_key():
        raise NetbootError(f"the key and the certificate in {folder / PDF_KEY_FILE} are not a pair", hint=_CURE)
    return CertificateKeys(SigningKey(seed), key, certificate.public_bytes(Encoding.DER))


def existing_public_keys(folder: Path) -> PublicKeys | None:
    """The public keys of this data folder, None where it has none; makes nothing. Raises NetbootError, OSError."""
    if (folder / SEAL_KEY_FILE).exists() and (folder / PDF_KEY_FILE).exists():
        return load_certificate_keys(folder).public
    return None


def public_text(keys: PublicKeys) -> str:
    """The public keys as a file for whoever checks papers elsewhere."""
    return f"{_TITLE}\nseal {b64encode(keys.seal).decode()}\npdf {b64encode(keys.certificate).decode()}\n"


def read_public_text(text: str) -> PublicKeys:
    """The keys in such a file. Raises NetbootError."""
    lines = text.splitlines() if len(text) <= LONGEST else []
    try:
        title, seal, certificate = (line.strip() for line in lines)
        keys = PublicKeys(_value(seal, "seal "), _value(certificate, "pdf "))
        x509.load_der_x509_certificate(keys.certificate)
        if title == _TITLE and len(keys.seal) == 32:
            return keys
    except ValueError:
        pass
    raise NetbootError(
        "these are no public keys of a workshop", hint="take the file that its page gives under “Check a certificate”"
    )


def _value(line: str, name: str) -> bytes:
    if not line.startswith(name):
        raise ValueError
    return b64decode(line.removeprefix(name), validate=True)


def _new_pdf_key() -> bytes:
    key = generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"netboot {secrets.token_hex(4)}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Before any time that a server's clock may show: none signs anything before its certificate begins.
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(_NEVER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signs_documents(), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)


def _signs_documents() -> x509.KeyUsage:
    others = (
        "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only",
        "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(digital_signature=True, content_commitment=True, **dict.fromkeys(others, False))
