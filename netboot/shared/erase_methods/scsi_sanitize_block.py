"""SCSI SANITIZE by BLOCK ERASE: the disk itself erases every block, those out of reach too."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class ScsiSanitizedByBlocks(FirmwareErased, frozen=True, kw_only=True, tag="scsi-sanitize-block"):
    """What the disk did and said of it."""


KIND: Final = kind_of(
    ScsiSanitizedByBlocks,
    "SCSI SANITIZE, effacement par blocs (Block Erase)",
    "SCSI SANITIZE, Block Erase",
    short_fr="SCSI SANITIZE, blocs",
    short_en="SCSI SANITIZE, blocks",
)
