"""Where this machine fetches a recipe's packages from, and which keys vouch for them.

Debian's come from the mirror that this machine's apt uses. Ubuntu's keys, where they are not installed, are taken from
Debian's package of them, which Debian's own keys vouch for. Not for: the sources in a master (`distributions.py`).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from netboot.bootfiles.debian import KEYRINGS, find_mirror, sources, unpack
from netboot.masters.distributions import DISTRIBUTIONS
from netboot.masters.recipe import Recipe

UBUNTU_MIRROR: Final = "NETBOOT_UBUNTU_MIRROR"
_KEYS_SUITE: Final = "trixie"
"""The release of Debian whose package of Ubuntu's keys is taken."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The lines of a sources.list, and the file or folder of keys."""

    source_lines: str
    keyring: Path


@contextmanager
def find_archive(recipe: Recipe, cache: Path) -> Iterator[Archive]:
    """What to install this recipe from; `cache` is a folder for keys that are not installed. Raises NetbootError."""
    match recipe.distribution:
        case "debian":
            yield Archive(sources(find_mirror(), recipe.suite, recipe.components), KEYRINGS)
        case "ubuntu":
            address = os.environ.get(UBUNTU_MIRROR, DISTRIBUTIONS["ubuntu"].archive).rstrip("/")
            parts = " ".join(dict.fromkeys(recipe.components))
            suites = (recipe.suite, f"{recipe.suite}-updates", f"{recipe.suite}-security")
            lines = "".join(f"deb {address} {suite} {parts}\n" for suite in suites)
            with TemporaryDirectory(prefix="netboot-keys-") as folder:
                yield Archive(lines, _ubuntu_keys(cache, Path(folder)))


def _ubuntu_keys(cache: Path, folder: Path) -> Path:
    """The file of keys: the one that is installed, else a copy in `folder`, which apt's own user can read."""
    name = DISTRIBUTIONS["ubuntu"].keyring
    if (KEYRINGS / name).is_file():
        return KEYRINGS / name
    if not (cache / name).is_file() or not (cache / name).stat().st_size:
        _fetch_ubuntu_keys(name, cache)
    folder.chmod(0o755)
    shutil.copyfile(cache / name, folder / name)
    (folder / name).chmod(0o644)
    return folder / name


def _fetch_ubuntu_keys(name: str, cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    tree = cache / "unpacked"
    shutil.rmtree(tree, ignore_errors=True)
    lines = sources(find_mirror(), _KEYS_SUITE, ["main"])
    try:
        unpack(["ubuntu-keyring"], suite=_KEYS_SUITE, source_lines=lines, into=tree)
        (tree / KEYRINGS.relative_to("/") / name).replace(cache / name)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
        tree.with_name(f"{tree.name}.list").unlink(missing_ok=True)
