"""A kit's name and what is made of it: its key, and the names of its file systems.

All of it is made from the workshop's signing key and the kit's name, so the same kit can be made again, and the server
keeps nothing to know what came from a kit of its own. The key is BLAKE2b (RFC 7693) keyed with the workshop's; whoever
holds a stick holds that kit's key, and no other.
Not for: what the key signs (`netboot/alone/kit_visit.py`).
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

from nacl.signing import SigningKey

from netboot.shared.errors import NetbootError

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_FOR_KEY: Final = b"netboot-kit-key1"
_FOR_NUMBERS: Final = b"netboot-kit-ids1"


@dataclass(frozen=True, slots=True)
class Kit:
    """One kit. `data` and `boot` are the serial numbers of its two FAT file systems, `disk` its disk signature."""

    name: str
    key: SigningKey
    data: int
    boot: int
    disk: int

    @property
    def data_uuid(self) -> str:
        """The data file system's number as udev's ID_FS_UUID has it: 1A2B-3C4D."""
        return _as_uuid(self.data)

    @property
    def boot_uuid(self) -> str:
        """The same of the file system that it starts from."""
        return _as_uuid(self.boot)


def new_name() -> str:
    """A name that no other kit has."""
    return f"kit-{secrets.token_hex(4)}"


def kit_of(name: str, workshop: SigningKey) -> Kit:
    """The kit of this name and this workshop. Raises NetbootError for what is no name."""
    if not _NAME.fullmatch(name):
        raise NetbootError(
            f"{name!r} is no name for a kit", hint="take up to 32 letters a-z, digits, and hyphens between them"
        )
    numbers = _derived(name, workshop, _FOR_NUMBERS)
    data, boot, disk = (int.from_bytes(numbers[at : at + 4], "little") or 1 for at in (0, 4, 8))
    return Kit(name, SigningKey(_derived(name, workshop, _FOR_KEY)), data, boot, disk)


def _as_uuid(number: int) -> str:
    return f"{number >> 16:04X}-{number & 0xFFFF:04X}"


def _derived(name: str, workshop: SigningKey, purpose: bytes) -> bytes:
    return hashlib.blake2b(name.encode(), key=bytes(workshop), person=purpose, digest_size=32).digest()
