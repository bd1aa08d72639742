"""A master's two versions: the one that PCs get, and the one that was current before it.

What `masters/<name>` holds: the digest of the current manifest, and on a second line that of the version before, where
there is one; stores of before have one line. Pure. Not for: reading and writing it (`store.py`).
"""

import re
from dataclasses import dataclass

from netboot.store.blobs import StoreError

_FORM = re.compile(r"([0-9a-f]{64})(?:\n([0-9a-f]{64}))?\n?")


@dataclass(frozen=True, slots=True)
class Versions:
    """Digests of manifests; `before` is "" where there is none."""

    current: str
    before: str = ""

    @property
    def all(self) -> tuple[str, ...]:
        """The current one first."""
        return (self.current, self.before) if self.before else (self.current,)

    def after(self, digest: str) -> "Versions":
        """What they are once this one is current: what was current goes before it, and what was before that is let go.

        One that is current already changes nothing.
        """
        return self if digest == self.current else Versions(digest, self.current)

    def without(self, digest: str) -> "Versions":
        """What they are without the version before. Raises StoreError for any other."""
        if not digest or digest != self.before:
            raise StoreError(
                "the current version is not removed alone",
                hint="make the other one current first (netboot master use), or remove the whole master",
            )
        return Versions(self.current)

    def text(self) -> str:
        """What is kept of them."""
        return "".join(f"{digest}\n" for digest in self.all)


def read_versions(text: str) -> Versions | None:
    """What `text` gave; None for anything else."""
    found = _FORM.fullmatch(text.strip())
    return None if found is None else Versions(found[1], found[2] or "")
