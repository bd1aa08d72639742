"""Keeps the server's two keys: made at first use, kept in the data folder, readable by their owner only.

With the signing key (Ed25519) the server signs manifests; every agent's archive carries the public half. With the
ticket key it proves that its own boot menu offered a choice; this key is kept on disk too, since a restart would
otherwise void the choices just made.
Not for: what is signed (`shared/manifest.py`), what a ticket says (`bootmenu/ticket.py`), the keys that sign
certificates (`certificate_keys.py`).
"""

from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from netboot.auth.key_files import read_or_create
from netboot.files.data_folder import require_open
from netboot.shared.errors import NetbootError

KEY_FILE: Final = "signing.key"
TICKET_KEY_FILE: Final = "ticket.key"


def load_key(folder: Path) -> SigningKey:
    """The signing key of this data folder: made, with mode 0600, when there is none yet. Raises NetbootError.

    A lost key is never replaced while the store has masters, since those are signed with it.
    """
    cure = "put it back from a backup; or delete it, run `netboot key new`, then build or import the masters again"
    require_open(folder)
    path, signed = folder / KEY_FILE, _signed_masters(folder)
    if signed and not path.exists():
        raise NetbootError(
            f"the signing key {path} is lost, and {signed} masters in the store are signed with it",
            hint="put it back from a backup; without one: `netboot key new`, then build or import the masters again",
        )
    return SigningKey(read_or_create(path, cure))


def new_key(folder: Path) -> SigningKey:
    """Make a signing key in place of a lost one; no PC accepts the old key's masters any more. Raises NetbootError."""
    require_open(folder)
    path = folder / KEY_FILE
    if path.exists():
        raise NetbootError(f"there is a signing key already: {path}", hint="nothing was changed; netboot uses that one")
    return SigningKey(read_or_create(path, "delete it and run the command again"))


def _signed_masters(folder: Path) -> int:
    """How many masters the store has, whoever signed them."""
    masters = folder / "store" / "masters"
    require_open(masters)
    try:
        return sum(1 for _ in masters.iterdir())
    except FileNotFoundError:
        return 0


def load_ticket_key(folder: Path) -> bytes:
    """The 32 bytes that tickets are made with: made, with mode 0600, when there are none yet. Raises NetbootError."""
    return read_or_create(folder / TICKET_KEY_FILE, "delete it; choices made in boot menus a moment ago are made again")


def public_key(key: SigningKey) -> bytes:
    """The public half, 32 bytes: what agents check manifests with."""
    return bytes(key.verify_key)
