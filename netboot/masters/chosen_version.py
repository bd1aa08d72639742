"""Finds the version of a master that a person names: NAME, or NAME@VERSION, or NAME@ the beginning of its digest.

Not for: which versions a store keeps (`store/versions.py`).
"""

import re
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.store import Store, StoreError

_START: Final = re.compile(r"[0-9a-f]{8,64}")
"""The beginning of a digest that is long enough to be meant as one."""


def version_of(store: Store, name: str, wanted: str) -> str:
    """The digest of this master's version; "" wants the current one. Raises NetbootError, with what there is.

    One that is damaged is found by the beginning of its digest alone.
    """
    versions = store.versions_of(name)
    if not wanted:
        return versions.current
    called = {digest: _called(store, digest) for digest in versions.all}
    by_digest = [digest for digest in versions.all if _START.fullmatch(wanted) and digest.startswith(wanted)]
    found = [digest for digest, version in called.items() if version == wanted] or by_digest
    if len(found) == 1:
        return found[0]
    there = "; ".join(f"{version or 'damaged'} ({digest[:12]})" for digest, version in called.items())
    if found:
        raise NetbootError(
            f"both versions of {name} are called {wanted}", hint=f"name one by the beginning of its digest: {there}"
        )
    raise NetbootError(f"{name} has no version {wanted}", hint=f"it has: {there}")


def named(store: Store, text: str) -> str:
    """The digest that NAME or NAME@VERSION means. Raises NetbootError."""
    name, _, version = text.partition("@")
    return version_of(store, name, version)


def _called(store: Store, digest: str) -> str:
    """The version's name; "" where its manifest cannot be read."""
    try:
        return store.manifest(digest).version
    except StoreError:
        return ""
