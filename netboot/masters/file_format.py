"""Recognises a disk image by its bytes, never by its name: a format that is unpacked, one that is refused, or else raw.

Pure. Not for: whether a file is complete and sound (`formats/`, `packed.py`), what is on a disk (`survey/`).
"""

from typing import Final, Literal

from netboot.shared.errors import NetbootError

HEAD: Final = 64 * 1024
"""How many bytes from the start decide."""
TAIL: Final = 512
"""How many bytes at the end decide: a VHD of fixed size is known by these alone."""

DiskFormat = Literal["qcow2", "vmdk", "vdi", "vhd", "vhdx"]
"""Formats of virtual disks that qemu-img unpacks."""
Packing = Literal["gzip", "xz", "bzip2", "zstd"]
"""What any image may be packed with, once."""

_DISKS: Final[tuple[tuple[int, bytes, DiskFormat], ...]] = (
    (0, b"QFI\xfb", "qcow2"),
    (0, b"KDMV", "vmdk"),
    (0x40, b"\x7f\x10\xda\xbe", "vdi"),
    (0, b"conectix", "vhd"),
    (0, b"vhdxfile", "vhdx"),
)
_PACKINGS: Final[tuple[tuple[bytes, Packing], ...]] = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    # A frame to be skipped, with which pzstd begins.
    (b"\x50\x2a\x4d\x18", "zstd"),
)
_CONVERT: Final = "convert it first: qemu-img convert -O qcow2 THIS disk.qcow2"
_UNPACK: Final = "unpack it first"
# Where the bytes stand, what they are, what the file is, what to do.
_OTHERS: Final[tuple[tuple[int, bytes, str, str], ...]] = (
    (0, b"COWD", "a VMDK image of VMware ESX", _CONVERT),
    (0, b"# Disk DescriptorFile", "the description of a VMDK image, whose disk is in other files", _CONVERT),
    (0, b"QED\0", "a QED image", _CONVERT),
    (0, b"OOOO CMMM Bochs Virtual HD Image", "a Bochs image", _CONVERT),
    (0, b"WithoutFreeSpace", "a Parallels image", _CONVERT),
    (0, b"WithouFreSpacExt", "a Parallels image", _CONVERT),
    (0, b"LUKS\xba\xbe", "an encrypted volume (LUKS)", "open it first, and import the disk that is inside"),
    (0, b"\x04\x22\x4d\x18", "packed with lz4", f"{_UNPACK}: unlz4 THIS"),
    (0, b"PK\3\4", "a ZIP archive", f"{_UNPACK}: unzip THIS"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", f"{_UNPACK}: 7z x THIS"),
    (257, b"ustar", "a tar archive", f"{_UNPACK}: tar --extract --file=THIS"),
    (0, b"netboot-bundle1\n", "a master of another workshop", "take it in by: netboot master import-bundle"),
    (0, b"partclone-image", "an image of one partition (partclone)", "import the image of a whole disk"),
)


def recognise(head: bytes, tail: bytes, name: str) -> Literal["raw"] | DiskFormat:
    """What the file called `name` is, by its first HEAD and its last TAIL bytes. Raises NetbootError for what cannot be
    taken in, and for what is packed: whatever packs an image is taken off before."""
    packing = packed_with(head)
    if packing is not None:
        raise NetbootError(f"{name} is packed twice, now with {packing}", hint=f"{_UNPACK}, once")
    for at, magic, disk_format in _DISKS:
        if head[at : at + len(magic)] == magic:
            return disk_format
    for at, magic, format_name, hint in _OTHERS:
        if head[at : at + len(magic)] == magic:
            raise NetbootError(f"{name} is {format_name}, which is not read", hint=hint)
    return "vhd" if len(tail) == TAIL and tail.startswith(b"conectix") else "raw"


def packed_with(head: bytes) -> Packing | None:
    """What an image is packed with, None when it is not."""
    return next((packing for magic, packing in _PACKINGS if head.startswith(magic)), None)
