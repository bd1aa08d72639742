"""ATA SANITIZE by OVERWRITE EXT: the disk itself overwrites all its media once."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class AtaSanitizedByOverwrite(FirmwareErased, frozen=True, kw_only=True, tag="ata-sanitize-overwrite"):
    """What the disk did and said of it."""


KIND: Final = kind_of(
    AtaSanitizedByOverwrite,
    "ATA SANITIZE, réécriture par le disque lui-même (Overwrite)",
    "ATA SANITIZE, Overwrite",
    short_fr="ATA SANITIZE, réécriture",
    short_en="ATA SANITIZE, overwrite",
)
