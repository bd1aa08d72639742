"""What becomes of a bundle in this store, by its opening and by what is here: taken in, here already, or refused. Pure.

Not for: whether its key is trusted (`auth/known_workshops.py`), whether its chunks are whole (`take_in.py`).
"""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from netboot.masters.bundle.format import Opening
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest, ManifestError, Origin, require_sound

_ORIGINS: Final = 8


def ours(opening: Opening, own_key: str, *, workshop: str, name: str) -> Manifest:
    """The master as this workshop will sign it: under `name`, "" for its own, with where it comes from.

    `own_key`: this workshop's public key in hex; `workshop`: what the other one is called here. Raises NetbootError.
    """
    theirs = opening.manifest
    manifest = replace(theirs, name=name or theirs.name)
    if opening.head.key != own_key:
        came = Origin(workshop=workshop, key=opening.head.key, manifest=theirs.digest)
        before = theirs.origin if theirs.origin is not UNSET else ()
        manifest = replace(manifest, origin=(came, *before)[:_ORIGINS])
    try:
        require_sound(manifest)
    except ManifestError as error:
        raise NetbootError(
            f"this master cannot be kept here: {error}", hint="ask the other workshop for another"
        ) from error
    return manifest


def found_here(manifest: Manifest, here: Sequence[Manifest]) -> Manifest | None:
    """The version that is this very one: both are of one content, whoever signed it."""
    return next((one for one in here if _same(manifest) & _same(one) and one.every_chunk == manifest.every_chunk), None)


def require_wanted(manifest: Manifest, here: Sequence[Manifest], own_key: str, *, named: bool, older: bool) -> None:
    """Raise NetbootError unless this may become the current version of its name.

    `here`: the versions that this name has, the current one first; `own_key`: this workshop's public key in hex.
    `named`: a person said under which name it goes; `older`: that it may be older than what is here.
    """
    if not here:
        return
    if not named and _maker(here[0], own_key) != _maker(manifest, own_key):
        raise NetbootError(
            f"there is a master {manifest.name} here already, which does not come from that workshop",
            hint=f"to have both: --name ANOTHER; to make it the next version of yours: --name {manifest.name}",
        )
    newest = max(here, key=lambda one: one.created)
    if manifest.created < newest.created and not older:
        raise NetbootError(
            f"{manifest.name} {manifest.version} was made {manifest.created}: it is older than {newest.version} of "
            f"{newest.created}, which is here",
            hint="if you want the older one all the same: --older",
        )


def _maker(manifest: Manifest, own_key: str) -> str:
    return manifest.origin[0].key if manifest.origin is not UNSET else own_key


def _same(manifest: Manifest) -> set[str]:
    """The digests of this master, in each workshop that it went through."""
    return {manifest.digest, *(one.manifest for one in (manifest.origin if manifest.origin is not UNSET else ()))}
