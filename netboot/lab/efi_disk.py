"""A disk with an EFI system partition and nothing else: enough to see which boot loader a firmware or a menu starts.

By sgdisk and mtools, without mounting. Not for: masters, which have systems on them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from netboot.lab.disks import create_empty
from netboot.shared.process import run

SIZE: Final = 64 << 20
_START: Final = 1 << 20
_SECTOR: Final = 512
_SPARE: Final = 34 * _SECTOR  # the second partition table, at the disk's end


def create_efi_disk(path: Path, files: Mapping[str, Path | str]) -> None:
    """Make an image of SIZE bytes; `files`: a file or a text, by its path on the partition. Raises NetbootError."""
    create_empty(path, SIZE)
    run(["sgdisk", "--new=1:2048:0", "--typecode=1:ef00", "--change-name=1:ESP", path])
    partition = f"{path}@@{_START}"
    sectors = (SIZE - _START - _SPARE) // _SECTOR
    run(["mformat", "-i", partition, "-T", str(sectors), "-h", "16", "-s", "63", "-v", "ESP", "::"])
    for folder in sorted({str(parent) for name in files for parent in Path(name).parents if str(parent) != "/"}):
        run(["mmd", "-i", partition, f"::{folder}"])
    for name, content in files.items():
        source = content if isinstance(content, Path) else path.with_suffix(".text")
        if isinstance(content, str):
            source.write_text(content, encoding="ascii")
        run(["mcopy", "-i", partition, source, f"::{name}"])
