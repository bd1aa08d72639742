"""What `netboot master export`, `import-bundle` and `workshops` do.

Not for: parsing arguments (`masters/options.py`), the file's format (`format.py`).
"""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import UNSET
from nacl.signing import SigningKey

from netboot.auth.fingerprint import in_one_word, is_fingerprint
from netboot.auth.known_workshops import KnownWorkshop, forget, known_workshop, known_workshops, trust
from netboot.auth.server_keys import load_key, public_key
from netboot.bootfiles import current
from netboot.masters.account import account
from netboot.masters.bundle.decision import found_here, ours, require_wanted
from netboot.masters.bundle.export import export as write_bundle
from netboot.masters.bundle.format import MAGIC, Head, Reader
from netboot.masters.bundle.take_in import is_here_whole, take_in
from netboot.masters.chosen_version import named, version_of
from netboot.masters.loader_level import level_of, require_not_revoked
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import amount
from netboot.shared.manifest import Manifest
from netboot.shared.visible import visible
from netboot.store import Store, StoreError
from netboot.store.upkeep import forget_drafts

Say = Callable[[str], None]
_STDIN: Final = Path("-")
_LONGEST_NAME: Final = 120


def export(options: argparse.Namespace, settings: Settings, say: Say) -> int:
    """Write a master to a file, or to standard output. Raises NetbootError."""
    key = load_key(settings.data_folder)
    store = _store(settings, key)
    digest = version_of(store, options.name, options.release)
    since = options.since if "@" in options.since or not options.since else f"{options.name}@{options.since}"
    base = named(store, since) if since else ""
    workshop = _own_name(settings)
    size = write_bundle(store, digest, key, options.file, workshop=workshop, since=base, progress=say)
    say(f"{amount(size)} are written, signed by “{workshop}”. Whoever takes this in for the first time compares this")
    say(f"workshop's key by telephone: {in_one_word(public_key(key))}")
    return 0


def import_bundle(options: argparse.Namespace, settings: Settings, say: Say) -> int:
    """Take in a master of another workshop. Raises NetbootError."""
    key = load_key(settings.data_folder)
    own, store = public_key(key).hex(), _store(settings, key)
    with _opened(options.file) as (read, size):
        reader = Reader(read)
        opening = reader.opening()
        theirs = opening.manifest
        if size is not None and size != opening.size:
            raise NetbootError(
                f"{options.file} has {size} bytes, and should have {opening.size}",
                hint="it was cut or damaged on its way: copy it again; nothing was taken in",
            )
        say(f"{theirs.name} {theirs.version} (“{theirs.title}”, {theirs.licence}), made {theirs.created}")
        workshop = _known(options, settings, opening.head, key, say)
        manifest = ours(opening, own, workshop=workshop, name=options.name or "")
        here = _versions(store, manifest.name)
        same = found_here(manifest, here)
        if same is not None and is_here_whole(store, same):
            say(f"It is here already: {same.name} {same.version}, {same.digest}. Nothing was changed.")
            return 0
        if same is None or same.digest != here[0].digest:
            # Also the version before becomes current, where its chunks are damaged and are taken in again.
            require_wanted(manifest, here, own, named=bool(options.name), older=options.older)
        if not options.without_secure_boot:
            _require_startable(manifest, settings)
        forget_drafts(store)
        take_in(reader, opening, manifest, store, key, say)
    say(f"Master {manifest.name} {manifest.version} of “{workshop}” is in the store: {manifest.digest}")
    for line in account(manifest):
        say(f"  {line}")
    return 0


def workshops(options: argparse.Namespace, settings: Settings, say: Say) -> int:
    """List this workshop and those it knows, or forget one. Raises NetbootError."""
    if options.forget:
        gone = forget(settings.data_folder, options.forget)
        say(f"“{gone.name}” is forgotten: its next master is asked about again. Those that are here stay.")
        return 0
    lines = [f"{in_one_word(public_key(load_key(settings.data_folder)))}\tthis workshop, “{_own_name(settings)}”"]
    lines += [
        f"{in_one_word(one.public_key)}\t“{one.name}”, known since {one.since}"
        for one in known_workshops(settings.data_folder)
    ]
    for line in lines:
        print(visible(line))  # noqa: T201
    return 0


