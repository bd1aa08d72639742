"""What is in the store of masters, as the page shows it.

Sizes of a version are asked for again after a minute at the soonest: anybody may look at the page. Not for: which
master a job gets (`masters.py`).
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from msgspec import UNSET

from netboot.masters.worth_shrinking import may_gain, smaller_version_of
from netboot.shared.manifest import Manifest
from netboot.store import ForeignError, Store, StoreError
from netboot.store.stored import free, missing, packed_sizes
from netboot.webui.masters_page import Shelf, ShownVersion

FRESH: Final = 60.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A version as it was `at` that second: its chunks' sizes, and whether it lacks some."""

    at: float
    sizes: dict[str, int]
    lacks: bool


class StoreShelf:
    """A `MastersShelf` of one store."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def shown(self) -> Shelf:
        """As MastersShelf says."""
        kept = [
            (name, digest, digest == versions.current)
            for name, versions in self._store.all_versions().items()
            for digest in versions.all
        ]
        self._seen = {digest: self._seen[digest] for _, digest, _ in kept if digest in self._seen}
        shown = tuple(self._version(name, digest, current=current) for name, digest, current in kept)
        return Shelf(shown, _together(seen.sizes for seen in list(self._seen.values())), free(self._store))

    def require_whole(self, digest: str) -> None:
        """As MastersShelf says."""
        self._store.require_whole(digest)

    def use(self, name: str, digest: str) -> None:
        """As MastersShelf says."""
        self._store.use(name, digest)

    def _version(self, name: str, digest: str, *, current: bool) -> ShownVersion:
        try:
            manifest = self._store.manifest(digest)
        except ForeignError:
            return ShownVersion(name, digest, current, "unsigned")
        except StoreError:
            return ShownVersion(name, digest, current, "damaged")
        seen = self._looked_at(manifest)
        smaller = smaller_version_of(manifest.version) if current and may_gain(manifest) else ""
        return ShownVersion(
            name,
            digest,
            current,
            "lacking" if seen.lacks else "whole",
            version=manifest.version,
            title=manifest.title,
            licence=manifest.licence,
            created=manifest.created,
            disk=manifest.disk,
            used=manifest.used,
            packed=sum(seen.sizes.values()),
            origin=manifest.origin[0].workshop if manifest.origin is not UNSET else "",
            smaller=smaller,
        )

    def _looked_at(self, manifest: Manifest) -> _Seen:
        now, digest = self._clock(), manifest.digest
        seen = self._seen.get(digest)
        if seen is None or now - seen.at >= FRESH:
            sizes = packed_sizes(self._store, manifest)
            seen = self._seen[digest] = _Seen(now, sizes, bool(missing(self._store, manifest, sizes)))
        return seen


def _together(sizes: Iterable[dict[str, int]]) -> int:
    """The bytes of all these chunks, each counted once."""
    found: dict[str, int] = {}
    for of_one in sizes:
        found |= of_one
    return sum(found.values())
