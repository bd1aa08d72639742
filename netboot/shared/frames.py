"""A chunk as it is kept and sent: one zstd frame. Not for: what a chunk is (`manifest.py`), packing one."""


def longest_frame(length: int) -> int:
    """The longest zstd frame of so many plain bytes (zstd.h, ZSTD_COMPRESSBOUND), with room for a checksum."""
    return length + (length >> 8) + 1024
