"""Refuses a shim that older PCs would not start: one without a signature by Microsoft's UEFI CA of 2011.

A shim may carry several signatures (PE/COFF certificate table, PKCS#7). Debian's carries 2011's and 2023's; a PC whose
firmware was made before 2023 and never updated knows the first only. The certificate is taken from the signature
itself and recognised by its SHA-256, so that nothing has to be shipped; sbverify then proves the signature against it.
"""

import re
import tempfile
from pathlib import Path

from netboot.shared.errors import NetbootError
from netboot.shared.process import run

MICROSOFT_2011 = "48e99b991f57fc52f76149599bff0a58c47154229b9f8d603ac40d3500248507"
"""SHA-256 of the DER form of "Microsoft Corporation UEFI CA 2011" (MicCorUEFCA2011_2011-06-27.crt)."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)
_MOST_SIGNATURES = 8


def require_microsoft_2011(shim: Path) -> None:
    """Raise NetbootError unless this file is signed, its digest included, by Microsoft's UEFI CA of 2011."""
    with tempfile.TemporaryDirectory(prefix="netboot-shim-") as folder:
        for number in range(1, _MOST_SIGNATURES + 1):
            signature = Path(folder, f"{number}.p7")
            detached = run(
                ["sbattach", "--signum", str(number), "--detach", signature, shim],
                expect=None,
            )
            if detached.status != 0 or not signature.exists():
                break
            authority = _microsoft_2011(signature, Path(folder))
            if authority is not None and _verified(shim, authority):
                return
    raise NetbootError(
        f"{shim.name} is not signed by Microsoft's UEFI CA of 2011: PCs from before 2023 would refuse it",
        hint="use the shim-signed package of Debian 13; see docs/architecture.md, Secure Boot",
    )


def _microsoft_2011(signature: Path, folder: Path) -> Path | None:
    """The authority's certificate as a PEM file, if the signature holds it."""
    printed = run(["openssl", "pkcs7", "-inform", "DER", "-in", signature, "-print_certs"], expect=None)
    for text in _CERTIFICATE.findall(printed.stdout):
        fingerprint = run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], stdin=text).stdout
        if fingerprint.strip().rpartition("=")[2].replace(":", "").lower() == MICROSOFT_2011:
            certificate = folder / "authority.pem"
            certificate.write_text(text, encoding="ascii")
            return certificate
    return None


def _verified(shim: Path, authority: Path) -> bool:
    return run(["sbverify", "--cert", authority, shim], expect=None).status == 0
