"""Where chunks and manifests live: one folder, content-addressed (folder.py), looked over by upkeep.py."""

from netboot.store.folder import Store, StoreError

__all__ = ["Store", "StoreError"]
