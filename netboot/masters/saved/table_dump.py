"""A partition table as `sfdisk --dump` writes it, read and written again in parts that are known.

Clonezilla and FOG keep it so, and the disk gets it by sfdisk again: only what was understood here reaches sfdisk.
Pure. Not for: what is in the partitions.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from netboot.masters.formats.bounds import LARGEST
from netboot.shared.errors import NetbootError

SECTOR: Final = 512
_HEADER: Final = re.compile(r"(label|label-id|unit|first-lba|last-lba|sector-size|table-length|grain):\s*(\S+)")
_LINE: Final = re.compile(r"/dev/\S*[a-z](?P<number>\d{1,3})\s*:\s*(?P<fields>.*)")
_FIELD: Final = re.compile(
    r'\s*(?P<key>start|size|type|Id|uuid|name|attrs|bootable)(?:\s*=\s*(?P<value>"(?:[^"\\]|\\x[0-9A-Fa-f]{2})*"|[^,"\s]*))?'
    r"\s*(?:,|\Z)"
)
_VALUES: Final = {
    "start": r"\d{1,15}",
    "size": r"\d{1,15}",
    "type": r"[0-9A-Fa-f-]{1,36}",
    "uuid": r"[0-9A-Fa-f-]{36}",
    "name": r'"(?:[^"\\\x00-\x1f\x7f]|\\x[0-9A-Fa-f]{2}){0,200}"',
    "attrs": r'"[A-Za-z0-9:, ]{0,200}"',
    "bootable": r"",
}
_EXTENDED: Final = {"5", "05", "f", "0f", "85"}
_SWAPS: Final = {"82", "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"}
_RESERVED: Final = "e3c9e316-0b5c-4db8-817d-f92df00215ae"
_LINES: Final = 1000
_DOS_ID: Final = re.compile(r"0x[0-9A-Fa-f]{1,8}")
_GPT_ID: Final = re.compile(r"[0-9A-Fa-f-]{36}")


@dataclass(frozen=True, slots=True)
class SavedPartition:
    """One line of the table. `start` and `length` are bytes, `fields` its line for sfdisk."""

    number: int
    start: int
    length: int
    kind: str
    fields: str

    @property
    def needs_no_image(self) -> bool:
        """Whether it holds nothing of its own: an extended partition's tables are the table's, Windows' reserved one is
        empty."""
        return self.kind in _EXTENDED or self.kind == _RESERVED

    @property
    def is_swap(self) -> bool:
        """Whether its type says that it is Linux's swap."""
        return self.kind in _SWAPS


@dataclass(frozen=True, slots=True)
class SavedTable:
    """A partition table of a disk with sectors of 512 bytes. `disk` is how many bytes the disk needs at least."""

    label: Literal["gpt", "dos"]
    label_id: str
    partitions: tuple[SavedPartition, ...]
    disk: int

    @property
    def first(self) -> int:
        """Where the first partition begins, in bytes."""
        return min(partition.start for partition in self.partitions)

    @property
    def script(self) -> str:
        """The table as sfdisk takes it."""
        label_id = (f"label-id: {self.label_id}",) if self.label_id else ()
        first = ("first-lba: 34",) if self.label == "gpt" else ()
        lines = (f"{partition.number} : {partition.fields}" for partition in self.partitions)
        return "\n".join((f"label: {self.label}", *label_id, *first, "unit: sectors", "", *lines, ""))


def read_dump(text: str, name: str) -> SavedTable:
    """Read what `sfdisk --dump` printed, also the form of before util-linux 2.26. Raises NetbootError."""
    header, partitions = dict[str, str](), list[SavedPartition]()
    lines = text.splitlines()
    if len(lines) > _LINES:
        raise _unread(name, f"it has {len(lines)} lines")
    for line in lines:
        if found := _HEADER.fullmatch(line.strip()):
            header[found[1]] = found[2]
        elif found := _LINE.fullmatch(line.strip()):
            partition = _partition(int(found["number"]), found["fields"], name)
            if partition.length:  # the old form lists all four
                partitions.append(partition)
    label = header.get("label", "dos")
    if label not in ("gpt", "dos") or not partitions:
        raise _unread(name, "it has no partition of a GPT or an MBR")
    if header.get("unit", "sectors") != "sectors" or header.get("sector-size", "512") != "512":
        raise NetbootError(
            f"{name} is of a disk with sectors of {header.get('sector-size', '?')} bytes, which is not read here",
            hint="restore it to such a disk with the program that saved it, and import an image of that disk",
        )
    if len({partition.number for partition in partitions}) != len(partitions):
        raise _unread(name, "two partitions have one number")
    end = max(partition.start + partition.length for partition in partitions)
    last = header.get("last-lba", "")
    if label == "gpt":
        # Behind the last sector that partitions may have: 32 sectors of entries and the header's copy.
        usable = (int(last) + 1) * SECTOR if last.isdecimal() and len(last) < 16 else 0
        end = max(end, usable) + 33 * SECTOR
    if end > LARGEST:
        raise _unread(name, f"its disk has {end} bytes")
    label_id = header.get("label-id", "")
    if not (_GPT_ID if label == "gpt" else _DOS_ID).fullmatch(label_id):
        label_id = ""
    return SavedTable("gpt" if label == "gpt" else "dos", label_id, tuple(partitions), end)


def _partition(number: int, text: str, name: str) -> SavedPartition:
    fields, at = dict[str, str](), 0
    while at < len(text):
        field = _FIELD.match(text, at)
        if field is None or field.end() == at:
            raise _unread(name, f"partition {number} is {text[:80]!r}")
        key = "type" if field["key"] == "Id" else field["key"]
        value = field["value"] or ""
        if not re.fullmatch(_VALUES[key], value):
            raise _unread(name, f"partition {number} has {key} {value[:40]!r}")
        fields[key] = value
        at = field.end()
    if not {"start", "size", "type"} <= fields.keys() or not 1 <= number <= 128:
        raise _unread(name, f"partition {number} has no start, size or type")
    words = ", ".join(key if key == "bootable" else f"{key}={value}" for key, value in fields.items())
    start, length = int(fields["start"]) * SECTOR, int(fields["size"]) * SECTOR
    return SavedPartition(number, start, length, fields["type"].lower(), words)


def _unread(name: str, what: str) -> NetbootError:
    return NetbootError(f"{name} is no partition table that can be read: {what}", hint="copy the folder again, whole")
