"""Builds a master from a recipe, or takes it from the cache when none of its inputs has changed.

The inputs are the recipe, the versions of the packages that apt would install today, and the code that builds. The
cache is a store of its own; a build is copied from it, every chunk checked, into the workshop's store.
Not for: the root (`system_root.py`), the disk (`disk_image.py`), the chunks (`intake.py`).
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType
from nacl.signing import SigningKey

from netboot.files.cache_folder import default_cache_folder
from netboot.files.code import code_digest
from netboot.masters.archives import Archive, find_archive
from netboot.masters.boot_loader import esp_files, make_bios_core, make_ia32_loader, write_configuration
from netboot.masters.bootstrap import resolve
from netboot.masters.both_sectors import for_large_sectors
from netboot.masters.built_tree import BuiltTree
from netboot.masters.disk_image import (
    MIB,
    Geometry,
    Identifiers,
    write_bios_loader,
    write_esp,
    write_partition_table,
    write_root,
)
from netboot.masters.distributions import DISTRIBUTIONS
from netboot.masters.intake import About, Progress, take_in
from netboot.masters.package_cache import PackageCache
from netboot.masters.recipe import Recipe
from netboot.masters.recipe_reading import load_recipe, read_beside, require_none
from netboot.masters.recipe_rules import not_offered
from netboot.masters.system_root import clamp_times, make_root
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest, Needs, OtherSectors
from netboot.store import Store, StoreError, StoreFullError
from netboot.store.upkeep import collect_garbage, copy_master, forget_drafts, taking_back_unused_chunks
from netboot.survey.disk_file import open_disk
from netboot.survey.offers import read_offers


@dataclass(frozen=True, slots=True)
class Wanted:
    """A recipe with all that its build works from: its file, those beside it, the archive, what is installed, its
    inputs."""

    recipe: Recipe
    path: Path
    beside: Mapping[str, bytes]
    archive: Archive
    packages: tuple[str, ...]
    downloads: PackageCache
    inputs: str


def build_master(
    recipe: Path, store: Store, key: SigningKey, *, progress: Progress, cache: Path | None = None
) -> Manifest:
    """Make the recipe's master and publish it in `store`, signed with `key`. Raises NetbootError. Needs root.

    Takes some minutes, or seconds when the cache (default: netboot's cache folder) holds it.
    """
    wanted = load_recipe(recipe)
    beside = read_beside(wanted, recipe.parent)
    if os.geteuid() != 0:
        raise NetbootError("building a master needs root", hint="start the command again with sudo")
    cache_store = Store(cache or default_cache_folder() / "masters")
    downloads = cache_store.folder.with_name(f"{cache_store.folder.name}-packages")
    progress(f"{wanted.name}: looking up packages")
    with find_archive(wanted, downloads / "keys") as archive:
        packages = resolve(wanted, archive)
        inputs = inputs_digest(wanted, beside, packages)
        work = Wanted(wanted, recipe, beside, archive, packages, PackageCache(downloads / wanted.suite), inputs)
        return _copy_or_build(work, cache_store, store, key, progress)


def _copy_or_build(work: Wanted, cache_store: Store, store: Store, key: SigningKey, progress: Progress) -> Manifest:
    name = work.recipe.name
    forget_drafts(store)
    store.every_name()  # where they are lost, none is published in the end
    with (
        _one_at_a_time(cache_store, progress),
        taking_back_unused_chunks(store),
        taking_back_unused_chunks(cache_store),
    ):
        forget_drafts(cache_store)
        earlier = cache_store.find_build(work.inputs)
        if earlier is not None:
            progress(f"{name}: nothing has changed since it was built; copying it")
            try:
                copy_master(cache_store, store, earlier, key)
            except StoreFullError:
                raise  # nothing is wrong with it, and to build it again takes more room
            except StoreError as error:
                progress(f"{name}: the kept build is damaged, so it is built again ({error.message})")
            else:
                return earlier
        progress(f"{name}: {len(work.packages)} packages to install")
        manifest = _build(work, cache_store, key, progress)
        cache_store.remember_build(work.inputs, manifest)
        collect_garbage(cache_store)
        progress(f"{name}: copying it to the store")
        copy_master(cache_store, store, manifest, key)
        return manifest


def room_to_build(recipe: Recipe) -> int:
    """The bytes that a build needs in the cache: the root as a folder, the disk image, and the chunks, side by side."""
    return 3 * recipe.disk * MIB


def inputs_digest(recipe: Recipe, beside: Mapping[str, bytes], packages: tuple[str, ...]) -> str:
    """The name of a build: everything that decides what is in it, 64 hex digits."""
    # The code that decides what is on a built disk; a change of any of it makes another build.
    code = code_digest(__name__)
    attached = {name: hashlib.sha256(content).hexdigest() for name, content in beside.items()}
    return hashlib.sha256(
        json.dumps([msgspec.to_builtins(recipe), attached, packages, code], sort_keys=True).encode()
    ).hexdigest()


def _build(work: Wanted, cache_store: Store, key: SigningKey, progress: Progress) -> Manifest:
    recipe, distribution = work.recipe, DISTRIBUTIONS[work.recipe.distribution]
    geometry = Geometry(size=recipe.disk * MIB, esp_length=recipe.esp * MIB)
    ids = Identifiers(work.inputs)
    cache_store.every_name()  # where they are lost, none is published in the end
    cache_store.require_space(room_to_build(recipe))
    with cache_store.draft(".build") as folder:
        folder.mkdir()
        root, image = folder / "root", folder / "disk.raw"
        progress(f"{recipe.name}: installing {distribution.title} {recipe.suite} (some minutes)")
        epoch = make_root(recipe, work.beside, work.archive, root, work.packages, work.downloads, progress)
        require_none(not_offered(recipe, read_offers(BuiltTree(root))), work.path)
        progress(f"{recipe.name}: making the disk")
        write_configuration(root, distribution, ids.boot_ids(), recipe.kernel_parameters)
        core = make_bios_core(root, ids.boot_ids().root_partition)
        ia32 = make_ia32_loader(root, distribution)
        clamp_times(root, epoch)
        write_partition_table(image, geometry, ids)
        write_bios_loader(image, geometry, (root / "usr/lib/grub/i386-pc/boot.img").read_bytes(), core)
        files = esp_files(root, distribution, ids.boot_ids(), ia32)
        write_esp(image, geometry, ids, files, epoch)
        write_root(image, geometry, ids, root, epoch)
        about = About(
            name=recipe.name,
            version=f"{recipe.version}-{time.strftime('%Y%m%d', time.gmtime(epoch))}",
            title=recipe.title.en,
            licence=recipe.licence,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)),
            titles=recipe.title.in_languages(),
            needs=Needs(memory=recipe.needs.memory * MIB, disk=recipe.needs.disk * MIB, firmware=recipe.needs.firmware),
        )

        def others(master: Manifest) -> OtherSectors | UnsetType:
            if not geometry.for_large_sectors:
                return UNSET
            return for_large_sectors(image, geometry, ids, files, epoch, master, cache_store, progress)

        with open_disk(image) as disk:
            return take_in(disk, about, cache_store, key, progress, others=others)


@contextmanager
def _one_at_a_time(cache_store: Store, progress: Progress) -> Iterator[None]:
    cache_store.folder.mkdir(parents=True, exist_ok=True)
    with (cache_store.folder / ".building").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another build is at work; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
