"""Reads both copies of a disk image's GUID partition table (UEFI 2.10 §5.3), and repairs the one that is damaged.

An image may have lost one copy: its first sectors were overwritten, or its end was cut off behind the last partition.
The other copy says all that is needed. The disk ends where the table says, not where the file does: space that was
added to an image after it was partitioned is not part of the disk. Pure: `read` gives bytes of the image. Not for: dos
tables, which sfdisk reads (`disk_layout.py`). All sizes are bytes; an LBA is a sector's number.
"""

import struct
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, Literal

from netboot.shared.manifest import Partition, Repair, Role

Read = Callable[[int, int], bytes]
"""The bytes of the image from a start to an end; fewer where the image ends before."""

SIGNATURE: Final = b"EFI PART"
ROLES: Final[dict[str, Role]] = {
    # UEFI 2.10 §5.3.3, the Discoverable Partitions Specification, and Microsoft's PARTITION_INFORMATION_GPT.
    "21686148-6449-6e6f-744e-656564454649": "bios-boot",
    "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "esp",
    "bc13c2ff-59e6-4262-a352-b275fd6f7172": "boot",
    "4f68bce3-e8cd-4db1-96e7-fbcaf984b709": "root",
    "933ac7e1-2eb4-4f13-b844-0e14e2aef915": "home",
    "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": "swap",
    "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7": "data",
    "de94bba4-06d1-4d40-a16a-bfd50179d6ac": "recovery",
    "e3c9e316-0b5c-4db8-817d-f92df00215ae": "reserved",
}

# signature, revision, header size, header CRC, reserved, my LBA, alternate LBA, first and last usable LBA, disk GUID,
# LBA of the entries, how many, size of one, CRC of them all
_HEADER: Final = struct.Struct("<8s4sIIIQQQQ16sQIII")
_ENTRY: Final = struct.Struct("<16s16sQQQ72s")
_LAST_AT: Final = 40
"""Where an entry has its last LBA."""
_ENTRIES_LIMIT: Final = 1024 * 1024
_GRAIN: Final = 4096
_NEAR: Final = 1024 * 1024
_MBR_ENTRIES: Final = (446, 510)
_PROTECTIVE: Final = 0xEE


@dataclass(frozen=True, slots=True)
class Gpt:
    """A whole table: what is on the disk, and what differs from the image, as (offset, bytes) in `patches`.

    `disk` is where the disk ends, `backup` where the table's copy at the end begins. `plain`: sfdisk would write all of
    it again from its own dump, which has neither a hybrid MBR nor names beyond Unicode's first 65536 characters.
    """

    disk: int
    backup: int
    table_id: str
    partitions: tuple[Partition, ...]
    patches: tuple[tuple[int, bytes], ...]
    repaired: tuple[Repair, ...]
    plain: bool


@dataclass(frozen=True, slots=True)
class Shortened:
    """A table for a smaller disk of `disk` bytes: what is to be written, as (offset, bytes)."""

    disk: int
    patches: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class _Copy:
    """One copy whose checksums are right."""

    here: int
    other: int
    first_usable: int
    last_usable: int
    guid: bytes
    entries_at: int
    entry_size: int
    entries: bytes

    def says_the_same_as(self, copy: "_Copy") -> bool:
        return (self.guid, self.entries, self.first_usable, self.last_usable, self.here, self.other) == (
            copy.guid,
            copy.entries,
            copy.first_usable,
            copy.last_usable,
            copy.other,
            copy.here,
        )


