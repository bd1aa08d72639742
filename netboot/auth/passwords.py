"""Passwords: argon2id with the library's own parameters (RFC 9106), and what is long enough for operators."""

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from netboot.shared.errors import NetbootError

SHORTEST: Final = 10
"""Characters: long enough that guessing over the network fails, short enough to be remembered."""
LONGEST: Final = 256

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Argon2's text for a new password. Raises NetbootError when it is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise NetbootError(
            f"the password has {len(password)} characters", hint=f"choose one of {SHORTEST} to {LONGEST} characters"
        )
    return _hasher.hash(password)


def hash_digits(digits: str) -> str:
    """Argon2's text for the boot menu's digits, whose rule is in `bootmenu/password.py`."""
    return _hasher.hash(digits)


def is_right(password: str, stored: str) -> bool:
    """Whether this is the password. Takes about as long for a wrong one, and for a `stored` that is empty."""
    try:
        return _hasher.verify(stored or _NOBODY, password[:LONGEST]) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


_NOBODY: Final = _hasher.hash("nobody signs in with this: it is only compared to take the usual time")
