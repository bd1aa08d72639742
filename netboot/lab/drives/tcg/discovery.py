"""Level 0 Discovery: what an Opal drive says of itself to anybody. Pure.

Follows Opal SSC 2.01 §3.1.1: the header, the TPer, Locking, Geometry Reporting and Opal SSC V2.00 feature descriptors.
"""

import struct

COM_ID = 0x07FE
LEVEL_0 = 0x0001
"""The ComID by which this is asked for."""


def discovery(*, owned: bool, locked: bool, shadow: bool, sector: int) -> bytes:
    """The whole response. `shadow`: the MBR shadow is enabled, and not done."""
    states = 1 | owned << 1 | locked << 2 | 1 << 3 | shadow << 4
    features = (
        _feature(0x0001, bytes([0b0001_0001]).ljust(12, b"\0")),  # synchronous, streaming
        _feature(0x0002, bytes([states]).ljust(12, b"\0")),
        _feature(0x0003, struct.pack(">B7xIQQ", 0, sector, 1, 0)),
        _feature(0x0203, struct.pack(">HHBHHBB5x", COM_ID, 1, 0, 4, 9, 0, 0)),
    )
    content = struct.pack(">I8x32s", 1, b"netboot lab drive") + b"".join(features)
    return struct.pack(">I", len(content)) + content


def _feature(code: int, data: bytes) -> bytes:
    return struct.pack(">HBB", code, 0x10, len(data)) + data
