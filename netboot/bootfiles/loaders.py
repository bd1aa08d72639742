"""The loaders: under which names they are served, and which file of Debian's packages each one is.

Debian has no shim for 32-bit UEFI, so IA32's GRUB is unsigned and starts with Secure Boot off only. memtest86+ is
unsigned too: GRUB refuses it under Secure Boot. Not for: who gets which (netboot/dhcp/boot_file.py, menus/).
"""

from typing import Final

BIOS: Final = "undionly.kpxe"
BIOS_DRIVERS: Final = "ipxe.pxe"
"""For PCs on which the first hangs: with iPXE's own drivers in place of the adapter's. Debian has no `ipxe.kpxe`."""
BIOS_KEEPING: Final = "undionly.kkpxe"
"""Leaves the adapter's PXE in memory, for adapters that do not bear its end."""
UEFI_X64: Final = "shimx64.efi"
UEFI_X64_IPXE: Final = "snponly.efi"
UEFI_IA32: Final = "grubnetia32.efi"

MEMTEST_BIOS_X64: Final = "memtestx64.bin"
"""Started as a Linux kernel, by iPXE's `kernel` or GRUB's `linux`; needs a 64-bit processor."""
MEMTEST_BIOS_IA32: Final = "memtestia32.bin"
MEMTEST_UEFI_X64: Final = "memtestx64.efi"
"""Started as an EFI program: GRUB's `chainloader`, iPXE's `chain`."""
MEMTEST_UEFI_IA32: Final = "memtestia32.efi"

KIT_GRUB_UEFI: Final = "kit-grubx64.efi"
"""GRUB that reads its menu from the stick that it stands on (netboot/kit/), signed by Debian as the LAN's is."""
KIT_BOOT_SECTOR: Final = "kit-boot.img"
"""The code of the stick's first sector, for BIOS."""
KIT_CORE: Final = "kit-core.img"
"""What that loads: GRUB for BIOS, made of Debian's modules (netboot/bootfiles/kit_core.py)."""

LOADERS: Final = {
    UEFI_IA32: "usr/lib/grub/i386-efi/monolithic/grubnetia32.efi",
    "grubx64.efi": "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed",
    KIT_BOOT_SECTOR: "usr/lib/grub/i386-pc/boot.img",
    KIT_GRUB_UEFI: "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
    "ipxe.efi": "usr/lib/ipxe/ipxe.efi",
    MEMTEST_BIOS_IA32: "boot/memtest86+ia32.bin",
    MEMTEST_BIOS_X64: "boot/memtest86+x64.bin",
    MEMTEST_UEFI_IA32: "boot/memtest86+ia32.efi",
    MEMTEST_UEFI_X64: "boot/memtest86+x64.efi",
    UEFI_X64: "usr/lib/shim/shimx64.efi.signed",
    UEFI_X64_IPXE: "usr/lib/ipxe/snponly.efi",
    BIOS: "usr/lib/ipxe/undionly.kpxe",
    BIOS_DRIVERS: "usr/lib/ipxe/ipxe.pxe",
    BIOS_KEEPING: "usr/lib/ipxe/undionly.kkpxe",
}
