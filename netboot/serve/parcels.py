"""Takes the folders of profiles into the store before the server gives them to PCs, and says which ones it gives.

Not for: which PC gets one (`shared/parcel.py`), how it is kept (`store/parcels.py`).
"""

import logging
from collections.abc import Mapping
from pathlib import Path

from netboot.files.parcel_folder import read_folder
from netboot.shared.errors import NetbootError
from netboot.shared.parcel import Parcel, PlacedFolder
from netboot.store import Store
from netboot.store.parcels import keep_parcel, parcels_there, serve_parcels, served_parcels

log = logging.getLogger(__name__)


def take_in_folders(store: Store, folders: Mapping[Path, PlacedFolder]) -> None:
    """Take in these, as the profiles said them when they were read, by where they lie. Raises NetbootError."""
    given = {folder.parcel for folder in folders.values()}
    if not given and not served_parcels(store):
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
        if given != served_parcels(store):
            serve_parcels(store, given)


def _read(store: Store, path: Path) -> Parcel:
    try:
        return read_folder(path, store.put_chunk)
    except OSError as error:
        raise NetbootError(f"{path} cannot be read: {error}", hint="see who may read it") from error
