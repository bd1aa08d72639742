"""The seal: what matters of a paper in a few lines that a telephone reads from a QR code, signed with Ed25519. Pure.

    NETBOOT ERASURE CERTIFICATE 1            or: NETBOOT ERASURE REPORT 1, NOT A CERTIFICATE
    NO 4F2K-9QXR-0001-ABCD
    DATE 2026-11-29
    PC LENOVO | ThinkCentre M720q | PC0X7Q01
    DISK SAMSUNG MZVLB256HBHQ | S4EWNX0N0001 | 256060514304 | erased | clear | overwrite
    DISKS 1
    JSON  the SHA-256 of the paper's JSON, base64url
    KEY   the public key, base64url
    SIG   the signature over a prefix and all lines before this one, base64url (RFC 8032)

The same bytes have one spelling: whoever changes one, a blank or a line's end too, has another text, and the signature
is none of it. Only line ends are forgiven, since clipboards change them. Not for: whose key that is (`verify.py`).
"""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from netboot.certificates.values import ErasedDisk, Kind, Paper

_TITLES: Final[dict[Kind, str]] = {
    "certificate": "NETBOOT ERASURE CERTIFICATE 1",
    "report": "NETBOOT ERASURE REPORT 1, NOT A CERTIFICATE",
}
_PREFIX: Final = b"netboot-erasure-seal1\n"
"""So that no other thing that this key signs can be taken for a seal."""
LONGEST: Final = 2048
"""Characters; a QR code of bytes holds 2,331 with its error correction at level M (ISO/IEC 18004)."""
_LEAST: Final = 8
"""Lines of one that names no disk."""
_NAMED: Final = 4
"""Disks that stand in it one by one; the JSON has all."""
_CUT: Final = 40
"""Characters of a name: more makes a QR code that no telephone reads."""
_LINE: Final = re.compile(r"[ -~]{1,400}")


class SealError(ValueError):
    """This text is no seal of netboot; its text is why (`findings.py`, REASONS)."""


class SealChangedError(SealError):
    """It looks like a seal, but its signature is not of this text."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What a seal says. `lines` are all but the title, the digest, the key and the signature; `digest` is hex."""

    kind: Kind
    number: str
    lines: tuple[str, ...]
    digest: str
    key: bytes
    text: str


def seal(paper: Paper, content: bytes, key: SigningKey) -> str:
    """The seal of a paper whose JSON is this."""
    lines = [
        *_told(paper),
        f"JSON {_packed(hashlib.sha256(content).digest())}",
        f"KEY {_packed(bytes(key.verify_key))}",
    ]
    signature = key.sign(_signed(lines)).signature
    return "\n".join([*lines, f"SIG {_packed(signature)}"])


def read_seal(text: str) -> Seal:
    """What a seal says, once its own signature is checked. Raises SealChangedError, or SealError for anything else."""
    if len(text) > LONGEST:
        raise SealError("long")
    lines = text.replace("\r\n", "\n").strip("\n").split("\n")
    kind = next((kind for kind, title in _TITLES.items() if title == lines[0]), None)
    names = [line.partition(" ")[0] for line in lines]
    if kind is None or len(lines) < _LEAST or names[1] != "NO" or names[-3:] != ["JSON", "KEY", "SIG"]:
        raise SealError("lines")
    if not all(_LINE.fullmatch(line) for line in lines):
        raise SealError("lines")
    digest = _unpacked(lines[-3].removeprefix("JSON "), 32)
    key = _unpacked(lines[-2].removeprefix("KEY "), 32)
    signature = _unpacked(lines[-1].removeprefix("SIG "), 64)
    try:
        VerifyKey(key).verify(_signed(lines[:-1]), signature)
    except (BadSignatureError, ValueError):
        raise SealChangedError("signature") from None
    return Seal(kind, lines[1].removeprefix("NO "), tuple(lines[1:-3]), digest.hex(), key, "\n".join(lines))


def is_of(found: Seal, paper: Paper) -> bool:
    """Whether this seal says of this paper what netboot would say of it."""
    return [_TITLES[found.kind], *found.lines] == _told(paper)


def _told(paper: Paper) -> list[str]:
    machine = paper.machine
    return [
        _TITLES[paper.kind],
        f"NO {paper.number}",
        f"DATE {paper.date[:10]}",
        _joined("PC", machine.maker, machine.model, machine.serial),
        *(_disk(disk) for disk in paper.disks[:_NAMED]),
        f"DISKS {len(paper.disks)}",
    ]


def _disk(disk: ErasedDisk) -> str:
    about = (disk.model, disk.serial or disk.by_place, str(disk.size), disk.verdict, disk.level, disk.technique)
    return _joined("DISK", *about)


def _joined(name: str, *values: str) -> str:
    return f"{name} " + " | ".join(_short(value) for value in values)


def _short(value: str) -> str:
    """A value that cannot be taken for two, in signs that every scanner reads alike: the JSON has the whole."""
    plain = "".join(sign if " " <= sign <= "~" else "?" for sign in value.replace("|", "/"))
    return plain[:_CUT].strip() or "-"


def _signed(lines: list[str]) -> bytes:
    return _PREFIX + "\n".join(lines).encode()


def _packed(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().replace("=", "")


def _unpacked(text: str, length: int) -> bytes:
    try:
        value = urlsafe_b64decode(f"{text}==")  # as many as any text can want: Python takes more
    except ValueError:
        raise SealError("lines") from None
    # Base64 has several texts for one value; only one of them is ours.
    if len(value) != length or _packed(value) != text:
        raise SealChangedError("spelling")
    return value
