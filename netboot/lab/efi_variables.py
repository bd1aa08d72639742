"""Reads the UEFI variables from a lab PC's flash image while the PC is off.

The layout is EDK2's (MdeModulePkg/Include/Guid/VariableFormat.h, authenticated variables): a firmware volume, a store,
one variable after the other. Not for: writing them, or a PC that is on.
"""

import struct
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError

_VOLUME: Final = struct.Struct("<16x16xQ4sIH")
_AUTHENTICATED: Final = bytes.fromhex("782cf3aa7b949a43a1802e144ec37792")
_STORE_HEADER: Final = 28
_VARIABLE: Final = struct.Struct("<HBxI8x16x4xII16x")
_START: Final = 0x55AA
_ADDED: Final = 0x3F
_BEING_REPLACED: Final = 0x3E
"""The two states of a variable that counts (VAR_ADDED, and that with VAR_IN_DELETED_TRANSITION)."""


def read_variable(flash: Path, name: str) -> bytes | None:
    """The value of the variable of this name, whoever's it is; None when there is none. Raises NetbootError."""
    content = flash.read_bytes()
    _, signature, _, header = _VOLUME.unpack_from(content)
    if signature != b"_FVH" or content[header : header + 16] != _AUTHENTICATED:
        raise NetbootError(f"{flash} holds no UEFI variables", hint="give the variables of a PC that was switched on")
    value_found = None
    at = header + _STORE_HEADER
    while at + _VARIABLE.size <= len(content):
        start, state, _, name_size, size = _VARIABLE.unpack_from(content, at)
        if start != _START:
            break
        value = at + _VARIABLE.size + name_size
        this = content[at + _VARIABLE.size : value].decode("utf-16-le", "replace").rstrip("\0")
        if this == name and state in (_ADDED, _BEING_REPLACED):
            value_found = content[value : value + size]
        at = -(-(value + size) // 4) * 4
    return value_found
