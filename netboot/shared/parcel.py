"""A folder of files that a profile puts into the installed system, such as drivers or firmware: too much for an order.

It is known by its listing, which names each file, what it may and its pieces; a piece is named by the SHA-256 of its
bytes, as a master's chunk is, and so is the listing. An order has the listing's digest alone. Whoever reads the files
again can make the listing again: it has the same digest only where every byte, mode and name is as it was ordered.
Pure. Not for: taking a folder in (`serve/parcels.py`), keeping it (`store/parcels.py`), placing it
(`agent/customise/parcels.py`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from netboot.shared.fields import Digest
from netboot.shared.inventory import Size
from netboot.shared.placed_files import BesideName, InstalledPath, Model, is_for

FOLDERS: Final = 16
FILES: Final = 2000
"""Of one folder."""
BYTES: Final = 256 * 1024 * 1024
"""Of all folders of a profile together."""
PIECE: Final = 1024 * 1024
"""Bytes that a file is cut into; its last piece is the rest."""
BLOCK: Final = 4096
"""Bytes in which a file system gives room to a file, as a rule."""
_ENTRY: Final = 85
"""Bytes that a file with something in it has in a listing at least."""
LISTING: Final = 4 * 1024 * 1024
"""Bytes of a listing at most, which is a chunk too."""

# Names as linux-firmware has them: "brcm/brcmfmac43455-sdio.AZW-Beelink M1.txt". No part is "." or "..".
_PART: Final = r"(?!\.{1,2}(?:/|\Z))[ -.0-\[\]-~]+"
InsideName = Annotated[str, Meta(max_length=200, pattern=rf"^{_PART}(/{_PART})*\Z")]


class ParcelError(ValueError):
    """Bytes that are no listing."""


class Piece(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`length` bytes of a file, named by their SHA-256."""

    length: Annotated[int, Meta(gt=0, le=PIECE)]
    sha256: Digest


class ParcelFile(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A file by its name from the folder; it is root's own."""

    name: InsideName
    mode: Literal["0644", "0755"]
    pieces: Annotated[tuple[Piece, ...], Meta(max_length=BYTES // PIECE)]

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(piece.length for piece in self.pieces)


class Parcel(Struct, frozen=True, forbid_unknown_fields=True):
    """The files, in the order of their names."""

    files: Annotated[tuple[ParcelFile, ...], Meta(min_length=1, max_length=FILES)]

    @property
    def listing(self) -> bytes:
        """The one way to write it down."""
        return msgspec.json.encode(self)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)

    def room_in(self, block: int) -> int:
        """The bytes that they take in a file system that gives room in blocks of so many bytes."""
        return sum(-(-file.size // block) * block for file in self.files)

    @property
    def pieces(self) -> frozenset[str]:
        """The names of all pieces."""
        return frozenset(piece.sha256 for file in self.files for piece in file.pieces)


class PlacedFolder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The folder `beside` the profile, to put at `path`: its files are added, or replace those of their names.

    `models` as in `placed_files.Contents`. `parcel` is the digest of its listing, which has `listed` bytes, and `size`
    the bytes of its files, all three once the server has taken it in; `not_for_windows` is then a path that no Windows
    can have, "" for none.
    """

    path: InstalledPath
    beside: BesideName
    models: Annotated[tuple[Model, ...], Meta(max_length=64)] = ()
    parcel: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    listed: Annotated[int, Meta(ge=0, le=LISTING)] = 0
    size: Size = 0
    not_for_windows: Annotated[str, Meta(max_length=401)] = ""

    @property
    def inside(self) -> str:
        """The path from the root, without a leading slash."""
        return self.path.lstrip("/")

    @property
    def room(self) -> int:
        """Bytes that it takes in a file system at most, as far as its listing tells how many files it has."""
        return self.size + self.listed // _ENTRY * BLOCK

    def is_for(self, *names: str) -> bool:
        """Whether a PC of which these are the names gets it."""
        return is_for(self.models, names)


def parse_listing(data: bytes) -> Parcel:
    """What a listing says. Raises ParcelError for what no server wrote."""
    try:
        parcel = msgspec.json.decode(data, type=Parcel)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ParcelError(str(error)[:300]) from error
    names = [file.name for file in parcel.files]
    known = set(names)
    if names != sorted(known) or any(above in known for name in names for above in _folders_above(name)):
        raise ParcelError("its names are not in order, or one lies below another")
    if parcel.size > BYTES or parcel.listing != data:
        raise ParcelError("it is not written as listings are, or is too large")
    return parcel


def pieces_of(data: Iterable[bytes]) -> tuple[Piece, ...]:
    """The pieces of a file that is read as these, each PIECE long but the last."""
    return tuple(Piece(len(part), hashlib.sha256(part).hexdigest()) for part in data)


def folders_error(folders: Sequence[PlacedFolder]) -> str:
    """What makes no sense in them, for the person who wrote the profile; "" when all does."""
    for folder in folders:
        if not folder.beside:
            return f"the folder {folder.path} has no `beside`: the folder that it is"
    total = sum(folder.size for folder in folders)
    if total > BYTES:
        return f"the folders have {total} bytes together; at most {BYTES} fit: put larger ones into the master"
    # Also where their models differ: patterns may both match, and what is in a place is judged as one folder.
    places = [folder.inside for folder in folders]
    twice = next((place for place in places if places.count(place) > 1), "")
    return (
        f"the folder /{twice} is there twice: put its files into one, or give each a `path` below it" if twice else ""
    )


def paths_of(folder: PlacedFolder, parcel: Parcel) -> Iterator[str]:
    """Where its files lie in the installed system, from its root, without a leading slash."""
    return (f"{folder.inside}/{file.name}" for file in parcel.files)


def _folders_above(name: str) -> Iterator[str]:
    while name := name.rpartition("/")[0]:
        yield name
