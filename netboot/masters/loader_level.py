"""Which generations of boot loaders this workshop's own shim takes.

Under Secure Boot our shim raises the revocation level in every PC that it boots; a master whose GRUB is below it would
not start on the PC that it was just written to. Not for: what a master's loaders have
(`survey/loader_generations.py`).
"""

from pathlib import Path

from netboot.bootfiles.loaders import UEFI_X64
from netboot.survey.sbat import Generations, level


def level_of(bootfiles: Path) -> Generations | None:
    """The level that the shim in this folder of boot files writes into PCs; None when there is none yet."""
    try:
        return level((bootfiles / UEFI_X64).read_bytes())
    except OSError:
        return None
