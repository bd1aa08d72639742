"""Takes the folders of profiles into the store before the server gives them to PCs, and says which ones it gives.

Not for: which PC gets one (`shared/parcel.py`), how it is kept (`store/parcels.py`).
"""

import logging
from collections.abc import Mapping
from pathlib import Path

from netboot.files.parcel_folder import read_folder
from netboot.shared.errors import NetbootError
from netboot.shared.parcel import Parcel, PlacedFolder
from netboot.store import Store, StoreError
from netboot.store.parcels import keep_parcel, parcels_there, serve_parcels, served_parcels

log = logging.getLogger(__name__)


def take_in_folders(store: Store, folders: Mapping[Path, PlacedFolder]) -> None:
    """Take in these, as the profiles said them when they were read, by where they lie. Raises NetbootError."""
    given = frozenset(folder.parcel for folder in folders.values())
    before = _served_before(store)
    if before == given == frozenset():
        return
    with store.writing():
        there = parcels_there(store)
        # A full disk keeps no server from its start that has it all.
        if new := {folder.parcel: folder.size for folder in folders.values() if folder.parcel not in there}:
            store.require_space(sum(new.values()))
        for path, folder in folders.items():
            digest = keep_parcel(store, _read(store, path))
            if digest != folder.parcel:
                raise NetbootError(f"{path} was changed just now", hint="start the server again")
            log.info("the folder %s is in the store: %d bytes", path, folder.size)
        if given != before:
            serve_parcels(store, given)


def _served_before(store: Store) -> frozenset[str] | None:
    """Those that the last server gave; None when that cannot be told: then it is written anew."""
    try:
        return served_parcels(store)
    except StoreError as error:
        log.warning("which folders the last server gave is lost, and is written anew: %s", error.message)
        return None


def _read(store: Store, path: Path) -> Parcel:
    try:
        return read_folder(path, store.put_chunk)
    except OSError as error:
        raise NetbootError(f"{path} cannot be read: {error}", hint="see who may read it") from error
