"""SCSI SANITIZE by CRYPTOGRAPHIC ERASE: the disk itself changes the key that all is encrypted by."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class ScsiSanitizedByKey(FirmwareErased, frozen=True, kw_only=True, tag="scsi-sanitize-crypto"):
    """What the disk did and said of it."""


KIND: Final = kind_of(
    ScsiSanitizedByKey,
    "SCSI SANITIZE, effacement cryptographique (Cryptographic Erase)",
    "SCSI SANITIZE, Cryptographic Erase",
    short_fr="SCSI SANITIZE, clé",
    short_en="SCSI SANITIZE, key",
)
