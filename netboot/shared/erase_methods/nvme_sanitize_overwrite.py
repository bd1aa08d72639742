"""NVMe Sanitize by Overwrite: the drive itself overwrites all its media once."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class NvmeSanitizedByOverwrite(FirmwareErased, frozen=True, kw_only=True, tag="nvme-sanitize-overwrite"):
    """What the drive did and said of it."""


KIND: Final = kind_of(
    NvmeSanitizedByOverwrite,
    "NVMe Sanitize, réécriture par le disque lui-même (Overwrite)",
    "NVMe Sanitize, Overwrite",
    short_fr="NVMe Sanitize, réécriture",
    short_en="NVMe Sanitize, overwrite",
)
