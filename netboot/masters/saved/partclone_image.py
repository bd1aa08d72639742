"""The head of a partition's image by partclone: how large the partition was. Pure.

partclone's IMAGE_FORMATS.md, versions 0001 and 0002. Not for: restoring it, which partclone.restore does, and checks.
"""

import struct
from typing import Final

from netboot.shared.errors import NetbootError

HEAD: Final = 128
_MAGIC: Final = b"partclone-image"
_VERSION: Final = slice(30, 34)
_ORDER: Final = {b"\xde\xc0": "<", b"\xc0\xde": ">"}


def is_partclone(head: bytes) -> bool:
    """Whether these are the first bytes of such an image."""
    return head.startswith(_MAGIC)


def partition_size(head: bytes, name: str) -> int:
    """How many bytes partclone would write at most, of these first HEAD bytes. Raises NetbootError."""
    version = head[_VERSION]
    order = "<" if version == b"0001" else _ORDER.get(head[34:36], "")
    if version not in (b"0001", b"0002") or not order or len(head) < HEAD:
        raise NetbootError(
            f"{name} is an image of a partclone that is not known here ({version.decode('ascii', 'replace')})",
            hint="restore it with the program that saved it, and import that disk",
        )
    if version == b"0001":
        block, device, blocks = struct.unpack_from("<I2Q", head, 36)
    else:
        device, blocks = struct.unpack_from(f"{order}2Q", head, 52)
        (block,) = struct.unpack_from(f"{order}I", head, 84)
    return max(int(device), int(blocks) * int(block))
