"""Makes the boot files in the cache folder, or finds them there.

Needs root (mmdebstrap unpacks as root), and of Debian's packages mmdebstrap, sbsigntool and openssl.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from netboot.bootfiles import base, debian
from netboot.bootfiles.kit_core import make_core
from netboot.bootfiles.loaders import KIT_CORE, LOADERS, UEFI_X64
from netboot.bootfiles.recipe import Recipe, load_recipe
from netboot.bootfiles.record import (
    BUILD_HINT,
    NAMES,
    RECIPE,
    RECORD,
    BootFiles,
    current,
    load,
    load_folder,
    recipe_digest,
    write_record,
)
from netboot.bootfiles.shim import require_microsoft_2011
from netboot.files.assets import asset_folder
from netboot.shared.errors import NetbootError

_BUILDING = "building-"

Progress = Callable[[str], None]

AGE_LIMIT = 30 * 24 * 3600.0
"""Seconds after which a build asks the mirror for newer packages."""


def build(cache: Path, *, progress: Progress, refresh: bool = False) -> BootFiles:
    """Make the boot files and put them in use, unless the cache has them for this recipe and not too old.

    `refresh` asks the mirror all the same. `progress` gets one sentence a step. Raises NetbootError.
    """
    recipe_path = asset_folder("images") / RECIPE
    digest = recipe_digest()
    recipe = load_recipe(recipe_path)
    cache.mkdir(parents=True, exist_ok=True)
    files = None if refresh else _usable(cache, digest)
    if files is None:
        with _workspace(cache) as work:
            # Another build may have ended while this one waited for its turn.
            files = None if refresh else _usable(cache, digest)
            files = files or _put_in_use(
                cache, _make(work, recipe, digest, recipe.loader_packages, recipe.agent_packages, progress)
            )
    progress(f"the boot files are in {files.folder}")
    return files


def prove(files: BootFiles, *, progress: Progress) -> None:
    """Build once more from the recorded packages, and raise NetbootError unless every file has the same SHA-256."""
    recipe_path = asset_folder("images") / RECIPE
    if files.recipe != recipe_digest():
        raise NetbootError("the recipe changed since these boot files were made", hint=BUILD_HINT)
    with _workspace(files.folder.parent) as work:
        again = _make(
            work, load_recipe(recipe_path), files.recipe, files.loader_packages, files.agent_packages, progress
        )
        if different := [name for name in NAMES if again.sha256[name] != files.sha256[name]]:
            raise NetbootError(
                f"a second build gave other bytes for {', '.join(different)}",
                hint="this is a fault in netboot: report it with bootfiles.json",
            )


def _make(
    work: Path,
    recipe: Recipe,
    digest: str,
    loader_packages: Iterable[str],
    agent_packages: Iterable[str],
    progress: Progress,
) -> BootFiles:
    lines = debian.sources(debian.find_mirror(), recipe.suite, recipe.components)
    out = work / "out"
    out.mkdir()
    progress("fetching the loaders from the Debian mirror")
    loaders = debian.unpack(loader_packages, suite=recipe.suite, source_lines=lines, into=work / "loaders")
    for name, source in LOADERS.items():
        shutil.copyfile(work / "loaders" / source, out / name)
    progress("checking that shim is signed for PCs of every age")
    require_microsoft_2011(out / UEFI_X64)
    (out / KIT_CORE).write_bytes(make_core(work / "loaders"))
    progress("fetching the kernel and the agent's tools from the Debian mirror")
    tree = work / "agent"
    agent = debian.unpack(agent_packages, suite=recipe.suite, source_lines=lines, into=tree)
    kernel = base.kernel_version(tree)
    shutil.copyfile(tree / f"boot/vmlinuz-{kernel}", out / "vmlinuz")
    progress("making the agent's base archive (about a minute)")
    (out / "agent-base.img").write_bytes(base.make_base(tree, recipe))
    for name in NAMES:
        (out / name).chmod(0o644)
    return write_record(out, kernel=kernel, recipe=digest, loader_packages=loaders, agent_packages=agent)


def _usable(cache: Path, digest: str) -> BootFiles | None:
    """The newest of the cache for this recipe, whole and not too old, put in use again if another one was."""
    records = {path: path.stat().st_mtime for path in cache.glob(f"*/{RECORD}") if not path.parent.is_symlink()}
    for record in sorted(records, key=lambda path: records[path], reverse=True):
        try:
            files = load_folder(record.parent)
        except NetbootError:
            continue
        if files.recipe == digest and time.time() - records[record] < AGE_LIMIT:
            _point_at(cache, files.folder)
            return files
    return None


@contextmanager
def _workspace(cache: Path) -> Iterator[Path]:
    """A folder for one build, beside the result so that a rename suffices. One build at a time; the next one removes
    what a killed one left."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for abandoned in cache.glob(f"{_BUILDING}*"):
            shutil.rmtree(abandoned)
        with tempfile.TemporaryDirectory(prefix=_BUILDING, dir=cache) as folder:
            yield Path(folder)


def _put_in_use(cache: Path, files: BootFiles) -> BootFiles:
    """Move the folder to its place and point the link at it in one step: a server that starts meanwhile sees the old
    files or the new. Old folders go once they are so old that no server can be serving from them."""
    names = "\n".join((files.recipe, *files.loader_packages, "", *files.agent_packages))
    folder = cache / hashlib.sha256(names.encode()).hexdigest()[:16]
    if folder.exists():
        shutil.rmtree(folder)
    files.folder.rename(folder)
    _point_at(cache, folder)
    for record in cache.glob(f"*/{RECORD}"):
        made = record.parent
        if made != folder and not made.is_symlink() and time.time() - record.stat().st_mtime > AGE_LIMIT:
            shutil.rmtree(made)
    return load(cache)


def _point_at(cache: Path, folder: Path) -> None:
    link = current(cache)
    new = link.with_name(f"{link.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    new.symlink_to(folder.name)
    new.replace(link)
