"""The firmware's boot entries as efivarfs shows them: EFI_LOAD_OPTION (UEFI 2.10 §3.1.3) and its device path (§10.3).

Read from the bytes, since what efibootmgr prints of a path runs into the data behind it. Pure.
Not for: writing entries, which efibootmgr does.
"""

import struct
from dataclasses import dataclass
from typing import Final
from uuid import UUID

_HEAD: Final = struct.Struct("<IH")  # attributes, bytes of the device paths
_NODE: Final = struct.Struct("<BBH")  # type, subtype, bytes with this head
_HARD_DRIVE: Final = struct.Struct("<IQQ16sBB")  # partition, start, size, signature, format, kind of signature
_ACTIVE: Final = 0x1
_CATEGORY: Final = 0x1F00
"""LOAD_OPTION_CATEGORY: 0 for what boots, else a program of the firmware such as its setup."""
_MEDIA, _IS_HARD_DRIVE, _IS_FILE, _END = 4, 1, 4, 0x7F
_MBR, _GUID = 1, 2


@dataclass(frozen=True, slots=True)
class LoadOption:
    """One entry. `partition` is named as the kernel does (PARTUUID), `path` from the top of it, by slashes.

    Both are "" for what does not start from a file on a partition. `boots`: it is active, and no tool of the firmware.
    """

    label: str
    boots: bool
    partition: str = ""
    path: str = ""


def parse_load_option(value: bytes) -> LoadOption | None:
    """Read an entry's value, without efivarfs' four bytes of attributes; None for what is none."""
    if len(value) < _HEAD.size:
        return None
    attributes, paths = _HEAD.unpack_from(value)
    end = next((at for at in range(_HEAD.size, len(value) - 1, 2) if value[at : at + 2] == b"\0\0"), None)
    if end is None:
        return None
    label = value[_HEAD.size : end].decode("utf-16-le", "replace")
    partition, path = _place(value[end + 2 : end + 2 + paths])
    return LoadOption(label, bool(attributes & _ACTIVE) and not attributes & _CATEGORY, partition, path)


def parse_order(value: bytes) -> tuple[str, ...]:
    """The entries' numbers in BootOrder's value, or the one in BootNext's: four hex digits each."""
    return tuple(f"{number:04X}" for (number,) in struct.iter_unpack("<H", value[: len(value) // 2 * 2]))


def _place(nodes: bytes) -> tuple[str, str]:
    """The partition and the file that the first device path leads to."""
    partition, path, at = "", "", 0
    while at + _NODE.size <= len(nodes):
        kind, subkind, size = _NODE.unpack_from(nodes, at)
        content = nodes[at + _NODE.size : at + size]
        if kind == _END or size < _NODE.size:
            break
        if (kind, subkind) == (_MEDIA, _IS_HARD_DRIVE) and len(content) >= _HARD_DRIVE.size:
            partition = _partuuid(content)
        elif (kind, subkind) == (_MEDIA, _IS_FILE):
            path += content[: len(content) // 2 * 2].decode("utf-16-le", "replace").partition("\0")[0]
        at += size
    return partition, path.replace("\\", "/") if partition else ""


def _partuuid(content: bytes) -> str:
    number, _, _, signature, _, kind = _HARD_DRIVE.unpack_from(content)
    if kind == _GUID:
        return str(UUID(bytes_le=signature))
    return f"{int.from_bytes(signature[:4], 'little'):08x}-{number:02x}" if kind == _MBR else ""
