"""Puts the folders of a profile into the installed system, and makes their listings anew from what lies on the disk.

Each piece is fetched when it is written, and was compared with its name. A file that lies there as it is ordered is
left, unless all is put there anew: an agent that is started again puts there what is missing, and asks for no room
twice. Not for: what a listing is (`shared/parcel.py`), who has the pieces (`agent/deploy/source.py`). Blocks; needs
root.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec.structs import replace

from netboot.agent.customise.file_attributes import ACL
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import amount
from netboot.shared.manifest import Chunk
from netboot.shared.parcel import BLOCK, PIECE, Parcel, ParcelError, ParcelFile, parse_listing, pieces_of
from netboot.shared.stages.customise import Found
from netboot.shared.system_settings import SystemSettings

Fetch = Callable[[Chunk], bytes]
"""The plain bytes of a chunk, compared with its name. Raises StageFailed, NetbootError."""
_SPARE: Final = 16 * 1024 * 1024
"""Bytes that stay free in the system."""


def _nowhere(chunk: Chunk) -> bytes:
    raise NetbootError(f"nobody is there to give {chunk.sha256}", hint="start again")


@dataclass(frozen=True, slots=True)
class Parcels:
    """What each folder of the profile holds, by its path from the system's root without a leading slash."""

    of: Mapping[str, Parcel] = field(default_factory=dict)
    fetch: Fetch = _nowhere

    @property
    def paths(self) -> Iterator[str]:
        """Where their files lie."""
        return (f"{folder}/{file.name}" for folder, parcel in self.of.items() for file in parcel.files)


NO_PARCELS: Final = Parcels()


def fetch_listings(settings: SystemSettings, fetch: Fetch) -> Parcels:
    """What the folders of these settings hold. Raises NetbootError, StageFailed."""
    found = {}
    for folder in settings.folders:
        try:
            found[folder.inside] = parse_listing(fetch(Chunk(0, folder.listed, folder.parcel)))
        except ParcelError as error:
            raise NetbootError(f"the listing of {folder.path} is none: {error}", hint="restart the server") from error
    return Parcels(found, fetch)


def require_room(tree: InstalledTree, parcels: Parcels, *, anew: bool = False) -> None:
    """That they fit, and lie where the master has no link, before anything is written. Raises NetbootError, OSError.

    `anew`: as in `place_parcels`.
    """
    require_no_link(tree, parcels.of)
    volume = os.statvfs(tree.root)
    # An NTFS may have been made with clusters of 64 KiB, and more.
    block = max(BLOCK, volume.f_frsize)
    needed = sum(_room_for(tree, folder, parcel, block, anew=anew) for folder, parcel in parcels.of.items())
    free = volume.f_bfree * volume.f_frsize
    if needed and needed + needed // 64 + _SPARE > free:
        raise NetbootError(
            f"the folders of the profile need {amount(needed)}, and the system has {amount(free)} left",
            hint="use a larger disk, or put less into the profile",
        )


def require_no_link(tree: InstalledTree, folders: Iterable[str]) -> None:
    """That the master has no link in the place of one of these folders. Raises NetbootError."""
    for folder in folders:
        if tree.is_link(folder):
            raise NetbootError(f"/{folder} is a link in the master", hint="name the folder that it leads to")


def _room_for(tree: InstalledTree, folder: str, parcel: Parcel, block: int, *, anew: bool) -> int:
    missing = tuple(_missing(tree, folder, parcel))
    needed = Parcel(missing).room_in(block) - sum(tree.left_of_draft(f"{folder}/{file.name}") for file in missing)
    if not anew:
        return needed
    # What lies there is replaced one by one, and each is there twice meanwhile.
    return needed + max((Parcel((file,)).room_in(block) for file in parcel.files if file not in missing), default=0)


def _missing(tree: InstalledTree, folder: str, parcel: Parcel) -> Iterator[ParcelFile]:
    """Those of its files that do not lie there as they are ordered."""
    return (file for file in parcel.files if not _lies_there(tree, f"{folder}/{file.name}", file))


def _lies_there(tree: InstalledTree, path: str, file: ParcelFile) -> bool:
    if not tree.is_file(path) or ACL in tree.attributes(path).extended:
        return False
    try:
        return _file_at(tree, path, file.name) == file
    except NetbootError:
        return False


def place_parcels(tree: InstalledTree, parcels: Parcels, *, anew: bool = False) -> None:
    """Put them there; `anew`: also what lies there as it is ordered, where owner and mode do not tell all who may
    change it. Raises NetbootError, StageFailed, OSError."""
    for folder, parcel in parcels.of.items():
        tree.make_folders("folders", folder)
        for file in parcel.files if anew else _missing(tree, folder, parcel):
            tree.place_inside(folder, file.name, _content(file, parcels.fetch), mode=int(file.mode, 8))
        tree.changed[folder] = "folders"


def _content(file: ParcelFile, fetch: Fetch) -> Iterator[bytes]:
    return (fetch(Chunk(0, piece.length, piece.sha256)) for piece in file.pieces)


def look_at_parcel(tree: InstalledTree, folder: str, parcel: Parcel) -> Found:
    """What lies there now, as evidence: the digest is that of its listing as made from the disk. Raises NetbootError,
    OSError."""
    found = tree.look("folders", folder)
    again = Parcel(tuple(_file_at(tree, f"{folder}/{file.name}", file.name) for file in parcel.files))
    return replace(found, digest=hashlib.sha256(again.listing).hexdigest())


def _file_at(tree: InstalledTree, path: str, name: str) -> ParcelFile:
    status = tree.status(path)
    if status is None or not stat.S_ISREG(status.st_mode) or (status.st_uid, status.st_gid) != (0, 0):
        raise NetbootError(f"/{path} is not on the disk as it was written", hint="deploy the master again")
    bits = stat.S_IMODE(status.st_mode)
    if bits not in (0o644, 0o755):
        raise NetbootError(f"/{path} may {bits:04o}, which nobody gave it", hint="deploy the master again")
    mode: Literal["0644", "0755"] = "0755" if bits == 0o755 else "0644"
    return ParcelFile(name, mode, pieces_of(tree.parts_of(path, PIECE)))
