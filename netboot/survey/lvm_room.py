"""One volume of a group gets another length, as the rest of its physical volume: the group's text afterwards. Pure.

It is the last one that is no swap, or one that a profile names, and it stays in one piece. What is behind it goes to
the end: of swap nothing but its header is of use, which is written anew there (`lvm_group.py`), what else may move is
copied. Everything else stays where it is.
Not for: growing what is in the volume, copying (`agent/customise/grow_lvm.py`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from netboot.survey.lvm import PhysicalVolume, Volume
from netboot.survey.lvm_text import LvmError, Section, parse, the_group, written


def takes_the_rest(physical: PhysicalVolume, swaps: Collection[str]) -> Volume | None:
    """The volume that can take the rest of this physical volume, when those of `swaps` (by name) may be moved."""
    if is_fixed(physical):
        return None
    others = [volume for volume in physical.volumes if volume.name not in swaps]
    last = max(others, key=lambda volume: max((end for _, end in volume.ranges), default=0), default=None)
    return last if last is not None and len(last.ranges) == 1 else None


def is_fixed(physical: PhysicalVolume) -> bool:
    """Whether LVM itself would not change it as it is."""
    return physical.fixed or any(volume.fixed for volume in physical.volumes)


def with_the_rest(text: str, name: str, moving: Collection[str]) -> str | None:
    """The text of a group (as vgcfgbackup gives it) in which the volume `name` has all extents up to the last, but for
    the volumes of `moving` that lay behind it: they are the last now. None when it is so already. Raises LvmError."""
    return _changed(text, name, moving, None)


@dataclass(frozen=True, slots=True)
class Move:
    """A volume that lies elsewhere in another text, in one piece both times. In bytes of the partition."""

    name: str
    start: int
    target: int
    length: int


def moves(before: str, after: str, names: Collection[str]) -> tuple[Move, ...]:
    """Where the volumes of `names` go between two texts of one group. Raises LvmError."""
    try:
        old, new = _ranges(before), _ranges(after)
        return tuple(Move(one, old[one][0], new[one][0], new[one][1]) for one in names if old[one] != new[one])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LvmError(f"its LVM metadata is not understood ({error!r})"[:200]) from error


def overlap(found: Collection[Move]) -> bool:
    """Whether one of them would lie where one of them is copied from: not even its own place may be overwritten."""
    return any(
        one.target < other.start + other.length and other.start < one.target + one.length
        for one in found
        for other in found
    )


def _ranges(text: str) -> dict[str, tuple[int, int]]:
    """Where each volume of one piece begins, and how long it is."""
    _, group = the_group(parse(text))
    ((disk, own),) = group["physical_volumes"].items()
    extent, first = group["extent_size"] * _SECTOR, own["pe_start"] * _SECTOR
    pieces = {name: _pieces(volume, disk) for name, volume in group["logical_volumes"].items()}
    plain = {name: one[0] for name, one in pieces.items() if len(one) == 1}
    return {name: (first + one.first * extent, one.count * extent) for name, one in plain.items()}


def with_length(text: str, name: str, swaps: Collection[str], length: int) -> str | None:
    """The same, in which the volume `name` has as many extents as `length` bytes need, and the volumes of `swaps` that
    lay behind it follow at once."""
    return _changed(text, name, swaps, length)


def _changed(text: str, name: str, moving: Collection[str], length: int | None) -> str | None:
    whole = parse(text)
    try:
        _, group = the_group(whole)
        ((disk, own),) = group["physical_volumes"].items()
        volumes = group["logical_volumes"]
        grown = _pieces(volumes[name], disk)
        if len(grown) != 1:
            raise LvmError(f"its LVM volume {name} lies in {len(grown)} pieces")
        start = grown[0].first
        moved = []
        for other, volume in volumes.items():
            pieces = _pieces(volume, disk)
            if other == name or all(piece.last <= start for piece in pieces):
                continue
            if other not in moving:
                raise LvmError(f"its LVM volume {other} lies behind {name}")
            moved.append((pieces[0].first, other, sum(piece.count for piece in pieces)))
        extent = group["extent_size"] * _SECTOR
        most = own["pe_count"] - sum(count for _, _, count in moved)
        end = most if length is None else start - (-length // extent)
        if end > most or (length is None and end < grown[0].last):
            raise LvmError(f"there is no room for its LVM volume {name}")
        changed = _place(volumes[name], disk, _Piece(start, end - start))
        for _, other, count in sorted(moved):
            changed |= _place(volumes[other], disk, _Piece(end, count))
            end += count
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LvmError(f"its LVM metadata is not understood ({error!r})"[:200]) from error
    return written(whole) if changed else None


_SECTOR: Final = 512


@dataclass(frozen=True, slots=True)
class _Piece:
    """Extents of the physical volume, one after the other."""

    first: int
    count: int

    @property
    def last(self) -> int:
        """The first one that is not in it any more."""
        return self.first + self.count


def _pieces(volume: Section, disk: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    for number in range(1, volume["segment_count"] + 1):
        segment = volume[f"segment{number}"]
        on, first = segment["stripes"]
        if segment["type"] != "striped" or segment["stripe_count"] != 1 or on != disk:
            raise LvmError("its LVM volumes are not plain")
        if pieces and pieces[-1].last == first:
            pieces[-1] = _Piece(pieces[-1].first, pieces[-1].count + segment["extent_count"])
        else:
            pieces.append(_Piece(first, segment["extent_count"]))
    return pieces


def _place(volume: Section, disk: str, piece: _Piece) -> bool:
    """Let it lie there, in one piece; whether that is a change."""
    if _pieces(volume, disk) == [piece]:
        return False
    for number in range(1, volume["segment_count"] + 1):
        del volume[f"segment{number}"]
    volume["segment_count"] = 1
    volume["segment1"] = {
        "start_extent": 0,
        "extent_count": piece.count,
        "type": "striped",
        "stripe_count": 1,
        "stripes": [disk, piece.first],
    }
    return True
