"""ATA SANITIZE by BLOCK ERASE EXT: the disk itself erases every block, those out of reach too."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class AtaSanitizedByBlocks(FirmwareErased, frozen=True, kw_only=True, tag="ata-sanitize-block"):
    """What the disk did and said of it."""


KIND: Final = kind_of(
    AtaSanitizedByBlocks,
    "ATA SANITIZE, effacement par blocs (Block Erase)",
    "ATA SANITIZE, Block Erase",
    short_fr="ATA SANITIZE, blocs",
    short_en="ATA SANITIZE, blocks",
)
