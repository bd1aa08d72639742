"""What a kit's stick knows: /etc/netboot/kit.json, put into its archive when it was made."""

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from netboot.jobs.profile import Profile
from netboot.shared.errors import NetbootError
from netboot.shared.fields import Identifier

SETTINGS: Final = Path("/etc/netboot/kit.json")
PROFILES: Final = 6
"""Profiles that a stick offers at most: a question has nine answers, and three are the kit's own."""


class KitFile(Struct, frozen=True, kw_only=True):
    """`name` is the kit's, `key` the seed of its Ed25519 key, `data` the file system that evidence is written to.

    `port` is where the workshop's servers are asked for, `profiles` what may be done alone.
    """

    name: Identifier
    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    data: Annotated[str, Meta(pattern=r"^[0-9A-F]{4}-[0-9A-F]{4}\Z")]
    port: Annotated[int, Meta(ge=1, le=65535)] = 80
    profiles: Annotated[tuple[Profile, ...], Meta(max_length=PROFILES)] = ()


def read_kit(path: Path = SETTINGS) -> KitFile:
    """Raises NetbootError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=KitFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise NetbootError(f"{path} cannot be used: {error}", hint="make the kit's stick anew") from error
