"""What `netboot master …` does: values of the command line in, lines for people out.

Not for: parsing arguments (`options.py`), making masters (`build.py`, `importing.py`).
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from netboot.auth.server_keys import load_key, public_key
from netboot.bootfiles import current
from netboot.files.data_folder import require_open
from netboot.masters.account import account
from netboot.masters.build import build_master
from netboot.masters.bundle.command_line import export, import_bundle, is_bundle, workshops
from netboot.masters.chosen_version import named, version_of
from netboot.masters.description import describe
from netboot.masters.difference import difference, shares
from netboot.masters.importing import import_master
from netboot.masters.in_use import held_by_jobs, require_unused
from netboot.masters.loader_level import level_of
from netboot.masters.shrinking import as_it_is, made_smaller
from netboot.masters.smaller_version import make_smaller_version
from netboot.masters.worth_shrinking import smaller_version_of
from netboot.records.values import HeldMaster
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import amount
from netboot.shared.manifest import Manifest
from netboot.shared.visible import visible
from netboot.store import Store, StoreError
from netboot.store.stored import free, packed_sizes, stored
from netboot.store.upkeep import Deleted, collect_garbage, remove_master, remove_version, untold, verify

Say = Callable[[str], None]


def master(options: argparse.Namespace, settings: Settings, say: Say) -> int:
    """Do what `options.what` names; gives the exit status. Raises NetbootError."""
    return _COMMANDS[options.what](options, settings, say)


def _build(options: argparse.Namespace, settings: Settings, say: Say) -> int:
    key = load_key(settings.data_folder)
    _tell_of(build_master(options.recipe, Store(_folder(settings)), key, progress=say), say)
    return 0


def _import(options: argparse.Namespace, settings: Settings, say: Say) -> int:
    told = {word: getattr(options, word) for word in ("name", "title", "release", "licence")}
    if is_bundle(options.file):
        if told["title"] or told["release"] or told["licence"]:
            raise NetbootError(
                f"{options.file} is a master of another workshop, and says its title, release and licence itself",
                hint="leave these options out",
            )
        return import_bundle(options, settings, say)
    if missing := [f"--{word}" for word, value in told.items() if not value]:
        raise NetbootError(f"an image does not say what it is: {', '.join(missing)} is missing", hint="give all four")
    key = load_key(settings.data_folder)
    manifest = import_master(
        options.file,
        Store(_folder(settings)),
        key,
        None if options.without_secure_boot else level_of(current(settings.bootfiles_folder)),
        as_it_is if options.keep_size else made_smaller,
        name=options.name,
        version=options.release,
        licence=options.licence,
        title=options.title,
        progress=say,
    )
    _tell_of(manifest, say)
    return 0


def _tell_of(manifest: Manifest, say: Say) -> None:
    say(f"Master {manifest.name} {manifest.version} is in the store: {manifest.digest}")
    for line in account(manifest):
        say(f"  {line}")


def _list(_: argparse.Namespace, settings: Settings, say: Say) -> int:
    store = _own(settings)
    status = 0
    for name, why in untold(store).items():
        say(f"{name} cannot be used: {why}")
        status = 1
    for name, versions in store.all_versions().items():
        for digest in versions.all:
            try:
                manifest = store.manifest(digest)
            except StoreError as error:
                say(f"{name} cannot be used: {error}")
                status = 1
            else:
                state = "current" if digest == versions.current else "before"
                print(visible("\t".join((name, manifest.version, manifest.licence, digest, state))))  # noqa: T201
    say(f"{amount(free(store))} are free in the store.")
    return status


def _show(options: argparse.Namespace, settings: Settings, _: Say) -> int:
    store = _own(settings)
    manifest = store.manifest(version_of(store, options.name, options.release))
    whole = stored(store, manifest)
    for line in describe(manifest, whole):
        print(visible(line))  # noqa: T201
    return 1 if whole.missing else 0


def _use(options: argparse.Namespace, settings: Settings, say: Say) -> int:
    store = _own(settings)
    digest = version_of(store, options.name, options.release)
    version = store.manifest(digest).version
    if digest == store.versions_of(options.name).current:
        say(f"{options.name} {version} is the current version already.")
        return 0
    store.require_whole(digest)
    store.use(options.name, digest)
    say(f"{options.name} {version} is current: every job that begins from now on gets it. The other version stays.")
    return 0


def _shrink(options: argparse.Namespace, settings: Settings, say: Say) -> int:
    store, key = _own(settings), load_key(settings.data_folder)
    digest = store.versions_of(options.name).current
    version = options.smaller or smaller_version_of(store.manifest(digest).version)
    _tell_of(make_smaller_version(store, digest, key, version=version, progress=say), say)
    return 0


def _diff(options: argparse.Namespace, settings: Settings, say: Say) -> int:
    store = _own(settings)
    if options.new:
        old, new = named(store, options.old), named(store, options.new)
    else:
        versions = store.versions_of(options.old)
        if not versions.before:
            raise NetbootError(f"{options.old} has one version only", hint="name two masters: netboot master diff A B")
        old, new = versions.before, versions.current
    was, now = store.manifest(old), store.manifest(new)
    say(f"{was.name} {was.version} ({was.created}) → {now.name} {now.version} ({now.created})")
    for line in difference(was, now, shares(was, now, packed_sizes(store, was) | packed_sizes(store, now))):
        print(visible(line))  # noqa: T201
    return 0


def _verify(_: argparse.Namespace, settings: Settings, say: Say) -> int:
    damages = verify(Store(_folder(settings)), public_key(load_key(settings.data_folder)))
    for damage in damages:
        say(f"{', '.join(damage.masters)}: {damage.part}: {damage.reason}")
    say("Build or import the masters above again." if damages else "Every master is whole.")
    return 1 if damages else 0


def _remove(options: argparse.Namespace, settings: Settings, say: Say) -> int:
    held = _Held(settings)
    if options.release:
        store = _for_deleting(settings)
        digest = version_of(store, options.name, options.release)
        deleted = remove_version(store, options.name, digest, keep=held)
        say(f"{options.name} {options.release} is deleted: {_freed(deleted)}.")
        _tell_of_held(held.jobs, deleted, say)
        return 0

    def keep() -> tuple[str, ...]:
        require_unused(options.name, settings)
        return held()

    deleted = remove_master(_for_deleting(settings), options.name, keep=keep)
    say(f"{options.name} is deleted: {_freed(deleted)}.")
    _tell_of_held(held.jobs, deleted, say)
    return 0


def _gc(_: argparse.Namespace, settings: Settings, say: Say) -> int:
    held = _Held(settings)
    deleted = collect_garbage(_for_deleting(settings), keep=held)
    is_any = deleted.manifests or deleted.chunks or deleted.freed
    say(f"Deleted: {_freed(deleted)}." if is_any else "There was nothing to free.")
    _tell_of_held(held.jobs, deleted, say)
    return 0


class _Held:
    """What jobs hold; asked when nobody else writes to the store, and told afterwards."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.jobs: tuple[HeldMaster, ...] = ()

    def __call__(self) -> tuple[str, ...]:
        self.jobs = held_by_jobs(self._settings)
        return tuple(digest for job in self.jobs for digest in (job.digest, *job.folders))


