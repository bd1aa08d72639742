"""The other workshops whose masters this one takes: a person compared each one's key by telephone, once.

    workshops/<the key's fingerprint>.json   its name, its public key (Ed25519, hex), since when

A file is in the data folder whole or not at all, readable by its owner only. Not for: what a workshop signs
(`masters/bundle/`), this workshop's own key (`server_keys.py`).
"""

import os
import secrets
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from netboot.auth.fingerprint import fingerprint, is_fingerprint
from netboot.files.data_folder import make_private, require_open, require_private
from netboot.shared.errors import NetbootError

_FOLDER: Final = "workshops"
_LIMIT: Final = 4096


class KnownWorkshop(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`name`: what it called itself when a person trusted its key; `since`: that day, UTC."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    since: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d\Z")]

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        return bytes.fromhex(self.key)


_decoder: Final = msgspec.json.Decoder(KnownWorkshop)


def known_workshops(data_folder: Path) -> tuple[KnownWorkshop, ...]:
    """Every workshop that is trusted, by name. Raises NetbootError when that cannot be told."""
    folder = data_folder / _FOLDER
    require_open(folder)
    try:
        known = [_read(path) for path in folder.iterdir() if path.suffix == ".json"]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise NetbootError(f"{folder} cannot be read: {error.strerror}", hint="look at the disk it is on") from error
    return tuple(sorted(known, key=lambda one: (one.name, one.key)))


def known_workshop(data_folder: Path, key: bytes) -> KnownWorkshop | None:
    """The workshop of this public key, None when nobody trusted it. Raises NetbootError."""
    return next((one for one in known_workshops(data_folder) if one.public_key == key), None)


def trust(data_folder: Path, workshop: KnownWorkshop) -> None:
    """Take this workshop's masters from now on. Raises OSError."""
    folder = data_folder / _FOLDER
    make_private(folder.parent)
    make_private(folder)
    draft = folder / f".{secrets.token_hex(4)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(workshop))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(_path(data_folder, workshop.public_key))
    finally:
        draft.unlink(missing_ok=True)


def forget(data_folder: Path, told: str) -> KnownWorkshop:
    """Trust the workshop of this fingerprint no more; its masters stay. Raises NetbootError when there is none."""
    for one in known_workshops(data_folder):
        if is_fingerprint(told, one.public_key):
            _path(data_folder, one.public_key).unlink()
            return one
    raise NetbootError(
        "no known workshop's key has this fingerprint", hint="netboot master workshops lists them; give all its groups"
    )


def _read(path: Path) -> KnownWorkshop:
    require_private(path, "the known workshop")
    with path.open("rb") as file:
        data = file.read(_LIMIT + 1)
    try:
        if len(data) > _LIMIT:
            raise ValueError("it is too long")
        found = _decoder.decode(data)
        if path.name != _path(path.parent.parent, found.public_key).name:
            raise ValueError("its name is another key's")
    except (msgspec.MsgspecError, ValueError) as error:
        raise NetbootError(
            f"{path} is damaged: {error}", hint="delete it, and compare that workshop's key again at its next master"
        ) from error
    return found


def _path(data_folder: Path, key: bytes) -> Path:
    return data_folder / _FOLDER / f"{fingerprint(key).replace(' ', '')}.json"
