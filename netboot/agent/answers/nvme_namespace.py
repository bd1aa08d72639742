"""What an NVMe namespace says of itself that its erase needs, from nvme-cli's JSON. Pure.

Source: NVM Express NVM command set specification 1.0, Identify Namespace (FLBAS, FPI, DLFEAT, the LBA formats); the
JSON is nvme-cli 2.13's (Debian 13), of `nvme id-ns --output-format=json`.
Not for: what a drive can do (`agent/disks/nvme_abilities.py`); which namespaces there are
(`agent/disks/nvme_namespaces.py`).
"""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

_TELLS_PROGRESS: Final = 1 << 7
"""Of FPI; the bits below are the percentage that remains."""
_READS: Final = {1: 0x00, 2: 0xFF}
"""DLFEAT bits 2 to 0: what deallocated blocks read as."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """The namespace as it is formatted: `lba_format` is the index that a Format must name to keep its sectors;
    `sector` and `metadata` their bytes. `format_left`: percent of a Format that remain, 0 when none is at work, None
    where it does not tell. `reads_after`: the byte that deallocated blocks read as, None where that is not told."""

    lba_format: int
    sector: int
    metadata: int
    format_left: int | None
    reads_after: int | None


_Byte = Annotated[int, Meta(ge=0, le=255)]
_FORMATS: Final = 64
_SECTORS: Final = {power: 2**power for power in range(9, 17)}


class _Format(Struct):
    ms: Annotated[int, Meta(ge=0, le=65535)]
    ds: _Byte
    rp: _Byte = 0


class _Namespace(Struct):
    flbas: _Byte
    fpi: _Byte
    dlfeat: _Byte
    lbafs: list[_Format]


def parse_namespace(text: str) -> Namespace | None:
    """From `nvme id-ns --output-format=json`; None when it is no such output, or names a format that is not there."""
    try:
        said = msgspec.json.decode(text, type=_Namespace)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    index = said.flbas & 0xF | (said.flbas >> 5 & 3) << 4
    if index >= len(said.lbafs):
        return None
    used = said.lbafs[index]
    sector = _SECTORS.get(used.ds)
    if sector is None:
        return None
    left = said.fpi & 0x7F
    return Namespace(
        lba_format=index,
        sector=sector,
        metadata=used.ms,
        format_left=left if said.fpi & _TELLS_PROGRESS and left <= 100 else None,
        reads_after=_READS.get(said.dlfeat & 7),
    )


def parse_plain_formats(text: str) -> dict[int, int]:
    """The sizes of sectors, in bytes, that the namespace can be formatted to without metadata, each with the index of
    its LBA format: of several the fastest by its own word (RP), then the first. From the same output, {} for another.
    """
    try:
        formats = msgspec.json.decode(text, type=_Namespace).lbafs
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}
    found: dict[int, int] = {}
    for index, one in sorted(enumerate(formats[:_FORMATS]), key=lambda pair: pair[1].rp):
        size = _SECTORS.get(one.ds)
        if size is not None and not one.ms:
            found.setdefault(size, index)
    return found
