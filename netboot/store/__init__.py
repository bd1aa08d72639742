"""Where chunks and manifests live: one folder, content-addressed (folder.py), looked over by upkeep.py."""

from netboot.store.folder import ForeignError, Store, StoreError

__all__ = ["ForeignError", "Store", "StoreError"]
