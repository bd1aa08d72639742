"""Who may do what with a folder that is made in a Windows, as a security descriptor by [MS-DTYP] 2.4.6.

As Windows has it for its programs: the system and the administrators may do all, everybody reads and runs, here and in
all that is put there later. What ntfs-3g makes of mode 0755 forbids everybody to run what Windows puts there later.
Pure. Not for: files, of which it makes what it should.
"""

import struct
from typing import Final

_FULL: Final = 0x001F01FF
_READ_AND_RUN: Final = 0x001200A9
_FOR_ALL_INSIDE: Final = 0x03
"""OBJECT_INHERIT_ACE and CONTAINER_INHERIT_ACE: files and folders inside get the same."""
_CONTROL: Final = 0x8000 | 0x1000 | 0x0004
"""In one piece (SELF_RELATIVE), of its own (DACL_PROTECTED), with a list (DACL_PRESENT)."""


def _sid(authority: int, *parts: int) -> bytes:
    return struct.pack(f"<BB6s{len(parts)}I", 1, len(parts), authority.to_bytes(6, "big"), *parts)


_EVERYBODY: Final = _sid(1, 0)
_SYSTEM: Final = _sid(5, 18)
_ADMINISTRATORS: Final = _sid(5, 32, 544)


def _allowed(rights: int, sid: bytes) -> bytes:
    return struct.pack("<BBHI", 0, _FOR_ALL_INSIDE, 8 + len(sid), rights) + sid


def _descriptor() -> bytes:
    entries = (
        _allowed(_FULL, _SYSTEM),
        _allowed(_FULL, _ADMINISTRATORS),
        _allowed(_READ_AND_RUN, _EVERYBODY),
    )
    inside = b"".join(entries)
    access = struct.pack("<BBHHH", 2, 0, 8 + len(inside), len(entries), 0) + inside
    owner = 20 + len(access)
    group = owner + len(_ADMINISTRATORS)
    return struct.pack("<BBHIIII", 1, 0, _CONTROL, owner, group, 0, 20) + access + 2 * _ADMINISTRATORS


FOLDER_ACCESS: Final = _descriptor()
ATTRIBUTE: Final = "system.ntfs_acl"
"""The extended attribute by which ntfs-3g gives and takes a security descriptor."""
