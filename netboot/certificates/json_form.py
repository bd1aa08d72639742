"""The one JSON spelling of a paper, and reading hostile JSON. Pure.

The spelling is fixed to the byte, so that a changed byte shows even where it changes no value: one blank an indent,
keys in the order in which they were written, UTF-8 as it is, a line feed at the end.
"""

import json
from typing import Final

LONGEST: Final = 8 * 2**20
"""Bytes of one file that is looked at."""


class FormError(ValueError):
    """This is no JSON that a paper of netboot's can be; its text is why (`findings.py`, REASONS)."""


def written(value: object) -> bytes:
    """A value as its file holds it."""
    return (json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def read(content: bytes) -> object:
    """The value in a file. Raises FormError when it is no JSON, names a key twice, or is too long or too deep."""
    if len(content) > LONGEST:
        raise FormError("long")
    try:
        return json.loads(content.decode(), object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise FormError("json") from None


def is_written(content: bytes, value: object) -> bool:
    """Whether the file holds this value exactly as netboot writes it."""
    try:
        return written(value) == content
    except (ValueError, RecursionError):  # a surrogate, a number that is no number
        return False


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _refused(word: str) -> object:
    raise ValueError(f"{word} is no number")
