"""SCSI SANITIZE by OVERWRITE: the disk itself overwrites all, what is out of reach too."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class ScsiSanitizedByOverwrite(FirmwareErased, frozen=True, kw_only=True, tag="scsi-sanitize-overwrite"):
    """What the disk did and said of it."""


KIND: Final = kind_of(
    ScsiSanitizedByOverwrite,
    "SCSI SANITIZE, réécriture (Overwrite)",
    "SCSI SANITIZE, Overwrite",
    short_fr="SCSI SANITIZE, réécriture",
    short_en="SCSI SANITIZE, overwrite",
)
