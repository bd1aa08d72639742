"""Virtual disks made by qemu-img, as the tests of formats need them, and their ways through a format's module."""

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from netboot.masters.file_format import HEAD, TAIL, recognise
from netboot.masters.formats import FORMATS
from netboot.shared.process import run
from netboot.survey.disk_file import open_disk
from tests.masters.images import put

KINDS: Final = {
    "vmdk": ("vmdk", ""),
    "vmdk-stream": ("vmdk", "subformat=streamOptimized"),
    "vmdk-footer": ("vmdk", "subformat=streamOptimized"),
    "vmdk-zeroed": ("vmdk", "zeroed_grain=on"),
    "vdi": ("vdi", ""),
    "vdi-fixed": ("vdi", "static=on"),
    "vhd": ("vpc", "force_size=on"),
    "vhd-fixed": ("vpc", "force_size=on,subformat=fixed"),
    "vhdx": ("vhdx", "block_size=1M"),
    "vhdx-fixed": ("vhdx", "subformat=fixed"),
    "qcow2": ("qcow2", ""),
    "qcow2-compressed": ("qcow2", ""),
}
"""Its name here: qemu-img's name and options."""


def virtual_disk(raw: Path, kind: str) -> Path:
    """The raw disk in this format, beside it. Its name says nothing."""
    driver, options = KINDS[kind]
    image = raw.with_name(kind)
    image.unlink(missing_ok=True)
    words = [*(("-o", options) if options else ()), *(("-c",) if kind == "qcow2-compressed" else ())]
    run(["qemu-img", "convert", "-f", "raw", "-O", driver, *words, raw, image])
    if kind == "vmdk-footer":
        move_header_to_the_end(image)
    return image


def move_header_to_the_end(vmdk: Path) -> None:
    """Have it as VMware's own programs stream it: the header of the beginning says only that another one counts."""
    size = -(-vmdk.stat().st_size // 512) * 512
    header = vmdk.read_bytes()[:512]
    os.truncate(vmdk, size)
    with vmdk.open("ab") as file:
        file.write(struct.pack("<QII", 1, 0, 3).ljust(512, b"\0") + header + bytes(512))
    put(vmdk, 56, b"\xff" * 8)


def unpack(image: Path) -> bytes:
    """The disk that is in a file, by the module of its format. Raises NetbootError."""
    raw = image.with_name(f"{image.name}.unpacked")
    raw.unlink(missing_ok=True)
    with open_disk(image) as file:
        head, tail = file.read(0, HEAD), file.read(max(0, file.size - TAIL), file.size)
        kind = recognise(head, tail, file.name)
        assert kind != "raw"
        size = FORMATS[kind].read_header(head, file)
        FORMATS[kind].require_whole(file)
        FORMATS[kind].unpack(file, raw)
    assert raw.stat().st_size == size
    return raw.read_bytes()


def with_sum(footer: bytes, at: int) -> bytes:
    """The bytes of a VHD's footer or header with the checksum that they should have."""
    bare = footer[:at] + bytes(4) + footer[at + 4 :]
    return bare[:at] + struct.pack(">I", ~sum(bare) & 0xFFFFFFFF) + bare[at + 4 :]


def change(image: Path, at: int, length: int, by: Callable[[bytes], bytes]) -> None:
    """Put other bytes in place of these."""
    with image.open("rb") as file:
        file.seek(at)
        old = file.read(length)
    put(image, at, by(old))
