"""Files of the installed system that hold a secret, such as the password of a Wi-Fi network: on their way, and proven.

They are no part of an order, which is kept with its job. The server seals them (libsodium's crypto_box_seal: X25519,
XSalsa20-Poly1305) to a key that the agent made in its memory and told with its hello, so that who listens on the LAN
learns nothing. What lies on the disk is proven by HMAC-SHA256 with a key of the job's own: from the plain digest of a
file with a short secret in it the secret could be guessed. Pure. Not for: a profile's other files (`placed_files.py`).
"""

import hashlib
import hmac
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from netboot.shared.inventory import Text

FILES: Final = 4
BYTES: Final = 4096
"""Of one file."""
SEALED_LIMIT: Final = 32 * 1024
"""Bytes of all of them, sealed."""

SealKey = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
"""The public half of an agent's key, in hex; "" for an agent that has none."""
Sealed = Annotated[bytes, Meta(max_length=SEALED_LIMIT)]


class SealError(Exception):
    """What was sealed cannot be opened by this agent, or nothing can be sealed to this key."""


class PrivateFile(Struct, frozen=True, kw_only=True):
    """`content` is for `path`, from the system's root without a leading slash; never printed."""

    path: Text
    content: Annotated[bytes, Meta(max_length=BYTES)]

    def __repr__(self) -> str:
        return f"PrivateFile(path={self.path!r})"


class PrivateFiles(Struct, frozen=True, kw_only=True):
    """The files of one job, and the key that proves what lies on its disk."""

    key: Annotated[bytes, Meta(max_length=64)] = b""
    files: Annotated[tuple[PrivateFile, ...], Meta(max_length=FILES)] = ()

    def __repr__(self) -> str:
        return f"PrivateFiles(files={self.files!r})"

    def content(self, path: str) -> bytes | None:
        """What is to lie at this path; None for nothing."""
        return next((file.content for file in self.files if file.path == path), None)

    def proof(self, content: bytes) -> str:
        """What proves this content to who has the key, in hex."""
        return hmac.new(self.key, content, hashlib.sha256).hexdigest()

    @property
    def proofs(self) -> dict[str, str]:
        """The proof of each file as it is to be, by its path."""
        return {file.path: self.proof(file.content) for file in self.files}


NONE: Final = PrivateFiles()
"""For a job that is given nothing of the kind."""


def seal(files: PrivateFiles, key: str) -> bytes:
    """Close them so that only the agent of this key opens them. Raises SealError."""
    try:
        return bytes(SealedBox(PublicKey(bytes.fromhex(key))).encrypt(msgspec.json.encode(files)))
    except (CryptoError, ValueError, TypeError) as error:
        raise SealError(f"nothing can be sealed to this agent's key: {type(error).__name__}") from None


def unseal(sealed: bytes, key: PrivateKey) -> PrivateFiles:
    """Open what came with an order. Raises SealError, which says nothing of what is in it."""
    try:
        return msgspec.json.decode(SealedBox(key).decrypt(sealed), type=PrivateFiles)
    except (CryptoError, msgspec.MsgspecError, UnicodeError, ValueError, TypeError):
        raise SealError("what came with the order is not sealed for this agent") from None


def seal_key_of(key: PrivateKey) -> str:
    """The public half, as a hello tells it."""
    return bytes(key.public_key).hex()
