"""The one picture of the boot menu: a white pixel that GRUB's theme stretches behind the chosen line.

So the chosen line is told by black on white, not by another colour. PNG (ISO/IEC 15948): 8 bits, RGB, not interlaced,
which GRUB's reader takes. Not for: any other picture.
"""

import struct
import zlib


def white_pixel() -> bytes:
    """A PNG of one white pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(b"\0\xff\xff\xff")), _chunk(b"IEND", b"")]
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
