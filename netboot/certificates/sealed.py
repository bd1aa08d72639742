"""A paper's file: its JSON with its seal, and reading one back. Pure.

    {"paper": {…}, "seal": "NETBOOT ERASURE CERTIFICATE 1\\n…"}

The seal's digest is over the paper alone, as `json_form.py` writes it. `docs/certificate.schema.json` is its schema
(JSON Schema 2020-12), made from these values.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
from nacl.signing import SigningKey

from netboot.certificates import json_form
from netboot.certificates.json_form import FormError
from netboot.certificates.seal import seal
from netboot.certificates.values import Paper


@dataclass(frozen=True, slots=True)
class Sealed:
    """A paper that was read. `content` is its part of the file, which the seal's digest is over; `paper` is None where
    that is JSON but no paper of this version. `exact`: the whole file is written as netboot writes it."""

    paper: Paper | None
    content: bytes
    seal: str
    exact: bool

    @property
    def digest(self) -> str:
        """SHA-256 of the paper's part, hex."""
        return hashlib.sha256(self.content).hexdigest()


class SealedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A paper and its seal, which is the text of its QR code."""

    paper: Paper
    seal: str


def content_of(paper: Paper) -> bytes:
    """What the seal's digest is over."""
    return json_form.written(msgspec.to_builtins(paper))


def write_sealed(paper: Paper, key: SigningKey) -> tuple[bytes, str]:
    """The file of this paper, and its seal."""
    text = seal(paper, content_of(paper), key)
    return json_form.written({"paper": msgspec.to_builtins(paper), "seal": text}), text


def read_sealed(content: bytes) -> Sealed:
    """What a file holds. Raises FormError when it is no paper's file at all."""
    value = json_form.read(content)
    if not isinstance(value, dict) or set(value) != {"paper", "seal"} or not isinstance(value["seal"], str):
        raise FormError("parts")
    try:
        inner = json_form.written(value["paper"])
    except (ValueError, RecursionError):
        raise FormError("json") from None
    try:
        paper = msgspec.convert(value["paper"], Paper)
    except msgspec.ValidationError:
        paper = None
    return Sealed(paper, inner, value["seal"], json_form.is_written(content, value))


def schema() -> dict[str, Any]:
    """The JSON Schema of such a file."""
    made = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(SealedFile)))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A certificate or report of erasure by netboot, with its seal",
        **made,
    }
