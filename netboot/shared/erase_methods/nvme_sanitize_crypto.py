"""NVMe Sanitize by Crypto Erase: the drive changes the key under which all its data is."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class NvmeSanitizedByKey(FirmwareErased, frozen=True, kw_only=True, tag="nvme-sanitize-crypto"):
    """What the drive did and said of it."""


KIND: Final = kind_of(
    NvmeSanitizedByKey,
    "NVMe Sanitize, changement de la clé de chiffrement (Crypto Erase)",
    "NVMe Sanitize, Crypto Erase",
    short_fr="NVMe Sanitize, clé",
    short_en="NVMe Sanitize, key",
)
