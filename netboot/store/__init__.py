"""The store of masters: chunks and manifests (store.py), kept as blobs (blobs.py) in a folder (folder.py)."""

from netboot.store.blobs import BlobStore, StoreBusyError, StoreError, StoreFullError
from netboot.store.folder import BlobFolder
from netboot.store.store import ForeignError, Store

__all__ = ["BlobFolder", "BlobStore", "ForeignError", "Store", "StoreBusyError", "StoreError", "StoreFullError"]
