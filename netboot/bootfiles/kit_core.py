"""Makes the loader with which the kit's stick starts a BIOS PC: GRUB's core image, of Debian's modules.

The stick's first sector loads it from the sectors that follow (GRUB manual, "BIOS installation": the MBR gap). All
modules that its menu needs are inside, so that nothing but the menu is read from the stick before the kernel is.
Not for: where it is written (netboot/kit/partitions.py), UEFI, whose GRUB comes signed and as it is.
"""

from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.process import run

MENU_FOLDER: Final = "/netboot/grub"
"""Where it looks for grub.cfg, on the stick's second partition."""

MODULES: Final = (
    "biosdisk", "boot", "configfile", "cpuid", "echo", "fat", "halt", "linux", "normal", "part_msdos", "reboot",
    "search", "search_fs_uuid", "serial", "sleep", "terminal", "test", "true",
)  # fmt: skip

SECTOR: Final = 512
LONGEST: Final = 2047 * SECTOR
"""Bytes between the first sector and the first partition, which begins at 1 MiB."""


def make_core(root: Path) -> bytes:
    """The core image, by the tree's own grub-mkimage. Raises NetbootError."""
    made = root / "tmp/core.img"
    made.parent.mkdir(exist_ok=True)
    run(
        [
            "chroot",
            root,
            "/usr/bin/grub-mkimage",
            "--format=i386-pc",
            f"--prefix=(,msdos2){MENU_FOLDER}",
            "--output=/tmp/core.img",
            *MODULES,
        ]
    )
    core = made.read_bytes()
    if not SECTOR < len(core) <= LONGEST:
        raise NetbootError(
            f"GRUB's core image for the kit has {len(core)} bytes, and {LONGEST} fit",
            hint="this is a fault in netboot: report it with bootfiles.json",
        )
    return core
