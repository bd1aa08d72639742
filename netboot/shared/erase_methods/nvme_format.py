"""NVMe Format with a User Data Erase (SES 1): the drive erases its user data as it sees fit."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class NvmeFormatted(FirmwareErased, frozen=True, kw_only=True, tag="nvme-format"):
    """What the drive did and said of it."""


KIND: Final = kind_of(
    NvmeFormatted,
    "NVMe Format avec effacement des données (SES 1)",
    "NVMe Format with User Data Erase (SES 1)",
    short_fr="NVMe Format, SES 1",
    short_en="NVMe Format, SES 1",
)
