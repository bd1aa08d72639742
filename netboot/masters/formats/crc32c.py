"""CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of VHDX: Python has another polynomial only.

Pure, and slow: 64 KiB take some 10 ms. Not for: a disk's data.
"""

from typing import Final

_POLYNOMIAL: Final = 0x82F63B78


def _row(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_ROWS: Final = tuple(_row(value) for value in range(256))


def crc32c(data: bytes) -> int:
    """The checksum of these bytes."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _ROWS[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF
