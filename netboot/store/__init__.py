"""Chunks, manifests and masters (store.py) in blobs (blobs.py), which are files of a folder (folder.py); upkeep.py."""

from netboot.store.blobs import BlobStore, StoreError
from netboot.store.folder import BlobFolder
from netboot.store.store import ForeignError, Store

__all__ = ["BlobFolder", "BlobStore", "ForeignError", "Store", "StoreError"]
