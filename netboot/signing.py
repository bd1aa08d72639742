"""The workshop's signing key (Ed25519): made at first use, kept in the data folder, readable by its owner only.

The server signs manifests with it; every agent's archive carries the public half.
Not for: what is signed (`manifest.py`).
"""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from netboot.errors import NetbootError

KEY_FILE: Final = "signing.key"
_SEED_LENGTH: Final = 32


def load_key(folder: Path) -> SigningKey:
    """The key of this data folder: made, with mode 0600, when there is none yet. Raises NetbootError."""
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _create(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        seed = path.read_bytes()
    except OSError as error:
        raise NetbootError(
            f"the signing key {path} cannot be read or made: {error.strerror}",
            hint="start netboot as the user who owns its data folder",
        ) from error
    if mode & 0o077:
        raise NetbootError(f"others may read the signing key {path}", hint=f"chmod 600 {path}")
    if len(seed) != _SEED_LENGTH:
        raise NetbootError(
            f"{path} is no signing key: {len(seed)} bytes instead of {_SEED_LENGTH}",
            hint="put it back from a backup; or delete it, then build masters and boot files again",
        )
    return SigningKey(seed)


def public_key(key: SigningKey) -> bytes:
    """The public half, 32 bytes: what agents check manifests with."""
    return bytes(key.verify_key)


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_SEED_LENGTH))
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: of two first starts at once, the second finds the first one's key.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
