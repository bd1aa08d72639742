"""Where an installed system has its UEFI boot loader on the PC's disk, for the boot menus and the agent. Values only.

The removable path is UEFI 2.10 §3.5.1.1's. Not for: starting them (menus/disk.grub.j2, menus/disk.ipxe.j2,
agent/boot/way_home.py).
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DiskLoaders:
    """Paths from the top of the EFI system partition: `installed` in the order they are looked for."""

    installed: tuple[str, ...]
    removable: str


X64: Final = DiskLoaders(
    installed=(
        "/EFI/debian/shimx64.efi",
        "/EFI/ubuntu/shimx64.efi",
        "/EFI/fedora/shimx64.efi",
        "/EFI/opensuse/shim.efi",
        "/EFI/primtux/shimx64.efi",
        "/EFI/debian/grubx64.efi",
        "/EFI/ubuntu/grubx64.efi",
        "/EFI/Microsoft/Boot/bootmgfw.efi",
    ),
    removable="/EFI/BOOT/BOOTX64.EFI",
)
IA32: Final = DiskLoaders(
    installed=(
        "/EFI/debian/shimia32.efi",
        "/EFI/fedora/shimia32.efi",
        "/EFI/debian/grubia32.efi",
        "/EFI/ubuntu/grubia32.efi",
        "/EFI/Microsoft/Boot/bootmgfw.efi",
    ),
    removable="/EFI/BOOT/BOOTIA32.EFI",
)

STICK_MARKS: Final = (
    "/.disk/info",  # Debian, Ubuntu and what is made of them
    "/live",
    "/casper",
    "/LiveOS",  # Fedora
    "/isolinux",
    "/sources/boot.wim",  # Windows
    "/ventoy",
)
"""What an installer or a live system has beside its removable path, and a system installed on a disk has not."""

BY_GRUB_CPU: Final = {"x86_64": X64, "i386": IA32}
"""By GRUB's variable `grub_cpu`: a firmware starts programs of its own width only."""