def is_bundle(file: Path) -> bool:
    """Whether this file is a bundle, by its first bytes; False for a pipe, which can be read once only, and for what
    cannot be read."""
    try:
        if file == _STDIN or not file.is_file():
            return False
        with file.open("rb") as opened:
            return opened.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _known(options: argparse.Namespace, settings: Settings, head: Head, key: SigningKey, say: Say) -> str:
    """What the workshop that wrote this is called here; a person is asked about its key once. Raises NetbootError."""
    if head.public_key == public_key(key):
        return _own_name(settings)
    if options.trust and not is_fingerprint(options.trust, head.public_key):
        raise NetbootError(
            f"this file is signed by another key than you named: {in_one_word(head.public_key)}",
            hint="ask the other workshop what `netboot master workshops` says there; nothing was taken in",
        )
    known = known_workshop(settings.data_folder, head.public_key)
    if known is not None:
        return known.name
    name, told = head.workshop, in_one_word(head.public_key)
    say(f"This file is signed by a workshop that nobody here knows yet. It calls itself “{name}”.")
    if any(one.name == name for one in known_workshops(settings.data_folder)):
        say(f"CAREFUL: another workshop is known here as “{name}”, by another key.")
    say(f"Its key:  {told}")
    if not options.trust and not is_fingerprint(_asked(options.file, told), head.public_key):
        raise NetbootError(
            "that is not the key that signed this file", hint="compare every group again; nothing was taken in"
        )
    trust(settings.data_folder, KnownWorkshop(name=name, key=head.key, since=f"{datetime.now(UTC):%Y-%m-%d}"))
    say(f"“{name}” is known from now on.")
    return name


def _asked(file: Path, told: str) -> str:
    """The fingerprint that a person types, as the other workshop reads it out."""
    if file == _STDIN or sys.stdin is None or not sys.stdin.isatty():
        raise NetbootError(
            "a key is trusted by a person",
            hint="telephone that workshop, compare this with what `netboot master workshops` says there, then give it: "
            f"--trust {told}",
        )
    sys.stderr.write(
        "Telephone that workshop: `netboot master workshops` says its key there. Type what they read out: "
    )
    sys.stderr.flush()
    return sys.stdin.readline(_LONGEST_NAME)


def _versions(store: Store, name: str) -> list[Manifest]:
    """The versions that this name has here, the current one first; one that cannot be read counts for none."""
    versions = store.versions(name)
    here = []
    for digest in versions.all if versions is not None else ():
        try:
            here.append(store.manifest(digest))
        except StoreError:
            continue
    return here


def _require_startable(manifest: Manifest, settings: Settings) -> None:
    level = level_of(current(settings.bootfiles_folder))
    if manifest.understood is not UNSET:
        require_not_revoked(f"{manifest.name} {manifest.version}", manifest.understood.generations, level)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Callable[[int], bytes], int | None]]:
    """How to read this file, and its length where it has one. Raises NetbootError."""
    name = "standard input" if file == _STDIN else os.fspath(file)
    try:
        if file == _STDIN:
            if sys.stdin is None or os.isatty(0):
                raise NetbootError("nothing comes from standard input", hint="pipe a bundle into this command")
            yield lambda size: os.read(0, size), None
            return
        with file.open("rb") as opened:
            yield opened.read, os.fstat(opened.fileno()).st_size if file.is_file() else None
    except OSError as error:
        raise NetbootError(
            f"{name} cannot be read: {error.strerror}", hint="look at where it comes from; nothing was taken in"
        ) from error


def _own_name(settings: Settings) -> str:
    """What this workshop calls itself towards others."""
    name = "".join(letter for letter in settings.certificates.name if letter.isprintable()).strip()
    return (name or platform.node() or "netboot")[:_LONGEST_NAME]


def _store(settings: Settings, key: SigningKey) -> Store:
    return Store(settings.data_folder / "store", accepts=public_key(key))
