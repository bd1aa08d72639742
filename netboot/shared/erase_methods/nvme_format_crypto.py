"""NVMe Format with a Cryptographic Erase (SES 2): the drive changes its user data's key."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class NvmeFormattedByKey(FirmwareErased, frozen=True, kw_only=True, tag="nvme-format-crypto"):
    """What the drive did and said of it."""


KIND: Final = kind_of(
    NvmeFormattedByKey,
    "NVMe Format avec changement de la clé de chiffrement (SES 2)",
    "NVMe Format with Cryptographic Erase (SES 2)",
    short_fr="NVMe Format, SES 2",
    short_en="NVMe Format, SES 2",
)
