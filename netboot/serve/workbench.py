"""What masters can be made of on this server, as the page shows it: recipes, and the files of the inbox.

A browser names a recipe or a file, never a path: what it names must be among those that are listed here. Links are left
out, so that nothing outside of the inbox is taken in. Not for: making anything (`workshop/makings.py`).
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from netboot.files import core_yaml
from netboot.files.cache_folder import default_cache_folder
from netboot.jobs.making import BuildOrder, ImportOrder, ShrinkOrder
from netboot.masters.build import room_to_build
from netboot.masters.recipe_reading import load_recipe
from netboot.serve.inbox_upload import forget_cut_off
from netboot.serve.own_thread import OwnThread
from netboot.serve.watched_upload import WITHIN, WatchedUpload
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError
from netboot.store import Store
from netboot.store.stored import free
from netboot.webui.workbench import Bench, ShownFile, ShownRecipe
from netboot.workshop.called import Called

log = logging.getLogger(__name__)

MOST: Final = 200
"""Recipes, or files of the inbox, that are shown."""


class StoreWorkbench:
    """A `Workbench` with these settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread = OwnThread()
        self._uploads = OwnThread(within=WITHIN)

    def forget_cut_off(self) -> None:
        """At the server's start: what its end left of an upload is no image, and gives back its room."""
        folder = self._settings.masters.inbox
        if not folder:
            return
        try:
            self._thread.ask(lambda: forget_cut_off(Path(folder)))
        except (NetbootError, OSError) as error:
            log.warning("the folder of images %s: %s", folder, error)

    @property
    def may_build(self) -> bool:
        """As Workbench says."""
        return os.geteuid() == 0

    def bench(self) -> Bench:
        """As Workbench says."""
        unread = ""
        try:
            files = self._inbox()
        except OSError as error:
            files, unread = (), error.strerror or str(error)
        return Bench(
            (*(shown for _, shown in self._recipes()), *self._unread_folders()),
            files,
            self._settings.masters.inbox,
            free(Store(default_cache_folder() / "masters")),
            may_build=self.may_build,
            unread=unread,
        )

    def order_to_build(self, recipe: str) -> BuildOrder | None:
        """As Workbench says."""
        for path, shown in self._recipes():
            if shown.id == recipe and not shown.mistake:
                data = os.fspath(self._settings.data_folder.absolute())
                return BuildOrder(data=data, recipe=os.fspath(path.absolute()), name=shown.name)
        return None

    def order_to_import(self, file: str, called: Called) -> ImportOrder | None:
        """As Workbench says."""
        try:
            if file not in {shown.name for shown in self._inbox() if not shown.unnamed}:
                return None
        except OSError:
            return None
        return ImportOrder(
            data=os.fspath(self._settings.data_folder.absolute()),
            bootfiles=os.fspath(self._settings.bootfiles_folder.absolute()),
            file=os.fspath(Path(self._settings.masters.inbox).absolute() / file),
            name=called.name,
            version=called.version,
            title=called.title,
            licence=called.licence,
        )

    def order_to_shrink(self, name: str, digest: str, of: str, version: str) -> ShrinkOrder:
        """As Workbench says."""
        data = os.fspath(self._settings.data_folder.absolute())
        return ShrinkOrder(data=data, name=name, digest=digest, of=of, version=version)

    def receive(self, name: str, expected: int) -> WatchedUpload:
        """As Workbench says."""
        if not self._settings.masters.inbox:
            raise NetbootError("there is no folder for images", hint="set `masters.inbox` in the settings")
        return WatchedUpload(self._uploads, Path(self._settings.masters.inbox), name, expected)

    def _recipes(self) -> list[tuple[Path, ShownRecipe]]:
        paths = {path.stem: path for folder in self._settings.recipe_folders for path in sorted(folder.glob("*.yaml"))}
        found = ((paths[stem], _shown_recipe(paths[stem])) for stem in sorted(paths)[:MOST])
        return [(path, shown) for path, shown in found if shown is not None]

    def _inbox(self) -> tuple[ShownFile, ...]:
        """The newest first. Raises OSError."""
        folder = self._settings.masters.inbox
        if not folder:
            return ()
        return self._thread.ask(lambda: _newest(folder))

    def _unread_folders(self) -> list[ShownRecipe]:
        """What is told in place of the recipes of a folder that is not there."""
        folders = [folder for folder in self._settings.recipe_folders if not folder.is_dir()]
        return [ShownRecipe(str(one), str(one), mistake=f"there is no folder {one}") for one in folders]


def _newest(folder: str) -> tuple[ShownFile, ...]:
    with os.scandir(folder) as entries:
        files = sorted(_files(entries), key=lambda file: file.changed, reverse=True)
    return tuple(files[:MOST])


def _files(entries: Iterator[os.DirEntry[str]]) -> Iterator[ShownFile]:
    for entry in entries:
        if entry.name.startswith("."):
            continue
        is_folder = entry.is_dir(follow_symlinks=False)
        if is_folder or entry.is_file(follow_symlinks=False):
            status = entry.stat(follow_symlinks=False)
            size = 0 if is_folder else status.st_size
            name = _in_utf8(entry.name)
            yield ShownFile(name, size, status.st_mtime, is_folder=is_folder, unnamed=name != entry.name)


def _in_utf8(name: str) -> str:
    """A file's name as a page can show it; another one where it is in no UTF-8."""
    return os.fsencode(name).decode(errors="replace")


def _shown_recipe(path: Path) -> ShownRecipe | None:
    """None for one without a name: others extend it, and it makes no master."""
    stem = _in_utf8(path.stem)
    if stem != path.stem:
        return ShownRecipe(stem, stem, mistake="the name of its file is not in UTF-8: rename it")
    try:
        raw = core_yaml.load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        return ShownRecipe(path.stem, path.stem, mistake=f"{path}: {error}")
    if isinstance(raw, dict) and "name" not in raw:
        return None
    try:
        recipe = load_recipe(path)
    except NetbootError as error:
        return ShownRecipe(path.stem, path.stem, mistake=error.message)
    return ShownRecipe(path.stem, recipe.name, recipe.title.in_languages(), room_to_build(recipe), recipe.version)
