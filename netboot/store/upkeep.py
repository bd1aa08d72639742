"""Maintenance of a store: delete what no master needs, find what is damaged, copy a master from another store.

Not for: knowing which old manifests running jobs still need; the caller names them, once nobody else writes.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from nacl.signing import SigningKey

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest, ManifestError, parse_signed
from netboot.store.blobs import MANIFESTS, StoreError, read_blob
from netboot.store.lengths import LENGTHS
from netboot.store.parcels import forget_parcel, kept_parcels, parcels_there, read_parcel
from netboot.store.store import CHUNKS, Store, chunk_in, manifest_name, master_name


@dataclass(frozen=True, slots=True)
class Damage:
    """Something a master needs and does not have. `part` is a chunk's or a manifest's name."""

    masters: tuple[str, ...]
    part: str
    reason: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a clean-up removed; `freed` in bytes. `spared`: manifests that no master has any more, but had to stay."""

    manifests: int
    chunks: int
    freed: int
    spared: frozenset[str] = frozenset()


Keep = Callable[[], Collection[str]]
"""Asked for digests of manifests, and of the listings of folders (`parcels.py`), that must stay, with the store's
exclusive lock held: an import that ended just before has then made its master current, and whatever a job was ordered
before that is on the record."""


def untold(store: Store) -> dict[str, StoreError]:
    """The masters whose versions cannot be told, and why. Raises StoreError where the masters' names are lost."""
    found = {}
    for name in store.every_name():
        try:
            store.versions_of(name)
        except StoreError as error:
            found[name] = error
    return found


def verify(store: Store, public_key: bytes) -> tuple[Damage, ...]:
    """Read every chunk of every master and folder back and compare it with its name. Nothing is changed.

    Raises StoreError where the masters' names are lost.
    """
    damages = [Damage((name,), master_name(name), error.message) for name, error in untold(store).items()]
    users: dict[str, list[str]] = {}
    kept = [(name, digest) for name, versions in store.all_versions().items() for digest in versions.all]
    for name, digest in kept:
        try:
            manifest = parse_signed(read_blob(store.blobs, manifest_name(digest)), public_key)
        except (OSError, ManifestError) as error:
            damages.append(Damage((name,), digest, str(error)))
            continue
        for sha256 in {chunk.sha256 for chunk in manifest.every_chunk}:
            users.setdefault(sha256, []).append(f"{name} {manifest.version}")
    for digest in parcels_there(store):
        user = f"the folder {digest[:12]}"
        try:
            pieces = read_parcel(store, digest).pieces
        except StoreError as error:
            damages.append(Damage((user,), digest, error.message))
            continue
        for sha256 in pieces:
            users.setdefault(sha256, []).append(user)
    for sha256, names in sorted(users.items()):
        try:
            store.get_chunk(sha256)
        except StoreError as error:
            damages.append(Damage(tuple(names), sha256, error.message))
    return tuple(damages)


def needed(versions: Collection[str], keep: Collection[str], there: Collection[str]) -> frozenset[str]:
    """Which manifests (their digests) must stay: each master's versions, and those of `keep` that are there.

    Pure. A version is needed also where it is not there: that is damage, and no reason to delete its chunks. One of
    `keep` that is gone already can be kept by nobody, and holds up nothing.
    """
    return frozenset(versions) | (frozenset(keep) & frozenset(there))


def remove_master(store: Store, name: str, *, keep: Keep = tuple) -> Deleted:
    """Forget a master's name with both its versions, and delete what only they used, as `collect_garbage` does.

    Raises StoreError, and changes nothing, when there is no such master or during a build; once the name is forgotten,
    when another master's manifest cannot be read.
    """
    with store.exclusive():
        if not store.blobs.exists(master_name(name)):
            raise StoreError(f"the store has no master {name}", hint="netboot master list shows those it has")
        must_stay = keep()
        store.forget_name(name)
        try:
            return _delete_unused(store, must_stay)
        except StoreError as error:
            raise StoreError(
                f"{name} is deleted, but no room was freed: {error.message}",
                hint=f"{error.hint}; then: netboot master gc",
            ) from error


def remove_version(store: Store, name: str, digest: str, *, keep: Keep = tuple) -> Deleted:
    """Let go of a master's version before, and delete what only it used. Raises StoreError when it is the current one,
    or none; once it is let go, during a build or when another manifest cannot be read."""
    store.forget_version(name, digest)
    try:
        return collect_garbage(store, keep=keep)
    except NetbootError as error:
        raise StoreError(
            f"that version of {name} is let go, but no room was freed: {error.message}",
            hint=f"{error.hint}; then: netboot master gc",
        ) from error


def collect_garbage(store: Store, *, keep: Keep = tuple) -> Deleted:
    """Delete manifests that are not `needed`, and folders that no server and no job gives, then chunks that none uses.

    Raises StoreError, and deletes nothing, when a manifest that must stay cannot be read, or during a build.
    """
    with store.exclusive():
        return _delete_unused(store, keep())


def _delete_unused(store: Store, keep: Collection[str]) -> Deleted:
    there = _manifests(store)
    versions = [digest for of_one in store.require_versions().values() for digest in of_one.all]
    stay = needed(versions, keep, there)
    used = {chunk.sha256 for digest in stay for chunk in store.manifest(digest).every_chunk}
    parcels = parcels_there(store)
    kept = kept_parcels(store, parcels, keep)
    used |= {name for digest in kept for name in (digest, *read_parcel(store, digest).pieces)}
    manifests = [f"{MANIFESTS}/{name}" for name in there if name not in stay]
    lengths = [name for name in store.listed(LENGTHS) if name.rpartition("/")[2] not in stay]
    chunks = [name for name in store.listed(CHUNKS) if chunk_in(name) not in used]
    # Manifests first, and surely gone: cut short, this leaves chunks without one, never a manifest without its chunks.
    freed = sum(store.blobs.remove(name) for name in (*manifests, *lengths))
    freed += sum(forget_parcel(store, digest) for digest in parcels if digest not in kept)
    if chunks:
        store.blobs.sync()
    freed += sum(store.blobs.remove(name) for name in chunks)
    freed += store.forget_unfinished()
    return Deleted(len(manifests), len(chunks), freed, stay.difference(versions))


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
            collect_garbage(store, keep=lambda: (*_manifests(store), *parcels_there(store)))
        raise


def copy_master(source: Store, target: Store, manifest: Manifest, key: SigningKey) -> str:
    """Copy a master's chunks, each checked, and publish it signed with the target's key. Returns its digest.

    Raises StoreError when the source is damaged; the target then keeps its current version.
    """
    with target.writing():
        for sha256 in {chunk.sha256 for chunk in manifest.every_chunk}:
            target.put_frame(sha256, source.get_frame(sha256))
        return target.publish(manifest, key)


def _manifests(store: Store) -> list[str]:
    return [name.removeprefix(f"{MANIFESTS}/") for name in store.listed(MANIFESTS)]