def _own(settings: Settings) -> Store:
    """The store, as this workshop's agents would take it: what another key signed is refused."""
    return Store(_folder(settings), accepts=public_key(load_key(settings.data_folder)))


def _for_deleting(settings: Settings) -> Store:
    """The store, its signatures not checked: what another key signed can be deleted, and need not stay for that."""
    require_open(_folder(settings) / "masters")
    return Store(_folder(settings))


def _freed(deleted: Deleted) -> str:
    manifests = f"{deleted.manifests} manifest{'' if deleted.manifests == 1 else 's'}"
    chunks = f"{deleted.chunks} chunk{'' if deleted.chunks == 1 else 's'}"
    return f"{manifests} and {chunks}, {amount(deleted.freed)} are free again"


def _tell_of_held(held: Sequence[HeldMaster], deleted: Deleted, say: Say) -> None:
    """Which jobs keep what no name leads to any more."""
    for one in held:
        if one.digest in deleted.spared:
            say(
                f"Kept for PC {one.machine_number} ({one.label}), whose job of {one.started:%Y-%m-%d %H:%M} UTC is not "
                f"over: {one.digest}. Once it is, netboot master gc frees it; if that PC never comes back, end its job "
                "on its page."
            )


def _folder(settings: Settings) -> Path:
    return settings.data_folder / "store"


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace, Settings, Say], int]]] = {
    "build": _build,
    "import": _import,
    "list": _list,
    "show": _show,
    "import-bundle": import_bundle,
    "export": export,
    "workshops": workshops,
    "use": _use,
    "shrink": _shrink,
    "diff": _diff,
    "verify": _verify,
    "remove": _remove,
    "gc": _gc,
}