def find_sector(read: Read, size: int) -> Literal[512, 4096]:
    """The sector size the image was made with: where a header of a GPT stands; 512 when there is none."""
    for sector in (512, 4096):
        if read(sector, sector + 8) == SIGNATURE:
            return 512 if sector == 512 else 4096
    return 4096 if _copy_at(read, 4096, size // 4096 - 1) and not _copy_at(read, 512, size // 512 - 1) else 512


def read_gpt(read: Read, size: int, sector: Literal[512, 4096]) -> Gpt | None:
    """The GPT of an image of `size` bytes, made whole; None when there is none, or neither copy can be read."""
    mbr = read(0, 512)
    entries = _mbr_types(mbr)
    if entries and _PROTECTIVE not in entries:
        # Linux goes by the MBR where that names real partitions, whatever an older GPT left behind.
        return None
    primary = _copy_at(read, sector, 1)
    backup = _copy_at(read, sector, primary.other if primary is not None else size // sector - 1)
    best = primary or backup
    if best is None:
        return None
    partitions = tuple(_partitions(best, sector))
    length = -(-len(best.entries) // sector)
    last = primary.other if primary is not None else best.here
    repaired: list[Repair] = []
    ends = max((partition.end // sector for partition in partitions), default=best.first_usable)
    if last >= size // sector or last - length < ends:
        # Cut off behind the last partition: the disk ends where the file does, or as soon as the copy has its place.
        unit = _GRAIN // sector
        last = -(-max(size // sector, ends + length + 1) // unit) * unit - 1
        repaired.append("disk-end")
    if not entries:
        repaired.insert(0, "protective-mbr")
    patches = [] if entries else [(0, _protective_mbr(mbr, last))]
    moved = last != (primary.other if primary is not None else best.here)
    # Boot code lies before the first partition, and the table before that: where some boards put it is not kept.
    near = primary is not None and (primary.entries_at + length) * sector <= _NEAR
    if primary is None or moved or not near:
        patches += _written(best, sector, here=1, other=last, entries_at=best.entries_at if near else 2)
        repaired += ["primary-gpt"] if primary is None else []
    behind = last - length
    if (
        backup is not None
        and not moved
        and backup.entries_at > backup.last_usable
        and (primary is None or backup.says_the_same_as(primary))
    ):
        behind = backup.entries_at
    else:
        patches += _written(best, sector, here=last, other=1, entries_at=behind)
        repaired += [] if moved else ["backup-gpt"]
    return Gpt(
        disk=(last + 1) * sector,
        backup=behind * sector,
        table_id=str(uuid.UUID(bytes_le=best.guid)),
        partitions=partitions,
        patches=tuple(patches),
        repaired=tuple(repaired),
        plain=entries in ([], [_PROTECTIVE]) and not _has_surrogates(best),
    )


def with_end(read: Read, sector: Literal[512, 4096], number: int, end: int) -> Shortened:
    """What is to be written so that partition `number`, the last on the disk, ends at `end`, and the disk soon behind.

    Raises ValueError when the table, which was whole a moment ago, cannot be read.
    """
    primary = _copy_at(read, sector, 1)
    if primary is None:
        raise ValueError("its partition table cannot be read")
    entries = bytearray(primary.entries)
    struct.pack_into("<Q", entries, (number - 1) * primary.entry_size + _LAST_AT, end // sector - 1)
    copy = replace(primary, entries=bytes(entries))
    length = -(-len(entries) // sector)
    unit = _GRAIN // sector
    last = -(-(end // sector + length + 1) // unit) * unit - 1
    mbr = bytearray(read(0, 512))
    for at in range(*_MBR_ENTRIES, 16):
        if mbr[at + 4] == _PROTECTIVE:
            # A hybrid MBR may have this one over a part of the disk only.
            start, sectors = struct.unpack_from("<II", mbr, at + 8)
            struct.pack_into("<I", mbr, at + 12, min(sectors, last + 1 - start))
    patches = (
        (0, bytes(mbr)),
        *_written(copy, sector, here=1, other=last, entries_at=copy.entries_at),
        *_written(copy, sector, here=last, other=1, entries_at=last - length),
    )
    return Shortened((last + 1) * sector, patches)


def _copy_at(read: Read, sector: int, lba: int) -> _Copy | None:
    if lba < 1:
        return None
    raw = read(lba * sector, (lba + 1) * sector)
    if len(raw) < sector or not raw.startswith(SIGNATURE):
        return None
    values = _HEADER.unpack_from(raw)
    _, _, length, crc, _, here, other, first, last, guid, entries_at, number, entry_size, entries_crc = values
    if not (_HEADER.size <= length <= sector and here == lba and first <= last):
        return None
    if zlib.crc32(raw[:16] + bytes(4) + raw[20:length]) != crc:
        return None
    if entry_size < _ENTRY.size or entry_size % 8 or not 0 < number * entry_size <= _ENTRIES_LIMIT or entries_at < 2:
        return None
    entries = read(entries_at * sector, entries_at * sector + number * entry_size)
    if len(entries) < number * entry_size or zlib.crc32(entries) != entries_crc:
        return None
    return _Copy(here, other, first, last, guid, entries_at, entry_size, entries)


def _has_surrogates(copy: _Copy) -> bool:
    """Whether a partition's name has characters that take two units of UTF-16, or halves of such."""
    names = (_ENTRY.unpack_from(copy.entries, at)[-1] for at in range(0, len(copy.entries), copy.entry_size))
    units = (unit for name in names for unit in struct.unpack("<36H", name))
    return any(0xD800 <= unit < 0xE000 for unit in units)


def _partitions(copy: _Copy, sector: int) -> "list[Partition]":
    partitions = []
    for number, at in zip(count(1), range(0, len(copy.entries), copy.entry_size), strict=False):
        kind, own, first, last, _, name = _ENTRY.unpack_from(copy.entries, at)
        if not any(kind):
            continue
        guid = str(uuid.UUID(bytes_le=kind))
        text = name.decode("utf-16-le", "replace").partition("\0")[0]
        partitions.append(
            Partition(
                number=number,
                start=first * sector,
                length=(last + 1 - first) * sector,
                type=guid,
                uuid=str(uuid.UUID(bytes_le=own)),
                name="".join(letter for letter in text if letter.isprintable())[:36],
                role=ROLES.get(guid, "other"),
            )
        )
    return partitions


def _written(copy: _Copy, sector: int, *, here: int, other: int, entries_at: int) -> list[tuple[int, bytes]]:
    """A header and its entries, as they stand at LBA `here` and `entries_at`, the other copy's header at `other`."""
    length = -(-len(copy.entries) // sector)
    last_usable = max(here, other) - length - 1
    number = len(copy.entries) // copy.entry_size
    values = (copy.first_usable, last_usable, copy.guid, entries_at, number, copy.entry_size, zlib.crc32(copy.entries))
    # Revision 1.0, as all that is in use; the header's own checksum is taken with zeros in its place.
    unsealed = _HEADER.pack(SIGNATURE, b"\0\0\1\0", _HEADER.size, 0, 0, here, other, *values)
    header = _HEADER.pack(SIGNATURE, b"\0\0\1\0", _HEADER.size, zlib.crc32(unsealed), 0, here, other, *values)
    entries = copy.entries + bytes(-len(copy.entries) % sector)
    return [(here * sector, header + bytes(sector - len(header))), (entries_at * sector, entries)]


def _mbr_types(mbr: bytes) -> list[int]:
    """The types of the partitions that an MBR names, none when it is no MBR."""
    if len(mbr) < 512 or mbr[510:] != b"\x55\xaa":
        return []
    return [mbr[at + 4] for at in range(*_MBR_ENTRIES, 16) if mbr[at + 4]]


def _protective_mbr(mbr: bytes, last: int) -> bytes:
    """The first sector with its boot code, and the one partition that keeps others away (UEFI 2.10 §5.2.3)."""
    entry = struct.pack("<B3sB3sII", 0, b"\0\2\0", _PROTECTIVE, b"\xff\xff\xff", 1, min(last, 0xFFFFFFFF))
    return mbr[: _MBR_ENTRIES[0]].ljust(_MBR_ENTRIES[0], b"\0") + entry + bytes(48) + b"\x55\xaa"
