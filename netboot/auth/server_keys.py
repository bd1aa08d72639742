"""Keeps the server's two keys: made at first use, kept in the data folder, readable by their owner only.

With the signing key (Ed25519) the server signs manifests; every agent's archive carries the public half. With the
ticket key it proves that its own boot menu offered a choice; this key is kept on disk too, since a restart would
otherwise void the choices just made.
Not for: what is signed (`shared/manifest.py`), what a ticket says (`bootmenu/ticket.py`).
"""

import errno
import os
import secrets
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from netboot.files.data_folder import make_private, require_private
from netboot.shared.errors import NetbootError

KEY_FILE: Final = "signing.key"
TICKET_KEY_FILE: Final = "ticket.key"
_LENGTH: Final = 32


def load_key(folder: Path) -> SigningKey:
    """The signing key of this data folder: made, with mode 0600, when there is none yet. Raises NetbootError.

    A lost key is never replaced while the store has masters, since those are signed with it.
    """
    cure = "put it back from a backup; or delete it, run `netboot key new`, then build or import the masters again"
    path, signed = folder / KEY_FILE, _signed_masters(folder)
    if signed and not path.exists():
        raise NetbootError(
            f"the signing key {path} is lost, and {signed} masters in the store are signed with it",
            hint="put it back from a backup; without one: `netboot key new`, then build or import the masters again",
        )
    return SigningKey(_read_or_create(path, cure))


def new_key(folder: Path) -> SigningKey:
    """Make a signing key in place of a lost one; no PC accepts the old key's masters any more. Raises NetbootError."""
    path = folder / KEY_FILE
    if path.exists():
        raise NetbootError(f"there is a signing key already: {path}", hint="nothing was changed; netboot uses that one")
    return SigningKey(_read_or_create(path, "delete it and run the command again"))


def _signed_masters(folder: Path) -> int:
    """How many masters the store has, whoever signed them."""
    try:
        return sum(1 for _ in (folder / "store" / "masters").iterdir())
    except FileNotFoundError:
        return 0


def load_ticket_key(folder: Path) -> bytes:
    """The 32 bytes that tickets are made with: made, with mode 0600, when there are none yet. Raises NetbootError."""
    return _read_or_create(
        folder / TICKET_KEY_FILE, "delete it; choices made in boot menus a moment ago are made again"
    )


def _read_or_create(path: Path, cure: str) -> bytes:
    try:
        if not path.exists():
            _create(path)
        require_private(path, "the key")
        seed = path.read_bytes()
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise NetbootError(
            f"the key {path} cannot be read or made: {error.strerror}",
            hint="make room on the disk that the data folder is on, or give it a larger disk"
            if full
            else "start netboot as the user who owns its data folder",
        ) from error
    if len(seed) != _LENGTH:
        raise NetbootError(f"{path} is no key: {len(seed)} bytes instead of {_LENGTH}", hint=cure)
    return seed


def public_key(key: SigningKey) -> bytes:
    """The public half, 32 bytes: what agents check manifests with."""
    return bytes(key.verify_key)


def _create(path: Path) -> None:
    make_private(path.parent)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: of two first starts at once, the second finds the first one's key.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
