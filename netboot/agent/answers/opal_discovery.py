"""What a drive says of TCG's locks to anybody, from the bytes of its Level 0 Discovery. Pure.

Source: TCG Storage Opal SSC 2.01 §3.1.1: a header of 48 bytes whose first field counts what follows it, then feature
descriptors of a code, a version and a length each; the Locking feature (0002h) has the states, Opal SSC V1.00 (0200h)
or V2.00 (0203h) say that the drive is one. Linux hands the response out without its last four bytes (IOC_OPAL_DISCOVERY
copies as many as the header counts, and the count leaves itself out): they belong to the last descriptor, so a
descriptor that is cut there counts as far as it goes.
Not for: asking the drive (`agent/disks/sed_opal.py`); Pyrite and Enterprise drives, which Linux does not speak to.
"""

import struct
from typing import Final

from netboot.shared.disk_abilities import Opal

_HEADER: Final = 48
_LOCKING: Final = 0x0002
_OPAL: Final = frozenset({0x0200, 0x0203})
_CUT: Final = 4
"""Bytes that may be missing at the end."""
_SUPPORTED, _ENABLED, _LOCKED, _ENCRYPTS, _SHADOW, _SHADOW_DONE = (1 << bit for bit in range(6))


def parse_discovery(data: bytes) -> Opal | None:
    """The state of its locks; None for what is no whole answer of an Opal drive, or one that contradicts itself."""
    if len(data) < _HEADER:
        return None
    (counted,) = struct.unpack_from(">I", data)
    end = counted + 4
    if end < _HEADER or not end - _CUT <= len(data):
        return None
    features = _features(data[:end], end)
    if features is None or _LOCKING not in features or not _OPAL & features.keys():
        return None
    states = features[_LOCKING]
    if not states or not states[0] & _SUPPORTED:
        return None
    found = Opal(
        owned=bool(states[0] & _ENABLED),
        locked=bool(states[0] & _LOCKED),
        shadow=bool(states[0] & _SHADOW) and not states[0] & _SHADOW_DONE,
        encrypts=bool(states[0] & _ENCRYPTS),
    )
    return found if found.owned or not (found.locked or found.shadow) else None


def _features(data: bytes, end: int) -> dict[int, bytes] | None:
    found: dict[int, bytes] = {}
    at = _HEADER
    while at < end:
        if at + 4 > len(data):
            return None
        code, length = struct.unpack_from(">HxB", data, at)
        if at + 4 + length > end or code in found:
            return None
        found[code] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return found
