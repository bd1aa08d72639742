"""Which generations of boot loaders this workshop's own shim takes.

Under Secure Boot our shim raises the revocation level in every PC that it boots; a master whose GRUB is below it would
not start on the PC that it was just written to. Not for: what a master's loaders have
(`survey/loader_generations.py`).
"""

from pathlib import Path

from netboot.bootfiles.loaders import UEFI_X64
from netboot.shared.errors import NetbootError
from netboot.survey.sbat import Generations, level, revoked


def level_of(bootfiles: Path) -> Generations | None:
    """The level that the shim in this folder of boot files writes into PCs; None when there is none yet."""
    try:
        return level((bootfiles / UEFI_X64).read_bytes())
    except OSError:
        return None


def require_not_revoked(source: str, generations: Generations, level: Generations | None) -> None:
    """Raise NetbootError when these loaders are below this level: PCs with Secure Boot would refuse them."""
    stopped = revoked(generations, level) if level is not None else ""
    if stopped:
        raise NetbootError(
            f"{source} would not start under Secure Boot on a PC that booted from here: {stopped}",
            hint="update the boot loader of the system in it (Debian: apt full-upgrade), or take it in for PCs without "
            "Secure Boot: --without-secure-boot",
        )
