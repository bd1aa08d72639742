"""Which of a master's boot loaders a UEFI starts: firmware runs code of its own width alone (UEFI 2.10 §2.3).

One disk may have loaders for both widths side by side, as those of Debian's and Fedora's installers have. Pure. Shared
by the server, which refuses a master before a disk is erased for it, and the agent, which makes the boot entry.
Not for: the order in which loaders are chosen (`survey/uefi_loaders.py`), what starts a disk that is not one of our
masters (`disk_loaders.py`).
"""

from typing import Final, Literal

from msgspec import UNSET

from netboot.shared.manifest import REMOVABLE_PATHS, Manifest, UefiLoader

UefiBits = Literal[0, 32, 64]
"""The width of a firmware's own code; 0 on BIOS, or where it is not told."""
_KNOWN: Final = ("shim", "grub", "systemd-boot")


def loader_for(manifest: Manifest, bits: UefiBits) -> UefiLoader | None:
    """The loader that the boot entry of a PC with such a firmware names, None when the master has none for it.

    Of a width that is not told, the one that is best of all.
    """
    best = manifest.uefi
    if best is None or bits in (0, best.bits):
        return best
    listed = () if manifest.understood is UNSET else manifest.understood.loaders
    others = (UefiLoader.named(path, best.partition) for path in listed if _starts_a_system(path))
    return next((other for other in others if other.bits == bits), None)


def _starts_a_system(path: str) -> bool:
    """Whether it is known by its name: beside another width's loader lie tools too, and a disk is erased for this."""
    return path.lower() in REMOVABLE_PATHS or path.lower().rsplit("/", 1)[1].startswith(_KNOWN)


def removable_path(manifest: Manifest, loader: UefiLoader) -> str:
    """By what a firmware of this loader's width starts the master without a boot entry too, "" when none is known."""
    if manifest.understood is UNSET:
        return ""
    name = "bootia32.efi" if loader.bits == 32 else "bootx64.efi"
    return next((path for path in manifest.understood.removable if path.lower().endswith(f"/{name}")), "")
