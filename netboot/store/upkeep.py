"""Looking after a store: delete what no master needs, find what is damaged, copy a master from another store.

Not for: deciding which old manifests running jobs still need; the caller names them.
"""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest, ManifestError, parse_signed
from netboot.shared.process import run
from netboot.store.folder import Store, StoreError


@dataclass(frozen=True, slots=True)
class Damage:
    """Something a master needs and does not have. `part` is a chunk's or a manifest's name."""

    masters: tuple[str, ...]
    part: str
    reason: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a clean-up removed; `freed` in bytes."""

    manifests: int
    chunks: int
    freed: int


def verify(store: Store, public_key: bytes) -> tuple[Damage, ...]:
    """Read every chunk of every master back and compare it with its name. Nothing is changed."""
    damages = []
    users: dict[str, list[str]] = {}
    for name, digest in store.names().items():
        try:
            manifest = parse_signed(store.manifest_file(digest).read_bytes(), public_key)
        except (OSError, ManifestError) as error:
            damages.append(Damage((name,), digest, str(error)))
            continue
        for sha256 in {chunk.sha256 for chunk in manifest.chunks}:
            users.setdefault(sha256, []).append(name)
    for sha256, names in sorted(users.items()):
        try:
            store.get_chunk(sha256)
        except StoreError as error:
            damages.append(Damage(tuple(names), sha256, error.message))
    return tuple(damages)


def remove_master(store: Store, name: str) -> None:
    """Forget a master's name; `collect_garbage` then frees what only it used. Raises StoreError."""
    if name not in store.names():
        raise StoreError(f"the store has no master {name}", hint="netboot master list shows those it has")
    (store.folder / "masters" / name).unlink()


def collect_garbage(store: Store, *, keep: Collection[str] = ()) -> Deleted:
    """Delete manifests that are no master's current one and not in `keep` (digests), then chunks nobody uses.

    Raises StoreError, and deletes nothing, when a manifest that must stay cannot be read, or during a build.
    """
    with store.alone():
        wanted = {*store.names().values(), *keep}
        used = {chunk.sha256 for digest in wanted for chunk in store.manifest(digest).chunks}
        manifests = [path for path in _files(store.folder / "manifests") if path.name not in wanted]
        chunks = [
            path
            for folder in _folders(store.folder / "chunks")
            for path in _files(folder)
            if path.name.removesuffix(".zst") not in used
        ]
        freed = sum(path.stat().st_blocks * 512 for path in (*manifests, *chunks))
        for path in (*manifests, *chunks):
            path.unlink()
        freed += _empty_drafts(store)
        return Deleted(len(manifests), len(chunks), freed)


def forget_drafts(store: Store) -> None:
    """Remove what builds and imports that were killed left half made; nothing while one is at work."""
    # Whoever has a draft holds the store's lock: alone, all drafts there are nobody's.
    with suppress(StoreError), store.alone():
        _empty_drafts(store)


@contextmanager
def taking_back_unused_chunks(store: Store) -> Iterator[None]:
    """After an error, delete the chunks that no manifest needs: an import that failed gives its room back.

    Every manifest counts, the older ones too, which running jobs may still need. Nothing is deleted while another
    import is at work, or when a manifest cannot be read.
    """
    try:
        yield
    except BaseException:
        with suppress(StoreError, OSError):
            collect_garbage(store, keep=[path.name for path in _files(store.folder / "manifests")])
        raise


def copy_master(source: Store, target: Store, manifest: Manifest, key: SigningKey) -> str:
    """Copy a master's chunks, each checked, and publish it signed with the target's key. Returns its digest.

    Raises StoreError when the source is damaged; the target then keeps its current version.
    """
    with target.writing():
        for sha256 in {chunk.sha256 for chunk in manifest.chunks}:
            target.put_frame(sha256, source.get_frame(sha256))
        return target.publish(manifest, key)


def _empty_drafts(store: Store) -> int:
    """Remove all drafts; the bytes that were freed."""
    freed = 0
    drafts = store.folder / "drafts"
    _unmount_below(drafts)
    for path in sorted(drafts.iterdir()) if drafts.is_dir() else []:
        if _mounts_below(path):
            continue  # what is mounted there is not ours to delete; the next time it is tried again
        inside = (path, *path.rglob("*")) if path.is_dir() and not path.is_symlink() else (path,)
        freed += sum(found.lstat().st_blocks * 512 for found in inside if found.is_symlink() or found.exists())
        if len(inside) > 1 or path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return freed


def _unmount_below(folder: Path) -> None:
    """Let go of what a killed mmdebstrap left mounted below, its /proc and /sys. One that is in use stays."""
    for place in reversed(_mounts_below(folder)):
        with suppress(NetbootError):
            run(["umount", place])


def _mounts_below(folder: Path) -> list[str]:
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    places = [line.split(" ")[1].replace("\\040", " ") for line in lines]
    return [place for place in places if place.startswith(f"{folder.resolve()}/")]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
