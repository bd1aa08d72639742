"""Maintenance of a store: delete what no master needs, find what is damaged, copy a master from another store.

Not for: knowing which old manifests running jobs still need; the caller names them.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from nacl.signing import SigningKey

from netboot.shared.manifest import Manifest, ManifestError, parse_signed
from netboot.store.blobs import StoreError, read_blob
from netboot.store.store import CHUNKS, MANIFESTS, Store, chunk_in, manifest_name, master_name


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
            manifest = parse_signed(read_blob(store.blobs, manifest_name(digest)), public_key)
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
    store.blobs.remove(master_name(name))


def collect_garbage(store: Store, *, keep: Collection[str] = ()) -> Deleted:
    """Delete manifests that are no master's current one and not in `keep` (digests), then chunks nobody uses.

    Raises StoreError, and deletes nothing, when a manifest that must stay cannot be read, or during a build.
    """
    with store.exclusive():
        wanted = {*store.names().values(), *keep}
        used = {chunk.sha256 for digest in wanted for chunk in store.manifest(digest).chunks}
        manifests = [name for name in store.blobs.list(MANIFESTS) if name.removeprefix(f"{MANIFESTS}/") not in wanted]
        chunks = [name for name in store.blobs.list(CHUNKS) if chunk_in(name) not in used]
        freed = sum(store.blobs.remove(name) for name in (*manifests, *chunks))
        freed += store.forget_unfinished()
        return Deleted(len(manifests), len(chunks), freed)


def forget_drafts(store: Store) -> None:
    """Remove what killed builds and imports left half made; does nothing while one is at work."""
    # Whoever has a draft holds the store's lock shared: with the exclusive lock, every draft there was left behind.
    with suppress(StoreError), store.exclusive():
        store.forget_unfinished()


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
            collect_garbage(store, keep=_manifests(store))
        raise


def copy_master(source: Store, target: Store, manifest: Manifest, key: SigningKey) -> str:
    """Copy a master's chunks, each checked, and publish it signed with the target's key. Returns its digest.

    Raises StoreError when the source is damaged; the target then keeps its current version.
    """
    with target.writing():
        for sha256 in {chunk.sha256 for chunk in manifest.chunks}:
            target.put_frame(sha256, source.get_frame(sha256))
        return target.publish(manifest, key)


def _manifests(store: Store) -> list[str]:
    return [name.removeprefix(f"{MANIFESTS}/") for name in store.blobs.list(MANIFESTS)]
