"""Makes a version that fits smaller disks of a master that is in the store: of a capture, or of an image that was taken
in with its own size.

The master is laid out as a disk again, in a draft with holes, and taken in like an image: surveyed, made smaller,
checked. The version that it was made of stays as the one before. Made of another workshop's, it is this one's own: its
content is not what they signed. All values are bytes.
Not for: how a file system is made smaller (`shrinking.py`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from nacl.signing import SigningKey

from netboot.masters.intake import About, Progress, take_in
from netboot.masters.shrinking import KEEPS, made_smaller
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest
from netboot.store import Store
from netboot.store.laid_out import lay_out
from netboot.store.upkeep import forget_drafts, taking_back_unused_chunks
from netboot.survey.disk_file import DiskFile, open_disk
from netboot.survey.whole_disk import Survey

_WHICH: Final = (
    "only a master whose last file system is ext2-4 or NTFS, sound and mostly free, or with a GPT and much room behind "
    "its last partition, can be"
)


def make_smaller_version(store: Store, digest: str, key: SigningKey, *, version: str, progress: Progress) -> Manifest:
    """Publish a smaller one of the master of this digest, as `version`. Raises NetbootError, and changes nothing, when
    it cannot be made smaller, or is not the current version. Needs root."""
    master = store.manifest(digest)
    if version == master.version:
        raise NetbootError(f"{master.name} has a version {version} already", hint="give the smaller one another: --as")
    _require_current(store, master)
    about = About(
        name=master.name,
        version=version,
        title=master.title,
        licence=master.licence,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        architecture=master.architecture,
        titles=master.titles,
        needs=master.needs,
    )
    why: list[str] = []

    def told(line: str) -> None:
        why.extend([line.removeprefix(KEEPS)] if line.startswith(KEEPS) else [])
        progress(line)

    @contextmanager
    def smaller_or_nothing(
        disk: DiskFile, found: Survey, store: Store, progress: Progress
    ) -> Iterator[tuple[DiskFile, Survey]]:
        with made_smaller(disk, found, store, progress) as (fitted, smaller):
            if smaller.layout.size >= found.layout.size:
                raise NetbootError(
                    f"{disk.name} cannot be made smaller, or by too little: nothing was changed",
                    hint=why[-1] if why else _WHICH,
                )
            _require_current(store, master)  # before all of it is packed in vain
            yield fitted, smaller

    forget_drafts(store)
    with taking_back_unused_chunks(store), store.draft(".whole") as draft:
        store.require_space(master.used)
        progress(f"laying out {master.name} {master.version}")
        lay_out(store, master, draft)
        with open_disk(draft) as disk:
            named = replace(disk, name=f"{master.name} {master.version}")
            return take_in(named, about, store, key, told, smaller_or_nothing, instead_of=master.digest)


def _require_current(store: Store, master: Manifest) -> None:
    """Raises NetbootError when PCs get another version of it: what is made of an old one must not take its place."""
    versions = store.versions(master.name)
    if versions is None or versions.current != master.digest:
        raise NetbootError(
            f"{master.name} {master.version} is not the current version: nothing was changed",
            hint="make a smaller one of the current version",
        )
