"""A public key as people compare it, on paper or by telephone. Pure."""

import hashlib
import re


def fingerprint(key: bytes) -> str:
    """The first 20 bytes of its SHA-256, four digits a group."""
    digits = hashlib.sha256(key).hexdigest().upper()
    return " ".join(digits[at : at + 4] for at in range(0, 40, 4))


def in_one_word(key: bytes) -> str:
    """The same for a command line, where it needs no quotes."""
    return fingerprint(key).replace(" ", "-")


def is_fingerprint(text: str, key: bytes) -> bool:
    """Whether a person gave this key's fingerprint, however it is grouped or spelt."""
    return re.sub(r"[\s:-]", "", text).upper() == fingerprint(key).replace(" ", "")
