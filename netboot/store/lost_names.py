"""Tells a store whose masters' names are lost from one that has no master, yet or any more.

Whoever deletes what no master names asks it, and whoever is about to write a name: with a new one there, all others'
manifests would look unwanted. So the blob `masters/.none` says that no master has a name, on purpose: a first import
puts it before its manifest, the removal of the last master becomes it; with the first name it goes.
Not for: one name that cannot be read (`store.py`).
"""

from dataclasses import dataclass
from typing import Final

from netboot.store.blobs import MANIFESTS, MASTERS, BlobStore, StoreError

NONE: Final = f"{MASTERS}/.none"


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in a store: how many names and manifests, whether there is `NONE`, whether the manifests' folder
    is there, and whether anything was ever named there."""

    names: int
    manifests: int
    none: bool
    manifests_folder: bool
    ever_named: bool


def names_are_lost(found: Found) -> bool:
    """Whether masters had names here that are gone."""
    return found.manifests > 0 and not (found.names or found.none)


def all_is_lost(found: Found) -> bool:
    """Whether the manifests are gone with the names: where chunks are left, they are not those of a first import that
    failed, which named nothing."""
    return found.ever_named and not (found.names or found.none or found.manifests_folder)


def find(blobs: BlobStore, *, names: int, manifests: int, ever_named: bool) -> Found:
    """What lies there, so many names and manifests among it."""
    folder = blobs.path_of(MANIFESTS)
    return Found(names, manifests, blobs.exists(NONE), folder is None or folder.is_dir(), ever_named)


def require_names(blobs: BlobStore, found: Found) -> None:
    """Raises StoreError where the names are lost."""
    if names_are_lost(found):
        raise StoreError(
            f"{blobs.path_of(MASTERS)}, which says what masters there are, is lost",
            hint="look at the disk that the store is on, or put a backup of this folder back; or move "
            f"{blobs.path_of(MANIFESTS)} elsewhere, and build or import each master again",
        )


def require_manifests(blobs: BlobStore, found: Found) -> None:
    """Raises StoreError where the manifests are lost too. Asked where there are chunks."""
    if all_is_lost(found):
        raise StoreError(
            f"{blobs.path_of(MANIFESTS)}, with all that says what masters there are, is lost",
            hint="put a backup of the store back; or import a master again: then what is left of others may go",
        )
