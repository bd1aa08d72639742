"""The folders of profiles in a store: their pieces and their listing are chunks, and a note says that they are kept.

    chunks/…           each piece, and the listing itself (`shared/parcel.py`), named by its digest
    folders/<digest>   that this listing is kept
    served/folders     the digests of those that the server gives PCs now, as text

As with manifests, the note comes last and goes first: what a power cut or a killed server leaves is chunks that nothing
names. Not for: taking a folder in (`serve/parcels.py`), deleting (`upkeep.py`).
"""

from collections.abc import Collection
from typing import Final

from netboot.shared.parcel import Parcel, ParcelError, parse_listing
from netboot.store.blobs import StoreError, read_blob
from netboot.store.store import Store

_NOTES: Final = "folders"
_SERVED: Final = "served/folders"
_AGAIN: Final = (
    "restart `serve`: it takes in again what its profiles name; what only a job holds goes once that is over"
)


def keep_parcel(store: Store, parcel: Parcel) -> str:
    """Keep this folder, whose pieces were all put; the digest of its listing. Raises StoreError.

    Call it with the store's `writing` held since before the first piece.
    """
    digest = store.put_chunk(parcel.listing)
    if not store.blobs.exists(f"{_NOTES}/{digest}"):
        store.blobs.sync()
        store.blobs.put(f"{_NOTES}/{digest}", b"")
    return digest


def read_parcel(store: Store, digest: str) -> Parcel:
    """What this folder holds. Raises StoreError."""
    try:
        return parse_listing(store.get_chunk(digest))
    except (StoreError, ParcelError) as error:
        why = error.message if isinstance(error, StoreError) else str(error)
        raise StoreError(f"the folder {digest} is lost or damaged: {why}", hint=_AGAIN) from error


def parcels_there(store: Store) -> tuple[str, ...]:
    """The digests of all that are kept. Raises StoreError."""
    return tuple(name.removeprefix(f"{_NOTES}/") for name in store.listed(_NOTES))


def serve_parcels(store: Store, digests: Collection[str]) -> None:
    """Say which the server gives PCs from now on: they stay. Raises StoreError."""
    store.blobs.put(_SERVED, "".join(f"{digest}\n" for digest in sorted(digests)).encode("ascii"))


def served_parcels(store: Store) -> frozenset[str]:
    """Those that the server gives, or that the last one gave. Raises StoreError when that cannot be told."""
    try:
        return frozenset(read_blob(store.blobs, _SERVED).decode("ascii").split())
    except FileNotFoundError:
        return frozenset()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{_SERVED} cannot be read: {error}", hint="restart `serve`, which writes it anew") from error


def kept_parcels(store: Store, there: Collection[str], keep: Collection[str]) -> frozenset[str]:
    """Which of those that are `there` must stay: what the server gives, and `keep`. Raises StoreError when that cannot
    be told, as where the notes of what the server gives are gone."""
    served = served_parcels(store)
    if not served <= frozenset(there):
        raise StoreError("which folders of profiles are kept is lost", hint=_AGAIN)
    return served | (frozenset(keep) & frozenset(there))


def forget_parcel(store: Store, digest: str) -> int:
    """Let go of this folder; its chunks stay for now. Returns the bytes freed."""
    return store.blobs.remove(f"{_NOTES}/{digest}")
