"""A recipe built twice: how far the two are the same, told in bytes, and what must be.

For `./run test --all`. Only metadata may differ where Debian's packages are reproducible: mke2fs copies each inode's
change time, which no program can set.
"""

from pathlib import Path

import pytest
from nacl.signing import SigningKey

from netboot.files.assets import asset_folder
from netboot.files.cache_folder import default_cache_folder
from netboot.masters.build import build_master
from netboot.shared.manifest import Manifest
from netboot.store import Store

pytestmark = [pytest.mark.lab, pytest.mark.matrix, pytest.mark.timeout(7200)]

SAME = {"debian-minimal": 0.95, "leger": 0.9}
"""The least share of the bytes in use that two builds have in common."""


def build(name: str, folder: Path) -> Manifest:
    """A build that no earlier one is taken for; its packages are those that were downloaded before."""
    cache = folder / "cache"
    cache.mkdir(parents=True)
    packages = default_cache_folder() / "masters-packages"
    packages.mkdir(parents=True, exist_ok=True)
    cache.with_name("cache-packages").symlink_to(packages)
    recipe = asset_folder("images") / f"{name}.yaml"
    return build_master(recipe, Store(folder / "store"), SigningKey.generate(), progress=print, cache=cache)


@pytest.mark.parametrize("name", SAME)
def test_two_builds_of_one_recipe_are_the_same_but_for_metadata(name: str, tmp_path: Path) -> None:
    first, second = (build(name, tmp_path / which) for which in ("first", "second"))
    assert first.partitions == second.partitions
    assert first.table_id == second.table_id
    assert (first.version, first.created, first.disk) == (second.version, second.created, second.disk)
    theirs = {chunk.sha256 for chunk in second.chunks}
    same = sum(chunk.length for chunk in first.chunks if chunk.sha256 in theirs)
    print(f"{name}: {same} of {first.used} bytes are the same in two builds ({100 * same / first.used:.2f} %)")
    assert same >= SAME[name] * first.used
