"""A build with a disk image in place of the one that it would make: all else that `build_master` does, for real.

Run as a process of its own, to be killed: python -m tests.masters.build_like RECIPE IMAGE STORE CACHE KEY [installing]
With the last word mmdebstrap installs the recipe's packages first, else nothing is looked up or installed.
"""

import os
import shutil
import sys
from pathlib import Path
from unittest.mock import patch

from nacl.signing import SigningKey

from netboot.bootfiles.debian import MIRROR_VARIABLE
from netboot.masters import build
from netboot.masters.archives import Archive
from netboot.masters.bootstrap import install, resolve
from netboot.masters.intake import About, Progress, take_in
from netboot.masters.recipe import Recipe
from netboot.shared.manifest import Manifest
from netboot.store import Store
from netboot.survey.disk_file import open_disk


def main() -> None:
    """Build, and publish in the store."""
    recipe, image, store, cache = map(Path, sys.argv[1:5])
    key = SigningKey(bytes.fromhex(sys.argv[5]))
    installing = sys.argv[6:] == ["installing"]

    def resolved(wanted: Recipe, archive: Archive) -> tuple[str, ...]:
        # The image is the build's input, so another one makes another build.
        return (f"image={image.name}", *(resolve(wanted, archive) if installing else ()))

    def built(work: build.Wanted, cache_store: Store, key: SigningKey, progress: Progress) -> Manifest:
        with cache_store.draft(".build") as folder:
            folder.mkdir()
            root = folder / "root"
            if installing:
                install(work.recipe, work.archive, root, (), work.packages[1:], work.downloads, progress)
            else:
                root.mkdir()
            shutil.copy(image, folder / "disk.raw")
            about = About(
                name=work.recipe.name,
                version=work.inputs[:8],
                title=work.recipe.title.en,
                licence=work.recipe.licence,
                created="2026-01-02T03:04:05Z",
            )
            with open_disk(folder / "disk.raw") as disk:
                return take_in(disk, about, cache_store, key, progress)

    if not installing:
        os.environ[MIRROR_VARIABLE] = "http://nowhere.invalid/debian"
    with patch.object(build, "resolve", resolved), patch.object(build, "_build", built):
        build.build_master(recipe, Store(store), key, progress=lambda line: print(line, flush=True), cache=cache)


if __name__ == "__main__":
    main()
