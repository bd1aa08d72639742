"""Files that hold a key: made at first use, whole or not at all, readable by their owner only.

Not for: what the keys are (`server_keys.py`, `certificate_keys.py`).
"""

import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from netboot.files.data_folder import make_private, require_private
from netboot.shared.errors import NetbootError

LENGTH: Final = 32
"""Bytes of a key that is nothing but random bytes."""


def read_or_create(path: Path, cure: str) -> bytes:
    """The 32 random bytes of this file: made, with mode 0600, when there are none yet. Raises NetbootError."""
    seed = read_or_make(path, lambda: secrets.token_bytes(LENGTH))
    if len(seed) != LENGTH:
        raise NetbootError(f"{path} is no key: {len(seed)} bytes instead of {LENGTH}", hint=cure)
    return seed


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """What this file holds: what `make` gives, with mode 0600, when there is none yet. Raises NetbootError."""
    try:
        if not path.exists():
            _create(path, make())
        require_private(path, "the key")
        return path.read_bytes()
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise NetbootError(
            f"the key {path} cannot be read or made: {error.strerror}",
            hint="make room on the disk that the data folder is on, or give it a larger disk"
            if full
            else "start netboot as the user who owns its data folder",
        ) from error


def _create(path: Path, content: bytes) -> None:
    make_private(path.parent)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: of two first starts at once, the second finds the first one's key.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
