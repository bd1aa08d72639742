"""Making a master: built from a recipe (build.py), or taken in from a disk image (importing.py)."""

from netboot.masters.build import build_master
from netboot.masters.importing import import_master

__all__ = ["build_master", "import_master"]
